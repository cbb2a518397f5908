//! The lock file: what it says, what it holds, and what it lets through.

mod support;

use std::fs;

use serde_json::Value;
use support::{Ran, Simulated, Stage, ran};

const FILM: &str = "\
version: 1
vars: { colour: red }
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - id: one
    prompt: A {{ colour }} boat leaves the harbour.
  - id: two
    prompt: A lighthouse.
    first_frame: still.png
  - id: three
    prompt: It goes on.
    first_frame: { shot: one, frame: last }
";

fn stage(manifest: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", manifest);
    picture(&stage, 90);
    stage
}

fn picture(stage: &Stage, grey: u8) {
    let picture = image::GrayImage::from_pixel(320, 320, image::Luma([grey]));
    let path = stage.path("still.png");
    picture.save(path).expect("it can be written");
}

fn lock(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["lock", "shots.yaml"][..], args].concat())
}

fn plan(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["plan", "shots.yaml", "--locked"][..], args].concat())
}

fn text(stage: &Stage) -> String {
    String::from_utf8(stage.read("shots.lock")).expect("a lock is text")
}

fn fine(ran: &Ran) {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// What is refused, and the words that say why.
fn refused(ran: &Ran, because: &[&str]) {
    assert_eq!(ran.code, 22, "{}", ran.stderr);
    for words in because {
        let said = ran.stderr.contains(words);
        assert!(said, "no `{words}` in\n{}", ran.stderr);
    }
}

/// A film whose videos were paid for, and accepted.
fn accepted(service: &Simulated) -> Stage {
    let stage = stage(FILM);
    fine(&stage.apply_at(service, &[]));
    fine(&lock(&stage, &[]));
    stage
}

#[test]
fn the_lock_is_a_text_for_people() {
    let stage = stage(FILM);
    let locked = lock(&stage, &["--simulate"]);
    fine(&locked);
    let before = text(&stage);
    insta::assert_snapshot!(before.replace(env!("CARGO_PKG_VERSION"), "[version]"));
    fine(&lock(&stage, &["--simulate"]));
    assert_eq!(text(&stage), before, "the same facts are the same bytes");
    assert!(!stage.path("out").exists(), "nothing else is written");

    // The order in which fields and shots are written says nothing.
    let (head, shots) = FILM.split_once("shots:\n").expect("it has shots");
    let mut shots: Vec<&str> = shots.split_inclusive(".png\n").collect();
    shots.rotate_left(1);
    let head = head.replace(
        "{ model: MiniMax-Hailuo-2.3, resolution: 768P }",
        "{ resolution: 768P, model: MiniMax-Hailuo-2.3 }",
    );
    stage.write("shots.yaml", &format!("{head}shots:\n{}", shots.concat()));
    fine(&lock(&stage, &["--check", "--simulate"]));
    let schema = stage.run(&["schema", "lock"]).stdout;
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let lock: Value = toml::from_str(&before).expect("a lock is TOML");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    assert!(validator.is_valid(&lock), "{lock}");
}

#[test]
fn a_change_is_shown_as_fields_and_words_and_nothing_is_made() {
    let stage = stage(FILM);
    fine(&lock(&stage, &["--simulate"]));
    fine(&plan(&stage, &["--simulate"]));
    stage.write(
        "shots.yaml",
        &FILM
            .replace("lighthouse", "lighthouse at night")
            .replace("768P", "1080P"),
    );
    let refuse = |words: &[&str]| {
        let planned = plan(&stage, &["--simulate"]);
        refused(&planned, words);
        refused(&stage.apply(&["--locked"]), words);
        refused(&lock(&stage, &["--check", "--simulate"]), words);
        assert!(!stage.path("out/simulated/one.mp4").exists());
    };
    refuse(&[
        "shot `one`:\n    resolution: 768P → 1080P\n",
        "shot `two`:\n    prompt: A lighthouse{+ at night+}.\n",
        "3 shots differ",
        "runner lock shots.yaml --update 'one | three | two'",
    ]);
    stage.write("shots.yaml", FILM);
    picture(&stage, 91);
    refuse(&["shot `two`:\n    first_frame: sha256 ", "1 shot differs"]);
    picture(&stage, 90);
    let (before, last) = FILM.split_once("  - id: three").expect("it is there");
    stage.write("shots.yaml", before);
    refuse(&["shot `three`: removed", "--update three"]);
    stage.write(
        "shots.yaml",
        &format!("{FILM}  - id: four\n    prompt: The end.\n"),
    );
    refuse(&["shot `four`: added"]);
    let turned = last.replace("shot: one", "shot: two");
    stage.write("shots.yaml", &format!("{before}  - id: three{turned}"));
    refuse(&["first_frame: last of one → last of two"]);
    // Values from outside count, too; shots that are left out do not.
    stage.write("shots.yaml", FILM);
    let blue = ["--simulate", "--var", "colour=blue"];
    refused(&plan(&stage, &blue), &["A [-red-]{+blue+} boat"]);
    fine(&plan(&stage, &[&blue[..], &["--only", "two"]].concat()));
}

#[test]
fn differences_are_there_for_programs() {
    let stage = stage(FILM);
    fine(&lock(&stage, &["--simulate"]));
    stage.write("shots.yaml", &FILM.replace("lighthouse", "harbour"));
    let planned = plan(&stage, &["--simulate", "--json"]);
    assert_eq!(planned.code, 22, "{}", planned.stderr);
    let document: Value = serde_json::from_str(&planned.stdout).expect("a plan is JSON");
    let schema = stage.run(&["schema", "plan"]).stdout;
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    assert!(validator.is_valid(&document), "{document:#}");
    insta::assert_json_snapshot!(document["lock"]);
    assert_eq!(document["shots"][1]["decision"], "create");
    let free = stage.run(&["plan", "shots.yaml", "--simulate", "--json"]);
    let free: Value = serde_json::from_str(&free.stdout).expect("a plan is JSON");
    assert_eq!(free["lock"], Value::Null);
}

#[test]
fn only_what_is_named_is_accepted() {
    let stage = stage(FILM);
    fine(&lock(&stage, &["--simulate"]));
    let before = text(&stage);
    let (kept, _) = FILM.split_once("  - id: three").expect("it is there");
    stage.write(
        "shots.yaml",
        &kept
            .replace("lighthouse", "harbour")
            .replace("leaves", "enters"),
    );
    fine(&lock(&stage, &["--simulate", "--update", "two"]));
    assert_eq!(text(&stage).matches("harbour").count(), 2, "boat and two");
    assert!(text(&stage).contains("A red boat leaves the harbour."));
    refused(
        &plan(&stage, &["--simulate"]),
        &["[-leaves-]{+enters+}", "shot `three`: removed"],
    );
    fine(&lock(&stage, &["--simulate", "--update", "one | three"]));
    assert!(!text(&stage).contains("[shots.three"));
    fine(&plan(&stage, &["--simulate"]));
    let nobody = lock(&stage, &["--simulate", "--update", "thee"]);
    assert_eq!(nobody.code, 21, "{}", nobody.stderr);
    stage.write("shots.yaml", FILM);
    fine(&lock(&stage, &["--simulate"]));
    assert_eq!(text(&stage), before);
    fs::remove_file(stage.path("shots.lock")).expect("it was there");
    let update = lock(&stage, &["--simulate", "--update", "two"]);
    refused(&update, &["`shots.lock` is not there"]);
}

#[test]
fn an_accepted_video_is_never_paid_for_again() {
    let service = Simulated::start(&[]);
    let stage = accepted(&service);
    fine(&stage.apply_at(&service, &["--locked"]));
    let before = text(&stage);

    // A fresh checkout has neither videos nor ledger.
    fs::rename(stage.path("out"), stage.path("aside")).expect("it is there");
    fine(&lock(&stage, &["--check"]));
    fine(&lock(&stage, &[]));
    assert_eq!(text(&stage), before, "what is not here stays accepted");
    let applied = stage.apply_at(&service, &["--locked"]);
    refused(
        &applied,
        &[
            "no video that is made again is the same",
            "3 shots differ; nothing was created",
            "bring the accepted videos back",
        ],
    );
    assert!(!stage.path("out/one.mp4").exists());
    // What costs nothing is not held to videos of another backend.
    let simulated = stage.apply(&["--locked"]);
    fine(&simulated);
    let said = simulated.stderr.contains("of the backend `minimax`");
    assert!(said, "{}", simulated.stderr);
    fs::remove_dir_all(stage.path("out")).expect("it is there");

    // The videos alone are enough to say that they are the accepted ones.
    fs::create_dir(stage.path("out")).expect("it can be made");
    for name in ["one.mp4", "two.mp4", "three.mp4"] {
        let from = stage.path("aside").join(name);
        fs::copy(from, stage.path("out").join(name)).expect("it is there");
    }
    let planned = plan(&stage, &[]);
    assert!(
        planned.stderr.contains("holds: 3 shots"),
        "{}",
        planned.stderr
    );
    fs::remove_dir_all(stage.path("out")).expect("it is there");
    fs::rename(stage.path("aside"), stage.path("out")).expect("it is there");

    // The service still has what was paid for: it is fetched.
    fs::remove_file(stage.path("out/two.mp4")).expect("it is there");
    fine(&stage.apply_at(&service, &["--locked"]));
    assert!(stage.path("out/two.mp4").exists());
    fine(&lock(&stage, &["--check"]));
}

#[test]
fn another_take_is_another_video() {
    let service = Simulated::start(&[]);
    let stage = accepted(&service);
    let both = stage.apply_at(&service, &["--locked", "--force", "two"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
    let other = Simulated::start(&["--seed", "77"]);
    fine(&stage.apply_at(&other, &["--force", "two", "--yes"]));
    refused(&plan(&stage, &[]), &["shot `two`:\n    take: sha256 "]);
    let takes = stage.run(&["takes", "shots.yaml", "--only", "two", "--json"]);
    let takes: Value = serde_json::from_str(&takes.stdout).expect("takes are JSON");
    let other = takes.as_array().expect("a list").iter();
    let mut other = other.filter(|take| take["counts"] == false);
    let digits = other.next().expect("two takes")["sha256"].clone();
    let digits = digits.as_str().expect("a digest");
    fine(&stage.run(&["takes", "shots.yaml", "--select", &digits[..12]]));
    fine(&plan(&stage, &[]));

    // As large and as old as before, and another video all the same.
    let path = stage.path("out/one.mp4");
    let mut bytes = fs::read(&path).expect("it is there");
    let modified = fs::metadata(&path).and_then(|found| found.modified());
    let modified = modified.expect("it has a time");
    let last = bytes.last_mut().expect("it is not empty");
    *last = !*last;
    fs::write(&path, bytes).expect("it can be written");
    let file = fs::File::options().append(true).open(&path);
    let file = file.expect("it is there");
    file.set_modified(modified).expect("times can be set");
    refused(&plan(&stage, &[]), &["shot `one`:\n    take: sha256 "]);
    let locked = lock(&stage, &[]);
    assert_eq!(locked.code, 101, "{}", locked.stderr);
}

#[test]
fn a_simulated_film_is_made_again_as_it_was() {
    let stage = stage(FILM);
    fine(&stage.apply(&[]));
    fine(&lock(&stage, &["--simulate"]));
    fs::remove_dir_all(stage.path("out")).expect("it is there");
    fine(&stage.apply(&["--locked"]));
    fine(&lock(&stage, &["--check", "--simulate"]));
    fs::remove_dir_all(stage.path("out")).expect("it is there");
    let other = stage.apply(&["--locked", "--seed", "77"]);
    assert_eq!(other.code, 101, "{}", other.stderr);
    assert!(
        other.stderr.contains("    take: sha256 "),
        "{}",
        other.stderr
    );
    // What was simulated is not accepted for money, and forgets nothing that was.
    refused(&plan(&stage, &[]), &["backend: simulator → minimax"]);
    let real = lock(&stage, &[]);
    assert_eq!(real.code, 2, "{}", real.stderr);
}

#[test]
fn a_lock_that_cannot_be_used_holds_everything() {
    let stage = stage(FILM);
    let refuse = |words: &str| {
        refused(&plan(&stage, &["--simulate"]), &[words]);
        refused(&stage.apply(&["--locked"]), &[words]);
        refused(&lock(&stage, &["--check", "--simulate"]), &[words]);
        assert!(!stage.path("out/simulated/one.mp4").exists());
    };
    refuse("`shots.lock` is not there");
    fine(&lock(&stage, &["--simulate"]));
    let good = text(&stage);
    stage.write("shots.lock", &good.replace('\n', "\r\n"));
    fine(&plan(&stage, &["--simulate"]));
    for (lock, words) in [
        (
            good.replace("version = 1\n", "version = 2\n"),
            "its format has version 2, and this program knows version 1",
        ),
        (
            good.replace("[shots.two]", "<<<<<<< HEAD"),
            "were not merged",
        ),
        (good.replace("[shots.two]", "[shots.one]"), "duplicate key"),
        ("version = 4\n".to_owned(), "no lock of this program"),
        (good.replace("duration = 6", "duration ="), "line "),
        ("[".repeat(5_000_000), "line 1"),
    ] {
        stage.write("shots.lock", &lock);
        refuse(words);
    }
    // What is not understood is not written over.
    let written = lock(&stage, &["--simulate"]);
    refused(
        &written,
        &["cannot be used", "take it from version control"],
    );
    fs::remove_file(stage.path("shots.lock")).expect("it is there");
    let huge = fs::File::create(stage.path("shots.lock")).expect("it can be made");
    huge.set_len(1 << 40).expect("it can be made long");
    refuse("is too large for a lock");
    fs::remove_file(stage.path("shots.lock")).expect("it is there");
    fs::create_dir(stage.path("shots.lock")).expect("it can be made");
    refuse("is not a file");
}

#[test]
fn no_secret_is_locked() {
    let link = "https://me:pass@host.example/a.png?sig=s3cret";
    let stage = stage(&format!(
        "\
version: 1
defaults: {{ model: MiniMax-Hailuo-2.3 }}
shots:
  - id: one
    prompt: A boat.
    first_frame: {link}
"
    ));
    fine(&lock(&stage, &[]));
    assert!(text(&stage).contains("https://host.example/a.png?…"));
    for secret in ["s3cret", "pass@"] {
        assert!(!text(&stage).contains(secret));
    }
    let manifest = String::from_utf8(stage.read("shots.yaml")).expect("it is text");
    stage.write("shots.yaml", &manifest.replace("s3cret", "other"));
    // It would be paid for again; why is not shown.
    refused(&plan(&stage, &[]), &["fingerprint: "]);
    refused(&plan(&stage, &["--simulate"]), &["fingerprint: "]);
    stage.write("shots.yaml", &FILM.replace("lighthouse", "sk-api-of-mine"));
    fs::remove_file(stage.path("shots.lock")).expect("it is there");
    let key = stage
        .command()
        .env("MINIMAX_API_KEY", "sk-api-of-mine")
        .args(["lock", "shots.yaml"])
        .output()
        .expect("the program starts");
    assert_eq!(key.status.code(), Some(2));
    assert!(!stage.path("shots.lock").exists());
}

#[test]
fn a_kept_plan_is_held_to_the_lock_as_well() {
    let stage = stage(FILM);
    fine(&lock(&stage, &["--simulate"]));
    let save = ["--simulate", "--save", "film.plan.json"];
    fine(&plan(&stage, &save));
    let locked = text(&stage);
    stage.write("shots.lock", &locked.replace("lighthouse", "harbour"));
    let apply = |stage: &Stage| {
        let fast = ["--clips", "tiny", "--time-scale", "20000", "--locked"];
        ran(stage.command().args(["apply", "film.plan.json"]).args(fast))
    };
    refused(&apply(&stage), &["A [-harbour-]{+lighthouse+}."]);
    refused(&plan(&stage, &save), &["A [-harbour-]{+lighthouse+}."]);
    stage.write("shots.lock", &locked);
    fine(&apply(&stage));
}
