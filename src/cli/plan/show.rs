//! A plan in the form that is asked for: for people, programs, pull requests.
//!
//! Owns which stream and which file each form goes to.

use super::difference::{self, Marks};
use super::view::{self, Look};
use super::{Rehearsal, totals};
use crate::cli::annotate;
use crate::cli::args::{PlanArgs, PlanFormat};
use crate::cli::console::Console;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::plan::lock::Difference;
use crate::report::github::{ANNOTATIONS_MAX, Annotation, Level, commands};
use crate::store;

/// Shows it.
pub(super) fn show(
    args: &PlanArgs,
    rehearsal: &Rehearsal,
    console: &mut Console,
) -> Result<(), CliError> {
    let format = if args.json {
        PlanFormat::Json
    } else {
        args.format
    };
    match format {
        PlanFormat::Text => {
            console.diagnostics(&rehearsal.loaded);
            if let Some(plan) = &rehearsal.plan {
                let look = look(args, console);
                console.data(view::plan(plan, rehearsal.pace, look));
            }
        }
        PlanFormat::Json => console.data(format!("{:#}", rehearsal.as_json())),
        PlanFormat::Markdown => console.lines(rehearsal.report().to_markdown()),
        PlanFormat::Github => {
            console.lines(annotations(args, rehearsal));
            summarise(rehearsal)?;
        }
    }
    Ok(())
}

fn look(args: &PlanArgs, console: &Console) -> Look {
    Look {
        width: Console::data_width(),
        colour: console.data_colour(),
        all: args.all,
        requests: args.requests,
        language: console.language(),
    }
}

/// The page in the job's summary, where there is one.
fn summarise(rehearsal: &Rehearsal) -> Result<(), CliError> {
    let Some(path) = Environment::job_summary() else {
        return Ok(());
    };
    let page = rehearsal.report().to_markdown();
    store::append(&path, page.as_bytes()).map_err(|error| {
        CliError::new(Exit::Internal, "the job's summary cannot be written").because(error)
    })
}

/// Mistakes in their lines, then what differs from the lock, then what it comes to.
fn annotations(args: &PlanArgs, rehearsal: &Rehearsal) -> String {
    let loaded = &rehearsal.loaded;
    let manifest = &args.manifest.manifest;
    let mut text = annotate::all(&loaded.diagnostics, &loaded.sources, manifest);
    if let Some(locked) = &rehearsal.locked {
        let file = locked.file();
        text.push_str(&commands(&against(&file, locked.differences())));
    }
    if let Some(plan) = &rehearsal.plan {
        text.push_str(&commands(&[Annotation {
            level: Level::Notice,
            place: None,
            title: format!("plan for {}", plan.facts.manifest),
            message: totals::summary(plan),
        }]));
    }
    text
}

fn against(file: &str, differences: &[Difference]) -> Vec<Annotation> {
    let error = |title: String, message: String| Annotation {
        level: Level::Error,
        place: None,
        title,
        message,
    };
    let shown = match differences.len() {
        all if all > ANNOTATIONS_MAX => ANNOTATIONS_MAX - 1,
        all => all,
    };
    let told = differences.iter().take(shown).map(|told| {
        let name = told.shot.as_deref().unwrap_or("every shot");
        let changes = told.changes.iter();
        let mut lines: Vec<String> = changes
            .map(|change| difference::field(change, Marks::Signs))
            .collect();
        lines.extend(told.note.clone());
        if lines.is_empty() {
            lines.push(told.kind.as_str().to_owned());
        }
        error(format!("{file}: {name}"), lines.join("\n"))
    });
    let mut all: Vec<Annotation> = told.collect();
    let left = differences.len() - shown;
    if left > 0 {
        let title = format!("{file}: {left} more shots differ");
        all.push(error(
            title,
            "`runner plan FILE --locked` lists them".to_owned(),
        ));
    }
    all
}
