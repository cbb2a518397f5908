//! The page as text: what can and cannot be in it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Extras, FRAME, Picture, Poster, Take, WORDS, html};
use crate::event::Decision;
use crate::report::Report;
use crate::report::script::{accepted, events, facts, intended, started};
use crate::state::RunState;

const HOSTILE: &str = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \u{2028}\u{2029} {{data}} ]]> & \" '";

fn extras() -> Extras {
    let take = Take {
        sha256: "ab".repeat(32),
        path: "takes/a #1.mp4".to_owned(),
        at: "2026-01-02T03:04:05Z".to_owned(),
        task_id: None,
        duration_ms: 6_000,
        earlier_version: false,
        counts: false,
    };
    let poster = Poster {
        picture: Picture::Inside(vec![0xff, 0xd8, 0xff]),
        mean: [1, 32, 255],
    };
    Extras {
        takes: [(HOSTILE.to_owned(), vec![take.clone()])].into(),
        posters: [(take.sha256, poster)].into(),
        ..Extras::default()
    }
}

fn page(report: &Value) -> String {
    html(&report.to_string(), &extras(), &str::to_owned, "en")
}

/// What the script of the page reads.
fn data(page: &str) -> Value {
    let open = "id=\"data\">";
    let start = page.find(open).expect("there is data") + open.len();
    let end = start + page[start..].find("</script").expect("it ends");
    serde_json::from_str(&page[start..end]).expect("it is JSON")
}

#[test]
fn nothing_that_a_run_says_becomes_markup() {
    let report = json!({
        "manifest": format!("films/{HOSTILE}.yaml"),
        "shots": [{ "id": HOSTILE, "prompt": HOSTILE, "outcome": "failed", "error": { "message": HOSTILE } }],
    });
    let page = page(&report);
    let plain = self::page(&json!({}));
    assert_eq!(page.matches('<').count(), plain.matches('<').count());
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains("<!--"));
    // Line ends to a script, though not to people; in a title they are harmless.
    let in_data = &page[page.find("id=\"data\"").expect("there is data")..];
    assert!(!in_data.contains(['\u{2028}', '\u{2029}']));
    // It is all there nonetheless.
    let data = data(&page);
    assert_eq!(data["report"], report);
    assert_eq!(data["takes"][HOSTILE][0]["path"], "takes/a #1.mp4");
    assert_eq!(data["posters"]["ab".repeat(32)]["mean"], "#0120ff");
}

#[test]
fn equal_runs_have_equal_pages() {
    let shots = ["a", "b"].map(|name| facts(name, Decision::Create));
    let mut state = RunState::default();
    for event in events(vec![
        started(shots.to_vec()),
        intended("a", 1),
        accepted("a", 1),
    ]) {
        state.apply(&event);
    }
    let page = || {
        html(
            &Report::of(&state).to_json(),
            &extras(),
            &str::to_owned,
            "en",
        )
    };
    assert_eq!(page(), page());
    assert_eq!(data(&page())["report"]["shots"][1]["id"], "b");
}

#[test]
fn the_policy_lets_this_script_run_and_no_other() {
    let page = page(&json!({}));
    let between = |open: &str, close: &str| {
        let start = page.rfind(open).expect("it is there") + open.len();
        &page[start..start + page[start..].find(close).expect("it ends")]
    };
    for (text, kind) in [
        (between("<script>", "</script>"), "script-src"),
        (between("<style>", "</style>"), "style-src"),
    ] {
        let digest = STANDARD.encode(Sha256::digest(text));
        assert!(
            page.contains(&format!("{kind} 'sha256-{digest}'")),
            "{kind}"
        );
    }
    assert!(page.contains("default-src 'none'"));
    for outside in ["http://", "https://", "onclick=", "innerHTML", "eval("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_page_speaks_the_language_that_it_is_given() {
    let shout = |word: &str| format!("<{}>", word.to_uppercase());
    let page = html("{}", &Extras::default(), &shout, "zh-\"Hans");
    assert!(page.contains("<html lang=\"zh-&quot;Hans\">"));
    assert!(page.contains("placeholder=\"&lt;SEARCH&gt;\""));
    assert_eq!(data(&page)["words"]["Play the film"], "<PLAY THE FILM>");
}

#[test]
fn the_table_of_words_is_whole_and_has_no_more() {
    let mut asked = FRAME.asked();
    asked.extend(Decision::ALL.map(|decision| decision.as_str().to_owned()));
    for word in &asked {
        assert!(
            WORDS.contains(&word.as_str()),
            "`{word}` has no translation"
        );
    }
    let ways = include_str!("ways.rs");
    for word in WORDS {
        let literal = format!("\"{word}\"");
        assert!(
            asked.contains(*word) || FRAME.script.contains(&literal) || ways.contains(&literal),
            "`{word}` is never said"
        );
    }
    let once: BTreeSet<_> = WORDS.iter().collect();
    assert_eq!(once.len(), WORDS.len(), "a word is there twice");
}
