//! What a terminal shows of a run, screen by screen.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Bars, Size, Tempo, Terminal, lock};
use crate::event::{Decision, Event, EventKind, FailureClass, ShotFacts};
use crate::report::Sink;
use crate::report::script::{
    accepted, events, facts, failure, fold, id, intended, mixed, refused, saved, started, status,
    succeeded, task_failed,
};
use crate::report::text::Paint;
use crate::state::RunState;

/// A terminal that can be resized as modern ones are: long rows are wrapped anew.
#[derive(Clone)]
struct Virtual(Arc<Mutex<vt100::Parser>>);

impl Virtual {
    fn new(columns: u16, rows: u16) -> Self {
        Self(Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0))))
    }

    fn resize(&self, columns: u16, rows: u16) {
        let mut parser = self.0.lock().expect("no test panicked");
        let shown = parser.screen().contents();
        let mut anew = vt100::Parser::new(rows, columns, 0);
        anew.process(shown.replace('\n', "\r\n").as_bytes());
        *parser = anew;
    }

    fn screen(&self) -> String {
        let parser = self.0.lock().expect("no test panicked");
        let columns = parser.screen().size().1;
        let rows: Vec<String> = parser.screen().rows(0, columns).collect();
        format!("{}\n", rows.join("\n").trim_end())
    }
}

impl Terminal for Virtual {
    fn size(&self) -> Size {
        let (rows, columns) = self.0.lock().expect("no test panicked").screen().size();
        Size {
            columns: usize::from(columns),
            rows: usize::from(rows),
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut parser = self.0.lock().expect("no test panicked");
        parser.process(text.as_bytes());
        Ok(())
    }
}

/// Bars on a virtual terminal, at a time that the test sets.
struct Theatre {
    terminal: Virtual,
    bars: Bars,
    seconds: Arc<AtomicU64>,
    state: RunState,
}

impl Theatre {
    fn new(columns: u16, rows: u16) -> Self {
        let terminal = Virtual::new(columns, rows);
        let seconds = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&seconds);
        let clock = Box::new(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
        let tempo = Tempo {
            concurrency: 4,
            creates_per_minute: Some(5.0),
        };
        let stage: Box<dyn Terminal> = Box::new(terminal.clone());
        Self {
            bars: Bars::new(Some(stage), Paint::plain(), tempo, clock),
            terminal,
            seconds,
            state: RunState::default(),
        }
    }

    fn tell(&mut self, events: &[Event]) {
        for event in events {
            self.state.apply(event);
            self.seconds
                .store(event.elapsed.as_secs(), Ordering::Relaxed);
            self.bars.on_event(event, &self.state);
        }
    }

