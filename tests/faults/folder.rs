//! Folders in which nothing may be paid for, or nothing a second time: another
//! run's, a read-only one, one whose ledger or videos somebody changed.

use std::fs;

use runner::simulator::Simulator;
use serde_json::json;

use super::support::film::{Film, Pace, manifest, service, unlocked};
use super::support::{Ran, Stage, ran};
use super::{paid, run};

/// A folder with one shot, and what it takes to run it.
struct Set {
    stage: Option<Stage>,
    simulator: Simulator,
}

impl Set {
    async fn new() -> Self {
        let stage = Stage::new();
        stage.write("shots.yaml", &manifest(&["boat".to_owned()]));
        Self {
            stage: Some(stage),
            simulator: service(&json!([])).await,
        }
    }

    fn stage(&self) -> &Stage {
        self.stage.as_ref().expect("it comes back from every run")
    }

    async fn apply(&mut self) -> Ran {
        let stage = self.stage.take().expect("it comes back from every run");
        let url = self.simulator.base_url();
        let applied = tokio::task::spawn_blocking(move || {
            let applied = ran(stage
                .command()
                .env("MINIMAX_API_KEY", "sk-api-of-a-test")
                .env("MINIMAX_BASE_URL", url)
                .args(["apply", "shots.yaml", "--poll-interval", "100ms"]));
            (stage, applied)
        });
        let (stage, applied) = applied.await.expect("the program can be run");
        self.stage = Some(stage);
        applied
    }

    async fn refused(&mut self, word: &str) {
        let before = self.simulator.requests();
        let refused = self.apply().await;
        assert_eq!(refused.code, 1, "{}", refused.stderr);
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
        assert_eq!(self.simulator.requests(), before, "nothing is asked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_used_by_one_run_at_a_time() {
    let mut set = Set::new().await;
    let held = unlocked(&set.stage().path("out"));
    set.refused("another run is using").await;
    drop(held);
    drop(unlocked(&set.stage().path("out")));
    assert_eq!(set.apply().await.code, 0);
    assert_eq!(set.simulator.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_that_start_at_once_pay_once() {
    let simulator = service(&json!([])).await;
    let stage = Stage::new();
    stage.write(
        "shots.yaml",
        &manifest(&["boat".to_owned(), "calm".to_owned()]),
    );
    let start = || {
        stage
            .command()
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", simulator.base_url())
            .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program starts")
    };
    let both = [start(), start()].map(|mut child| {
        tokio::task::spawn_blocking(move || child.wait().expect("it ends").code())
    });
    let codes: Vec<Option<i32>> = futures::future::join_all(both)
        .await
        .into_iter()
        .map(|code| code.expect("it can be waited for"))
        .collect();
    // The second may also come after the first has ended: then it finds all made.
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 1))),
        "{codes:?}"
    );
    assert_eq!(simulator.billed(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_ledger_that_can_be_read_nothing_is_paid() {
    let mut set = Set::new().await;
    assert_eq!(set.apply().await.code, 0);
    let ledger = set.stage().path("out/.runner/ledger.sqlite");
    let whole = fs::read(&ledger).expect("there is a ledger");
    fs::remove_file(set.stage().path("out/boat.mp4")).expect("it was made");

    fs::write(&ledger, b"garbage, and more of it, until it is long enough for a header of a hundred bytes, and some more of it then").expect("a file can be written");
    set.refused("is damaged").await;
    fs::write(&ledger, b"").expect("a file can be written");
    set.refused("is damaged").await;
    fs::write(&ledger, &whole[..whole.len() / 2]).expect("a file can be written");
    set.refused("is damaged").await;
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[4_096..middle.max(4_096)].fill(0xA5);
    fs::write(&ledger, &torn).expect("a file can be written");
    set.refused("is damaged").await;
    let mut newer = whole.clone();
    // The database's own place for the version of its user.
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&ledger, &newer).expect("a file can be written");
    set.refused("has format 99").await;

    fs::write(&ledger, &whole).expect("a file can be written");
    let again = set.apply().await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(set.simulator.billed(), 1);
    assert!(set.stage().path("out/boat.mp4").exists());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_costs_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut set = Set::new().await;
    let folder = set.stage().path("out");
    fs::create_dir(&folder).expect("it is not there yet");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("it is ours");
    let root_may_write = fs::write(folder.join("probe"), b"").is_ok();
    if !root_may_write {
        set.refused("cannot create").await;
        assert_eq!(set.simulator.billed(), 0);
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(set.apply().await.code, 0);
    assert_eq!(set.simulator.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_something_else_has_is_found_before_paying() {
    let mut set = Set::new().await;
    let way = set.stage().path("out/boat.mp4");
    fs::create_dir_all(&way).expect("it is not there yet");
    set.refused("is in the way").await;
    fs::remove_dir(&way).expect("it is empty");
    assert_eq!(set.apply().await.code, 0);
    assert_eq!(set.simulator.billed(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videos_that_are_gone_or_altered_are_fetched_and_not_paid_again() {
    let simulator = service(&json!([])).await;
    let film = Film::new(&["boat", "calm"]);
    run(&film, &simulator, Pace::default()).await;
    let root = film.store().layout().root().to_owned();
    let whole = fs::read(root.join("boat.mp4")).expect("it was made");
    fs::remove_file(root.join("boat.mp4")).expect("it was made");
    fs::write(root.join("calm.mp4"), b"a note of mine").expect("a file can be written");
    let again = run(&film, &simulator, Pace::default()).await;
    assert_eq!(again.counts().succeeded, 2);
    assert_eq!((paid(&simulator, "boat"), paid(&simulator, "calm")), (1, 1));
    assert_eq!(film.damage(&again), None);
    assert_eq!(fs::read(root.join("boat.mp4")).expect("it is back"), whole);
    let takes = fs::read_dir(root.join("takes")).expect("what was there is kept");
    let notes = takes.flatten().map(|entry| fs::read(entry.path()));
    let kept = notes.flatten().any(|note| note == b"a note of mine");
    assert!(kept, "what a person wrote is not lost");
}

/// The simulator forgets its tasks; what was paid elsewhere is none of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_simulated_run_in_the_same_folder_leaves_what_was_paid() {
    let simulator = service(&json!([
        { "on": "query", "then": { "status": "Thinking" } },
        { "on": "create", "prompt_contains": "calm", "then": { "cut": "after" } },
    ]))
    .await;
    let stage = Stage::new();
    stage.write(
        "shots.yaml",
        &manifest(&["boat".to_owned(), "calm".to_owned()]),
    );
    let real = |stage: &Stage, deadline: &str| {
        ran(stage
            .command()
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", simulator.base_url())
            .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
            .args(["--deadline", deadline]))
    };
    let code = tokio::task::block_in_place(|| {
        assert_eq!(real(&stage, "500ms").code, 103);
        assert_eq!(stage.apply(&["--out", "out"]).code, 0);
        simulator.end_trouble();
        real(&stage, "60s").code
    });
    assert_eq!((code, simulator.billed()), (103, 2));
    assert_eq!((paid(&simulator, "boat"), paid(&simulator, "calm")), (1, 1));
}
