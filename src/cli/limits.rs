//! What a run may do: flags over the manifest over what is usual, and the budget
//! before the first call.

use std::time::Duration;

use crate::cli::args::ApplyArgs;
use crate::cli::backend::Target;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::words::shots;
use crate::cli::{prepare, replay};
use crate::engine::Settings;
use crate::manifest::model::{Limits, Manifest};
use crate::money::Money;
use crate::plan::Plan;

/// Between two polls where the author says nothing (minimax-api.md 6.1).
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// Flags over the manifest over what is usual.
pub(super) fn settings(limits: &Limits, args: &ApplyArgs, target: &Target) -> Settings {
    let flags = &args.limits;
    let time_scale = if target.simulated {
        args.simulator.time_scale
    } else {
        1
    };
    let written = |value: &Option<crate::diag::Spanned<Duration>>| value.as_ref().map(|v| v.value);
    let creates = flags
        .creates_per_minute
        .unwrap_or_else(|| limits.creates_per_minute());
    let polls = flags
        .polls_per_minute
        .unwrap_or_else(|| limits.polls_per_minute());
    let poll = flags
        .poll_interval
        .or(written(&limits.poll_interval))
        .unwrap_or(POLL_INTERVAL);
    let max_cost = flags
        .max_cost
        .clone()
        .or_else(|| limits.max_cost.as_ref().map(|cost| cost.value.clone()));
    let settings = Settings {
        concurrency: flags
            .concurrency
            .map_or(limits.concurrency() as usize, usize::from),
        creates_per_minute: creates.limit(),
        polls_per_minute: polls.limit(),
        // Simulated time runs faster, and the questions with it; never faster
        // than a server on this machine deserves.
        poll_interval: (poll / time_scale).max(Duration::from_millis(10)),
        deadline: flags.deadline.unwrap_or_else(|| prepare::deadline(limits)),
        // Simulated clips cost nothing; their prices are shown only.
        max_cost: max_cost.filter(|_| !target.simulated),
        time_scale,
        isolated: false,
    };
    if target.replayed {
        replay::settings(&settings)
    } else {
        settings
    }
}

pub(super) fn allow_unpriced(manifest: &Manifest, args: &ApplyArgs) -> bool {
    args.limits.allow_unpriced || manifest.limits.allow_unpriced()
}

/// All or nothing: what would break the limit is refused before the first call.
pub(super) fn within_budget(
    plan: &Plan,
    settings: &Settings,
    unpriced: bool,
) -> Result<(), CliError> {
    let Some(limit) = &settings.max_cost else {
        return Ok(());
    };
    let cost = plan.cost();
    let refused = |message: String| Err(CliError::new(Exit::Budget, message));
    if let Some(other) = cost.amounts().find(|m| m.currency() != limit.currency()) {
        return refused(format!(
            "prices are in {}, and the limit is in {}",
            other.currency(),
            limit.currency()
        ));
    }
    if plan.unpriced() > 0 && !unpriced {
        return refused(format!(
            "{} without a known price cannot be counted against the limit of {limit}",
            shots(plan.unpriced())
        ))
        .map_err(|error| {
            error.advice("give their price under `prices:`, or pass --allow-unpriced")
        });
    }
    let needed: Money = cost.in_currency(limit.currency());
    if needed.micros() > limit.micros() {
        return refused(format!(
            "this run would cost {needed}, and the limit is {limit}"
        ))
        .map_err(|error| error.advice("raise --max-cost, or make fewer shots with --only"));
    }
    Ok(())
}
