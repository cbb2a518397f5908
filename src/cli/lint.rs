//! Settings that are sound in themselves and not with the chosen service.
//!
//! Owns warnings only; nothing here stops a run.

use std::time::Duration;

use crate::cli::args::{Lint, LintArgs};
use crate::cli::backend::Target;
use crate::diag::{Code, Diagnostic, Level, Levels};
use crate::manifest::is_loopback;
use crate::manifest::model::{Callback, Manifest};

/// What the command line says of warnings.
pub(super) fn levels(args: &LintArgs) -> Levels {
    let mut levels = Levels::default();
    let denied = args.deny.iter().map(|lint| (lint, Level::Deny));
    let allowed = args.allow.iter().map(|lint| (lint, Level::Allow));
    for (lint, level) in denied.chain(allowed) {
        match lint {
            Lint::Warnings => levels.set_all(level),
            Lint::One(code) => levels.set(*code, level),
        }
    }
    levels
}

/// The vendor's pages ask for ten seconds between two questions (minimax-api.md 6.1).
const ADVISED_INTERVAL: Duration = Duration::from_secs(10);

/// What the author of these settings might regret.
pub(super) fn settings(manifest: &Manifest, target: Option<&Target>) -> Vec<Diagnostic> {
    let callback = manifest.callback.as_ref();
    let found = [
        polling(manifest, target),
        callback.and_then(plain),
        callback.and_then(|callback| out_of_reach(callback, target?)),
    ];
    found.into_iter().flatten().collect()
}

fn polling(manifest: &Manifest, target: Option<&Target>) -> Option<Diagnostic> {
    let interval = manifest.limits.poll_interval.as_ref()?;
    let often = interval.value < ADVISED_INTERVAL && target?.is_vendor();
    let message = "asking more often than every 10s may count against the account's rate limit";
    often.then(|| Diagnostic::warning(Code::Limit, interval.span, message))
}

/// The path of a callback is all that tells the service from a stranger.
fn plain(callback: &Callback) -> Option<Diagnostic> {
    let url = &callback.public_url;
    let plain = url.value.starts_with("http:") && !is_loopback(&url.value);
    plain.then(|| {
        let message = "callbacks would travel in the open";
        Diagnostic::warning(Code::Callback, url.span, message)
            .note("whoever sees one can name another task in its place")
            .help("use an https address, as tunnels have")
    })
}

fn out_of_reach(callback: &Callback, target: &Target) -> Option<Diagnostic> {
    let url = &callback.public_url;
    let near = target.simulated || is_loopback(&target.base_url);
    (is_loopback(&url.value) && !near).then(|| {
        let message = "the service cannot reach this machine by a loopback address";
        Diagnostic::warning(Code::Callback, url.span, message)
            .note("it asks the address before it takes a creation, and would refuse every one")
            .help("write the public address of a tunnel or proxy that leads to `listen`")
    })
}
