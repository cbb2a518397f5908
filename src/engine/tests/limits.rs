//! Rates, rooms and the time that a whole film takes, with time paused.

use std::sync::Arc;
use std::time::Duration;

use super::{Ran, plan, ran, settings};
use crate::engine::{Settings, Shutdown};
use crate::event::{EventKind, FailureClass, StopReason};
use crate::plan::history::History;
use crate::provider::fake::{Fake, Room, Script};
use crate::state::Outcome;

const MINUTE: Duration = Duration::from_secs(60);

/// How long the service of these tests works on a video.
const WORK: Duration = Duration::from_secs(240);

#[tokio::test(start_paused = true)]
async fn creates_are_paced_and_tasks_in_flight_bounded() {
    let fake = Arc::new(Fake::default());
    let paced = Settings {
        creates_per_minute: Some(2.0),
        ..settings()
    };
    let plan = plan(&["a", "b", "c", "d", "e"], &History::default());
    let ran = ran(plan, &fake, &paced, &Shutdown::default()).await;
    let created: Vec<u64> = ran
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::CreateAccepted { .. }))
        .map(|event| event.elapsed.as_secs())
        .collect();
    assert_eq!(created, [0, 0, 60, 60, 120]);
}

async fn film(shots: usize, fake: &Arc<Fake>, settings: &Settings) -> Ran {
    let names: Vec<String> = (0..shots).map(|shot| format!("s{shot}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let plan = plan(&names, &History::default());
    ran(plan, fake, settings, &Shutdown::default()).await
}

fn room(creates: usize, window: Duration) -> Arc<Fake> {
    let fake = Arc::new(Fake::default());
    fake.room(Room {
        creates,
        window,
        work: WORK,
    });
    fake
}

fn refusals(ran: &Ran) -> usize {
    let refused =
        |event: &&crate::event::Event| matches!(event.kind, EventKind::CreateRefused { .. });
    ran.events.iter().filter(refused).count()
}

fn all_made(ran: &Ran, fake: &Fake, shots: usize) {
    let made = |outcome: &&Outcome| **outcome == Outcome::Succeeded;
    assert_eq!(ran.outcomes().iter().filter(made).count(), shots);
    assert_eq!(fake.billed().len(), shots, "one task each");
}

/// How much longer than `bound` a run took, in percent.
fn over(ran: &Ran, bound: Duration) -> f64 {
    (ran.state.elapsed.as_secs_f64() / bound.as_secs_f64() - 1.0) * 100.0
}

/// The bounds that `limits` set: the rate of creations, and the tasks in flight.
#[tokio::test(start_paused = true)]
async fn a_thousand_shots_take_hardly_longer_than_their_limits_allow() {
    let by_rate = Settings {
        concurrency: 1_000,
        creates_per_minute: Some(20.0),
        polls_per_minute: Some(600.0),
        ..settings()
    };
    let fake = room(20, MINUTE);
    let ran = film(1_000, &fake, &by_rate).await;
    all_made(&ran, &fake, 1_000);
    assert_eq!(refusals(&ran), 0);
    // The first twenty go at once, the last twenty after 49 minutes.
    let percent = over(&ran, MINUTE * 49 + WORK);
    assert!(percent <= 5.0, "bound by rate: {percent:.1} % over");

    let by_room = Settings {
        concurrency: 50,
        creates_per_minute: None,
        ..by_rate
    };
    let fake = room(1_000, MINUTE);
    let ran = film(1_000, &fake, &by_room).await;
    all_made(&ran, &fake, 1_000);
    let percent = over(&ran, WORK * 20);
    assert!(
        percent <= 5.0,
        "bound by tasks in flight: {percent:.1} % over"
    );
}

/// The service takes fewer creates than the author thinks: nothing fails, few
/// are refused, and the film takes hardly longer than the service allows.
#[tokio::test(start_paused = true)]
async fn a_service_with_less_room_is_found_out_and_kept_busy() {
    let eager = Settings {
        concurrency: 200,
        creates_per_minute: None,
        ..settings()
    };
    let fake = room(20, MINUTE);
    let ran = film(1_000, &fake, &eager).await;
    all_made(&ran, &fake, 1_000);
    let percent = over(&ran, MINUTE * 49 + WORK);
    let refused = refusals(&ran);
    assert!(percent <= 10.0, "{percent:.1} % over, {refused} refused");
    // 180 of the first 200, and then a handful in each of fifty minutes.
    assert!(refused < 800, "{refused} refused, {percent:.1} % over");
}

#[tokio::test(start_paused = true)]
async fn questions_keep_to_their_budget() {
    let few = Settings {
        concurrency: 100,
        polls_per_minute: Some(60.0),
        ..settings()
    };
    let fake = room(1_000, MINUTE);
    let ran = film(100, &fake, &few).await;
    all_made(&ran, &fake, 100);
    let polls = fake
        .calls()
        .iter()
        .filter(|call| call.starts_with("poll"))
        .count();
    let minutes = ran.state.elapsed.as_secs() / 60 + 1;
    assert!(
        polls as u64 <= 60 * minutes,
        "{polls} polls in {minutes} minutes"
    );
}

/// Whoever has to wait longer than a shot is tried hears so at once.
#[tokio::test(start_paused = true)]
async fn a_very_long_wait_stops_creating_instead_of_hanging() {
    let fake = Arc::new(Fake::default());
    let hours = Some(Duration::from_secs(5 * 3600));
    fake.script(
        "b",
        Script {
            creates: [FailureClass::Throttled].into(),
            retry_after: hours,
            ..Script::default()
        },
    );
    let plan = plan(&["a", "b", "c"], &History::default());
    let two = Settings {
        concurrency: 2,
        ..settings()
    };
    let ran = ran(plan, &fake, &two, &Shutdown::default()).await;
    let ends = [Outcome::Succeeded, Outcome::Failed, Outcome::Skipped];
    assert_eq!(ran.outcomes(), ends, "{}", ran.story());
    assert!(matches!(ran.state.stopping, Some(StopReason::Throttled(_))));
    assert!(ran.state.elapsed < MINUTE);
}

/// What will not be created does not wait for its turn first.
#[tokio::test(start_paused = true)]
async fn when_creating_stops_the_rest_of_the_film_waits_for_nothing() {
    let fake = Arc::new(Fake::default());
    fake.script(
        "s1",
        Script {
            creates: [FailureClass::OutOfCredit].into(),
            ..Script::default()
        },
    );
    let slow = Settings {
        creates_per_minute: Some(2.0),
        ..settings()
    };
    let ran = film(100, &fake, &slow).await;
    assert!(
        ran.state.elapsed <= Duration::from_secs(20),
        "{:?}",
        ran.state.elapsed
    );
    assert_eq!(fake.billed(), ["s0"]);
}
