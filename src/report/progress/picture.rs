//! What a person is shown of a run that goes on, as rows.
//!
//! Owns the choice and the words: the shots under way as far as there is room,
//! what chains wait for, pauses, and the run as a whole. Pure: it draws nothing,
//! and the time comes in.

use std::time::Duration;

use super::outlook::{Left, Outlook, Tempo};
use super::row::{Row, flow};
use super::screen::Size;
use crate::event::Event;
use crate::id::ShotId;
use crate::report::text::{Tone, columns, cut, elapsed_seconds, one_line, pad};
use crate::report::words::stop;
use crate::state::{Pause, PausedBy, Phase, RunState, ShotState, Tally};

/// Longer ids are cut, or every row would be long.
const ID_COLUMNS_MAX: usize = 32;

/// The widest bar.
const BAR_COLUMNS: usize = 30;

/// Shots that are named with what they wait for.
const WAITS_MAX: usize = 4;

/// Counting reads every shot; this bounds its share of the run's time.
const COUNT_EVERY_PER_SHOT: Duration = Duration::from_micros(20);

/// A shot under way.
struct Active {
    id: ShotId,
    doing: String,
    since: Duration,
}

/// What is known of a run, as far as it is shown.
pub(super) struct Picture {
    active: Vec<Active>,
    waits: Vec<(ShotId, ShotId)>,
    tally: Tally,
    money: Vec<String>,
    left: Option<Left>,
    pause: Option<Pause>,
    stopping: Option<String>,
    outlook: Outlook,
    id_columns: usize,
    counted: Duration,
}

impl Picture {
    pub(super) fn new(tempo: Tempo) -> Self {
        Self {
            active: Vec::new(),
            waits: Vec::new(),
            tally: Tally::default(),
            money: Vec::new(),
            left: None,
            pause: None,
            stopping: None,
            outlook: Outlook::new(tempo),
            id_columns: 0,
            counted: Duration::ZERO,
        }
    }

    /// Takes in the next event; `state` has it in already.
    pub(super) fn take_in(&mut self, event: &Event, state: &RunState) {
        self.outlook.take_in(event, state);
        self.pause = state.pause;
        if let Some(shot) = event.kind.shot().and_then(|id| state.shot(id)) {
            self.shift(shot, event.elapsed);
        }
        let every = COUNT_EVERY_PER_SHOT * u32::try_from(state.shots.len()).unwrap_or(u32::MAX);
        if event.sequence == 0 || state.finished || event.elapsed >= self.counted + every {
            self.counted = event.elapsed;
            self.count(state);
        }
    }

    fn shift(&mut self, shot: &ShotState, now: Duration) {
        let id = &shot.facts.id;
        let place = self.active.iter().position(|active| active.id == *id);
        let under_way = matches!(shot.phase, Phase::Creating | Phase::Running | Phase::Saving);
        match (place, under_way) {
            (Some(place), true) => self.active[place].doing = doing(shot),
            (Some(place), false) => drop(self.active.remove(place)),
            (None, true) => self.active.push(Active {
                id: id.clone(),
                doing: doing(shot),
                since: now,
            }),
            (None, false) => {}
        }
    }

    fn count(&mut self, state: &RunState) {
        let ids = state.shots.iter();
        let ids = ids.map(|shot| columns(shot.facts.id.as_str()));
        self.id_columns = ids.max().unwrap_or(0).min(ID_COLUMNS_MAX);
        self.tally = state.tally();
        self.money = money(state);
        self.left = self.outlook.left(state);
        self.stopping = state.stopping.as_ref().map(|reason| stop(reason).message);
        self.waits = waits(state);
    }

    /// The rows for a terminal of this size, `now` since the run began.
    pub(super) fn rows(&self, size: Size, now: Duration) -> Vec<Row> {
        // The last column is left alone: some terminals wrap when it is written.
        let width = size.columns.saturating_sub(1).max(1);
        let mut below = self.notes(now);
        below.push(self.bar(width, now));
        below.extend(flow(self.pieces(now), width, "  "));
        below.truncate(size.rows.saturating_sub(1).max(1));
        let room = size.rows.saturating_sub(1 + below.len());
        let mut rows = self.shots(room, width, now);
        rows.append(&mut below);
        rows.into_iter().map(|row| row.within(width)).collect()
    }

    /// The shots under way, then those that wait for one of them.
    fn shots(&self, room: usize, width: usize, now: Duration) -> Vec<Row> {
        let all = self.active.len();
        // One row says how many more there are.
        let shown = if all <= room {
            all
        } else {
            room.saturating_sub(1)
        };
        let id_columns = self.id_columns.min(width / 2);
        let mut rows: Vec<Row> = self
            .active
            .iter()
            .take(shown)
            .map(|active| {
                let time = elapsed_seconds(now.saturating_sub(active.since));
                let id = pad(&cut(active.id.as_str(), id_columns), id_columns);
                Row::default()
                    .and(Tone::Quiet, format!("{time:>6}"))
                    .and(Tone::Plain, format!("  {id}  {}", active.doing))
            })
            .collect();
        if all > shown && room > 0 {
            let more = format!("        and {} more under way", all - shown);
            rows.push(Row::default().and(Tone::Quiet, more));
        }
        let room = room.saturating_sub(rows.len()).min(WAITS_MAX);
        rows.extend(self.waits.iter().take(room).map(|(id, source)| {
            let id = pad(&cut(id.as_str(), id_columns), id_columns);
            let text = format!("        {id}  waits for {source}");
            Row::default().and(Tone::Quiet, text)
        }));
        rows
    }

