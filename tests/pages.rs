//! The page of every code, held to its own words: what it calls wrong raises the
//! code, what it calls right raises nothing, both by the program itself.

mod support;

use std::fs;

use serde_json::Value;

use support::{Ran, Stage};

/// A folder with every picture that the examples name.
fn stage() -> Stage {
    let stage = Stage::new();
    fs::create_dir(stage.path("stills")).expect("a new folder");
    for folder in ["manifests/stills", "tests/fixtures/bad/stills"] {
        for picture in fs::read_dir(folder).expect("it is there") {
            let picture = picture.expect("it can be listed");
            let copy = stage.path("stills").join(picture.file_name());
            fs::copy(picture.path(), copy).expect("it can be copied");
        }
    }
    // What an example includes.
    stage.write("cast.yaml", "characters: { mei: { text: a red fox } }\n");
    stage
}

fn check(stage: &Stage, example: &Value) -> Ran {
    let manifest = example["manifest"].as_str().expect("a text");
    stage.write("shots.yaml", manifest);
    let flags = example["flags"]
        .as_str()
        .expect("a text")
        .split_whitespace();
    let mut args = vec!["check", "shots.yaml"];
    args.extend(flags);
    stage.run(&args)
}

fn json(stage: &Stage, args: &[&str]) -> Value {
    let told = stage.run(args);
    assert_eq!(told.code, 0, "{}", told.stderr);
    serde_json::from_str(&told.stdout).expect("it is JSON")
}

#[test]
fn every_example_is_what_its_page_says() {
    let stage = stage();
    let list = json(&stage, &["explain", "--json"]);
    let codes = list["codes"].as_array().expect("a list");
    assert!(codes.len() >= 40, "{} codes", codes.len());
    for code in codes {
        let name = code["code"].as_str().expect("a text");
        let page = json(&stage, &["explain", name, "--json"]);
        let wrong = check(&stage, &page["wrong"]);
        let error = format!("error[{name}]");
        let warning = format!("warning[{name}]");
        let may_warn = code["severity"] == "warning";
        let raised = wrong.stderr.contains(&error) || may_warn && wrong.stderr.contains(&warning);
        assert!(raised, "{name}: the wrong example\n{}", wrong.stderr);
        let right = check(&stage, &page["right"]);
        assert_eq!(right.stderr, "", "{name}: the right example");
        assert_eq!(right.code, 0, "{name}");
    }
}

#[test]
fn a_warning_may_be_allowed_and_denied() {
    let stage = stage();
    let list = json(&stage, &["explain", "--json"]);
    let lints = list["codes"].as_array().expect("a list").iter();
    for code in lints.filter(|code| code["severity"] == "warning") {
        let name = code["code"].as_str().expect("a text");
        let page = json(&stage, &["explain", name, "--json"]);
        let wrong = check(&stage, &page["wrong"]);
        let warning = format!("warning[{name}]");
        if !wrong.stderr.contains(&warning) {
            continue;
        }
        let denied = stage.run(&["check", "shots.yaml", "--deny", name]);
        assert_eq!(denied.code, 20, "{name}\n{}", denied.stderr);
        assert!(denied.stderr.contains(&format!("error[{name}]")), "{name}");
        let text = page["wrong"]["manifest"].as_str().expect("a text");
        stage.write("shots.yaml", &format!("{text}lints: {{ {name}: allow }}\n"));
        let allowed = stage.run(&["check", "shots.yaml", "--deny", "warnings"]);
        assert!(!allowed.stderr.contains(name), "{name}\n{}", allowed.stderr);
    }
}

#[test]
fn pages_are_shown_as_they_are_asked_for() {
    let stage = Stage::new();
    insta::assert_snapshot!("list", stage.run(&["explain"]).stdout);
    insta::assert_snapshot!("page", stage.run(&["explain", "unused-variable"]).stdout);
    insta::assert_snapshot!("exit", stage.run(&["explain", "exit-102"]).stdout);
    let copied = stage.run(&["explain", "error[unknown-key]:"]);
    assert_eq!(copied.stdout, stage.run(&["explain", "unknown-key"]).stdout);
    let number = stage.run(&["explain", "102"]);
    assert_eq!(number.stdout, stage.run(&["explain", "exit-102"]).stdout);
    let unknown = stage.run(&["explain", "unknown-kee"]);
    assert_eq!(unknown.code, 2);
    insta::assert_snapshot!("unknown", unknown.stderr);
    let painted = stage.run(&["explain", "syntax", "--color", "always"]);
    assert!(painted.stdout.contains("\u{1b}[1m"), "{}", painted.stdout);
}

#[test]
fn the_readme_knows_every_exit_code() {
    let readme = fs::read_to_string("README.md").expect("there is one");
    let list = json(&Stage::new(), &["explain", "--json"]);
    for exit in list["exit_codes"].as_array().expect("a list") {
        let number = exit["exit_code"].as_u64().expect("a number");
        let row = readme.lines().filter(|line| line.starts_with('|'));
        let known = row
            .map(|row| row.split('|').nth(1).unwrap_or_default())
            .any(|cell| {
                cell.split(',')
                    .any(|code| code.trim() == number.to_string())
            });
        assert!(known, "{number} is not in the README");
    }
}
