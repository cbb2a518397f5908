//! Settings: which layer counts, what a file may say, and who gets the key.

mod support;

use std::process::Command;

use serde_json::Value;
use support::{Ran, Simulated, Stage, ran};

const KEY: &str = "sk-api-of-a-test";

const ONE: &str = "\
version: 1
shots: [{ id: one, model: MiniMax-Hailuo-2.3, prompt: A boat. }]
";

fn stage() -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", ONE);
    stage
}

/// The program with a folder for the user's file.
fn command(stage: &Stage) -> Command {
    let mut command = stage.command();
    command.env("RUNNER_CONFIG_DIR", stage.path("me"));
    command
}

fn run(stage: &Stage, args: &[&str]) -> Ran {
    ran(command(stage).args(args))
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Values of a flag from the highest layer to the lowest; the manifest has no say
/// in some.
struct Case {
    key: &'static str,
    values: [Option<&'static str>; 6],
}

const CASES: &[Case] = &[
    Case {
        key: "concurrency",
        values: [
            Some("11"),
            Some("12"),
            Some("13"),
            Some("14"),
            Some("15"),
            Some("4"),
        ],
    },
    Case {
        key: "deadline",
        values: [
            Some("1m"),
            Some("2m"),
            Some("3m"),
            Some("4m"),
            Some("5m"),
            Some("30m"),
        ],
    },
    Case {
        key: "creates_per_minute",
        values: [
            Some("1"),
            Some("unlimited"),
            Some("3"),
            Some("4"),
            Some("unlimited"),
            Some("5"),
        ],
    },
    Case {
        key: "progress",
        values: [
            Some("json"),
            Some("none"),
            None,
            Some("lines"),
            Some("bars"),
            Some("auto"),
        ],
    },
    Case {
        key: "time_scale",
        values: [Some("2"), Some("3"), None, Some("4"), Some("5"), Some("60")],
    },
    Case {
        key: "verbose",
        values: [
            None,
            Some("true"),
            None,
            Some("false"),
            Some("true"),
            Some("false"),
        ],
    },
];

const ORIGINS: [&str; 6] = [
    "--",
    "RUNNER_",
    "shots.yaml:2:",
    "runner.yaml:1:",
    "me/config.yaml:1:",
    "default",
];

/// For every flag: with all layers from one on downwards, that one counts.
#[test]
fn the_highest_layer_that_says_something_counts() {
    for case in CASES {
        for (top, wanted) in case.values.iter().enumerate() {
            let Some(wanted) = *wanted else {
                continue;
            };
            let stage = Stage::new();
            let value = |layer: usize| case.values[layer].filter(|_| layer >= top);
            let line = |value: Option<&str>| value.map(|value| format!("{}: {value}\n", case.key));
            let limits = value(2).map(|value| format!("limits: {{ {}: {value} }}\n", case.key));
            let manifest = ONE.replacen('\n', &format!("\n{}", limits.unwrap_or_default()), 1);
            stage.write("shots.yaml", &manifest);
            stage.write("runner.yaml", &line(value(3)).unwrap_or_default());
            stage.write("me/config.yaml", &line(value(4)).unwrap_or_default());
            let mut command = command(&stage);
            command.args(["config", "--json", "apply", "shots.yaml"]);
            if let Some(value) = value(1) {
                command.env(format!("RUNNER_{}", case.key.to_uppercase()), value);
            }
            if let Some(value) = value(0) {
                let flag = case.key.replace('_', "-");
                command.arg(format!("--{flag}={value}"));
            }
            let settings = json(&ran(&mut command));
            let found = settings["settings"].as_array().expect("a list");
            let found = found.iter().find(|row| row["name"] == case.key);
            let found = found.unwrap_or_else(|| panic!("{} is shown", case.key));
            assert_eq!(found["value"], wanted, "{} from layer {top}", case.key);
            let origin = found["origin"].as_str().expect("a text");
            assert!(origin.starts_with(ORIGINS[top]), "{} {origin}", case.key);
        }
    }
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let stage = stage();
    stage.write(
        "film/shots.yaml",
        &ONE.replacen('\n', "\nlimits: { concurrency: 6 }\n", 1),
    );
    stage.write(".git/HEAD", "");
    stage.write(
        "runner.yaml",
        "out: videos\nmax_cost: 9 USD\nprofiles:\n  cn: { region: cn, key_env: MINIMAX_CN_API_KEY, progress: none }\n",
    );
    stage.write(
        "me/config.yaml",
        "profile: cn\nmax_cost: 3 USD\napply: { verbose: true }\n",
    );
    stage.write("film/.env", &format!("MINIMAX_CN_API_KEY={KEY}\n"));
    let mut command = command(&stage);
    let told = ran(command
        .env("RUNNER_POLL_INTERVAL", "20s")
        .env("RUNNER_CONCURENCY", "3")
        .args(["config", "film/shots.yaml", "--origin"]));
    insta::assert_snapshot!(format!(
        "{}\n{}exit {}",
        told.stdout, told.stderr, told.code
    ));
    let paths = run(&stage, &["config", "--paths", "film/shots.yaml"]);
    assert_eq!(
        paths.stdout,
        "film/.env  # read\nrunner.yaml  # read\nme/config.yaml  # read\n"
    );
}

/// Outside of a repository anybody may write to a folder above.
#[test]
fn a_project_ends_where_its_repository_does() {
    let stage = stage();
    stage.write("film/shots.yaml", ONE);
    stage.write("runner.yaml", "progress: none\n");
    let paths = || run(&stage, &["config", "--paths", "film/shots.yaml"]).stdout;
    assert!(
        paths().starts_with("film/runner.yaml  # not there\n"),
        "{}",
        paths()
    );
    stage.write("film/.git/HEAD", "");
    assert!(
        paths().starts_with("film/runner.yaml  # not there\n"),
        "{}",
        paths()
    );
    std::fs::remove_dir_all(stage.path("film/.git")).expect("it was just made");
    stage.write(".git/HEAD", "");
    assert!(paths().starts_with("runner.yaml  # read\n"), "{}", paths());
    // A storyboard of that name is a storyboard.
    stage.write("film/runner.yaml", ONE);
    let checked = run(&stage, &["check", "film/runner.yaml"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
}

#[test]
fn files_do_what_their_flags_do() {
    let stage = stage();
    stage.write(
        "runner.yaml",
        "out: videos\nprogress: none\nclips: tiny\ntime_scale: 20000\n",
    );
    let applied = run(&stage, &["apply", "shots.yaml", "--simulate"]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert!(!applied.stderr.contains("done"), "{}", applied.stderr);
    assert!(stage.path("videos/simulated/one.mp4").is_file());
    let status = run(&stage, &["status", "shots.yaml", "--simulate"]);
    assert!(
        status.stdout.contains("1 shot: 1 saved\n") && status.stdout.contains("videos/simulated"),
        "{}",
        status.stdout
    );
    // Of two budgets the smaller counts, and a flag over both.
    stage.write("me/config.yaml", "max_cost: 0.10 USD\n");
    stage.write(
        "shots.yaml",
        &ONE.replacen('\n', "\nlimits: { max_cost: 50 USD }\n", 1),
    );
    let mut command = command(&stage);
    command.env("MINIMAX_API_KEY", KEY);
    let refused = ran(command.args(["apply", "shots.yaml"]));
    assert_eq!(refused.code, 30, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("the limit is 0.10 USD"),
        "{}",
        refused.stderr
    );
}

#[test]
fn of_two_flags_that_exclude_each_other_the_typed_one_counts() {
    let stage = stage();
    let backend = |variable: (&str, &str), args: &[&str]| {
        let mut command = command(&stage);
        let line = ["config", "--json", "plan", "shots.yaml"];
        let told = json(&ran(command
            .env(variable.0, variable.1)
            .args(line)
            .args(args)));
        let rows = told["settings"].as_array().expect("a list").clone();
        let row = rows.into_iter().find(|row| row["name"] == "backend");
        row.expect("it is shown")["value"].clone()
    };
    assert_eq!(backend(("RUNNER_SIMULATE", "1"), &[]), "simulator");
    assert_eq!(
        backend(("RUNNER_SIMULATE", "1"), &["--backend", "minimax"]),
        "minimax"
    );
    assert_eq!(
        backend(("RUNNER_SIMULATE", "1"), &["--profile", "mainland"]),
        "minimax"
    );
    assert_eq!(
        backend(("RUNNER_BACKEND", "minimax"), &["--simulate"]),
        "simulator"
    );
    assert_eq!(
        backend(("RUNNER_PROFILE", "mainland"), &["--simulate"]),
        "simulator"
    );
    // An empty variable is none.
    assert_eq!(backend(("RUNNER_SIMULATE", ""), &[]), "minimax");
}

#[test]
fn what_spends_or_replaces_is_typed_or_not_at_all() {
    let stage = stage();
    for name in [
        "yes",
        "force",
        "retry",
        "allow_unpriced",
        "overwrite",
        "var",
        "select",
        "lost",
    ] {
        let mut command = command(&stage);
        let variable = format!("RUNNER_{}", name.to_uppercase());
        let told = ran(command.env(&variable, "true").args(["config"]));
        let word = format!("{variable} is no setting and has no effect");
        assert!(told.stderr.contains(&word), "{}", told.stderr);
    }
    for (key, why) in [
        ("yes", "money"),
        ("force", "pays"),
        ("retry", "pays"),
        ("allow_unpriced", "spends"),
        ("var", "changes what is asked for"),
        ("simulate", "backend: simulator"),
        ("backend", "profile"),
        ("only", "left out"),
    ] {
        stage.write("runner.yaml", &format!("{key}: true\n"));
        let refused = run(&stage, &["plan", "shots.yaml"]);
        assert_eq!(refused.code, 2, "{key}: {}", refused.stderr);
        assert!(
            refused.stderr.contains("cannot be set here"),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
}

#[test]
fn mistakes_in_a_file_are_shown_in_place_and_stop_everything() {
    let stage = stage();
    stage.write(
        "runner.yaml",
        "\
concurency: 8
concurrency: 5000
progress: fancy
columns: 3
sheet: { colums: 3 }
status: { out: x }
profile: mainlnd
profiles:
  evil: { base_url: \"https://evil.example\" }
  mine: { region: cm }
  global: {}
deadline: [1m]
",
    );
    stage.write("me/config.yaml", "out: here\n");
    let refused = run(&stage, &["plan", "shots.yaml"]);
    assert_eq!(refused.code, 2);
    insta::assert_snapshot!(refused.stderr);
    for (text, word) in [
        ("- 1\n", "is a mapping from names to values, this is a list"),
        ("a: [\n", "error[syntax]"),
        ("concurrency: 1\nconcurrency: 2\n", "duplicate-key"),
        ("profiles: [a]\n", "`profiles` is a mapping"),
        (
            "profiles: { a: { key_env: 'a b' } }\n",
            "is the name of a variable",
        ),
        (
            "profiles: { a: { base_url: 'http://far.example', key_env: A } }\n",
            "in the open",
        ),
        (
            "profiles: { a: { base_url: 'https://u:p@far.example', key_env: A } }\n",
            "is refused",
        ),
        ("shots: []\n", "because of its name"),
        ("a: &a [*a, *a]\n", "error["),
    ] {
        stage.write("me/config.yaml", "");
        stage.write("runner.yaml", text);
        let refused = run(&stage, &["plan", "shots.yaml"]);
        assert_eq!(refused.code, 2, "{text}: {}", refused.stderr);
        assert!(refused.stderr.contains(word), "{text}: {}", refused.stderr);
    }
    std::fs::remove_file(stage.path("runner.yaml")).expect("it was just written");
    std::fs::create_dir(stage.path("runner.yaml")).expect("the name is free");
    let refused = run(&stage, &["plan", "shots.yaml"]);
    assert!(
        refused
            .stderr
            .contains("`runner.yaml` cannot be read: it is not a file")
    );
    let mut command = command(&stage);
    let refused = ran(command
        .env("RUNNER_PROFILE", "mainlnd")
        .args(["plan", "shots.yaml"]));
    assert!(
        refused.stderr.contains("did you mean `mainland`?"),
        "{}",
        refused.stderr
    );
}

/// Whoever writes a storyboard may write any host into its files.
#[test]
fn a_key_is_not_sent_where_only_a_storyboard_says() {
    let evil = "https://evil.example";
    let backends = format!(
        "\nbackend: gate\nbackends: {{ gate: {{ base_url: '{evil}', key_env: KEYVAR }} }}\n"
    );
    let manifest = |key: &str| ONE.replacen('\n', &backends.replace("KEYVAR", key), 1);
    let profile =
        format!("profile: p\nprofiles: {{ p: {{ base_url: '{evil}', key_env: GATE_KEY }} }}\n");
    for (files, refused) in [
        (vec![(".env", format!("MINIMAX_BASE_URL={evil}\n"))], true),
        (
            vec![(".env", "MINIMAX_API_HOST=evilminimax.io\n".to_owned())],
            true,
        ),
        (
            vec![(
                ".env",
                format!("MINIMAX_BASE_URL={evil}\nMINIMAX_API_KEY=sk-of-theirs\n"),
            )],
            true,
        ),
        (vec![("shots.yaml", manifest("MINIMAX_API_KEY"))], true),
        // Another name for the same key.
        (
            vec![
                ("shots.yaml", manifest("GATE_KEY2")),
                (".env", "GATE_KEY2=${MINIMAX_API_KEY}\n".to_owned()),
            ],
            true,
        ),
        (vec![("shots.yaml", manifest("GATE_KEY"))], false),
        (vec![("runner.yaml", profile.clone())], false),
        (
            vec![(
                "me/config.yaml",
                profile.replace("GATE_KEY", "MINIMAX_API_KEY"),
            )],
            false,
        ),
        (
            vec![(
                ".env",
                "MINIMAX_BASE_URL=https://api.minimaxi.com\n".to_owned(),
            )],
            false,
        ),
    ] {
        let stage = stage();
        for (name, text) in &files {
            stage.write(name, text);
        }
        let mut command = command(&stage);
        command
            .env("MINIMAX_API_KEY", KEY)
            .env("GATE_KEY", "sk-of-the-gate");
        let told = ran(command.args(["doctor", "shots.yaml"]));
        assert_eq!(
            told.stdout.contains("is not sent to"),
            refused,
            "{files:?}\n{}",
            told.stdout
        );
        assert_eq!(told.code, i32::from(refused), "{files:?}\n{}", told.stdout);
        if refused {
            let mut command = self::command(&stage);
            command.env("MINIMAX_API_KEY", KEY);
            let applied = ran(command.args(["apply", "shots.yaml"]));
            assert_eq!(applied.code, 3, "{files:?}\n{}", applied.stderr);
        }
    }
}

#[test]
fn colours_follow_the_flag_then_the_variables_then_the_files() {
    let stage = stage();
    for (variables, file, args, coloured) in [
        (
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")][..],
            "",
            &[][..],
            false,
        ),
        (&[("CLICOLOR_FORCE", "1")], "", &[], true),
        (&[("CLICOLOR_FORCE", "0")], "", &[], false),
        (&[("CLICOLOR_FORCE", "1"), ("CLICOLOR", "0")], "", &[], true),
        (&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], "", &[], true),
        (&[("CLICOLOR_FORCE", "1")], "", &["--color", "never"], false),
        (&[("NO_COLOR", "1")], "", &["--color", "always"], true),
        (
            &[("NO_COLOR", "1"), ("RUNNER_COLOR", "always")],
            "",
            &[],
            true,
        ),
        (
            &[("RUNNER_COLOR", "always")],
            "",
            &["--color", "never"],
            false,
        ),
        (&[], "color: always\n", &[], true),
        (&[("NO_COLOR", "1")], "color: always\n", &[], false),
        (&[("CLICOLOR_FORCE", "1")], "color: never\n", &[], true),
        (&[], "", &[], false),
    ] {
        stage.write("me/config.yaml", file);
        stage.write("bad.yaml", "version: 1\nshots: [{ id: one }]\n");
        let mut command = command(&stage);
        command.env_remove("NO_COLOR");
        command.envs(variables.iter().copied());
        let checked = ran(command.args(["check", "bad.yaml"]).args(args));
        let found = checked.stderr.contains('\u{1b}');
        assert_eq!(found, coloured, "{variables:?} {file:?} {args:?}");
    }
}

fn verdicts<'a>(told: &'a Value, name: &str) -> Vec<(&'a str, &'a str)> {
    let checks = told["checks"].as_array().expect("a list").iter();
    let of_name = checks.filter(|check| check["name"] == name);
    let text = |value: &'a Value| value.as_str().expect("a text");
    of_name
        .map(|check| (text(&check["verdict"]), text(&check["message"])))
        .collect()
}

#[test]
fn the_doctor_asks_the_service_and_shows_no_key() {
    let simulator = Simulated::start(&["--key", KEY]);
    let stage = stage();
    let asked = |key: &str, args: &[&str]| {
        let mut command = command(&stage);
        command
            .env("MINIMAX_API_KEY", key)
            .env("MINIMAX_BASE_URL", simulator.address());
        let told = ran(command.args(["doctor", "shots.yaml", "--json"]).args(args));
        assert!(!told.stdout.contains(key.trim()), "{}", told.stdout);
        (told.code, json(&told))
    };
    let (code, told) = asked(KEY, &[]);
    assert_eq!((code, verdicts(&told, "network").len()), (0, 0), "{told:#}");
    let (code, told) = asked("sk-api-of-nobody", &["--online"]);
    assert_eq!(code, 0, "{told:#}");
    let network = verdicts(&told, "network");
    assert!(network[0].1.starts_with("127.0.0.1 answers"), "{told:#}");
    let (code, told) = asked(KEY, &["--send-key"]);
    assert_eq!(code, 0, "{told:#}");
    assert!(
        verdicts(&told, "key").contains(&("ok", "the service takes the key")),
        "{told:#}"
    );
    let (code, told) = asked("sk-api-of-nobody", &["--send-key"]);
    assert_eq!(code, 1, "{told:#}");
    assert!(
        verdicts(&told, "key")
            .iter()
            .any(|(verdict, _)| *verdict == "fail"),
        "{told:#}"
    );
    let (code, told) = asked("'sk-api-in-quotes'", &[]);
    assert_eq!(code, 1, "{told:#}");
    drop(simulator);
}

#[test]
fn the_doctor_finds_what_stands_in_the_way() {
    let stage = stage();
    stage.write(".env", "RUNNER_YES=1\nthis is nothing\n");
    let look = |args: &[&str]| {
        let mut command = command(&stage);
        command.env("MINIMAX_API_KEY", KEY);
        let told = ran(command.args(["doctor", "shots.yaml", "--json"]).args(args));
        (told.code, json(&told))
    };
    let (code, told) = look(&[]);
    assert_eq!(code, 0, "{told:#}");
    assert_eq!(verdicts(&told, ".env").len(), 2, "{told:#}");
    assert!(!stage.path("out").exists(), "it only looks");
    // Nobody listens on port 1.
    stage.write(".env", "MINIMAX_BASE_URL=http://127.0.0.1:1\n");
    let (code, told) = look(&["--online"]);
    assert_eq!(
        (code, verdicts(&told, "network")[0].0),
        (1, "fail"),
        "{told:#}"
    );
    stage.write(".env", "");
    let simulated = stage.apply(&["--out", "out"]);
    assert_eq!(simulated.code, 0, "{}", simulated.stderr);
    let (code, told) = look(&[]);
    assert_eq!(code, 0, "{told:#}");
    assert_eq!(
        verdicts(&told, "ledger"),
        [("ok", "whole, with 1 creations on record")]
    );
    stage.write("out/.runner/ledger.sqlite", "This is no ledger.");
    stage.write("runner.yaml", "concurrency: many\n");
    stage.write("shots.yaml", "version: 1\nshots: [{ id: one }]\n");
    let (code, told) = look(&[]);
    assert_eq!(code, 1);
    for name in ["ledger", "configuration", "manifest"] {
        assert_eq!(verdicts(&told, name)[0].0, "fail", "{name}: {told:#}");
    }
}
