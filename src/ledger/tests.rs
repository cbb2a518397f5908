//! What survives a crash, and what the database itself refuses.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;

use super::{AttemptStanding, Ledger, LedgerError, open};
use crate::event::{
    Decision, Event, EventKind, Failure, FailureClass, Operation, PendingReason, RunFacts,
    ShotFacts, StopReason, Video,
};
use crate::id::{FileId, Fingerprint, RunId, ShotId, TaskId};
use crate::money::Money;
use crate::state::RunState;

fn run() -> RunId {
    RunId::new("run-1")
}

fn shot(name: &str) -> ShotId {
    ShotId::new(name).expect("a good id")
}

fn fingerprint(seed: usize) -> Fingerprint {
    Fingerprint::from_hex(format!("{seed:064x}").chars().rev().collect::<String>())
}

fn event(kind: EventKind) -> Event {
    Event {
        sequence: 0,
        at: Timestamp::UNIX_EPOCH,
        elapsed: Duration::ZERO,
        kind,
    }
}

fn facts(name: &str) -> ShotFacts {
    let request = json!({"model": "MiniMax-Hailuo-2.3", "prompt": name});
    ShotFacts {
        id: shot(name),
        scene: None,
        tags: Vec::new(),
        mode: "T2V".into(),
        model: "MiniMax-Hailuo-2.3".into(),
        prompt: name.into(),
        request: request.as_object().cloned().expect("an object").into(),
        fingerprint: None,
        decision: Decision::Create,
        reason: "it is new".into(),
        changes: Vec::new(),
        price: Some(Money::from_micros(280_000, "USD")),
        file: format!("{name}.mp4"),
        depends_on: Vec::new(),
        frames: Vec::new(),
        seconds: 6,
        resolution: "768P".into(),
        earlier: false,
        another_take: false,
        existing: None,
        verdict: None,
        paid_task: None,
    }
}

fn started(shots: Vec<ShotFacts>) -> Event {
    event(EventKind::RunStarted(Box::new(RunFacts {
        run_id: run(),
        manifest: "shots.yaml".into(),
        backend: "minimax".into(),
        base_url: "https://api.minimax.io".into(),
        free: false,
        runner_version: "0.1.0".into(),
        spec_version: "2026-01-01".into(),
        price_date: "2026-01-01".into(),
        part: None,
        shots,
    })))
}

fn intended(name: &str, print: &Fingerprint, number: u32) -> Event {
    event(EventKind::CreateIntended {
        shot: shot(name),
        attempt: print.attempt(number),
        fingerprint: print.clone(),
    })
}

fn accepted(name: &str, print: &Fingerprint, number: u32) -> Event {
    event(EventKind::CreateAccepted {
        shot: shot(name),
        attempt: print.attempt(number),
        task: TaskId::new("106916112212032"),
        trace_id: Some("trace".into()),
    })
}

fn refused(name: &str, print: &Fingerprint, number: u32) -> Event {
    event(EventKind::CreateRefused {
        shot: shot(name),
        attempt: print.attempt(number),
        failure: Failure {
            code: Some(1002),
            ..Failure::new(FailureClass::Throttled, "rate limit")
        },
        retry_in: Some(Duration::from_secs(1)),
    })
}

fn video(name: &str) -> Video {
    Video {
        path: format!("{name}.mp4"),
        bytes: 1_234_567,
        sha256: "ab".repeat(32),
        width: 1366,
        height: 768,
        duration_ms: 5875,
        fps: 24.0,
        codec: "avc1.42C01F".into(),
    }
}

