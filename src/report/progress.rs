//! Progress on a terminal: the shots that are under way, and the whole run.
//!
//! Owns when it is drawn. Never stays on the screen: the closing words take its
//! place. No percentage of a shot, because the API tells none.

mod outlook;
mod picture;
mod row;
mod screen;
#[cfg(test)]
mod tests;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use self::outlook::Tempo;
use self::picture::Picture;
pub(crate) use self::picture::pause_text;
use self::screen::Screen;
pub use self::screen::{Board, Size, Terminal};
use super::lines::LineWriter;
use super::text::Paint;
use super::{Sink, SinkError};
use crate::event::{Event, EventKind, Judgement};
use crate::state::RunState;

/// How often it is drawn: clocks move while nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// What a dump has room for.
const DUMP: Size = Size {
    columns: 100,
    rows: 2_000,
};

/// Tells the time since some moment before the run.
pub type Clock = Box<dyn Fn() -> Duration + Send>;

/// A sink that keeps what is to be seen, and draws it if it has a terminal.
pub struct Bars {
    stage: Arc<Mutex<Stage>>,
    lines: LineWriter,
    // Dropping the sender is what ends the thread.
    ticker: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

/// A handle on what is to be seen, for whoever else looks or speaks.
#[derive(Clone)]
pub struct Glance(Arc<Mutex<Stage>>);

struct Stage {
    screen: Option<Screen>,
    picture: Picture,
    clock: Clock,
    // What the clock said when the run began.
    begun: Duration,
    is_over: bool,
}

impl Bars {
    /// Draws on `terminal`; without one it only keeps what a [`Glance`] tells.
    pub fn new(
        terminal: Option<Box<dyn Terminal>>,
        paint: Paint,
        tempo: Tempo,
        clock: Clock,
    ) -> Self {
        let stage = Stage {
            screen: terminal.map(|terminal| Screen::new(terminal, paint)),
            picture: Picture::new(tempo),
            begun: clock(),
            clock,
            is_over: false,
        };
        Self {
            stage: Arc::new(Mutex::new(stage)),
            lines: LineWriter::new(paint),
            ticker: None,
        }
    }

    /// For whoever else has something to say, or wants to know.
    pub fn glance(&self) -> Glance {
        Glance(Arc::clone(&self.stage))
    }

    fn start(&mut self) {
        let stage = Arc::clone(&self.stage);
        let (sender, receiver) = mpsc::channel();
        // Joined in `finish`.
        let thread = thread::spawn(move || {
            while receiver.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                lock(&stage).draw();
            }
        });
        self.ticker = Some((sender, thread));
    }
}

impl Stage {
    fn now(&self) -> Duration {
        (self.clock)().saturating_sub(self.begun)
    }

    fn draw(&mut self) {
        let now = self.now();
        if let Some(screen) = self.screen.as_mut().filter(|_| !self.is_over) {
            let rows = self.picture.rows(screen.size(), now);
            screen.draw(rows);
        }
    }
}

impl Glance {
    /// The whole picture as text, whatever the terminal has room for.
    pub fn text(&self) -> String {
        let stage = lock(&self.0);
        let rows = stage.picture.rows(DUMP, stage.now());
        let rows: Vec<String> = rows.iter().map(|row| row.painted(Paint::plain())).collect();
        rows.join("\n")
    }

    /// Takes what is drawn aside while somebody else writes to the terminal: one
    /// that is written to from two sides is torn.
    pub fn aside(&self, write: impl FnOnce()) {
        let mut stage = lock(&self.0);
        if let Some(screen) = &mut stage.screen {
            screen.clear();
        }
        write();
        stage.draw();
    }
}

impl Sink for Bars {
    fn on_event(&mut self, event: &Event, state: &RunState) {
        let line = self.lines.line(event, state);
        let mut drawn = lock(&self.stage);
        if matches!(event.kind, EventKind::RunStarted(_)) {
            drawn.begun = (drawn.clock)().saturating_sub(event.elapsed);
        }
        drawn.picture.take_in(event, state);
        if let Some((screen, line)) = drawn.screen.as_mut().zip(line)
            && stays(&event.kind)
        {
            screen.print(&line);
        }
        let is_drawn = drawn.screen.is_some();
        drop(drawn);
        if is_drawn && self.ticker.is_none() && !state.finished {
            lock(&self.stage).draw();
            self.start();
        }
    }

    fn finish(&mut self, _: &RunState) -> Result<(), SinkError> {
        lock(&self.stage).is_over = true;
        if let Some((sender, thread)) = self.ticker.take() {
            drop(sender);
            // It only draws; a panic there has said all it will.
            let _ = thread.join();
        }
        let mut stage = lock(&self.stage);
        let Some(screen) = &mut stage.screen else {
            return Ok(());
        };
        screen.clear();
        match screen.failure() {
            Some(source) => Err(SinkError::Stream {
                what: "progress bars",
                source,
            }),
            None => Ok(()),
        }
    }
}

/// What must stay readable when the bars are gone.
fn stays(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::CreateUncertain { .. }
            | EventKind::TaskFailed { .. }
            | EventKind::CreateRefused { retry_in: None, .. }
            | EventKind::RunStopping { .. }
    ) || matches!(kind, EventKind::ShotChecked { verdict, .. }
        if verdict.result() != Judgement::Passed)
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    // A drawing that panicked leaves a torn screen at worst.
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}