    /// Why nothing more is created for now, or at all.
    fn notes(&self, now: Duration) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(reason) = &self.stopping {
            let text = format!("  stopping: {reason}");
            rows.push(Row::default().and(Tone::Warning, text));
        } else if let Some(pause) = self.pause.filter(|pause| pause.until > now) {
            let text = format!(
                "  {}",
                pause_text(pause.by, pause.until.saturating_sub(now))
            );
            rows.push(Row::default().and(Tone::Warning, text));
        }
        rows
    }

    /// `[ 1m12s] =======------------ 3/8 done`.
    fn bar(&self, width: usize, now: Duration) -> Row {
        let Tally { total, done, .. } = self.tally;
        let time = format!("[{:>6}] ", elapsed_seconds(now));
        let count = format!(" {done}/{total} done");
        let room = width.saturating_sub(columns(&time) + columns(&count));
        let bar = room.min(BAR_COLUMNS);
        let filled = (bar * self.tally.settled()).checked_div(total).unwrap_or(0);
        Row::default()
            .and(Tone::Quiet, time)
            .and(Tone::Good, "=".repeat(filled))
            .and(Tone::Quiet, "-".repeat(bar - filled))
            .and(Tone::Plain, count)
    }

    fn pieces(&self, now: Duration) -> Vec<Row> {
        let tally = &self.tally;
        let mut pieces: Vec<Row> = [
            (tally.running, "running", Tone::Plain),
            (tally.waiting, "waiting", Tone::Plain),
            (tally.failed, "failed", Tone::Bad),
            (tally.uncertain, "uncertain", Tone::Bad),
            (tally.pending, "left for the next run", Tone::Warning),
            (tally.left_out, "left out", Tone::Warning),
        ]
        .into_iter()
        .filter(|(number, _, _)| *number > 0)
        .map(|(number, word, tone)| Row::default().and(tone, format!("{number} {word}")))
        .collect();
        pieces.extend(self.money.iter().map(Row::plain));
        if tally.settled() < tally.total
            && let Some(left) = self.left
        {
            pieces.push(Row::plain(left_text(
                left,
                now.saturating_sub(self.counted),
            )));
        }
        pieces
    }
}

/// `the service asks to wait: creating again in 12s`.
pub(crate) fn pause_text(by: PausedBy, left: Duration) -> String {
    let who = match by {
        PausedBy::Service => "the service asks to wait",
        PausedBy::Limit => "limits.creates_per_minute is reached",
    };
    // Rounded up: a countdown ends when it says 0s.
    let left = elapsed_seconds(left + Duration::from_millis(999));
    format!("{who}: creating again in {left}")
}

fn left_text(left: Left, since: Duration) -> String {
    let (word, left) = match left {
        Left::Usually(left) => ("usually about", left),
        Left::About(left) => ("about", left),
    };
    let minutes = left.saturating_sub(since).as_secs().div_ceil(60);
    match minutes {
        0 => "should end any moment".to_owned(),
        1 => "less than a minute left".to_owned(),
        2..120 => format!("{word} {minutes} min left"),
        _ => format!("{word} {} h {} min left", minutes / 60, minutes % 60),
    }
}

fn money(state: &RunState) -> Vec<String> {
    if state.is_free() {
        return vec!["nothing is charged".to_owned()];
    }
    let (spent, reserved) = (state.spent(), state.reserved());
    match (spent.is_zero(), reserved.is_zero()) {
        (true, true) => Vec::new(),
        (false, true) => vec![format!("spent {spent}")],
        (false, false) => vec![
            format!("spent {spent}"),
            format!("{reserved} not collected yet"),
        ],
        (true, false) => vec![format!("{reserved} not collected yet")],
    }
}

/// Shots whose source is not there, and which one that is.
fn waits(state: &RunState) -> Vec<(ShotId, ShotId)> {
    let missing = |source: &&ShotId| {
        let source = state.shot(source);
        source.is_some_and(|source| source.phase != Phase::Done)
    };
    let waiting = state.shots.iter();
    waiting
        .filter(|shot| shot.phase == Phase::Waiting)
        .filter_map(|shot| {
            let source = shot.facts.depends_on.iter().find(missing)?;
            Some((shot.facts.id.clone(), source.clone()))
        })
        .take(WAITS_MAX)
        .collect()
}

fn doing(shot: &ShotState) -> String {
    match (&shot.phase, shot.statuses.last()) {
        (Phase::Running, Some((status, _))) => one_line(status),
        (Phase::Running, None) => "waiting for its first status".to_owned(),
        (Phase::Saving, _) => "fetching the video".to_owned(),
        _ => "creating".to_owned(),
    }
}
