//! What the forms say, and what they never do.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser};
use serde_json::{Value, json};

use super::WORDS;
use super::page::{Beside, FRAME, html};
use crate::diff::{Diff, Document, Fact, Group, Kind, Side, SideShot, diff, request_facts};

const HOSTILE: &str = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> \u{2028} {{data}} @all | ` ";

fn side(name: &str, shots: Vec<SideShot>) -> Side {
    Side {
        document: Document {
            name: name.to_owned(),
            kind: Kind::Report,
            manifest: None,
            run_id: None,
            shots: shots.len(),
        },
        backend: None,
        tells: BTreeSet::from(Group::ALL),
        facts: Vec::new(),
        shots,
    }
}

fn shot(id: &str, prompt: &str, outcome: &str) -> SideShot {
    let request = json!({ "prompt": prompt, "model": "m" });
    let request = request.as_object().expect("it is an object");
    let mut facts = request_facts(request, []);
    facts.extend(Fact::new(Group::Outcome, "outcome", outcome));
    SideShot {
        id: id.to_owned(),
        facts,
        ..SideShot::default()
    }
}

fn compared(before: Vec<SideShot>, after: Vec<SideShot>) -> Diff {
    diff(&side("a", before), &side("b", after), &BTreeSet::new())
}

fn page(diff: &Diff) -> String {
    let none = Beside::default();
    html(diff, &none, &none, &str::to_owned, "en")
}

fn data(page: &str) -> Value {
    let open = "id=\"data\">";
    let start = page.find(open).expect("there is data") + open.len();
    let end = start + page[start..].find("</script").expect("it ends");
    serde_json::from_str(&page[start..end]).expect("it is JSON")
}

#[test]
fn markdown_shows_what_went_and_what_came() {
    let found = compared(
        vec![
            shot("one", "A red boat at dawn.", "succeeded"),
            shot("two", "x", "succeeded"),
        ],
        vec![
            shot("one", "A blue boat at dawn.", "failed"),
            shot("three", "一只狗", "succeeded"),
        ],
    );
    insta::assert_snapshot!(found.to_markdown());
    let same = compared(
        vec![shot("one", "x", "failed")],
        vec![shot("one", "x", "failed")],
    );
    assert_eq!(
        same.to_markdown(),
        "### ✅ nothing differs&#58; 1 shot is as it was\n\n<code>a</code> → <code>b</code>\n"
    );
}

#[test]
fn markdown_fits_a_comment_whatever_is_in_it() {
    let long = |word: &str| format!("{word} {}", "雨*<&".repeat(400));
    let many = |word: &str| {
        let one = |at| {
            shot(
                &format!("shot-{at}-{}", "_".repeat(90)),
                &long(word),
                "failed",
            )
        };
        (0..2000).map(one).collect::<Vec<_>>()
    };
    let text = compared(many("one"), many("two")).to_markdown();
    assert!(text.chars().count() < 65_536, "{}", text.chars().count());
    assert!(text.len() < 1_048_576, "{}", text.len());
    let more: usize = text
        .lines()
        .find_map(|line| {
            line.strip_prefix("and ")?
                .strip_suffix(" more")?
                .parse()
                .ok()
        })
        .expect("the rest is counted");
    assert_eq!(text.matches("\n| <code>").count() + more, 2000);
}

#[test]
fn in_markdown_a_prompt_is_text_only() {
    let found = compared(
        vec![
            shot("a", "calm", "succeeded"),
            shot(HOSTILE, "x", "succeeded"),
        ],
        vec![shot("a", HOSTILE, HOSTILE)],
    );
    let text = found.to_markdown();
    let tags: BTreeSet<String> = Parser::new_ext(&text, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::InlineHtml(tag) | Event::Html(tag) => Some(tag.trim().to_owned()),
            _ => None,
        })
        .collect();
    let ours = [
        "<br>",
        "<code>",
        "</code>",
        "<del>",
        "</del>",
        "<ins>",
        "</ins>",
        "</details>",
        "<details><summary>Details</summary>",
    ];
    let other: Vec<&String> = tags
        .iter()
        .filter(|tag| !ours.contains(&tag.as_str()))
        .collect();
    assert!(other.is_empty(), "{other:?}");
    assert!(!text.contains("@all"));
    // Two rows, each of two cells.
    let rows = text.lines().filter(|line| line.starts_with("| <code>"));
    assert!(rows.clone().count() == 2, "{text}");
}

#[test]
fn nothing_that_a_document_says_becomes_markup() {
    let plain = page(&compared(Vec::new(), Vec::new()));
    let found = compared(
        vec![shot(HOSTILE, "calm", "succeeded")],
        vec![shot(HOSTILE, HOSTILE, HOSTILE)],
    );
    let page = page(&found);
    assert_eq!(page.matches('<').count(), plain.matches('<').count());
    let in_data = &page[page.find("id=\"data\"").expect("there is data")..];
    assert!(!in_data.contains(['\u{2028}', '\u{2029}']));
    assert_eq!(data(&page)["diff"]["shots"][0]["id"], HOSTILE);
    for outside in ["http://", "https://", "onclick=", "innerHTML", "eval("] {
        assert!(!plain.contains(outside), "{outside}");
    }
    assert!(plain.contains("default-src 'none'"));
}

#[test]
fn the_table_of_words_is_whole_and_has_no_more() {
    let mut asked = FRAME.asked();
    let heading = |word: &str| word[..1].to_uppercase() + &word[1..];
    asked.extend(["added", "removed", "renamed", "moved"].map(heading));
    asked.extend(Group::ALL.map(|group| heading(group.as_str())));
    asked.extend([Kind::Report, Kind::Plan, Kind::Lock].map(|kind| heading(kind.as_str())));
    for word in &asked {
        assert!(
            WORDS.contains(&word.as_str()),
            "`{word}` has no translation"
        );
    }
    for word in WORDS {
        let literal = format!("\"{word}\"");
        let said = asked.contains(*word) || FRAME.script.contains(&literal);
        assert!(said, "`{word}` is never said");
    }
    let once: BTreeSet<_> = WORDS.iter().collect();
    assert_eq!(once.len(), WORDS.len(), "a word is there twice");
}