/// One shot's life: a throttled attempt, then one that ends well.
fn life(print: &Fingerprint) -> Vec<(Event, Option<AttemptStanding>)> {
    let name = "opening";
    vec![
        (started(vec![facts(name)]), None),
        (intended(name, print, 1), Some(AttemptStanding::Intended)),
        (refused(name, print, 1), Some(AttemptStanding::Refused)),
        (intended(name, print, 2), Some(AttemptStanding::Intended)),
        (accepted(name, print, 2), Some(AttemptStanding::Created)),
        (
            event(EventKind::StatusSeen {
                shot: shot(name),
                status: "Processing".into(),
                known: true,
            }),
            Some(AttemptStanding::Created),
        ),
        (
            event(EventKind::TaskSucceeded {
                shot: shot(name),
                attempt: print.attempt(2),
                file: FileId::new("205258526306433"),
            }),
            Some(AttemptStanding::Succeeded),
        ),
        (
            event(EventKind::VideoSaved {
                shot: shot(name),
                attempt: print.attempt(2),
                video: video(name),
            }),
            Some(AttemptStanding::Saved),
        ),
        (event(EventKind::RunFinished), Some(AttemptStanding::Saved)),
    ]
}

fn append_one(ledger: &mut Ledger, event: Event) -> Result<(), LedgerError> {
    ledger.append(&run(), &[event])?.remove(0)
}

#[test]
fn every_prefix_of_a_life_is_read_back_as_it_stood() {
    let print = fingerprint(7);
    let events = life(&print);
    for cut in 1..=events.len() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ledger.sqlite");
        let mut ledger = Ledger::open(&path).expect("a new ledger");
        for (event, _) in &events[..cut] {
            append_one(&mut ledger, event.clone()).expect("a good event");
        }
        // Two files instead of one: what a killed process leaves behind.
        let crashed = folder.path().join("after-the-crash");
        fs::create_dir(&crashed).expect("a folder");
        for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
            fs::copy(folder.path().join(name), crashed.join(name)).expect("a copy");
        }
        let records = Ledger::open(&crashed.join("ledger.sqlite"))
            .and_then(|ledger| ledger.records())
            .expect("a readable ledger");
        let standing = records.by_fingerprint(&print).map(|record| record.state);
        assert_eq!(standing, events[cut - 1].1, "after {cut} events");
    }
}

#[test]
fn a_record_holds_all_that_was_said() {
    let print = fingerprint(7);
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let events: Vec<Event> = life(&print).into_iter().map(|(event, _)| event).collect();
    let results = ledger.append(&run(), &events).expect("a commit");
    assert!(results.iter().all(Result::is_ok));
    let records = ledger.records().expect("records");
    let record = records.latest_of_shot(&shot("opening")).expect("a record");
    assert_eq!(record.attempt, print.attempt(2));
    assert_eq!(records.attempts_of(&print), 2);
    assert_eq!(records.len(), 1);
    assert_eq!(record.task, Some(TaskId::new("106916112212032")));
    assert_eq!(record.file, Some(FileId::new("205258526306433")));
    assert_eq!(record.trace_id.as_deref(), Some("trace"));
    assert_eq!(record.video, Some(video("opening")));
    assert_eq!(record.request, facts("opening").request);
    assert_eq!(record.price, Some(Money::from_micros(280_000, "USD")));
    assert_eq!(record.intended_at, Timestamp::UNIX_EPOCH);
    assert_eq!(record.failure, None);
}

#[test]
fn two_connections_cannot_both_pay() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ledger.sqlite");
    let mut first = Ledger::open(&path).expect("a ledger");
    let mut second = Ledger::open(&path).expect("the same ledger");
    let print = fingerprint(1);
    let other = RunId::new("run-2");
    first
        .append(
            &run(),
            &[started(vec![facts("a")]), intended("a", &print, 1)],
        )
        .expect("a commit");
    let results = second
        .append(
            &other,
            &[
                started(vec![facts("a"), facts("b")]),
                intended("a", &print, 2),
                intended("b", &fingerprint(2), 1),
            ],
        )
        .expect("a commit");
    assert!(matches!(
        &results[1],
        Err(LedgerError::AlreadyPaid { attempt, .. }) if *attempt == print.attempt(1)
    ));
    assert!(results[0].is_ok() && results[2].is_ok());
    let records = second.records().expect("records");
    assert!(records.by_fingerprint(&fingerprint(2)).is_some());
    assert_eq!(records.attempts_of(&print), 1);
}

