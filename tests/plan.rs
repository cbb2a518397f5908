//! Plans that can be trusted: their formats, plan files, and what makes them stale.

mod support;

use runner::plan::document::PlanReport;
use runner::plan::record::PlanFile;
use serde_json::Value;
use support::{Ran, Simulated, Stage};

const FILM: &str = "\
version: 1
backend: simulator
vars: { colour: red }
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - id: one
    prompt: A {{ colour }} boat.
  - id: two
    prompt: A lighthouse.
    first_frame: still.png
  - id: three
    prompt: It goes on.
    first_frame: { shot: one, frame: last }
";

const FILE: &str = "film.plan.json";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", FILM);
    picture(&stage, 90);
    stage
}

fn picture(stage: &Stage, grey: u8) {
    let picture = image::GrayImage::from_pixel(320, 320, image::Luma([grey]));
    picture
        .save(stage.path("still.png"))
        .expect("it can be written");
}

fn plan(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["plan", "shots.yaml"][..], args].concat())
}

fn save(stage: &Stage) {
    let planned = plan(stage, &["--save", FILE]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
}

fn apply(stage: &Stage, args: &[&str]) -> Ran {
    let fast = ["apply", FILE, "--clips", "tiny", "--time-scale", "20000"];
    stage.run(&[&fast[..], args].concat())
}

/// A plan that is refused, and the words that say why.
fn stale(stage: &Stage, because: &[&str]) {
    let videos = || stage.path("out/simulated/one.mp4").exists();
    let before = videos();
    let refused = apply(stage, &["--yes"]);
    assert_eq!(refused.code, 22, "{}", refused.stderr);
    assert_eq!(videos(), before, "nothing is made of a stale plan");
    for words in because {
        assert!(
            refused.stderr.contains(words),
            "no `{words}` in\n{}",
            refused.stderr
        );
    }
}

fn fits(schema: &Stage, of: &str, document: &Value) {
    let text = schema.run(&["schema", of]).stdout;
    let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{of}: {errors:#?}");
}

#[test]
fn what_is_printed_and_kept_fits_its_schema_and_is_read_back_whole() {
    let stage = stage();
    let check = |stage: &Stage| {
        let printed = plan(stage, &["--json"]).stdout;
        let document: Value = serde_json::from_str(&printed).expect("a plan is JSON");
        fits(stage, "plan", &document);
        let read: PlanReport = serde_json::from_value(document.clone()).expect("it can be read");
        assert_eq!(
            serde_json::to_value(read).expect("it can be written"),
            document
        );
        document
    };
    let new = check(&stage);
    assert_eq!(new["totals"]["cost"][0]["amount"], "0.84");
    assert_eq!(new["totals"]["cost_now"][0]["amount"], "0.56");
    assert!(
        new["estimate_s"].as_u64() >= Some(240),
        "{}",
        new["estimate_s"]
    );
    save(&stage);
    let kept: Value = serde_json::from_slice(&stage.read(FILE)).expect("a plan file is JSON");
    fits(&stage, "plan-file", &kept);
    assert_eq!(kept["plan"]["shots"], new["shots"]);

    assert_eq!(stage.apply(&[]).code, 0);
    stage.write("shots.yaml", &FILM.replace("lighthouse", "harbour"));
    let changed = check(&stage);
    let two = &changed["shots"][1];
    assert_eq!(two["decision"], "replace");
    assert_eq!(two["changes"][0]["field"], "prompt");
    assert_eq!(two["changes"][0]["before"], "A lighthouse.");
    assert_eq!(two["changes"][0]["after"], "A harbour.");
    picture(&stage, 91);
    let changed = check(&stage);
    assert_eq!(
        changed["shots"][1]["reason"],
        "changed: prompt, first_frame"
    );

    stage.write("shots.yaml", &FILM.replace("768P", "9000P"));
    let wrong = check(&stage);
    assert_eq!(wrong["valid"], false);
    assert!(wrong.get("shots").is_none(), "{wrong}");
}

#[test]
fn a_kept_plan_is_carried_out_once() {
    let stage = stage();
    save(&stage);
    let applied = apply(&stage, &[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    for shot in ["one", "two", "three"] {
        assert!(
            stage.path(&format!("out/simulated/{shot}.mp4")).exists(),
            "{shot}"
        );
    }
    // The ledger moved: what was to be made is there now.
    stale(&stage, &["shot `one`:", "decision: create → reuse"]);
}

#[test]
fn arguments_are_kept_with_the_plan() {
    let stage = stage();
    stage.write("vars.yaml", "colour: green\n");
    let args = [
        "--vars-file",
        "vars.yaml",
        "--only",
        "one",
        "--out",
        "elsewhere",
        "--save",
        FILE,
    ];
    assert_eq!(plan(&stage, &args).code, 0);
    stage.write("vars.yaml", "colour: blue\n");
    stale(
        &stage,
        &["file `vars.yaml`:", "prompt: A [-green-]{+blue+} boat."],
    );
    stage.write("vars.yaml", "colour: green\n");
    let applied = apply(&stage, &[]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert!(stage.path("elsewhere/one.mp4").exists());
    assert!(!stage.path("elsewhere/two.mp4").exists());
}

#[test]
fn a_plan_is_stale_when_anything_moved_and_says_what() {
    let stage = stage();
    save(&stage);
    stage.write("shots.yaml", &FILM.replace("red", "blue"));
    stale(
        &stage,
        &[
            "file `shots.yaml`:",
            "shot `one`:",
            "prompt: A [-red-]{+blue+} boat.",
        ],
    );

    let price = "prices:\n  - { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6, price: 0.30 USD }\n";
    stage.write("shots.yaml", &format!("{FILM}{price}"));
    stale(&stage, &["price: 0.28 USD → 0.30 USD"]);

    stage.write("shots.yaml", &FILM.replace("768P", "9000P"));
    stale(&stage, &["its storyboard has mistakes now"]);

    stage.write("shots.yaml", FILM);
    picture(&stage, 91);
    stale(&stage, &["file `still.png`:", "first_frame: sha256 "]);
    picture(&stage, 90);

    let edited = |from: &str, to: &str| {
        let text = String::from_utf8(stage.read(FILE)).expect("a plan is text");
        assert!(text.contains(from), "{text}");
        stage.write(FILE, &text.replacen(from, to, 1));
    };
    let version = format!("\"runner_version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    edited(&version, "\"runner_version\": \"0.0.1\"");
    stale(&stage, &["the whole plan:", "runner_version: 0.0.1 → "]);
    edited("\"runner_version\": \"0.0.1\"", &version);
    edited("\"amount\": \"0.28\"", "\"amount\": \"0.01\"");
    edited("\"attempt\": 1", "\"attempt\": 3");
    stale(&stage, &["attempt: 3 → 1"]);

    // All is as it was: the plan is made again, and carried out.
    save(&stage);
    assert_eq!(apply(&stage, &[]).code, 0);
}

#[test]
fn flags_that_would_change_the_plan_are_refused() {
    let stage = stage();
    save(&stage);
    for flags in [
        &["--only", "one"][..],
        &["--var", "colour=blue"],
        &["--force", "one"],
        &["--retry", "failed"],
        &["--out", "elsewhere"],
        &["--simulate"],
        &["--backend", "minimax"],
    ] {
        let refused = apply(&stage, flags);
        assert_eq!(refused.code, 2, "{flags:?}\n{}", refused.stderr);
        assert!(refused.stderr.contains(flags[0]), "{}", refused.stderr);
    }
    assert!(!stage.path("out").exists());
}

#[test]
fn a_file_that_is_no_plan_is_refused_in_plain_words() {
    let stage = stage();
    save(&stage);
    let whole = String::from_utf8(stage.read(FILE)).expect("a plan is text");
    let deep = format!(
        "{{\"format\": \"runner plan\", \"x\": {}",
        "[".repeat(100_000)
    );
    for (text, words) in [
        (&whole[..whole.len() / 2], "EOF while parsing"),
        (&whole[..60], "EOF while parsing"),
        ("", "EOF while parsing"),
        ("{ \"shots\": [] }", "missing field `format`"),
        ("\u{1b}[2J", "expected value"),
        (
            &whole.replacen(
                "\"schema_version\": \"1.0\"",
                "\"schema_version\": \"9.0\"",
                1,
            ),
            "version 9.0",
        ),
        (
            &whole.replace("\"simulate\"", "\"simulated\""),
            "unknown field `simulated`",
        ),
        (&deep, "EOF while parsing"),
    ] {
        stage.write(FILE, text);
        let refused = apply(&stage, &["--yes"]);
        assert_eq!(refused.code, 2, "{words}\n{}", refused.stderr);
        assert!(
            refused.stderr.contains(words),
            "no `{words}` in\n{}",
            refused.stderr
        );
        assert!(
            refused.stderr.contains("help: make it again"),
            "{}",
            refused.stderr
        );
        assert!(!refused.stderr.contains('\u{1b}'));
    }
    // Nothing but a plan is ever written over.
    let refused = plan(&stage, &["--save", "shots.yaml"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(stage.read("shots.yaml"), FILM.as_bytes());
    let refused = plan(&stage, &["--out", "my.plan.json"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--save my.plan.json"),
        "{}",
        refused.stderr
    );
}

#[test]
fn no_plan_holds_a_key_or_a_signature() {
    let stage = stage();
    let signed = "https://pictures.example/a.png?X-Amz-Signature=5ec2e7";
    let film = FILM.replace("still.png", &format!("\"{signed}\""));
    stage.write("shots.yaml", &film.replace("backend: simulator\n", ""));
    let run = |args: &[&str]| {
        let mut command = stage.command();
        command.env("MINIMAX_API_KEY", "sk-api-of-a-test");
        support::ran(command.args(["plan", "shots.yaml"]).args(args))
    };
    let printed = run(&["--json", "--save", FILE]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    let kept = String::from_utf8(stage.read(FILE)).expect("a plan is text");
    for text in [&kept, &printed.stdout, &run(&["--requests"]).stdout] {
        assert!(text.contains("https://pictures.example/a.png?…"), "{text}");
        assert!(
            !text.contains("5ec2e7") && !text.contains("sk-api"),
            "{text}"
        );
    }
    std::fs::remove_file(stage.path(FILE)).expect("it was kept");
    let link = format!("colour={signed}");
    for secret in ["colour=sk-api-of-a-test", &link] {
        let refused = run(&["--var", secret, "--save", FILE]);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(!stage.path(FILE).exists());
        assert!(!refused.stderr.contains("5ec2e7"), "{}", refused.stderr);
    }
}

#[test]
fn the_detailed_exit_code_is_terraforms() {
    let stage = stage();
    let code = |stage: &Stage| plan(stage, &["--detailed-exitcode"]).code;
    assert_eq!(code(&stage), 2);
    assert_eq!(plan(&stage, &[]).code, 0);
    // The simulator that `plan` knows is in the manifest here.
    assert_eq!(stage.apply(&[]).code, 0);
    assert_eq!(code(&stage), 0);
    assert_eq!(
        plan(&stage, &["--detailed-exitcode", "--only", "four"]).code,
        1
    );
    stage.write("shots.yaml", &FILM.replace("768P", "9000P"));
    assert_eq!(code(&stage), 1);
    assert_eq!(
        stage
            .run(&["plan", "none.yaml", "--detailed-exitcode"])
            .code,
        1
    );
}

#[test]
fn a_plan_for_the_service_is_bounded_by_its_price() {
    let stage = stage();
    stage.write("shots.yaml", &FILM.replace("backend: simulator\n", ""));
    let simulator = Simulated::start(&[]);
    let at = |args: &[&str]| {
        let mut command = stage.command();
        command.env("MINIMAX_API_KEY", "sk-api-of-a-test");
        command.env("MINIMAX_BASE_URL", simulator.address());
        support::ran(command.args(args))
    };
    assert_eq!(at(&["plan", "shots.yaml", "--save", FILE]).code, 0);
    let other = Simulated::start(&[]);
    let moved = support::ran(
        stage
            .command()
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", other.address())
            .args(["apply", FILE, "--yes"]),
    );
    assert_eq!(moved.code, 22, "{}", moved.stderr);
    assert!(moved.stderr.contains("base_url: http"), "{}", moved.stderr);
    // Three shots at 0.28 USD, one of which waits for a frame of another.
    let poor = at(&["apply", FILE, "--yes", "--max-cost", "0.83 USD"]);
    assert_eq!(poor.code, 30, "{}", poor.stderr);
    let applied = at(&["apply", FILE, "--yes", "--poll-interval", "100ms"]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    let report: Value = serde_json::from_slice(&stage.read("out/report.json")).expect("JSON");
    assert_eq!(report["totals"]["created"], 3);
    let text = String::from_utf8(stage.read(FILE)).expect("a plan is text");
    let file = PlanFile::parse(&text).expect("it was written so");
    assert_eq!(file.plan.totals.cost[0].amount, "0.84");
}

/// A person at a terminal is asked, and a no creates nothing.
#[cfg(unix)]
#[test]
fn a_person_is_asked_before_money_is_spent() {
    use expectrl::process::unix::WaitStatus;
    use expectrl::{Eof, Expect as _, Session};

    let stage = stage();
    stage.write("shots.yaml", &FILM.replace("backend: simulator\n", ""));
    let simulator = Simulated::start(&[]);
    let answer = |answer: &str| {
        let mut command = stage.command();
        command
            .env("MINIMAX_API_KEY", "sk-api-of-a-test")
            .env("MINIMAX_BASE_URL", simulator.address())
            .args([
                "apply",
                "shots.yaml",
                "--poll-interval",
                "100ms",
                "--progress",
                "none",
            ]);
        let mut session = Session::spawn(command).expect("the program starts");
        session.set_expect_timeout(Some(std::time::Duration::from_secs(60)));
        let asked = session.expect("[y/N]").expect("it asks");
        let asked = String::from_utf8_lossy(asked.before()).into_owned();
        session.send_line(answer).expect("it listens");
        session.expect(Eof).expect("it ends");
        let status = session.get_process().wait().expect("it has ended");
        let WaitStatus::Exited(_, code) = status else {
            panic!("it ended with {status:?}");
        };
        (asked, code)
    };
    let (asked, code) = answer("n");
    assert_eq!(code, 130);
    assert!(
        asked.contains("3 x MiniMax-Hailuo-2.3 768P 6 s: 0.84 USD"),
        "{asked}"
    );
    assert!(
        asked.contains("create up to 3 shots for up to 0.84 USD at http"),
        "{asked}"
    );
    assert!(!stage.path("out/one.mp4").exists());
    assert_eq!(answer("y").1, 0);
    assert!(stage.path("out/one.mp4").exists());
}
