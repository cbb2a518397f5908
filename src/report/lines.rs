//! One plain line for each change: for logs, CI and pipes.
//!
//! Owns what a line holds. Never moves a cursor; a line that is out is out.

use std::io::Write;
use std::time::Duration;

use crate::event::{Decision, Event, EventKind, Judgement, RunFacts, ShotFacts, Verdict, Video};
use crate::id::ShotId;
use crate::money::{Money, Total};
use crate::state::RunState;

use super::output::Output;
use super::text::{Paint, Tone, columns, count, elapsed, list, one_line, pad, size, wait};
use super::words::{failure_text, pending, skip, stop};
use super::{Sink, SinkError};

/// Longer ids push their own line to the right instead of every line.
const ID_COLUMNS_MAX: usize = 32;

/// The longest verb is `uncertain`.
const VERB_COLUMNS: usize = 9;

/// From so many shots on, only what is final is told of each: seven lines for
/// each of four hundred would hide the one that matters.
const MANY_SHOTS: usize = 50;

/// How often the whole is summed up then.
const SUM_UP_EVERY: Duration = Duration::from_secs(30);

/// A sink of lines such as
/// `[ 3.2s] opening   created    task 106916112212032 (0.28 USD)`.
pub struct Lines {
    output: Output,
    writer: LineWriter,
    summed_up: Duration,
}

impl Lines {
    /// Writes to `stream`, with colour if `paint` says so.
    pub fn new(stream: Box<dyn Write + Send>, paint: Paint) -> Self {
        Self {
            output: Output::new(stream, "progress lines"),
            writer: LineWriter::new(paint),
            summed_up: Duration::ZERO,
        }
    }

    fn write(&mut self, line: &str) {
        self.output.write(&format!("{line}\n"));
    }
}

impl Sink for Lines {
    fn on_event(&mut self, event: &Event, state: &RunState) {
        let many = state.shots.len() >= MANY_SHOTS;
        if let Some(line) = self.writer.line(event, state)
            && !(many && is_passing(&event.kind))
        {
            self.write(&line);
        }
        if many && !state.finished && event.elapsed >= self.summed_up + SUM_UP_EVERY {
            self.summed_up = event.elapsed;
            let sum = self.writer.paint.say(&sum(state));
            let line = self.writer.stamped(event.elapsed, &sum);
            self.write(&line);
        }
    }

    fn finish(&mut self, _: &RunState) -> Result<(), SinkError> {
        self.output.finish()
    }
}

/// What is overtaken by a later line of the same shot.
fn is_passing(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CreateIntended { .. }
            | EventKind::CreateAccepted { .. }
            | EventKind::CreateRefused {
                retry_in: Some(_),
                ..
            }
            | EventKind::ShotDecided(_)
            | EventKind::StatusSeen { known: true, .. }
            | EventKind::TaskSucceeded { .. }
            | EventKind::Retrying { .. }
    ) || matches!(kind, EventKind::ShotChecked { verdict, .. }
        if verdict.result() == Judgement::Passed)
}

/// `120 of 400 done, 4 running, 276 waiting, spent 33.60 USD`.
fn sum(state: &RunState) -> String {
    let tally = state.tally();
    let part = |number: usize, words: &str| match number {
        0 => String::new(),
        number => format!("{number} {words}"),
    };
    let spent = state.spent();
    list([
        format!("{} of {} done", tally.done, tally.total),
        part(tally.running, "running"),
        part(tally.waiting, "waiting"),
        part(tally.failed, "failed"),
        part(tally.uncertain, "uncertain"),
        part(tally.pending, "left for the next run"),
        part(tally.left_out, "left out"),
        if spent.is_zero() {
            String::new()
        } else {
            format!("spent {spent}")
        },
    ])
}

/// What one event changed for a shot.
struct Change<'a> {
    shot: &'a ShotId,
    tone: Tone,
    verb: &'static str,
    rest: String,
}

/// Turns events into lines; the bars use it for what must stay readable.
pub(super) struct LineWriter {
    paint: Paint,
    id_columns: usize,
}

impl LineWriter {
    pub(super) fn new(paint: Paint) -> Self {
        Self {
            paint,
            id_columns: 0,
        }
    }

    /// The line for an event, without its end; `None` for what changes nothing.
    pub(super) fn line(&mut self, event: &Event, state: &RunState) -> Option<String> {
        match &event.kind {
            EventKind::RunStarted(facts) => {
                self.id_columns = id_columns(&facts.shots);
                let text = self.paint.say(&opening(facts));
                Some(self.stamped(event.elapsed, &text))
            }
            EventKind::RunStopping { reason } => {
                let text = format!("stopping: {}", stop(reason).message);
                let text = self.paint.paint(Tone::Warning, self.paint.say(&text));
                Some(self.stamped(event.elapsed, &text))
            }
            EventKind::RateReached { wait: time } => {
                let text = format!(
                    "limits.creates_per_minute is reached: creating again in {}",
                    wait(*time)
                );
                Some(self.stamped(
                    event.elapsed,
                    &self.paint.paint(Tone::Quiet, self.paint.say(&text)),
                ))
            }
            EventKind::RunFinished => None,
            kind => change(kind, state).map(|change| self.of_shot(event.elapsed, &change)),
        }
    }

    fn of_shot(&self, at: Duration, change: &Change<'_>) -> String {
        let shot = pad(change.shot.as_str(), self.id_columns);
        let said = self.paint.say(change.verb);
        let verb = self.paint.paint(change.tone, &said);
        if change.rest.is_empty() {
            return self.stamped(at, &format!("{shot}  {verb}"));
        }
        let gap = " ".repeat(VERB_COLUMNS.saturating_sub(columns(&said)));
        let rest = self.paint.say(&change.rest);
        self.stamped(at, &format!("{shot}  {verb}{gap}  {rest}"))
    }