#[test]
fn the_database_refuses_a_second_payment_in_exactly_the_standings_that_hold_money() {
    for standing in AttemptStanding::ALL {
        let mut ledger = Ledger::in_memory().expect("a ledger");
        let print = fingerprint(1);
        append_one(&mut ledger, started(vec![facts("a")])).expect("a run");
        append_one(&mut ledger, intended("a", &print, 1)).expect("an intent");
        ledger
            .connection
            .execute("UPDATE attempts SET state = ?1", [standing.as_str()])
            .expect("a state that the schema knows");
        let second = append_one(&mut ledger, intended("a", &print, 2));
        let refused = matches!(second, Err(LedgerError::AlreadyPaid { .. }));
        assert_eq!(refused, standing.holds_money(), "{standing}");
        assert_eq!(second.is_err(), refused, "{standing}");
    }
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_the_rest_of_the_batch() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let print = fingerprint(1);
    let results = ledger
        .append(
            &run(),
            &[
                started(vec![facts("a")]),
                accepted("a", &print, 1),
                intended("stranger", &print, 1),
                intended("a", &print, 1),
                refused("a", &print, 1),
                intended("a", &print, 1),
            ],
        )
        .expect("a commit");
    assert!(matches!(
        results[1],
        Err(LedgerError::UnknownAttempt { .. })
    ));
    assert!(matches!(results[2], Err(LedgerError::UnknownShot { .. })));
    assert!(matches!(results[5], Err(LedgerError::AttemptName { .. })));
    let records = ledger.records().expect("records");
    let record = records.by_fingerprint(&print).expect("a record");
    assert_eq!(record.state, AttemptStanding::Refused);
    let failure = record.failure.as_ref().expect("a failure");
    assert_eq!(failure.code, Some(1002));
}

#[test]
fn a_late_refusal_does_not_hide_a_task() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let print = fingerprint(1);
    let batch = [
        started(vec![facts("a")]),
        intended("a", &print, 1),
        accepted("a", &print, 1),
        refused("a", &print, 1),
    ];
    ledger.append(&run(), &batch).expect("a commit");
    let records = ledger.records().expect("records");
    let record = records.by_fingerprint(&print).expect("a record");
    assert_eq!(record.state, AttemptStanding::Created);
}

#[test]
fn an_older_attempt_that_holds_money_stands_before_a_newer_that_does_not() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let print = fingerprint(1);
    let batch = [
        started(vec![facts("a"), facts("b")]),
        intended("a", &print, 1),
        refused("a", &print, 1),
        intended("b", &print, 2),
        refused("b", &print, 2),
    ];
    ledger.append(&run(), &batch).expect("a commit");
    ledger
        .connection
        .execute("UPDATE attempts SET state = 'created' WHERE number = 1", [])
        .expect("an update");
    let records = ledger.records().expect("records");
    let standing = records.by_fingerprint(&print).expect("a record");
    assert_eq!(standing.number, 1);
    assert_eq!(records.attempts_of(&print), 2);
    let latest = records.latest_of_shot(&shot("b")).expect("a record");
    assert_eq!(latest.number, 2);
}

#[test]
fn on_a_full_disk_nothing_is_said_to_be_durable_that_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).expect("a ledger");
    let names: Vec<String> = (0..2_000).map(|number| format!("shot-{number}")).collect();
    append_one(
        &mut ledger,
        started(names.iter().map(|name| facts(name)).collect()),
    )
    .expect("a run");
    pragma_on(&ledger.connection, "PRAGMA max_page_count = 40");
    let batch: Vec<Event> = names
        .iter()
        .zip(0..)
        .map(|(name, seed)| intended(name, &fingerprint(seed), 1))
        .collect();
    let durable = match ledger.append(&run(), &batch) {
        Ok(results) => results.iter().filter(|result| result.is_ok()).count(),
        Err(_) => 0,
    };
    assert!(durable < names.len());
    let records = Ledger::read(&path).expect("records");
    assert_eq!(records.len(), durable);
}

#[test]
fn a_ledger_can_move_to_the_thread_that_writes() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Ledger::in_memory().expect("a ledger"));
}

fn pragma_on(connection: &Connection, sql: &str) {
    connection
        .query_row(sql, [], |_| Ok(()))
        .expect("a setting");
}

