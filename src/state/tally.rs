//! Where the shots of a run stand while it goes on.
//!
//! Owns the counting only; what each shot is, the fold says.

use super::{Outcome, Phase, RunState};

/// Where the shots of a run stand while it goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub total: usize,
    /// Videos on disk.
    pub done: usize,
    /// Being created, made or fetched.
    pub running: usize,
    /// Their turn has not come.
    pub waiting: usize,
    /// Refused or failed.
    pub failed: usize,
    /// Maybe paid.
    pub uncertain: usize,
    /// Paid, left for the next run.
    pub pending: usize,
    /// Nothing is created for them.
    pub left_out: usize,
}

impl Tally {
    /// Shots of which this run will hear nothing more.
    pub fn settled(&self) -> usize {
        self.total - self.running - self.waiting
    }
}

impl RunState {
    /// Where the shots stand now. Unlike [`Self::counts`] it does not ask what
    /// they would be if the run were cut off.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            total: self.shots.len(),
            ..Tally::default()
        };
        for shot in &self.shots {
            *match (&shot.phase, shot.outcome()) {
                (Phase::Waiting, _) => &mut tally.waiting,
                (Phase::Creating | Phase::Running | Phase::Saving, _) => &mut tally.running,
                (_, Outcome::Succeeded) => &mut tally.done,
                (_, Outcome::Failed) => &mut tally.failed,
                (_, Outcome::Uncertain) => &mut tally.uncertain,
                (_, Outcome::Pending) => &mut tally.pending,
                (_, Outcome::Skipped) => &mut tally.left_out,
            } += 1;
        }
        tally
    }
}