    /// The screen some seconds after the last event.
    fn screen(&self, later: u64) -> String {
        self.seconds.fetch_add(later, Ordering::Relaxed);
        lock(&self.bars.stage).draw();
        self.terminal.screen()
    }
}

/// A chain among four shots, one of which has a Chinese name.
fn four() -> Vec<Event> {
    let after = |name: &str, source: &str| ShotFacts {
        depends_on: vec![id(source)],
        ..facts(name, Decision::Wait)
    };
    events(vec![
        started(vec![
            facts("opening", Decision::Create),
            facts("镜头一", Decision::Create),
            after("after", "opening"),
            after("finale", "after"),
        ]),
        intended("opening", 1),
        accepted("opening", 1),
        status("opening", "Processing", true),
        intended("镜头一", 1),
    ])
}

fn many(count: usize) -> Vec<EventKind> {
    let names: Vec<String> = (0..count)
        .map(|number| format!("shot-{number:03}"))
        .collect();
    let shots = names.iter().map(|name| facts(name, Decision::Create));
    let mut kinds = vec![started(shots.collect())];
    for (number, name) in names.iter().enumerate().take(120) {
        kinds.extend([intended(name, 1), accepted(name, 1)]);
        match number {
            0..80 => kinds.extend([succeeded(name), saved(name)]),
            80 => kinds.push(task_failed(name)),
            _ => kinds.push(status(name, "Queueing", true)),
        }
    }
    kinds
}

#[test]
fn four_shots_at_80x24() {
    let mut theatre = Theatre::new(80, 24);
    theatre.tell(&four());
    insta::assert_snapshot!(theatre.screen(100));
}

#[test]
fn four_shots_at_40x10() {
    let mut theatre = Theatre::new(40, 10);
    theatre.tell(&four());
    insta::assert_snapshot!(theatre.screen(0));
}

#[test]
fn four_hundred_shots_at_80x24() {
    let mut theatre = Theatre::new(80, 24);
    theatre.tell(&events(many(400)));
    insta::assert_snapshot!(theatre.screen(1));
}

#[test]
fn four_hundred_shots_at_40x10() {
    let mut theatre = Theatre::new(40, 10);
    theatre.tell(&events(many(400)));
    insta::assert_snapshot!(theatre.screen(1));
}

#[test]
fn a_terminal_that_is_resized_keeps_one_picture() {
    let mut theatre = Theatre::new(80, 24);
    theatre.tell(&events(many(400)));
    let wide = theatre.screen(0);
    theatre.terminal.resize(40, 24);
    let narrow = theatre.screen(0);
    insta::assert_snapshot!(narrow);
    theatre.terminal.resize(80, 24);
    let again = theatre.screen(0);
    // The failure that stays above was wrapped, and is one row again or not: that
    // is the terminal's. What is drawn is there once.
    let bar = |screen: &str| screen.matches("/400 done").count();
    assert_eq!(
        (bar(&wide), bar(&narrow), bar(&again)),
        (1, 1, 1),
        "{again}"
    );
    assert_eq!(wide.lines().last(), again.lines().last());
}

#[test]
fn a_full_screen_is_drawn_over_and_never_cleared() {
    #[derive(Clone, Default)]
    struct Tape(Arc<Mutex<String>>);
    impl Terminal for Tape {
        fn size(&self) -> Size {
            Size {
                columns: 40,
                rows: 10,
            }
        }
        fn write(&mut self, text: &str) -> io::Result<()> {
            self.0.lock().expect("no test panicked").push_str(text);
            Ok(())
        }
    }
    let tape = Tape::default();
    let tempo = Tempo {
        concurrency: 1,
        creates_per_minute: None,
    };
    let terminal: Box<dyn Terminal> = Box::new(tape.clone());
    let clock = Box::new(Duration::default);
    let mut bars = Bars::new(Some(terminal), Paint::plain(), tempo, clock);
    let mut state = RunState::default();
    for event in events(many(400)) {
        state.apply(&event);
        bars.on_event(&event, &state);
        lock(&bars.stage).draw();
    }
    bars.finish(&state).expect("a terminal");
    let written = tape.0.lock().expect("no test panicked");
    assert!(written.contains("80/400 done"));
    // What some terminals answer with a copy of the screen in their history.
    assert!(!written.contains("\x1b[J") && !written.contains("\x1b[2J"));
}

#[test]
fn tiny_terminals_get_what_fits() {
    for (columns, rows) in [(1, 1), (2, 1), (9, 2), (20, 3), (300, 4)] {
        let mut theatre = Theatre::new(columns, rows);
        theatre.tell(&four());
        let screen = theatre.screen(1);
        assert!(screen.lines().count() <= usize::from(rows), "{screen}");
    }
}

#[test]
fn a_pause_is_counted_down_and_ends() {
    let throttled = failure(FailureClass::Throttled, 1002, "rate limit");
    let mut run = four();
    run.truncate(4);
    let mut kinds: Vec<EventKind> = run.into_iter().map(|event| event.kind).collect();
    kinds.push(intended("镜头一", 1));
    kinds.push(refused("镜头一", throttled, Some(Duration::from_secs(12))));
    let mut theatre = Theatre::new(80, 24);
    theatre.tell(&events(kinds.clone()));
    let screen = theatre.screen(2);
    let said = "the service asks to wait: creating again in 10s";
    assert!(screen.contains(said), "{screen}");
    let over = theatre.screen(10);
    assert!(!over.contains("asks to wait"), "{over}");

    kinds.push(EventKind::RateReached {
        wait: Duration::from_secs(42),
    });
    let mut theatre = Theatre::new(80, 24);
    theatre.tell(&events(kinds));
    let screen = theatre.screen(0);
    let said = "limits.creates_per_minute is reached: creating again in 42s";
    assert!(screen.contains(said), "{screen}");
}

#[test]
fn the_time_left_is_what_was_measured() {
    // 120 s each by what is usual, 4 s by what is measured here.
    let mut theatre = Theatre::new(80, 24);
    let mut kinds = many(8);
    kinds.truncate(1);
    let before = events(kinds.clone());
    theatre.tell(&before);
    assert!(theatre.screen(0).contains("usually about 4 min left"));
    kinds.extend([
        intended("shot-000", 1),
        accepted("shot-000", 1),
        status("shot-000", "Processing", true),
        succeeded("shot-000"),
        saved("shot-000"),
    ]);
    let mut theatre = Theatre::new(80, 24);
    theatre.tell(&events(kinds));
    let screen = theatre.screen(0);
    // Seven left at five a minute.
    assert!(screen.contains("less than a minute left"), "{screen}");
    assert!(!screen.contains("usually"), "{screen}");
}

#[test]
fn nothing_stays_but_what_must() {
    let mut theatre = Theatre::new(80, 24);
    let run = mixed();
    theatre.tell(&run);
    theatre.bars.finish(&fold(&run)).expect("a terminal");
    insta::assert_snapshot!(theatre.terminal.screen());
}

#[test]
fn a_glance_has_everything_and_others_can_speak() {
    let mut theatre = Theatre::new(40, 10);
    theatre.tell(&events(many(400)));
    let glance = theatre.bars.glance();
    let text = glance.text();
    assert_eq!(text.matches("Queueing").count(), 39, "{text}");
    let mut terminal = theatre.terminal.clone();
    glance.aside(|| terminal.write("a line\r\n").expect("a terminal"));
    let screen = theatre.terminal.screen();
    assert_eq!(screen.matches("/400 done").count(), 1, "{screen}");
    assert_eq!(screen.matches("a line").count(), 1, "{screen}");
}
