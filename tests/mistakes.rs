//! Every kind of mistake, and what its author sees.
//!
//! A new mistake is a new file in `tests/fixtures/bad/`; it says in a
//! comment which code it is about. One of several files is a folder in
//! `tests/fixtures/bad-films/`. Accept a look with `INSTA_UPDATE=always cargo test`.

mod support;

use std::path::Path;

use serde_json::Value;

use support::{Stage, files, name, program, ran};

const FOLDER: &str = "tests/fixtures/bad";

/// Storyboards of several files, a folder for each.
const FILMS: &str = "tests/fixtures/bad-films";

#[test]
fn defaults_are_for_those_that_have_the_field() {
    let checked = ran(program().args(["check", "tests/fixtures/ok/defaults.yaml"]));
    assert!(!checked.stderr.contains("error["), "{}", checked.stderr);
}

#[test]
fn every_mistake_is_explained_in_place() {
    let fixtures = files(FOLDER, "yaml");
    assert!(fixtures.len() >= 30, "{} fixtures", fixtures.len());
    for fixture in fixtures {
        explained("mistake", &fixture, &name(&fixture));
    }
}

fn validator() -> jsonschema::Validator {
    let printed = ran(program().args(["schema", "diagnostics"])).stdout;
    let schema: Value = serde_json::from_str(&printed).expect("it is JSON");
    jsonschema::options()
        .build(&schema)
        .expect("it is a schema")
}

/// The same for programs: every code of the text, in a shape that is promised.
#[test]
fn json_says_the_same_in_the_shape_of_its_schema() {
    let validator = validator();
    for fixture in files(FOLDER, "yaml") {
        let file = fixture.to_str().expect("a plain name");
        let told = ran(program().args(["check", file, "--json"]));
        let report: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
        let wrong: Vec<String> = validator
            .iter_errors(&report)
            .map(|e| e.to_string())
            .collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
        let text = std::fs::read_to_string(&fixture).expect("it can be read");
        let wanted = text
            .lines()
            .find_map(|line| line.strip_prefix("# expect: "));
        let list = report["diagnostics"].as_array().expect("a list");
        assert!(
            list.iter().any(|one| one["code"].as_str() == wanted),
            "{file}"
        );
        for one in list {
            let Some(range) = one["range"].as_object() else {
                continue;
            };
            let start = usize::try_from(range["start"]["byte"].as_u64().expect("a number"));
            let line = text[..start.expect("it fits")].matches('\n').count() + 1;
            assert_eq!(range["start"]["line"].as_u64(), Some(line as u64), "{file}");
        }
    }
}

#[test]
fn json_marks_the_very_words() {
    let told = ran(program().args([
        "check",
        "tests/fixtures/bad/carets-everywhere.yaml",
        "--json",
    ]));
    let report: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    let text = std::fs::read_to_string("tests/fixtures/bad/carets-everywhere.yaml").expect("text");
    let at = |range: &Value, end: &str| {
        usize::try_from(range[end]["byte"].as_u64().expect("a number")).expect("it fits")
    };
    let list = report["diagnostics"].as_array().expect("a list");
    let undefined = list
        .iter()
        .filter(|one| one["code"] == "undefined-variable");
    let words: Vec<&str> = undefined
        .map(|one| &text[at(&one["range"], "start")..at(&one["range"], "end")])
        .collect();
    assert!(words.len() >= 9, "{words:?}");
    for word in words {
        assert!(
            ["heroo", "heroe", "heroq", "matrix.lense"].contains(&word),
            "{word}"
        );
    }
    assert!(list.iter().all(|one| {
        one["explain"]
            .as_str()
            .is_some_and(|e| e.starts_with("runner explain "))
    }));
}

#[test]
fn the_schema_of_diagnostics_is_what_it_was() {
    insta::assert_snapshot!(ran(program().args(["schema", "diagnostics"])).stdout);
}