fn pragma(path: &Path, sql: &str) {
    Connection::open(path)
        .and_then(|connection| connection.execute_batch(sql))
        .expect("a change from outside");
}

#[test]
fn what_is_not_a_known_ledger_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);

    drop(Ledger::open(&path("newer")).expect("a ledger"));
    pragma(&path("newer"), "PRAGMA user_version = 99");
    assert!(matches!(
        Ledger::open(&path("newer")),
        Err(LedgerError::Newer { found: 99, supported, .. }) if supported == open::FORMAT
    ));

    pragma(&path("foreign"), "CREATE TABLE things (name TEXT)");
    assert!(matches!(
        Ledger::open(&path("foreign")),
        Err(LedgerError::Foreign { .. })
    ));

    fs::write(path("garbage"), "not a database ".repeat(100)).expect("a file");
    fs::write(path("empty"), "").expect("a file");
    fs::write(path("gone-wal"), "the rest of a ledger").expect("a file");
    for name in ["garbage", "empty", "gone"] {
        let before = fs::read(path(name)).ok();
        let error = Ledger::open(&path(name)).expect_err(name);
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.advice().is_some());
        assert!(Ledger::read(&path(name)).is_err());
        assert_eq!(fs::read(path(name)).ok(), before);
    }
}

#[test]
fn reading_creates_nothing_and_sees_a_running_writer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ledger.sqlite");
    assert!(Ledger::read(&path).expect("no ledger").is_empty());
    assert!(!path.exists());
    let print = fingerprint(1);
    let mut ledger = Ledger::open(&path).expect("a ledger");
    ledger
        .append(
            &run(),
            &[started(vec![facts("a")]), intended("a", &print, 1)],
        )
        .expect("a commit");
    let records = Ledger::read(&path).expect("records");
    assert!(records.by_fingerprint(&print).is_some());
    assert!(append_one(&mut ledger, accepted("a", &print, 1)).is_ok());
}

#[test]
fn a_word_from_elsewhere_is_an_error_not_a_guess() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let print = fingerprint(1);
    let batch = [started(vec![facts("a")]), intended("a", &print, 1)];
    ledger.append(&run(), &batch).expect("a commit");
    ledger
        .connection
        .execute("UPDATE attempts SET failure_class = 'bad mood'", [])
        .expect("an update");
    assert!(matches!(
        ledger.records(),
        Err(LedgerError::Value {
            what: "failure class",
            ..
        })
    ));
}

/// Speed is measured in `benches/`; this holds that ten thousand are one batch
/// and one query, which a bound of seconds tells from ten thousand of each.
#[test]
fn ten_thousand_records_are_one_commit_and_one_query() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite")).expect("a ledger");
    let names: Vec<String> = (0..10_000).map(|number| format!("shot-{number}")).collect();
    let mut batch = vec![started(names.iter().map(|name| facts(name)).collect())];
    for (seed, name) in names.iter().enumerate() {
        let print = fingerprint(seed);
        batch.push(intended(name, &print, 1));
        batch.push(accepted(name, &print, 1));
    }
    let begun = Instant::now();
    ledger.append(&run(), &batch).expect("a commit");
    let written = begun.elapsed();
    let begun = Instant::now();
    let records = ledger.records().expect("records");
    let read = begun.elapsed();
    assert_eq!(records.len(), 10_000);
    assert!(written < Duration::from_secs(20), "{written:?}");
    assert!(read < Duration::from_secs(5), "{read:?}");
}

/// A whole life, and what else can happen, in one run.
fn story() -> Vec<Event> {
    let print = fingerprint(7);
    let failure = Failure::new(FailureClass::Transient, "slow");
    let mut events: Vec<Event> = life(&print).into_iter().map(|(event, _)| event).collect();
    // It has more to tell before it ends.
    events.pop();
    events.push(event(EventKind::Retrying {
        shot: shot("opening"),
        operation: Operation::Poll,
        failure: failure.clone(),
        wait: Duration::from_millis(1500),
    }));
    events.push(event(EventKind::ShotPending {
        shot: shot("opening"),
        reason: PendingReason::Deadline {
            last: Some(failure),
        },
    }));
    events.push(event(EventKind::RunStopping {
        reason: StopReason::Budget {
            limit: Money::from_micros(5_000_000, "USD"),
        },
    }));
    for (number, event) in events.iter_mut().enumerate() {
        event.sequence = number as u64;
        event.elapsed = Duration::from_micros(1_234_567) * number as u32;
    }
    events
}

