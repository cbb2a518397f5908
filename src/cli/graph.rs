//! `runner graph`: which shot needs a frame of which.

use crate::cli::args::{GraphArgs, GraphFormat};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::plan;
use crate::report::graph::{Notation, draw};

pub(super) fn graph(args: &GraphArgs, console: &mut Console) -> Result<Exit, CliError> {
    let mut loaded = load::load_forced(&args.manifest, &args.results.force)?;
    console.diagnostics(&loaded);
    if loaded.has_errors() {
        return Ok(Exit::ManifestInvalid);
    }
    let Some(plan) = plan::make(&mut loaded, &args.results)? else {
        return Ok(Exit::ManifestInvalid);
    };
    let notation = match args.format {
        GraphFormat::Mermaid => Notation::Mermaid,
        GraphFormat::Dot => Notation::Dot,
        GraphFormat::Svg => Notation::Svg,
    };
    console.data(draw(&plan, notation).trim_end());
    Ok(Exit::Success)
}
