//! Every kind of mistake, and what its author sees.
//!
//! A new mistake is a new file in `tests/fixtures/bad/`; it says in a
//! comment which code it is about. One of several files is a folder in
//! `tests/fixtures/bad-films/`. Accept a look with `INSTA_UPDATE=always cargo test`.

mod support;

use std::path::Path;

use support::{files, name, program, ran};

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