fn state(events: &[Event]) -> String {
    let mut state = RunState::default();
    for event in events {
        state.apply(event);
    }
    let shots = &state.shots;
    format!(
        "{:?} {shots:?} {:?} {:?}",
        state.facts, state.stopping, state.elapsed
    )
}

/// Where this snapshot changes, the ledger's format has changed: `FORMAT` goes up.
#[test]
fn events_on_record_look_like_this() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    for event in story() {
        append_one(&mut ledger, event).expect("durable");
    }
    let mut select = ledger
        .connection
        .prepare("SELECT lines FROM events WHERE packed = 0 ORDER BY position")
        .expect("a query");
    let lines: String = select
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .expect("rows")
        .map(|line| String::from_utf8(line.expect("a row")).expect("text"))
        .collect();
    insta::assert_snapshot!(lines);
}

#[test]
fn every_prefix_of_a_run_is_told_again_as_it_was() {
    let story = story();
    for cut in 1..=story.len() {
        let mut ledger = Ledger::in_memory().expect("a ledger");
        for event in &story[..cut] {
            append_one(&mut ledger, event.clone()).expect("durable");
        }
        let told = ledger.events(&run()).expect("events");
        assert_eq!(told, story[..cut]);
        assert_eq!(state(&told), state(&story[..cut]));
    }
}

#[test]
fn a_run_that_ended_is_packed_and_told_the_same() {
    let mut story = story();
    story.push(event(EventKind::RunFinished));
    let mut ledger = Ledger::in_memory().expect("a ledger");
    for event in &story {
        append_one(&mut ledger, event.clone()).expect("durable");
    }
    let rows: (i64, i64) = ledger
        .connection
        .query_row("SELECT count(*), sum(packed) FROM events", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a count");
    assert_eq!(rows, (1, 1));
    assert_eq!(ledger.events(&run()).expect("events"), story);
    let runs = ledger.runs().expect("runs");
    assert_eq!(runs.len(), 1);
    assert!(runs[0].remembered && runs[0].finished_at.is_some());
}

#[test]
fn what_was_refused_is_not_remembered() {
    let print = fingerprint(7);
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let facts = vec![facts("opening")];
    append_one(&mut ledger, started(facts)).expect("durable");
    append_one(&mut ledger, intended("opening", &print, 1)).expect("durable");
    append_one(&mut ledger, intended("opening", &print, 2)).expect_err("paid already");
    assert_eq!(ledger.events(&run()).expect("events").len(), 2);
}

#[test]
fn runs_that_are_alike_share_their_shots_and_only_the_last_are_remembered() {
    let mut ledger = Ledger::in_memory().expect("a ledger");
    let shots: Vec<ShotFacts> = (0..600).map(|n| facts(&format!("shot-{n}"))).collect();
    for number in 0..103 {
        let id = RunId::new(format!("run-{number:03}"));
        let mut begun = started(shots.clone());
        begun.at = Timestamp::from_second(number).expect("a time");
        let results = ledger.append(&id, &[begun]).expect("a commit");
        assert!(results.iter().all(Result::is_ok));
    }
    let casts: i64 = ledger
        .connection
        .query_row("SELECT count(*) FROM casts", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(casts, 3);
    let runs = ledger.runs().expect("runs");
    assert_eq!((runs.len(), runs[0].id.as_str()), (103, "run-102"));
    let remembered = runs.iter().filter(|run| run.remembered).count();
    assert_eq!(remembered, 100);
    let oldest = ledger.events(&runs[99].id).expect("events");
    let EventKind::RunStarted(facts) = &oldest[0].kind else {
        panic!("it begins otherwise");
    };
    assert_eq!(facts.shots, shots);
    assert!(ledger.events(&runs[102].id).expect("no error").is_empty());
}
