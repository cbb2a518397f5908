//! The rules of the house that a compiler does not hold: who imports whom, who
//! prints, who asks the environment, and how a file begins.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by layer, lowest first; a module may import from its own layer's
/// row only what stands to its left.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "vocabulary",
        &["lang", "id", "money", "diag", "event", "state"],
    ),
    (
        "pure",
        &[
            "spec", "manifest", "shot", "check", "plan", "select", "diff",
        ],
    ),
    (
        "ports",
        &[
            "store",
            "ledger",
            "media",
            "provider",
            "recording",
            "callback",
            "verdict",
            "share",
        ],
    ),
    ("engine and report", &["engine", "report"]),
    ("simulator", &["simulator", "replay"]),
    ("command line", &["cli"]),
];

/// These two stand in one row and never meet but at `event` and `state`.
const STRANGERS: [(&str, &str); 4] = [
    ("engine", "report"),
    ("report", "engine"),
    ("simulator", "engine"),
    ("replay", "engine"),
];

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

impl Source {
    /// The file without its tests, which may import anything.
    fn code(&self) -> &str {
        let end = self.text.find("#[cfg(test)]\nmod tests {");
        &self.text[..end.unwrap_or(self.text.len())]
    }

    fn is_test(&self) -> bool {
        let name = self.path.to_string_lossy();
        name.ends_with("tests.rs")
            || name.contains("/tests/")
            || name.ends_with("fake.rs")
            || name.ends_with("script.rs")
    }
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    assert!(found.len() > 50, "the walk found the source folder");
    found
}

fn walk(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let inside = path.strip_prefix("src").expect("walked from src");
            let first = inside.components().next().expect("a path has a part");
            let module = first.as_os_str().to_string_lossy();
            found.push(Source {
                module: module.trim_end_matches(".rs").to_owned(),
                text: fs::read_to_string(&path).expect("sources are text"),
                path,
            });
        }
    }
}

fn places() -> BTreeMap<&'static str, (usize, usize)> {
    let mut places = BTreeMap::new();
    for (row, (_, modules)) in LAYERS.iter().enumerate() {
        for (column, module) in modules.iter().enumerate() {
            places.insert(*module, (row, column));
        }
    }
    places
}

#[test]
fn dependencies_point_one_way() {
    let places = places();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        if matches!(source.module.as_str(), "lib" | "main") {
            continue;
        }
        let own = places
            .get(source.module.as_str())
            .unwrap_or_else(|| panic!("`{}` has no layer", source.module));
        for (number, line) in source.code().lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for part in line.split("crate::").skip(1) {
                let name: String = part
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if name == source.module {
                    continue;
                }
                let allowed = places.get(name.as_str()).is_some_and(|other| other < own)
                    && !STRANGERS.contains(&(source.module.as_str(), name.as_str()));
                if !allowed {
                    let place = format!("{}:{}", source.path.display(), number + 1);
                    wrong.push(format!("{place}: {} imports {name}", source.module));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A word, the only places that may say it, and why.
const RESERVED: &[(&str, &[&str], &str)] = &[
    (
        "println!",
        &["src/cli/"],
        "printing belongs to the command line",
    ),
    (
        "std::env::var",
        &["src/cli/env.rs"],
        "the environment is read in one file",
    ),
    (
        "env::vars",
        &["src/cli/env.rs"],
        "the environment is read in one file",
    ),
    ("rusqlite", &["src/ledger/"], "SQL is the ledger's"),
    (
        "object_store",
        &["src/share/"],
        "object stores are the shared store's",
    ),
    (
        "minimax::client",
        &["src/provider/minimax/"],
        "the generated client is private",
    ),
    (
        "reqwest",
        &["src/provider/", "src/simulator/callback.rs"],
        "HTTP to the service is the provider's, and callbacks are the simulator's",
    ),
    (
        "axum",
        &["src/simulator/", "src/replay/", "src/callback/"],
        "HTTP from clients is the simulator's and the replay's, and from the service the listener's",
    ),
    ("clap", &["src/cli/"], "arguments are the command line's"),
    (
        "indicatif",
        &["src/cli/animatic.rs"],
        "it relies on rows that wrap; a run's bars are `report::progress`",
    ),
    (
        "terminal_size",
        &["src/cli/terminal.rs"],
        "terminals are the command line's",
    ),
    (
        "Timestamp::now",
        &[
            "src/cli/",
            "src/store/",
            "src/simulator/",
            // A date to wait for, in an answer that has none of its own.
            "src/provider/minimax/reply.rs",
        ],
        "time comes in",
    ),
    (
        "SystemTime::now",
        &["src/store/", "src/simulator/"],
        "time comes in",
    ),
    ("fs::write", &["src/store/"], "files are the store's"),
    (
        "fs::rename",
        &["src/store/", "src/ledger/"],
        "files are the store's and the ledger's",
    ),
];

#[test]
fn words_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let path = source.path.to_string_lossy().replace('\\', "/");
        for (word, places, why) in RESERVED {
            if places.iter().any(|place| path.starts_with(place)) {
                continue;
            }
            for (number, line) in source.code().lines().enumerate() {
                if line.contains(word) && !line.trim_start().starts_with("//") {
                    wrong.push(format!("{path}:{}: `{word}`: {why}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_say_what_they_own_and_stay_short() {
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.display();
        if !source.text.starts_with("//!") {
            wrong.push(format!(
                "{path}: the first line does not say what the file owns"
            ));
        }
        let lines = source.code().lines().count();
        if lines > 500 && !source.is_test() {
            wrong.push(format!("{path}: {lines} lines hold more than one idea"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together here, so that this file does not find itself.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["unimplemented", "!("],
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(&word.concat())) {
                wrong.push(format!("{}:{}", source.path.display(), number + 1));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "unfinished work is an issue:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_changelog_and_the_readme_know_this_version() {
    let changelog = fs::read_to_string("CHANGELOG.md").expect("there is a changelog");
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    assert!(
        changelog.contains(&heading),
        "CHANGELOG.md has no `{heading}`"
    );
}
