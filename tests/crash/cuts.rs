//! The story of a run, cut after every one of its events, and a ledger that
//! fails in the middle of it.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use runner::cli::Exit;
use runner::engine::Observer;
use runner::event::Event;
use runner::simulator::Simulator;
use runner::state::{Outcome, RunState};
use serde_json::{Value, json};

use super::support::film::{Film, Pace, billed, ledger, service};

/// Longer than any story here.
const END: usize = 200;

/// Storyboards and troubles, each cut everywhere.
fn stories() -> Vec<(&'static [&'static str], usize, Value)> {
    vec![
        (&["one"], 1, json!([])),
        (&["one", "two", "three"], 3, json!([])),
        (&["one", "two"], 1, json!([])),
        (
            &["one", "two"],
            2,
            json!([
                { "on": "create", "nth": 1, "then": { "code": 1002 } },
                { "on": "create", "nth": 3, "then": { "code": 1026 } },
                { "on": "query", "every": 2, "times": 2, "then": { "http": 502, "html": true } },
            ]),
        ),
        (
            &["one", "two"],
            2,
            json!([
                { "on": "create", "nth": 2, "then": { "cut": "after" } },
                { "on": "retrieve", "nth": 1, "then": "expired_link" },
                { "on": "content", "times": 2, "then": "truncated" },
                { "on": "download", "nth": 2, "then": { "truncated": "lying" } },
            ]),
        ),
        (
            &["one", "two", "three"],
            2,
            json!([
                { "on": "create", "nth": 2, "then": { "fail": 1027 } },
                { "on": "query", "nth": 2, "then": { "status": "Thinking" } },
                { "on": "create", "nth": 3, "then": { "http": 503, "accepted": true } },
            ]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_that_is_cut_after_any_event_goes_on_without_paying_again() {
    let mut cuts = 0;
    for (shots, concurrency, rules) in stories() {
        let mut cut_at = 0;
        // Until a story comes to its own end: then every beginning was tried.
        while cut(shots, concurrency, &rules, cut_at).await {
            cut_at += 1;
            assert!(cut_at < END, "the story has no end");
        }
        cuts += cut_at;
    }
    assert!(cuts >= 60, "{cuts} cuts");
}

/// Cuts the story after `kept` events and goes on; whether there was a cut.
async fn cut(shots: &[&str], concurrency: usize, rules: &Value, kept: usize) -> bool {
    let simulator = service(rules).await;
    let film = Arc::new(Film::new(shots));
    let pace = Pace {
        concurrency,
        ..Pace::default()
    };
    let url = simulator.base_url();
    let seen = AtomicUsize::new(0);
    let observer: Observer = Box::new(move |_: &Event, _: &RunState| {
        // As sudden as a crash for whoever waits: the event is on record, and
        // nothing after it will be. Not a panic, which would print.
        if seen.fetch_add(1, Ordering::Relaxed) == kept {
            resume_unwind(Box::new("cut"));
        }
    });
    let running = tokio::spawn({
        let film = Arc::clone(&film);
        async move { film.run(&url, pace, observer).await }
    });
    let was_cut = running.await.is_err();
    let name = format!("{shots:?} {rules} after {kept}");
    paid_once(&simulator, &name);
    simulator.end_trouble();
    go_on(&film, &simulator, pace, &name).await;
    was_cut
}

/// Runs until nothing is left that another run or a person could settle.
async fn go_on(film: &Film, simulator: &Simulator, pace: Pace, name: &str) {
    let mut last = run(film, simulator, pace).await;
    paid_once(simulator, name);
    if Exit::of_run(&last) == Exit::Uncertain {
        assert!(film.resolve(simulator) > 0, "{name}");
        last = run(film, simulator, pace).await;
        paid_once(simulator, name);
    }
    for shot in &last.shots {
        // A task that the service failed was paid, and stays failed until asked.
        let ends = [Outcome::Succeeded, Outcome::Failed];
        assert!(ends.contains(&shot.outcome()), "{name}: {:?}", shot.phase);
    }
    assert_eq!(billed(simulator).len(), last.shots.len(), "{name}");
    assert_eq!(film.damage(&last), None, "{name}");
    let nothing_new = simulator.requests().create;
    let again = run(film, simulator, pace).await;
    assert_eq!(again.counts().succeeded, last.counts().succeeded, "{name}");
    assert_eq!(simulator.requests().create, nothing_new, "{name}");
}

async fn run(film: &Film, simulator: &Simulator, pace: Pace) -> RunState {
    let quiet = Box::new(|_: &Event, _: &RunState| ());
    let state = film.run(&simulator.base_url(), pace, quiet).await;
    state.expect("the ledger works")
}

fn paid_once(simulator: &Simulator, name: &str) {
    for (prompt, tasks) in billed(simulator) {
        assert_eq!(tasks, 1, "{name}: {prompt} was paid for twice");
    }
}

/// Each kind of fact that the ledger may fail to take. A task that was paid and
/// could not be written down is told at once; nothing is paid after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_fails_stops_the_paying_and_loses_nothing() {
    for (fact, row, unrecorded) in [
        ("run", "INSERT ON runs", 0),
        ("intent", "INSERT ON attempts", 0),
        ("task", "UPDATE ON attempts WHEN NEW.state = 'created'", 1),
        ("status", "INSERT ON statuses", 0),
        ("file", "UPDATE ON attempts WHEN NEW.state = 'succeeded'", 0),
        ("video", "INSERT ON videos", 0),
    ] {
        let simulator = service(&json!([])).await;
        let film = Film::new(&["one", "two", "three"]);
        let path = {
            let store = film.store();
            drop(ledger(&store));
            store.layout().ledger()
        };
        let sql = |text: &str| {
            let ledger = rusqlite::Connection::open(&path).expect("the ledger opens");
            ledger.execute_batch(text).expect("the statement is good");
        };
        sql(&format!(
            "CREATE TRIGGER full BEFORE {row} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        ));
        let pace = Pace {
            concurrency: 1,
            ..Pace::default()
        };
        let quiet = Box::new(|_: &Event, _: &RunState| ());
        let failed = film.run(&simulator.base_url(), pace, quiet).await;
        let error = failed.expect_err("the ledger fails");
        assert_eq!(error.unrecorded.len(), unrecorded, "{fact}: {error:?}");
        let before = ["run", "intent"].contains(&fact);
        assert_eq!(simulator.billed(), usize::from(!before), "{fact}");
        if let Some((_, task)) = error.unrecorded.first() {
            assert_eq!(task.as_str(), simulator.created()[0].task_id, "{fact}");
        }
        sql("DROP TRIGGER full");
        go_on(&film, &simulator, pace, fact).await;
    }
}
