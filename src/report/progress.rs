//! Bars on a terminal: the whole run, and the shots that are under way.
//!
//! Owns what is drawn and when. Never stays on the screen: the closing words take
//! its place. No percentage of a shot, because the API tells none.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::{Event, EventKind};
use crate::id::ShotId;
use crate::state::{Counts, Phase, RunState, ShotState};

use super::lines::LineWriter;
use super::text::{Paint, Tone, cut, list, one_line, pad};
use super::{Sink, SinkError};

/// Shots that are shown at once; the others under way are counted.
const SLOTS: usize = 8;

/// Longer ids are cut: a bar has one line.
const ID_COLUMNS: usize = 24;

/// How often clocks move while nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Counting reads every shot; this bounds its share of the run's time.
const COUNT_EVERY_PER_SHOT: Duration = Duration::from_micros(20);

/// A sink of live bars.
pub struct Bars {
    screen: MultiProgress,
    overall: ProgressBar,
    slots: Vec<(ShotId, ProgressBar)>,
    under_way: HashSet<ShotId>,
    // Those that began without a free slot, in order; some have ended since.
    queue: VecDeque<ShotId>,
    lines: LineWriter,
    paint: Paint,
    counted: Duration,
}

impl Bars {
    /// Draws to `target`, which is `ProgressDrawTarget::stderr()` but in tests.
    pub fn new(target: ProgressDrawTarget, paint: Paint) -> Self {
        let screen = MultiProgress::with_draw_target(target);
        let overall = screen.add(ProgressBar::new(0).with_style(overall_style()));
        Self {
            screen,
            overall,
            slots: Vec::new(),
            under_way: HashSet::new(),
            queue: VecDeque::new(),
            lines: LineWriter::new(paint),
            paint,
            counted: Duration::ZERO,
        }
    }

    /// The screen, for whoever else has a line to print while bars are on it.
    pub fn screen(&self) -> MultiProgress {
        self.screen.clone()
    }

    fn shift(&mut self, id: &ShotId, state: &RunState) {
        let Some(shot) = state.shot(id) else {
            return;
        };
        let place = self.slots.iter().position(|(other, _)| other == id);
        if !matches!(shot.phase, Phase::Creating | Phase::Running | Phase::Saving) {
            self.under_way.remove(id);
            if let Some(place) = place {
                self.free(place, state);
            }
        } else if let Some(place) = place {
            self.slots[place].1.set_message(doing(shot));
        } else if self.under_way.insert(id.clone()) {
            if self.slots.len() < SLOTS {
                self.show(id, state);
            } else {
                self.queue.push_back(id.clone());
            }
        }
    }

    fn free(&mut self, place: usize, state: &RunState) {
        let (_, bar) = self.slots.remove(place);
        bar.finish_and_clear();
        self.screen.remove(&bar);
        while let Some(next) = self.queue.pop_front() {
            if self.under_way.contains(&next) {
                return self.show(&next, state);
            }
        }
    }

    fn show(&mut self, id: &ShotId, state: &RunState) {
        let Some(shot) = state.shot(id) else {
            return;
        };
        let bar = ProgressBar::new_spinner()
            .with_style(shot_style())
            .with_prefix(pad(&cut(id.as_str(), ID_COLUMNS), ID_COLUMNS))
            .with_message(doing(shot))
            .with_elapsed(under_way_for(shot, state));
        let bar = self.screen.insert_before(&self.overall, bar);
        bar.enable_steady_tick(TICK);
        self.slots.push((id.clone(), bar));
    }

    fn count(&mut self, event: &Event, state: &RunState) {
        let every = COUNT_EVERY_PER_SHOT * u32::try_from(state.shots.len()).unwrap_or(u32::MAX);
        if event.elapsed < self.counted + every && event.sequence > 0 {
            return;
        }
        self.counted = event.elapsed;
        let counts = state.counts();
        self.overall.set_length(counts.total as u64);
        self.overall.set_position(settled(&counts, state) as u64);
        self.overall.set_message(self.totals(&counts, state));
    }

    fn totals(&self, counts: &Counts, state: &RunState) -> String {
        let part = |number: usize, words: &str, tone| match number {
            0 => String::new(),
            number => self.paint.paint(tone, format!("{number} {words}")),
        };
        let spent = state.spent();
        list([
            part(self.under_way.len(), "under way", Tone::Plain),
            part(counts.failed, "failed", Tone::Bad),
            part(counts.uncertain, "uncertain", Tone::Bad),
            if spent.is_zero() {
                String::new()
            } else {
                format!("spent {spent}")
            },
        ])
    }
}

impl Sink for Bars {
    fn on_event(&mut self, event: &Event, state: &RunState) {
        let line = self.lines.line(event, state);
        match &event.kind {
            EventKind::RunStarted(_) => self.overall.enable_steady_tick(TICK),
            EventKind::CreateUncertain { .. }
            | EventKind::TaskFailed { .. }
            | EventKind::CreateRefused { retry_in: None, .. }
            | EventKind::RunStopping { .. } => {
                if let Some(line) = line {
                    // A terminal that is gone is noticed by whoever owns it.
                    let _ = self.screen.println(line);
                }
            }
            _ => {}
        }
        if let Some(id) = event.kind.shot() {
            self.shift(id, state);
        }
        self.count(event, state);
    }

    fn finish(&mut self, _: &RunState) -> Result<(), SinkError> {
        for (_, bar) in self.slots.drain(..) {
            bar.finish_and_clear();
        }
        self.queue.clear();
        self.under_way.clear();
        self.overall.finish_and_clear();
        self.screen.clear().map_err(|source| SinkError::Stream {
            what: "progress bars",
            source,
        })
    }
}

/// Shots of which this run will hear nothing more.
fn settled(counts: &Counts, state: &RunState) -> usize {
    let waiting = |phase: &Phase| {
        matches!(
            phase,
            Phase::Waiting | Phase::Creating | Phase::Running | Phase::Saving
        )
    };
    let open = state.shots.iter().filter(|shot| waiting(&shot.phase));
    counts.total - open.count()
}

fn under_way_for(shot: &ShotState, state: &RunState) -> Duration {
    let begun = shot.attempts.last().map(|attempt| attempt.at);
    let begun = begun.or(state.started_at).zip(state.updated_at);
    let since = begun.map(|(begun, now)| now.duration_since(begun));
    // The wall clock may have been set back in between.
    since
        .and_then(|since| since.try_into().ok())
        .unwrap_or_default()
}

fn doing(shot: &ShotState) -> String {
    match (&shot.phase, shot.statuses.last()) {
        (Phase::Running, Some((status, _))) => one_line(status),
        (Phase::Running, None) => "waiting for its first status".to_owned(),
        (Phase::Saving, _) => "fetching the video".to_owned(),
        _ => "creating".to_owned(),
    }
}

fn overall_style() -> ProgressStyle {
    ProgressStyle::with_template("[{elapsed:>4}] {bar:24} {pos}/{len}  {wide_msg}")
        .expect("the template is a constant with known keys")
        .progress_chars("=> ")
}

fn shot_style() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {prefix}  {elapsed:>4}  {wide_msg}")
        .expect("the template is a constant with known keys")
        .tick_chars("-\\|/ ")
}
