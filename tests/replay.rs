//! Recording and replaying, as a studio does it in CI: what was heard once is what every
//! run gets, whatever the order, the folder and the machine.

mod support;

#[path = "replay/har.rs"]
mod har;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{Ran, Simulated, Stage, ran};

/// A film with everything that can go wrong in it, and chains over it.
const FILM: &str = "version: 1
defaults: { model: MiniMax-Hailuo-02, resolution: 768P, duration: 6 }
limits: { creates_per_minute: unlimited }
shots:
  - { id: calm, prompt: A red boat on a river }
  - { id: busy, prompt: A blue boat is too much at first }
  - { id: later, prompt: Night falls over the boat, first_frame: { shot: calm, frame: last } }
  - { id: latest, prompt: The night is over, first_frame: { shot: later, frame: last } }
  - { id: judged, prompt: A judged boat sinks }
  - { id: orphan, prompt: Nobody sees it, first_frame: { shot: judged, frame: last } }
  - { id: lost, prompt: A lost boat drifts }
  - { id: twin, prompt: The same boat twice }
  - { id: other-twin, prompt: The same boat twice }
  - { id: torn, prompt: A torn sail }
  - { id: late, prompt: A late link }
  - { id: refused, prompt: A refused boat }
";

const TROUBLE: &str = "rules:
  - { on: create, prompt_contains: blue, times: 2, then: { code: 1002 } }
  - { on: create, prompt_contains: judged, then: { fail: 1027 } }
  - { on: create, prompt_contains: lost, then: { cut: after } }
  - { on: create, prompt_contains: refused, then: { code: 2013 } }
  - { on: download, prompt_contains: torn, nth: 1, then: { cut: body } }
  - { on: retrieve, prompt_contains: late, nth: 1, then: expired_link }
  - { on: query, prompt_contains: red, nth: 1, then: { http: 503 } }
  - { on: query, prompt_contains: torn, nth: 1, then: { cut: before } }
";

fn filmed(film: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", film);
    stage
}

/// A simulated run that is recorded.
fn recorded(stage: &Stage, folder: &str, args: &[&str]) -> Ran {
    stage.apply(&[&["--record", folder], args].concat())
}

fn replayed(stage: &Stage, folder: &str, args: &[&str]) -> Ran {
    let plain = ["apply", "shots.yaml", "--stable", "--replay", folder];
    ran(stage.command().args(plain).args(args))
}

/// Everything that a replay left for people: the report and every video, by name.
fn left(stage: &Stage, out: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![(
        "report.json".to_owned(),
        stage.read(&format!("{out}/report.json")),
    )];
    for path in support::files(&stage.path(out).display().to_string(), "mp4") {
        files.push((support::name(&path), fs::read(&path).expect("it is there")));
    }
    files
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it is there");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("it can be copied");
        }
    }
}

fn recording(stage: &Stage, folder: &str) -> Value {
    let bytes = stage.read(&format!("{folder}/recording.har"));
    serde_json::from_slice(&bytes).expect("it is JSON")
}

fn entries(stage: &Stage, folder: &str) -> Vec<Value> {
    let recording = recording(stage, folder);
    let entries = recording["log"]["entries"].as_array();
    entries.expect("it has exchanges").clone()
}

