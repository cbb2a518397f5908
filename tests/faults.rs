//! Every operation meets every fault, over real HTTP: where the shot ends, what
//! the exit code says, and how many tasks were billed. Then the fault goes away,
//! and the same manifest is run again: nothing is paid for twice.

#[path = "faults/folder.rs"]
mod folder;
#[path = "faults/grid.rs"]
mod grid;
mod support;

use std::time::Duration;

use futures::StreamExt as _;
use grid::{Case, End};
use runner::cli::Exit;
use runner::simulator::Simulator;
use runner::state::{Outcome, RunState};
use serde_json::{Value, json};
use support::film::{Film, Pace, billed, prompt, service};
use support::{Stage, ran};

/// Cases at once: enough to keep two cores busy while others wait for the disk.
const AT_ONCE: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_meets_every_fault() {
    let cases = grid::cases();
    assert!(cases.len() >= 300, "{} combinations", cases.len());
    let wrong: Vec<String> = futures::stream::iter(&cases)
        .map(|case| async move { meet(case).await.err() })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// One case: the run with the fault, the run after it, and the settling of what
/// only a person can know.
async fn meet(case: &Case) -> Result<(), String> {
    let simulator = service(&case.rules).await;
    let film = Film::new(&["boat", "calm"]);
    let pace = Pace {
        deadline: case.deadline(),
        silence: case.silence(),
        ..Pace::default()
    };
    let first = run(&film, &simulator, pace).await;
    case.expect("with the fault", case.end, &first, paid(&simulator, "boat"))?;
    simulator.end_trouble();
    let mut last = run(&film, &simulator, Pace::default()).await;
    let after = case.end.after();
    case.expect("after it", after, &last, paid(&simulator, "boat"))?;
    if after.outcome() == Outcome::Uncertain {
        let settled = film.resolve(&simulator);
        last = run(&film, &simulator, Pace::default()).await;
        if settled != 1 {
            return Err(format!("{}: {settled} were uncertain", case.name));
        }
        case.expect("settled", End::Made, &last, paid(&simulator, "boat"))?;
    }
    let calm = (outcome(&last, 1), paid(&simulator, "calm"));
    if calm != (Outcome::Succeeded, 1) {
        return Err(format!("{}: the other shot: {calm:?}", case.name));
    }
    match film.damage(&last) {
        Some(damage) => Err(format!("{}: {damage}", case.name)),
        None => Ok(()),
    }
}

async fn run(film: &Film, simulator: &Simulator, pace: Pace) -> RunState {
    let quiet = Box::new(|_: &_, _: &_| ());
    let state = film.run(&simulator.base_url(), pace, quiet).await;
    state.expect("the ledger works")
}

fn paid(simulator: &Simulator, shot: &str) -> usize {
    billed(simulator).get(&prompt(shot)).copied().unwrap_or(0)
}

fn outcome(state: &RunState, shot: usize) -> Outcome {
    state.shots[shot].outcome()
}

impl Case {
    fn expect(&self, when: &str, end: End, state: &RunState, paid: usize) -> Result<(), String> {
        let expected = (end.outcome(), end.exit(), end.billed());
        let found = (outcome(state, 0), Exit::of_run(state), paid);
        if found == expected {
            return Ok(());
        }
        let (name, rules) = (&self.name, &self.rules);
        Err(format!(
            "{name}, {when}: {found:?}, not {expected:?}\n  {rules}\n  {:?}",
            state.shots[0].failure
        ))
    }

    /// A task that is asked for in vain is given up soon.
    fn deadline(&self) -> Duration {
        match self.end {
            End::Left => Duration::from_millis(600),
            _ => Duration::from_secs(60),
        }
    }

    /// Long for a machine that answers, short for a test that waits for silence.
    fn silence(&self) -> Duration {
        if self.name.contains("stall") {
            Duration::from_millis(1_500)
        } else {
            Pace::default().silence
        }
    }
}

/// The same ends, as the shell sees them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_ends_as_the_library_does() {
    let rows: [(&str, Value, End); 8] = [
        ("create", json!({ "code": 1008 }), End::Quota),
        ("create", json!({ "code": 2061 }), End::Refused),
        ("create", json!({ "http": 404 }), End::Address),
        (
            "create",
            json!({ "http": 307, "location": "/v1/video_generation" }),
            End::Address,
        ),
        ("create", json!({ "cut": "after" }), End::Lost),
        ("create", json!({ "http": 502, "html": true }), End::Unknown),
        ("query", json!({ "fail": 1027 }), End::Failed),
        ("download", json!("truncated"), End::Made),
    ];
    let runs = rows.map(|(on, then, end)| async move {
        let rule = json!({ "on": on, "prompt_contains": "boat", "then": then });
        let simulator = service(&json!([rule])).await;
        let stage = Stage::new();
        let shots = ["boat".to_owned(), "calm".to_owned()];
        stage.write("shots.yaml", &support::film::manifest(&shots));
        let (stage, code) = apply(stage, &simulator).await;
        assert_eq!(code, i32::from(end.exit().code()), "{on} {then}");
        assert_eq!(paid(&simulator, "boat"), end.billed(), "{on} {then}");
        simulator.end_trouble();
        let (_, code) = apply(stage, &simulator).await;
        let after = end.after();
        assert_eq!(
            code,
            i32::from(after.exit().code()),
            "{on} {then}, after it"
        );
        assert_eq!(paid(&simulator, "boat"), after.billed(), "{on} {then}");
    });
    futures::stream::iter(runs)
        .buffer_unordered(4)
        .collect::<Vec<()>>()
        .await;
}

async fn apply(stage: Stage, simulator: &Simulator) -> (Stage, i32) {
    let url = simulator.base_url();
    let applied = tokio::task::spawn_blocking(move || {
        let mut command = stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", url)
            .args(["apply", "shots.yaml", "--poll-interval", "100ms"]);
        let code = ran(&mut command).code;
        (stage, code)
    });
    applied.await.expect("the program can be run")
}
