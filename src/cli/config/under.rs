//! What the files say of things that the manifest says too.
//!
//! Owns the order of the two: the manifest knows what its film needs, so a file
//! only fills in what it leaves open. A budget is the exception: of all of them the
//! smallest counts, so that a storyboard cannot spend more than its user's file allows.

use std::path::Path;
use std::time::Duration;

use clap::{Args as _, Command, CommandFactory as _, FromArgMatches as _};

use crate::cli::args::{Cli, LimitArgs};
use crate::cli::config::files::{Files, Setting};
use crate::cli::config::twins;
use crate::diag::{Span, Spanned};
use crate::manifest::model::Manifest;
use crate::money::Money;

/// Fills in what a manifest leaves open.
pub(in crate::cli) fn under(manifest: &mut Manifest, files: &Files, profile: Option<&str>) {
    let root = Cli::command();
    let found = |key: &str| find(files, &root, key, profile);
    if manifest.output.dir.is_none()
        && let Some(setting) = found("out")
    {
        manifest.output.dir = Some(Spanned::new(folder(setting), setting.span));
    }
    let words: Vec<String> = twins::MIRRORED
        .iter()
        .filter(|key| !matches!(**key, "out" | "max_cost"))
        .filter_map(|key| {
            let value = found(key)?.values.first()?.clone();
            Some(format!("--{}={value}", key.replace('_', "-")))
        })
        .collect();
    let command = LimitArgs::augment_args(Command::new("limits").no_binary_name(true));
    // Each was checked by its own parser when its file was read.
    let Ok(matches) = command.try_get_matches_from(words) else {
        return;
    };
    let Ok(values) = LimitArgs::from_arg_matches(&matches) else {
        return;
    };
    let span = |key: &str| found(key).map(|setting| setting.span);
    fill(manifest, &values, &span);
    budget(manifest, files, profile);
}

fn fill(manifest: &mut Manifest, values: &LimitArgs, span: &dyn Fn(&str) -> Option<Span>) {
    let limits = &mut manifest.limits;
    put(
        &mut limits.concurrency,
        values.concurrency.map(u32::from),
        span("concurrency"),
    );
    put(
        &mut limits.creates_per_minute,
        values.creates_per_minute,
        span("creates_per_minute"),
    );
    put(
        &mut limits.polls_per_minute,
        values.polls_per_minute,
        span("polls_per_minute"),
    );
    put::<Duration>(&mut limits.deadline, values.deadline, span("deadline"));
    put::<Duration>(
        &mut limits.poll_interval,
        values.poll_interval,
        span("poll_interval"),
    );
}

/// Of all budgets that are written down the smallest counts.
fn budget(manifest: &mut Manifest, files: &Files, profile: Option<&str>) {
    let usual = files.usual.as_ref().map(|name| name.value.as_str());
    let profile = profile.or(usual);
    for setting in files.settings.iter().filter(|setting| {
        let in_force = setting.profile.is_none() || setting.profile.as_deref() == profile;
        setting.key == "max_cost" && in_force
    }) {
        let Some(Ok(most)) = setting.values.first().map(|value| value.parse::<Money>()) else {
            continue;
        };
        let limit = &mut manifest.limits.max_cost;
        let written = limit.as_ref().map(|written| &written.value);
        if written.is_none_or(|written| counts_before(&most, written)) {
            *limit = Some(Spanned::new(most, setting.span));
        }
    }
}

/// Amounts in two currencies cannot be compared; then the user's counts.
fn counts_before(file: &Money, manifest: &Money) -> bool {
    file.currency() != manifest.currency() || file.micros() < manifest.micros()
}

fn put<T>(place: &mut Option<Spanned<T>>, value: Option<T>, span: Option<Span>) {
    if let (None, Some(value), Some(span)) = (&place, value, span) {
        *place = Some(Spanned::new(value, span));
    }
}

/// What the files say of a setting that the manifest has too.
pub(super) fn find<'f>(
    files: &'f Files,
    root: &Command,
    key: &str,
    profile: Option<&str>,
) -> Option<&'f Setting> {
    let main = root.find_subcommand(twins::MAIN)?;
    let arg = main.get_arguments().find(|arg| twins::key(arg) == key)?;
    let usual = files.usual.as_ref().map(|name| name.value.as_str());
    files.setting(root, twins::MAIN, arg, profile.or(usual))
}

/// The output folder as seen from the manifest, whose file is some folders below.
fn folder(setting: &Setting) -> String {
    let up: std::path::PathBuf = std::iter::repeat_n("..", setting.above).collect();
    let value = setting.values.first().map_or("", String::as_str);
    up.join(Path::new(value)).display().to_string()
}
