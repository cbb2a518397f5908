//! Every kind of mistake, and what its author sees.
//!
//! A new mistake is a new file in `tests/fixtures/bad/`; it says in a
//! comment which code it is about. Accept a look with `INSTA_UPDATE=always cargo test`.

mod support;

use support::{files, name, program, ran};

const FOLDER: &str = "tests/fixtures/bad";

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
        let file = fixture.to_str().expect("a plain name");
        let text = std::fs::read_to_string(&fixture).expect("it can be read");
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
        settings.set_snapshot_suffix(name(&fixture));
        settings.bind(|| insta::assert_snapshot!("mistake", checked.stderr));
    }
}
