//! What is expected of videos, for every command that looks at them.
//!
//! Owns who judges: made when a plan is, from the same shots. What is known already
//! is told with the plan; only a run looks at files.

use std::sync::Arc;

use crate::cli::backend::Target;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::load::Loaded;
use crate::cli::prepare;
use crate::event::Decision;
use crate::ledger::{Ledger, Takes};
use crate::plan::Plan;
use crate::plan::frames::FrameLibrary;
use crate::store::Store;
use crate::verdict::{Examiner, Expectations, measure_with};

/// Who judges the videos of these shots; `None` where nothing is expected of any.
pub(super) fn examiner(
    loaded: &Loaded,
    target: &Target,
    store: &Store,
    frames: &Arc<dyn FrameLibrary>,
) -> Result<Option<Arc<Examiner>>, CliError> {
    let expectations = Expectations::of(&loaded.shots);
    if expectations.is_empty() {
        return Ok(None);
    }
    let takes = if expectations.ask_for_takes() {
        takes(target, store)?
    } else {
        Takes::default()
    };
    Ok(Some(Arc::new(Examiner::new(
        expectations,
        takes,
        Arc::clone(frames),
        store.clone(),
        measure_with(Environment::ffmpeg()),
    ))))
}

fn takes(target: &Target, store: &Store) -> Result<Takes, CliError> {
    let ledger = Ledger::open_read(&store.layout().ledger()).map_err(prepare::ledger_error)?;
    ledger.map_or_else(
        || Ok(Takes::default()),
        |ledger| {
            ledger
                .all_takes(&target.name)
                .map_err(prepare::ledger_error)
        },
    )
}

/// Tells of what is there what is known of it.
pub(super) fn recall(examiner: Option<&Arc<Examiner>>, plan: &mut Plan) {
    let Some(examiner) = examiner else { return };
    for shot in &mut plan.facts.shots {
        if shot.decision == Decision::Reuse
            && let Some(video) = &shot.existing
        {
            shot.verdict = examiner.recall(shot, video);
        }
    }
}
