//! `runner schema`: JSON Schemas for editors and for whoever reads what this program writes.

use crate::cli::args::{SchemaArgs, SchemaOf};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::manifest::manifest_schema;
use crate::plan::document::PlanReport;
use crate::plan::lock::Lock;
use crate::plan::record::PlanFile;
use crate::report::{diff_schema, events_schema, report_schema};
use crate::spec::Spec;

pub(super) fn schema(args: &SchemaArgs, console: &mut Console) -> Exit {
    let schema = match args.of {
        SchemaOf::Manifest => manifest_schema(Spec::bundled()),
        SchemaOf::Report => report_schema(),
        SchemaOf::Diagnostics => render::diagnostics_schema(),
        SchemaOf::Plan => schemars::schema_for!(PlanReport).to_value(),
        SchemaOf::PlanFile => schemars::schema_for!(PlanFile).to_value(),
        SchemaOf::Diff => diff_schema(),
        SchemaOf::Lock => schemars::schema_for!(Lock).to_value(),
        SchemaOf::Events => events_schema(),
    };
    console.data(format!("{schema:#}"));
    Exit::Success
}