#[test]
fn every_replay_is_the_same_whatever_the_order_and_the_folder() {
    let stage = filmed(FILM);
    stage.write("trouble.yaml", TROUBLE);
    let first = recorded(&stage, "rec", &["--scenario", "trouble.yaml"]);
    assert_eq!(first.code, 103, "{}", first.stderr);
    let before = stage.read("rec/recording.har");
    let one = replayed(&stage, "rec", &["--concurrency", "1"]);
    assert_eq!(one.code, 103, "{}", one.stderr);
    let whole = left(&stage, "out/replayed");
    let report: Value = serde_json::from_slice(&whole[0].1).expect("it is JSON");
    assert_eq!(whole.len(), 1 + 8, "{report}");
    assert!(report.get("run").is_none() && report["shots"][0].get("run").is_none());
    let outcomes: Vec<&str> = report["shots"]
        .as_array()
        .expect("shots")
        .iter()
        .map(|shot| shot["outcome"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        outcomes.join(" "),
        "succeeded succeeded succeeded succeeded failed skipped uncertain succeeded succeeded succeeded succeeded failed"
    );
    // The videos are those of the recorded run, those of the twins too.
    for (name, bytes) in &whole[1..] {
        assert_eq!(
            *bytes,
            stage.read(&format!("out/simulated/{name}.mp4")),
            "{name}"
        );
    }
    for _ in 0..3 {
        let many = replayed(&stage, "rec", &["--concurrency", "64"]);
        assert_eq!(many.code, 103, "{}", many.stderr);
        assert!(left(&stage, "out/replayed") == whole);
    }
    // Another folder, as on another machine, and another output folder.
    let there = filmed(FILM);
    copy(&stage.path("rec"), &there.path("kept/rec"));
    let other = replayed(
        &there,
        "kept/rec",
        &["--concurrency", "7", "--out", "new/videos"],
    );
    assert_eq!(other.code, 103, "{}", other.stderr);
    assert!(left(&there, "new/videos") == whole);
    assert_eq!(
        stage.read("rec/recording.har"),
        before,
        "a replay writes nothing there"
    );
}

/// What stops a run stops it wherever it was; a replay lets every shot hear its own
/// answer, and tells of the first in the film.
#[test]
fn what_stopped_the_recorded_run_is_told_the_same_in_any_order() {
    for (trouble, exit) in [
        ("code: 1008", 4),
        ("code: 2049", 3),
        ("code: 2061", 100),
        ("http: 429, retry_after: 7200", 4),
    ] {
        let stage = filmed(
            "version: 1
defaults: { model: MiniMax-Hailuo-02 }
limits: { creates_per_minute: unlimited, concurrency: 16 }
shots:
  - { id: a, prompt: A boat with all }
  - { id: b, prompt: A boat with none }
  - { id: c, prompt: A boat with some }
",
        );
        stage.write(
            "trouble.yaml",
            &format!("rules: [{{ on: create, prompt_contains: none, then: {{ {trouble}, delay_ms: 300 }} }}]"),
        );
        let first = recorded(&stage, "rec", &["--scenario", "trouble.yaml"]);
        assert_eq!(first.code, exit, "{}", first.stderr);
        let mut seen = Vec::new();
        for concurrency in ["1", "64"] {
            let again = replayed(&stage, "rec", &["--concurrency", concurrency]);
            assert_eq!(again.code, exit, "{}", again.stderr);
            seen.push(left(&stage, "out/replayed"));
        }
        assert!(seen[0] == seen[1], "{trouble}");
    }
}

#[test]
fn a_recording_is_har_1_2_and_its_bodies_are_beside_it() {
    let stage = filmed(FILM);
    stage.write("trouble.yaml", TROUBLE);
    recorded(&stage, "rec", &["--scenario", "trouble.yaml"]);
    let recording = recording(&stage, "rec");
    assert_eq!(har::mistakes(&recording), Vec::<String>::new());
    assert!(!stage.path("rec/journal.jsonl").exists());
    let mut bodies = 0;
    for entry in recording["log"]["entries"].as_array().expect("exchanges") {
        let content = &entry["response"]["content"];
        if let Some(file) = content["_file"].as_str() {
            let bytes = stage.read(&format!("rec/{file}"));
            assert_eq!(content["size"], bytes.len());
            assert_eq!(content["_sha256"], runner::id::sha256_hex(&bytes));
            assert!(content.get("text").is_none());
            bodies += 1;
        }
    }
    assert!(bodies >= 8, "{bodies}");
    let all = fs::read_dir(stage.path("rec/bodies")).expect("they are there");
    let odd = all.filter(|entry| {
        let name = entry.as_ref().expect("it is there").file_name();
        name.len() != 64
    });
    assert_eq!(odd.count(), 0, "nothing half written is left");
    // A picture of a request is a body, and no text of it.
    let text = String::from_utf8(stage.read("rec/recording.har")).expect("it is text");
    assert!(
        !text.contains("base64,") && text.contains("_media"),
        "{text}"
    );
}

#[test]
fn the_check_of_har_finds_what_is_missing() {
    let whole = json!({ "log": { "version": "1.2", "creator": { "name": "a", "version": "1" }, "entries": [] } });
    assert_eq!(har::mistakes(&whole), Vec::<String>::new());
    let mut broken = whole.clone();
    broken["log"]["entries"] = json!([{ "time": -1 }]);
    assert!(har::mistakes(&broken).len() > 5);
}

#[test]
fn what_is_not_recorded_is_said_before_anything_runs() {
    let stage = filmed(FILM);
    recorded(&stage, "rec", &[]);
    let changed = FILM
        .replace("A red boat on a river", "A red boat on a wide river")
        .replace("A late link }", "A late link, duration: 10 }")
        + "  - { id: new, prompt: The last boat }\n  - { id: third-twin, prompt: The same boat twice }\n";
    stage.write("shots.yaml", &changed);
    let refused = replayed(&stage, "rec", &[]);
    assert_eq!(refused.code, 23, "{}", refused.stderr);
    let said = refused
        .stderr
        .lines()
        .skip_while(|line| !line.starts_with("calm:"));
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
    assert!(!stage.path("out/replayed/report.json").exists());
}

#[test]
fn what_is_known_only_later_is_said_with_the_same_difference() {
    let stage = filmed(FILM);
    recorded(&stage, "rec", &[]);
    stage.write("shots.yaml", &FILM.replace("Night falls", "Evening falls"));
    let refused = replayed(&stage, "rec", &[]);
    assert_eq!(refused.code, 23, "{}", refused.stderr);
    let said = "later: differs from what was recorded for it:\n    prompt: [-Night-]{+Evening+} falls over the boat\n";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    let report = stage.read("out/replayed/report.json");
    let report: Value = serde_json::from_slice(&report).expect("it is JSON");
    assert_eq!(
        report["shots"][2]["error"]["message"],
        "the request is not in the recording"
    );
    assert_eq!(report["shots"][0]["outcome"], "succeeded");
}

/// Nobody pays again to have a whole recording.
#[test]
fn what_is_in_the_ledger_is_put_into_the_recording() {
    let stage = filmed(FILM);
    let plain = stage.apply(&[]);
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    let first = recorded(&stage, "rec", &[]);
    let said = "recorded 0 exchanges in `rec`, and put in 48 from the ledger";
    assert!(first.stderr.contains(said), "{}", first.stderr);
    let kept = entries(&stage, "rec");
    assert!(kept.len() > 40, "{}", kept.len());
    assert!(kept.iter().all(|entry| entry["_source"] == "ledger"));
    assert_eq!(
        har::mistakes(&recording(&stage, "rec")),
        Vec::<String>::new()
    );
    let again = replayed(&stage, "rec", &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    for (name, bytes) in &left(&stage, "out/replayed")[1..] {
        assert_eq!(
            *bytes,
            stage.read(&format!("out/simulated/{name}.mp4")),
            "{name}"
        );
    }
    // Once more adds nothing, and a film that grows adds what is new.
    recorded(&stage, "rec", &[]);
    assert_eq!(entries(&stage, "rec"), kept);
    stage.write(
        "shots.yaml",
        &(FILM.to_owned() + "  - { id: new, prompt: The last boat }\n"),
    );
    recorded(&stage, "rec", &[]);
    let grown = entries(&stage, "rec");
    assert_eq!(grown[..kept.len()], kept[..]);
    assert!(
        grown[kept.len()..]
            .iter()
            .all(|entry| entry.get("_source").is_none())
    );
    assert_eq!(replayed(&stage, "rec", &[]).code, 0);
    assert!(stage.path("out/replayed/new.mp4").exists());
}

/// Nor does what failed become a hole in it.
#[test]
fn what_failed_in_an_earlier_run_fails_the_same_in_a_replay() {
    let stage = filmed(&FILM.lines().take(5).collect::<Vec<_>>().join("\n"));
    stage.write(
        "trouble.yaml",
        "rules: [{ on: create, then: { fail: 1027 } }]",
    );
    let trouble = stage.path("trouble.yaml");
    let service = Simulated::start(&["--scenario", trouble.to_str().expect("it is text")]);
    let plain = stage.apply_at(&service, &[]);
    assert_eq!(plain.code, 100, "{}", plain.stderr);
    let first = stage.apply_at(&service, &["--record", "rec"]);
    assert_eq!(first.code, 100, "{}", first.stderr);
    let again = replayed(&stage, "rec", &[]);
    assert_eq!(again.code, 100, "{}", again.stderr);
    let report = stage.read("out/replayed/report.json");
    let report: Value = serde_json::from_slice(&report).expect("it is JSON");
    assert_eq!(report["shots"][0]["error"]["code"], 1027);
    assert_eq!(report["shots"][0]["error"]["class"], "moderated");
}

/// A task that an earlier run paid for, and this one collects.
#[test]
fn what_is_collected_in_a_recorded_run_is_whole() {
    let stage = filmed(&FILM.lines().take(5).collect::<Vec<_>>().join("\n"));
    // However quick it is, it is not done when it is asked for the first time.
    let rule = "rules: [{ on: query, nth: 1, then: { status: Thinking } }]";
    stage.write("trouble.yaml", rule);
    let trouble = stage.path("trouble.yaml");
    let service = Simulated::start(&["--scenario", trouble.to_str().expect("it is text")]);
    let paid = stage.apply_at(&service, &["--deadline", "1ms"]);
    assert_eq!(paid.code, 102, "{}", paid.stderr);
    let collected = stage.apply_at(&service, &["--record", "rec"]);
    assert_eq!(collected.code, 0, "{}", collected.stderr);
    let sources: Vec<String> = entries(&stage, "rec")
        .iter()
        .map(|entry| format!("{} {}", entry["_call"], entry["_source"]).replace('"', ""))
        .collect();
    assert!(sources.contains(&"create ledger".to_owned()), "{sources:?}");
    assert!(sources.contains(&"link null".to_owned()), "{sources:?}");
    let text = String::from_utf8(stage.read("rec/recording.har")).expect("it is text");
    assert!(
        !text.contains("Signature") && !text.contains("sk-api-of-a-test"),
        "{text}"
    );
    let again = replayed(&stage, "rec", &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(
        stage.read("out/replayed/calm.mp4"),
        stage.read("out/calm.mp4")
    );
    let report: Value =
        serde_json::from_slice(&stage.read("out/replayed/report.json")).expect("JSON");
    assert_eq!(report["backend"], "minimax");
}

#[test]
fn a_run_that_was_killed_leaves_what_it_heard() {
    let stage = filmed(&FILM.lines().take(6).collect::<Vec<_>>().join("\n"));
    stage.write(
        "trouble.yaml",
        "rules: [{ on: query, prompt_contains: blue, then: { status: Thinking } }]",
    );
    let mut command = stage.command();
    command.args([
        "apply",
        "shots.yaml",
        "--simulate",
        "--clips",
        "tiny",
        "--time-scale",
        "20000",
    ]);
    command.args([
        "--scenario",
        "trouble.yaml",
        "--record",
        "rec",
        "--progress",
        "none",
    ]);
    let mut child = command
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let journal = stage.path("rec/journal.jsonl");
    let heard = || fs::read_to_string(&journal).unwrap_or_default();
    let video = "\"_call\":\"link\"";
    // The video is there, and whole lines behind it.
    while heard()
        .split(video)
        .nth(1)
        .is_none_or(|rest| rest.lines().count() < 4)
    {
        std::thread::yield_now();
    }
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
    // Half a line, as a kill may leave.
    let mut text = heard();
    let last = text.trim_end().rfind('\n').expect("it has lines") + 1;
    let half = text[last..].len() / 2;
    text.truncate(last + half);
    fs::write(&journal, text).expect("it is ours");
    let again = replayed(&stage, "rec", &[]);
    assert_eq!(again.code, 102, "{}", again.stderr);
    assert!(again.stderr.contains("was cut off"), "{}", again.stderr);
    assert!(stage.path("out/replayed/calm.mp4").exists());
    // The next run takes it in, and its ledger makes it whole.
    let next = recorded(&stage, "rec", &[]);
    assert_eq!(next.code, 0, "{}", next.stderr);
    assert!(!journal.exists());
    assert_eq!(
        har::mistakes(&recording(&stage, "rec")),
        Vec::<String>::new()
    );
}

#[test]
fn a_replay_empties_no_folder_that_may_hold_what_was_paid_for() {
    let stage = filmed(
        "version: 1\nshots: [{ id: a, prompt: A boat on a river, model: MiniMax-Hailuo-02 }]\n",
    );
    recorded(&stage, "rec", &[]);
    let refused = replayed(&stage, "rec", &["--out", "out/simulated"]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("holds other results"),
        "{}",
        refused.stderr
    );
    assert!(stage.path("out/simulated/a.mp4").exists());
    assert_eq!(replayed(&stage, "rec", &[]).code, 0);
    stage.write("out/replayed/rec/recording.har", "{}");
    let refused = replayed(&stage, "out/replayed/rec", &[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(stage.path("out/replayed/rec/recording.har").exists());
}

#[test]
fn a_recording_is_of_one_service() {
    let service = Simulated::start(&[]);
    let stage = filmed(
        "version: 1\nshots: [{ id: a, prompt: A boat on a river, model: MiniMax-Hailuo-02 }]\n",
    );
    recorded(&stage, "rec", &[]);
    let refused = stage.apply_at(&service, &["--record", "rec"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("is of backend `simulator`"),
        "{}",
        refused.stderr
    );
    assert!(!stage.path("out/a.mp4").exists(), "nothing is paid for it");
}

#[test]
fn a_stable_report_is_one_by_its_schema_and_can_be_told() {
    let stage = filmed(
        "version: 1\nshots: [{ id: a, prompt: A boat on a river, model: MiniMax-Hailuo-02 }]\n",
    );
    stage.apply(&["--stable"]);
    let stable = stage.read("out/simulated/report.json");
    let report: Value = serde_json::from_slice(&stable).expect("it is JSON");
    let schema = stage.run(&["schema", "report"]).stdout;
    let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
    assert!(jsonschema::is_valid(&schema, &report), "{report}");
    let told = stage.run(&["report", "out/simulated", "--format", "json", "--stable"]);
    assert_eq!(told.stdout.as_bytes(), stable);
    let told = stage.run(&["report", "out/simulated/report.json", "--format", "json"]);
    assert_eq!(told.stdout.as_bytes(), stable);
    for format in ["text", "junit", "markdown"] {
        let told = stage.run(&["report", "out/simulated/report.json", "--format", format]);
        assert_eq!(told.code, 0, "{}", told.stderr);
    }
}

/// Where a recording of format 1 is kept with its film and what came of it.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recordings");

#[test]
fn a_recording_of_this_format_is_replayed_for_ever() {
    let stage = Stage::new();
    for file in ["shots.yaml", "report.json"] {
        fs::copy(Path::new(GOLDEN).join(file), stage.path(file)).expect("it is there");
    }
    let folder = format!("{GOLDEN}/golden");
    let again = replayed(&stage, &folder, &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    // All but these is of the program, and not of the recording.
    let told = |bytes: Vec<u8>| -> Vec<Value> {
        let report: Value = serde_json::from_slice(&bytes).expect("it is JSON");
        let shots = report["shots"].as_array().expect("it has shots").iter();
        shots
            .map(|shot| {
                let fields = [
                    "id", "request", "outcome", "error", "task_id", "file_id", "video", "frames",
                ];
                fields
                    .map(|field| shot[field].clone())
                    .into_iter()
                    .collect()
            })
            .collect()
    };
    assert_eq!(
        told(stage.read("out/replayed/report.json")),
        told(stage.read("report.json"))
    );
}

#[test]
fn what_is_wrong_with_a_recording_is_said_with_its_place() {
    let stage = Stage::new();
    fs::copy(
        Path::new(GOLDEN).join("shots.yaml"),
        stage.path("shots.yaml"),
    )
    .expect("it is there");
    let golden = fs::read_to_string(format!("{GOLDEN}/golden/recording.har")).expect("it is there");
    let body = golden.split("bodies/").nth(1).expect("it has a body")[..64].to_owned();
    let deep = format!("{{\"log\":{}", "[".repeat(100_000));
    let cases: [(&str, String); 9] = [
        ("format", golden.replacen("\"format\":1", "\"format\":2", 1)),
        (
            "no-format",
            golden.replacen("\"format\":1", "\"format\":\"one\"", 1),
        ),
        (
            "other-program",
            "{\"log\":{\"version\":\"1.2\",\"entries\":[]}}".to_owned(),
        ),
        ("cut", golden[..golden.len() / 2].to_owned()),
        ("deep", deep),
        (
            "escape",
            golden.replacen(&format!("bodies/{body}"), "../../etc/passwd", 1),
        ),
        (
            "status",
            golden.replacen("\"status\":200", "\"status\":7", 1),
        ),
        ("digest", golden.replace(&body, &"0".repeat(64))),
        ("empty", String::new()),
    ];
    let mut told = String::new();
    for (name, text) in cases {
        let folder = format!("rec-{name}");
        copy(Path::new(&format!("{GOLDEN}/golden")), &stage.path(&folder));
        if name == "digest" {
            let zeros = format!("{folder}/bodies/{}", "0".repeat(64));
            fs::copy(
                stage.path(&format!("{folder}/bodies/{body}")),
                stage.path(&zeros),
            )
            .expect("ours");
        }
        fs::write(stage.path(&format!("{folder}/recording.har")), text).expect("it is ours");
        let refused = replayed(&stage, &folder, &[]);
        assert_eq!(refused.code, 2, "{name}: {}", refused.stderr);
        told += &refused.stderr.replace(&body, "<body>");
    }
    let other = stage.path("rec-none");
    fs::create_dir(&other).expect("it is ours");
    told += &replayed(&stage, "rec-none", &[]).stderr;
    insta::assert_snapshot!(told);
}

#[test]
fn a_recording_of_another_format_is_not_added_to() {
    let stage = filmed(
        "version: 1\nshots: [{ id: a, prompt: A boat on a river, model: MiniMax-Hailuo-02 }]\n",
    );
    recorded(&stage, "rec", &[]);
    let text = String::from_utf8(stage.read("rec/recording.har")).expect("it is text");
    let other = text.replacen("\"format\":1", "\"format\":9", 1);
    stage.write("rec/recording.har", &other);
    let refused = recorded(&stage, "rec", &[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("a recording of format 9"),
        "{}",
        refused.stderr
    );
    assert_eq!(stage.read("rec/recording.har"), other.as_bytes());
}