    fn stamped(&self, at: Duration, text: &str) -> String {
        let stamp = format!("[{:>6}]", elapsed(at));
        format!("{} {text}", self.paint.paint(Tone::Quiet, stamp))
    }
}

fn id_columns(shots: &[ShotFacts]) -> usize {
    shots
        .iter()
        .map(|shot| columns(shot.id.as_str()))
        .filter(|&width| width <= ID_COLUMNS_MAX)
        .max()
        .unwrap_or(0)
}

/// `8 shots: 5 to create (1.40 USD), 2 reused, 1 to collect`.
fn opening(facts: &RunFacts) -> String {
    let number = |decision| {
        let shots = facts.shots.iter();
        shots.filter(|shot| shot.decision == decision).count()
    };
    let part = |decision, words: &str| match number(decision) {
        0 => String::new(),
        number => format!("{number} {words}"),
    };
    let cost: Total = facts
        .shots
        .iter()
        .filter(|shot| shot.decision.may_pay())
        .filter_map(|shot| shot.price.clone())
        .collect();
    let made = list([
        part(Decision::Create, "to create"),
        part(Decision::Replace, "to replace"),
    ]);
    let create = match made {
        words if !words.is_empty() && !cost.is_zero() => format!("{words} ({cost})"),
        words => words,
    };
    let parts = list([
        create,
        part(Decision::Wait, "waiting for frames"),
        part(Decision::Reuse, "reused"),
        part(Decision::Resume, "to collect"),
        part(Decision::Uncertain, "uncertain"),
        part(Decision::Failed, "failed earlier"),
        part(Decision::Elsewhere, "to collect elsewhere"),
        part(Decision::Blocked, "blocked"),
    ]);
    format!("{}: {parts}", count(facts.shots.len(), "shot"))
}

fn change<'a>(kind: &'a EventKind, state: &RunState) -> Option<Change<'a>> {
    let (tone, verb, rest) = match kind {
        EventKind::ShotDecided(facts) => (
            Tone::Plain,
            facts.decision.as_str(),
            one_line(&facts.reason),
        ),
        EventKind::CreateIntended { shot, .. } => (Tone::Quiet, "creating", again(state, shot)),
        EventKind::CreateAccepted { shot, task, .. } => (
            Tone::Plain,
            "created",
            format!("task {task}{}", price(state, shot)),
        ),
        EventKind::CreateRefused {
            failure,
            retry_in: Some(time),
            ..
        } => {
            let text = format!("{}, again in {}", failure_text(failure), wait(*time));
            (Tone::Warning, "refused", text)
        }
        EventKind::CreateRefused { failure, .. } | EventKind::TaskFailed { failure, .. } => {
            let text = format!("{}: {}", failure.class.as_str(), failure_text(failure));
            (Tone::Bad, "failed", text)
        }
        EventKind::CreateUncertain { failure, .. } => {
            let text = format!("it may have been paid: {}", failure_text(failure));
            (Tone::Bad, "uncertain", text)
        }
        EventKind::StatusSeen { status, known, .. } => {
            (Tone::Quiet, "running", status_text(status, *known))
        }
        EventKind::TaskSucceeded { file, .. } => (Tone::Plain, "fetching", format!("file {file}")),
        EventKind::Retrying {
            operation,
            failure,
            wait: time,
            ..
        } => {
            let (call, text) = (operation.as_str(), failure_text(failure));
            let text = format!("{call}: {text}, again in {}", wait(*time));
            (Tone::Warning, "retrying", text)
        }
        EventKind::VideoSaved { video, .. } => (Tone::Good, "saved", video_text(video)),
        EventKind::ShotChecked { verdict, .. } => checked(verdict),
        EventKind::ShotPending { reason, .. } => {
            (Tone::Warning, "pending", pending(reason).message)
        }
        EventKind::ShotSkipped { reason, .. } => (Tone::Warning, "skipped", skip(reason).message),
        EventKind::RunStarted(_)
        | EventKind::RateReached { .. }
        | EventKind::RunStopping { .. }
        | EventKind::RunFinished => return None,
    };
    let shot = kind.shot()?;
    Some(Change {
        shot,
        tone,
        verb,
        rest,
    })
}

fn checked(verdict: &Verdict) -> (Tone, &'static str, String) {
    let why = || one_line(&verdict.reasons().join("; "));
    match verdict.result() {
        Judgement::Passed => (Tone::Good, "checked", "as expected".to_owned()),
        Judgement::Unknown => (Tone::Warning, "unchecked", why()),
        Judgement::Failed => (Tone::Bad, "wrong", why()),
    }
}

fn again(state: &RunState, shot: &ShotId) -> String {
    match state.shot(shot).map(|shot| shot.attempts.len()) {
        Some(number @ 2..) => format!("attempt {number}"),
        _ => String::new(),
    }
}

fn price(state: &RunState, shot: &ShotId) -> String {
    let price: Option<&Money> = state.shot(shot).and_then(|shot| shot.facts.price.as_ref());
    price.map_or_else(String::new, |price| format!(" ({price})"))
}

fn status_text(status: &str, known: bool) -> String {
    let status = one_line(status);
    if known {
        status
    } else {
        format!("{status} (a status that is not known here: taken as running)")
    }
}

fn video_text(video: &Video) -> String {
    let tenths = (video.duration_ms + 50) / 100;
    format!(
        "{} ({}x{}, {}.{}s, {})",
        video.path,
        video.width,
        video.height,
        tenths / 10,
        tenths % 10,
        size(video.bytes)
    )
}
