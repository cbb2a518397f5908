//! What a run finds of earlier ones: paid tasks for other prompts, takes, files
//! without a ledger, full disks; and what is said of it all.

mod support;

use std::process::Command;

use runner::simulator::Simulator;
use serde_json::{Value, json};
use support::film::{billed, serving, task_of};
use support::{Ran, Stage, files, ran};
use tokio::runtime::Runtime;

const OLD: &str = "A boat at dusk";
const NEW: &str = "A boat at dawn";

/// A simulator in this process, so that it can be asked what was billed, and a
/// folder with a storyboard.
struct Set {
    stage: Stage,
    simulator: Simulator,
    runtime: Runtime,
}

impl Set {
    fn new(rules: &Value) -> Self {
        let (runtime, simulator) = serving(rules);
        let set = Self {
            stage: Stage::new(),
            simulator,
            runtime,
        };
        set.asks_for(OLD);
        set
    }

    /// The storyboard is one shot with this prompt.
    fn asks_for(&self, prompt: &str) {
        let text = format!(
            "version: 1\ndefaults: {{ model: MiniMax-Hailuo-2.3 }}\nlimits: {{ creates_per_minute: unlimited }}\nshots:\n  - {{ id: boat, prompt: {prompt} }}\n"
        );
        self.stage.write("shots.yaml", &text);
    }

    fn command(&self) -> Command {
        let mut command = self.stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", self.simulator.base_url());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command().args(args))
    }

    fn apply(&self, args: &[&str]) -> Ran {
        let fast = ["apply", "shots.yaml", "--poll-interval", "100ms"];
        ran(self.command().args(fast).args(args))
    }

    fn status(&self) -> Value {
        let status = self.run(&["status", "shots.yaml", "--json"]);
        assert_eq!(status.code, 0, "{}", status.stderr);
        serde_json::from_str(&status.stdout).expect("a status is JSON")
    }

    fn takes(&self) -> Vec<Value> {
        let takes = self.run(&["takes", "shots.yaml", "--json"]);
        assert_eq!(takes.code, 0, "{}", takes.stderr);
        serde_json::from_str(&takes.stdout).expect("takes are JSON")
    }

    fn billed(&self, prompt: &str) -> usize {
        billed(&self.simulator).get(prompt).copied().unwrap_or(0)
    }

    fn digest(&self, name: &str) -> String {
        runner::id::sha256_hex(&self.stage.read(name))
    }

    fn in_takes(&self) -> usize {
        let folder = self.stage.path("out/takes");
        if !folder.exists() {
            return 0;
        }
        files(folder.to_str().expect("a plain name"), "mp4").len()
    }
}

