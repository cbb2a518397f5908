//! What can be done about a shot: commands to type.
//!
//! Owns their wording and quoting. Never decides how a shot ended: that is in the
//! report.

use serde_json::{Value, json};

use super::Typed;

/// Digits of a take's digest in a command, as `runner takes` shows them.
const SELECT_DIGITS: usize = 8;

/// For each shot of the report the commands that go on, in the same order.
pub(super) fn of_report(report: &Value, typed: &Typed) -> Value {
    let free = report["simulated"] == true;
    let shots = report["shots"].as_array().into_iter().flatten();
    shots
        .map(|shot| Value::Array(of_shot(shot, typed, free)))
        .collect()
}

fn of_shot(shot: &Value, typed: &Typed, free: bool) -> Vec<Value> {
    let id = shot["id"].as_str().unwrap_or_default();
    let reason = shot["outcome_reason"]["code"].as_str().unwrap_or_default();
    let another = if free {
        "Make another take"
    } else {
        "Make another take, and pay for it"
    };
    match shot["outcome"].as_str().unwrap_or_default() {
        // What stands in the manifest no longer cannot be asked for.
        _ if shot["earlier_version"] == true => Vec::new(),
        "succeeded" => vec![way(another, &typed.apply(id, &["--force", id]))],
        "pending" => vec![way(
            "Collect it, without paying again",
            &typed.apply(id, &[]),
        )],
        "uncertain" => vec![
            way(
                "If the task is there",
                &typed.resolve(id, &["--task", "ID"]),
            ),
            way("If it is not", &typed.resolve(id, &["--lost"])),
        ],
        "failed" if reason == "failed_earlier" || had_task(shot) => {
            let once_more = if free {
                "Try once more"
            } else {
                "Try once more, and pay for it"
            };
            vec![way(once_more, &typed.apply(id, &["--retry", "failed"]))]
        }
        "failed" => vec![way("Then run again", &typed.apply(id, &[]))],
        "skipped" if reason != "blocked" => vec![way("Run again", &typed.apply(id, &[]))],
        _ => Vec::new(),
    }
}

/// Whether the service took it, so that only a repetition makes it anew.
fn had_task(shot: &Value) -> bool {
    shot["task_id"].is_string()
}

/// The command after which this take is the one that counts.
pub(super) fn choose(id: &str, sha256: &str, typed: &Typed) -> String {
    let digits = sha256.get(..SELECT_DIGITS).unwrap_or(sha256);
    line(&typed.on_manifest("takes", id, &["--select", digits]))
}

fn way(label: &'static str, words: &[String]) -> Value {
    json!({ "label": label, "command": line(words) })
}

fn line(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

impl Typed {
    fn apply(&self, id: &str, more: &[&str]) -> Vec<String> {
        self.on_manifest("apply", id, more)
    }

    fn on_manifest(&self, command: &str, id: &str, more: &[&str]) -> Vec<String> {
        let mut words = vec![
            "runner".to_owned(),
            command.to_owned(),
            self.manifest.clone(),
        ];
        words.extend(self.options.iter().cloned());
        words.extend(named("--out", self.out.as_ref()));
        words.extend(["--only".to_owned(), id.to_owned()]);
        words.extend(more.iter().map(|&word| word.to_owned()));
        words
    }

    fn resolve(&self, id: &str, more: &[&str]) -> Vec<String> {
        let mut words = vec![
            "runner".to_owned(),
            "resolve".to_owned(),
            self.manifest.clone(),
        ];
        words.push(id.to_owned());
        words.extend(more.iter().map(|&word| word.to_owned()));
        words.extend(named("--out", self.resolve_out.as_ref()));
        words
    }
}

fn named(flag: &str, value: Option<&String>) -> Vec<String> {
    value.map_or_else(Vec::new, |value| vec![flag.to_owned(), value.clone()])
}

/// A word as a shell takes it unchanged.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            manifest: "films/my film.yaml".to_owned(),
            options: vec!["--simulate".to_owned()],
            out: None,
            resolve_out: Some("films/out/simulated".to_owned()),
        }
    }

    fn commands(shot: &Value) -> Vec<String> {
        let report = json!({ "simulated": false, "shots": [shot] });
        let ways = of_report(&report, &typed());
        let ways = ways[0].as_array().cloned().unwrap_or_default();
        ways.iter()
            .map(|way| way["command"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn every_end_has_its_way_on() {
        let shot = |outcome: &str, task: Option<&str>| {
            commands(&json!({ "id": "镜头一", "outcome": outcome, "task_id": task }))
        };
        let apply = "runner apply 'films/my film.yaml' --simulate --only 镜头一";
        assert_eq!(shot("succeeded", None), [format!("{apply} --force 镜头一")]);
        assert_eq!(shot("pending", Some("1")), [apply]);
        assert_eq!(shot("failed", None), [apply]);
        assert_eq!(
            shot("failed", Some("1")),
            [format!("{apply} --retry failed")]
        );
        let resolve = "runner resolve 'films/my film.yaml' 镜头一";
        let out = "--out films/out/simulated";
        assert_eq!(
            shot("uncertain", None),
            [
                format!("{resolve} --task ID {out}"),
                format!("{resolve} --lost {out}")
            ]
        );
    }

    #[test]
    fn what_cannot_be_asked_for_has_none() {
        let blocked =
            json!({ "id": "a", "outcome": "skipped", "outcome_reason": { "code": "blocked" } });
        assert!(commands(&blocked).is_empty());
        let earlier = json!({ "id": "a", "outcome": "pending", "earlier_version": true });
        assert!(commands(&earlier).is_empty());
    }

    #[test]
    fn a_shell_takes_each_word_as_it_is() {
        assert_eq!(quoted("a-b.yaml"), "a-b.yaml");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$(rm x)"), "'$(rm x)'");
        assert_eq!(quoted(""), "''");
    }
}