/// Carets are measured in the grid of a terminal, where 雪 is two columns wide.
#[test]
fn carets_stand_under_their_words() {
    use unicode_width::UnicodeWidthStr as _;
    let told = ran(program().args(["check", "tests/fixtures/bad/carets-everywhere.yaml"]));
    let lines: Vec<&str> = told.stderr.lines().collect();
    let mut measured = 0;
    for block in lines.windows(2) {
        let Some((gutter, carets)) = block[1].split_once("| ") else {
            continue;
        };
        if !gutter.trim().is_empty()
            || !carets.trim_matches([' ', '^']).is_empty()
            || !carets.contains('^')
        {
            continue;
        }
        let (_, shown) = block[0].split_once("| ").expect("a line of the text");
        let from = carets.len() - carets.trim_start().len();
        let (before, after) = ["heroo", "heroe", "heroq", "matrix.lense", "推近"]
            .into_iter()
            .flat_map(|word| shown.match_indices(word))
            .find(|(at, _)| shown[..*at].width() == from)
            .map_or((None, 0), |(at, word)| (Some(at), word.width()));
        let other = shown.contains("duration") || shown.contains("push\\tinn");
        assert!(before.is_some() || other, "{}\n{}", block[0], block[1]);
        if before.is_some() {
            assert_eq!(carets.trim().len(), after, "{}\n{}", block[0], block[1]);
            measured += 1;
        }
    }
    assert!(measured >= 10, "{measured}\n{}", told.stderr);
}

#[test]
fn signatures_of_links_and_keys_are_never_shown() {
    for (fixture, secret) in [
        ("picture-by-signed-link", "3wXyZ"),
        ("newcomer-key-inside", "0123456789"),
    ] {
        let file = format!("{FOLDER}/{fixture}.yaml");
        let text = std::fs::read_to_string(&file).expect("it can be read");
        assert!(text.contains(secret), "{fixture}");
        let told = ran(program().args(["check", &file]));
        assert!(!told.stderr.contains(secret), "{}", told.stderr);
    }
}

#[test]
fn warnings_stop_a_build_that_asks_for_it() {
    let stage = Stage::new();
    stage.write(
        "shots.yaml",
        "version: 1\nvars: { idle: x }\ndefaults: { model: MiniMax-Hailuo-2.3 }\nshots:\n  - { id: a, prompt: A fox runs over the snow. }\n",
    );
    assert_eq!(stage.run(&["check", "shots.yaml"]).code, 0);
    assert_eq!(
        stage
            .run(&["check", "shots.yaml", "--deny", "warnings"])
            .code,
        20
    );
    let but = [
        "check",
        "shots.yaml",
        "--deny",
        "warnings",
        "--allow",
        "unused-variable",
    ];
    assert_eq!(stage.run(&but).code, 0);
    let misspelt = stage.run(&["check", "shots.yaml", "--deny", "unusd-variable"]);
    assert_eq!(misspelt.code, 2);
    assert!(
        misspelt.stderr.contains("did you mean `unused-variable`?"),
        "{}",
        misspelt.stderr
    );
    let always = stage.run(&["check", "shots.yaml", "--allow", "request"]);
    assert!(
        always.stderr.contains("always an error"),
        "{}",
        always.stderr
    );
}

#[test]
fn every_mistake_of_several_files_is_explained_in_its_file() {
    let films = std::fs::read_dir(FILMS).expect("the fixtures are part of the project");
    let films: Vec<_> = films.map(|film| film.expect("a folder").path()).collect();
    assert!(films.len() >= 15, "{} films", films.len());
    for film in films {
        explained("film", &film.join("film.yaml"), &name(&film));
    }
}

/// Checks a fixture for what it says of itself, and for how that looks.
fn explained(kind: &str, fixture: &Path, name: &str) {
    let file = fixture.to_str().expect("a plain name");
    let text = std::fs::read_to_string(fixture).expect("it can be read");
    let checked = ran(program().args(["check", file]));
    let expected = text
        .lines()
        .find_map(|line| line.strip_prefix("# expect: "))
        .unwrap_or_else(|| panic!("{file} does not say what it expects"));
    let shown = format!("[{}]", expected.trim());
    assert!(
        checked.stderr.contains(&shown),
        "{file}\n{}",
        checked.stderr
    );
    assert_eq!(
        checked.code == 20,
        checked.stderr.contains("error["),
        "{file}\n{}",
        checked.stderr
    );
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_suffix(name);
    settings.bind(|| insta::assert_snapshot!(kind, checked.stderr));
}