#[test]
fn what_was_paid_for_an_earlier_prompt_is_collected_and_kept() {
    // The first run is too short for its task.
    let slow = json!([{ "on": "query", "times": 1, "then": { "status": "Thinking" } }]);
    let set = Set::new(&slow);
    let first = set.apply(&["--deadline", "150ms"]);
    assert_eq!(first.code, 102, "{}", first.stderr);

    set.asks_for(NEW);
    let planned = set.run(&["plan", "shots.yaml", "--json"]);
    let plan: Value = serde_json::from_str(&planned.stdout).expect("a plan is JSON");
    assert_eq!(plan["shots"][0]["decision"], "create");
    assert_eq!(plan["shots"][1]["decision"], "resume");
    assert_eq!(plan["shots"][1]["earlier_version"], true);
    let name = plan["shots"][1]["id"].as_str().expect("a name");
    assert!(name.starts_with("boat@"), "{name}");
    let open = set.status();
    assert_eq!(open["totals"]["reserved"][0]["amount"], "0.28");

    let second = set.apply(&[]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!((set.billed(OLD), set.billed(NEW)), (1, 1));
    assert_eq!(set.in_takes(), 1);
    assert_eq!(set.status()["totals"]["spent"][0]["amount"], "0.56");
    assert_eq!(set.status()["totals"]["reserved"], json!([]));

    // Changed back: it is there, and nothing is paid.
    set.asks_for(OLD);
    let third = set.apply(&[]);
    assert_eq!(third.code, 0, "{}", third.stderr);
    assert_eq!((set.billed(OLD), set.billed(NEW)), (1, 1));
    assert_eq!(
        set.status()["totals"]["saved_by_reuse"][0]["amount"],
        "0.28"
    );
}

#[test]
fn an_uncertain_creation_for_an_earlier_prompt_is_not_forgotten() {
    let cut = json!([{ "on": "create", "nth": 1, "then": { "cut": "after" } }]);
    let set = Set::new(&cut);
    assert_eq!(set.apply(&[]).code, 103);

    set.asks_for(NEW);
    let second = set.apply(&[]);
    assert_eq!(second.code, 103, "{}", second.stderr);
    assert_eq!((set.billed(OLD), set.billed(NEW)), (1, 1));
    let status = set.status();
    assert_eq!(status["shots"][0]["state"], "saved");
    assert_eq!(status["shots"][1]["state"], "uncertain");
    assert_eq!(status["totals"]["at_risk"][0]["amount"], "0.28");

    let task = task_of(&set.simulator, OLD).expect("it was billed");
    let resolved = set.run(&["resolve", "shots.yaml", "boat", "--task", &task]);
    assert_eq!(resolved.code, 0, "{}", resolved.stderr);
    let third = set.apply(&[]);
    assert_eq!(third.code, 0, "{}", third.stderr);
    assert_eq!((set.billed(OLD), set.billed(NEW)), (1, 1));
    assert_eq!(set.in_takes(), 1);
}

#[test]
fn a_shot_that_was_deleted_is_collected_all_the_same() {
    let slow = json!([{ "on": "query", "times": 1, "then": { "status": "Thinking" } }]);
    let set = Set::new(&slow);
    assert_eq!(set.apply(&["--deadline", "150ms"]).code, 102);
    let other =
        "version: 1\nshots:\n  - { id: other, model: MiniMax-Hailuo-2.3, prompt: A lamp }\n";
    set.stage.write("shots.yaml", other);
    // Whoever makes one shot does not wait for the rest of the film.
    let one = set.apply(&["--only", "other"]);
    assert_eq!((one.code, set.in_takes()), (0, 0), "{}", one.stderr);
    let all = set.apply(&[]);
    assert_eq!((all.code, set.in_takes()), (0, 1), "{}", all.stderr);
    assert_eq!(set.billed(OLD), 1);
}

#[test]
fn a_chosen_take_counts_until_another_is_made() {
    let set = Set::new(&json!([]));
    assert_eq!(set.apply(&[]).code, 0);
    let first = set.digest("out/boat.mp4");
    set.asks_for(NEW);
    assert_eq!(set.apply(&[]).code, 0);
    let second = set.digest("out/boat.mp4");
    assert_ne!(first, second);
    let takes = set.takes();
    let counting: Vec<&Value> = takes.iter().map(|take| &take["counts"]).collect();
    assert_eq!(counting, [true, false]);

    let chosen = set.run(&["takes", "shots.yaml", "--select", &first[..8]]);
    assert_eq!(chosen.code, 0, "{}", chosen.stderr);
    assert_eq!(set.digest("out/boat.mp4"), first);
    let again = set.apply(&[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(set.digest("out/boat.mp4"), first);
    assert_eq!((set.billed(OLD), set.billed(NEW)), (1, 1));

    assert_eq!(set.apply(&["--force", "boat"]).code, 0);
    assert_eq!(set.billed(NEW), 2);
    // The simulator answers the same request with the same bytes.
    assert_eq!(set.digest("out/boat.mp4"), second);
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!(set.digest("out/boat.mp4"), second);
    assert_eq!(set.billed(NEW), 2);
    assert_eq!(set.takes().len(), 3);

    let nothing = set.run(&["takes", "shots.yaml", "--select", "ffffffffff"]);
    assert_eq!(nothing.code, 21, "{}", nothing.stderr);
}

const TWINS: &str = "version: 1
defaults: { model: MiniMax-Hailuo-2.3 }
limits: { creates_per_minute: unlimited, concurrency: 1 }
shots:
  - { id: first, prompt: A boat at dusk }
  - { id: second, prompt: A boat at dusk }
";

#[test]
fn equal_shots_stay_who_they_are_when_only_one_is_selected() {
    let set = Set::new(&json!([{ "on": "create", "nth": 1, "then": { "code": 1026 } }]));
    set.stage.write("shots.yaml", TWINS);
    assert_eq!(set.apply(&[]).code, 100);
    assert_eq!(set.billed(OLD), 1);
    let again = set.apply(&["--only", "second"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(set.billed(OLD), 1, "{}", again.stderr);
    assert_eq!(set.apply(&["--only", "first"]).code, 0);
    assert_eq!(set.billed(OLD), 2);
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!(set.billed(OLD), 2);
}

#[test]
fn a_task_that_the_service_lost_can_be_given_up() {
    let lost = json!([{ "on": "query", "times": 3, "then": { "code": 2013 } }]);
    let set = Set::new(&lost);
    assert_eq!(set.apply(&["--deadline", "300ms"]).code, 102);
    let resolved = set.run(&["resolve", "shots.yaml", "boat", "--lost"]);
    assert_eq!(resolved.code, 0, "{}", resolved.stderr);
    assert!(
        resolved.stderr.contains("was paid and is given up"),
        "{}",
        resolved.stderr
    );
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!(set.billed(OLD), 2);
    // What is there is not given up by mistake.
    let nothing = set.run(&["resolve", "shots.yaml", "boat", "--lost"]);
    assert_eq!(nothing.code, 21, "{}", nothing.stderr);
}

#[test]
fn a_task_belongs_to_one_shot() {
    let set = Set::new(&json!([{ "on": "create", "nth": 1, "then": { "cut": "after" } }]));
    set.stage.write(
        "shots.yaml",
        &TWINS.replace("second, prompt: A boat at dusk", "second, prompt: A lamp"),
    );
    assert_eq!(set.apply(&[]).code, 103);
    let other = task_of(&set.simulator, "A lamp").expect("it was billed");
    let taken = set.run(&["resolve", "shots.yaml", "first", "--task", &other]);
    assert_eq!(taken.code, 2, "{}", taken.stderr);
    // A slip of the pen can be put right.
    let slip = set.run(&["resolve", "shots.yaml", "first", "--task", "4711"]);
    assert_eq!(slip.code, 0, "{}", slip.stderr);
    assert_eq!(set.apply(&["--deadline", "300ms"]).code, 102);
    let task = task_of(&set.simulator, OLD).expect("it was billed");
    let right = set.run(&["resolve", "shots.yaml", "first", "--task", &task]);
    assert_eq!(right.code, 0, "{}", right.stderr);
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!((set.billed(OLD), set.billed("A lamp")), (1, 1));
}

#[test]
fn a_take_that_was_lost_gives_the_one_before_it_back() {
    let set = Set::new(&json!([{ "on": "create", "nth": 2, "then": { "cut": "before" } }]));
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!(set.apply(&["--force", "boat"]).code, 103);
    let resolved = set.run(&["resolve", "shots.yaml", "boat", "--lost"]);
    assert_eq!(resolved.code, 0, "{}", resolved.stderr);
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!(set.billed(OLD), 1);
}

#[test]
fn a_shot_that_was_renamed_and_then_changed_is_no_stranger() {
    let set = Set::new(&json!([]));
    assert_eq!(set.apply(&[]).code, 0);
    let renamed = |prompt: &str| {
        let text = format!(
            "version: 1\nshots:\n  - {{ id: ship, model: MiniMax-Hailuo-2.3, prompt: {prompt} }}\n"
        );
        set.stage.write("shots.yaml", &text);
    };
    renamed(OLD);
    assert_eq!(set.apply(&[]).code, 0);
    renamed(NEW);
    let changed = set.apply(&[]);
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    assert_eq!((set.billed(OLD), set.billed(NEW)), (1, 1));
}

#[test]
fn a_file_that_was_altered_is_fetched_again_even_if_its_size_is_the_same() {
    let set = Set::new(&json!([]));
    assert_eq!(set.apply(&[]).code, 0);
    let whole = set.stage.read("out/boat.mp4");
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 0xff;
    let path = set.stage.path("out/boat.mp4");
    std::fs::write(&path, &altered).expect("it is ours");
    // Not in the moment in which it was saved.
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let file = std::fs::File::options().write(true).open(&path);
    let touched = file.and_then(|file| file.set_modified(later));
    touched.expect("it is ours");
    let again = set.apply(&[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(set.stage.read("out/boat.mp4"), whole);
    assert_eq!((set.billed(OLD), set.in_takes()), (1, 1));
}

#[test]
fn videos_without_a_ledger_are_not_paid_for_again() {
    let set = Set::new(&json!([]));
    assert_eq!(set.apply(&[]).code, 0);
    std::fs::remove_dir_all(set.stage.path("out/.runner")).expect("it is there");
    let without = set.apply(&[]);
    assert_eq!(without.code, 100, "{}", without.stderr);
    assert!(
        without.stderr.contains("in no ledger"),
        "{}",
        without.stderr
    );
    assert_eq!(set.billed(OLD), 1);
    set.stage
        .write("out/boat.mp4", "whatever it is, it is somebody's");
    let forced = set.apply(&["--force", "boat"]);
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_eq!((set.billed(OLD), set.in_takes()), (2, 1));
}

/// The system refuses every file over a size that the ledger reaches in the
/// middle of the run, as a full disk would.
#[cfg(unix)]
#[test]
fn a_full_disk_loses_no_paid_task() {
    const SHOTS: usize = 120;
    let set = Set::new(&json!([]));
    let mut text = "version: 1\ndefaults: { model: MiniMax-Hailuo-2.3 }\nlimits: { creates_per_minute: unlimited, concurrency: 16 }\nshots:\n".to_owned();
    for shot in 0..SHOTS {
        use std::fmt::Write as _;
        let _ = writeln!(text, "  - {{ id: s{shot}, prompt: Boat {shot} }}");
    }
    set.stage.write("shots.yaml", &text);
    let mut shell = Command::new("sh");
    shell
        .current_dir(set.stage.path(""))
        .env("RUNNER_STATE_DIR", env!("CARGO_TARGET_TMPDIR"))
        .env("MINIMAX_API_KEY", "sk-api-of-a-test")
        .env("MINIMAX_BASE_URL", set.simulator.base_url())
        // In blocks of 512 bytes: 300 kB, just above the room for rescued tasks.
        .args([
            "-c",
            "ulimit -f 600; trap '' XFSZ; exec \"$0\" apply shots.yaml --poll-interval 100ms",
        ])
        .arg(env!("CARGO_BIN_EXE_runner"));
    let full = ran(&mut shell);
    assert_eq!(full.code, 1, "{}", full.stderr);
    assert!(full.stderr.contains("ledger"), "{}", full.stderr);
    let paid: usize = billed(&set.simulator).values().sum();
    assert!(
        paid > 0 && paid < SHOTS,
        "{paid} were paid before it was full"
    );

    let mut runs = 0;
    let last = loop {
        let again = set.apply(&[]);
        runs += 1;
        if again.code != 103 || runs == 2 {
            break again;
        }
    };
    assert_eq!(last.code, 0, "{}\n{}", full.stderr, last.stderr);
    let billed = billed(&set.simulator);
    assert_eq!(billed.len(), SHOTS);
    assert!(billed.values().all(|&tasks| tasks == 1), "{billed:?}");
}

impl Set {
    /// The same storyboard, with an address to call back; says which.
    fn calls_back(&self) -> String {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let listen = free.local_addr().expect("it is bound");
        let text = String::from_utf8(self.stage.read("shots.yaml")).expect("it is text");
        let callback = format!(
            "{text}callback: {{ listen: '{listen}', public_url: 'http://{listen}/runner' }}\n"
        );
        self.stage.write("shots.yaml", &callback);
        listen.to_string()
    }

    /// Posts what the service would, as soon as somebody listens.
    fn post(&self, address: &str, body: &Value) {
        let key = self.stage.path("out/.runner/callback.key");
        let secret = runner::callback::secret(&key).expect("a run left it");
        let ledger = runner::ledger::Ledger::read(&self.stage.path("out/.runner/ledger.sqlite"));
        let records = ledger.expect("a run left it");
        let attempt = records.iter().next().expect("an attempt").attempt.clone();
        self.runtime.block_on(async {
            // Only to know the address: its path comes from the secret alone.
            let twin = runner::callback::Listener::start(runner::callback::Settings {
                listen: ([127, 0, 0, 1], 0).into(),
                public_url: format!("http://{address}/runner"),
                secret,
            });
            let url = twin.await.expect("a free port").url(&attempt);
            let client = reqwest::Client::new();
            loop {
                let sent = client.post(&url).body(body.to_string()).send().await;
                if sent.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        });
    }

    /// `apply` in the background, as [`Self::apply`] has it.
    fn applying(&self, args: &[&str]) -> std::process::Child {
        let mut command = self.command();
        command
            .args(["apply", "shots.yaml", "--poll-interval", "100ms"])
            .args(args)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().expect("the program starts")
    }
}

#[test]
fn a_callback_settles_what_nobody_answered() {
    let set = Set::new(&json!([{ "on": "create", "nth": 1, "then": { "cut": "after" } }]));
    set.calls_back();
    let applied = set.apply(&[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert!(applied.stderr.contains("uncertain"), "{}", applied.stderr);
    assert_eq!(set.billed(OLD), 1);
    assert_eq!(set.apply(&[]).code, 0);
    assert_eq!(set.billed(OLD), 1);
}

#[test]
fn a_callback_settles_what_an_earlier_run_left() {
    let rules = json!([
        { "on": "create", "nth": 1, "then": { "cut": "after" } },
        { "on": "callback", "then": "drop" },
    ]);
    let set = Set::new(&rules);
    let address = set.calls_back();
    let first = set.apply(&["--deadline", "500ms"]);
    assert_eq!(first.code, 103, "{}", first.stderr);

    // Somebody who found the address says something: it is asked, and untrue.
    let forged = json!({ "task_id": "4711", "status": "success", "file_id": "4711" });
    let mut fooled = set.applying(&["--deadline", "3s"]);
    set.post(&address, &forged);
    let code = fooled.wait().expect("it ends").code();
    assert_eq!(code, Some(103));
    assert!(!set.stage.path("out/boat.mp4").exists());

    let task = task_of(&set.simulator, OLD).expect("it was billed");
    let mut second = set.applying(&["--deadline", "5m"]);
    set.post(
        &address,
        &json!({ "task_id": task, "status": "processing" }),
    );
    assert_eq!(second.wait().expect("it ends").code(), Some(0));
    assert!(set.stage.path("out/boat.mp4").exists());
    assert_eq!(set.billed(OLD), 1);
}

/// The service refuses a create whose address it cannot prove (minimax-api.md 2.7).
#[test]
fn the_simulated_service_proves_the_address_first() {
    let set = Set::new(&json!([]));
    set.calls_back();
    let applied = set.apply(&["--simulate", "--clips", "tiny"]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let text = String::from_utf8(set.stage.read("shots.yaml")).expect("it is text");
    // Port 9 is nobody's.
    let port = text
        .rsplit(':')
        .next()
        .and_then(|rest| rest.split('/').next());
    let wrong = format!(":{}/runner", port.expect("an address with a port"));
    set.stage
        .write("shots.yaml", &text.replace(&wrong, ":9/runner"));
    let refused = set.apply(&[]);
    assert_eq!(refused.code, 100, "{}", refused.stderr);
    assert!(refused.stderr.contains("callback"), "{}", refused.stderr);
    assert_eq!(set.billed(OLD), 0);
}

#[test]
fn the_status_says_where_every_shot_stands() {
    let set = Set::new(&json!([{ "on": "create", "nth": 2, "then": { "cut": "after" } }]));
    let text = "version: 1\ndefaults: { model: MiniMax-Hailuo-2.3 }\nlimits: { creates_per_minute: unlimited, concurrency: 1 }\nshots:\n  - { id: boat, prompt: A boat }\n  - { id: 灯塔, prompt: A lighthouse }\n  - { id: lamp, prompt: A lamp, duration: 10 }\n";
    set.stage.write("shots.yaml", text);
    let nothing = set.run(&["status", "shots.yaml"]);
    assert_eq!(nothing.code, 0, "{}", nothing.stderr);
    assert!(!set.stage.path("out").exists(), "looking creates nothing");
    assert_eq!(set.apply(&["--only", "boat", "--only", "灯塔"]).code, 103);
    let status = set.run(&["status", "shots.yaml"]);
    let shown = status.stdout.replace(
        task_of(&set.simulator, "A boat").expect("billed").as_str(),
        "[task]",
    );
    insta::assert_snapshot!(without_date(&shown));
}

/// Dates differ from day to day.
fn without_date(text: &str) -> String {
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    text.replace(&today, "[date]")
}
