//! Texts through `read`: values, places, budgets.

use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::prelude::{ProptestConfig, proptest};
use serde_json::json;

use super::{MAX_TEXT_BYTES, read};
use crate::diag::{Code, SourceId};

fn codes(text: &str) -> Vec<Code> {
    let (_, diagnostics) = read(text, SourceId(0));
    for diagnostic in &diagnostics {
        let primary = diagnostic.primary.as_ref().expect("a place");
        assert!(primary.span.start < primary.span.end, "{diagnostic:?}");
        assert!(text.get(primary.span.start..primary.span.end).is_some());
    }
    diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn values_and_places() {
    let text = "# 注释\na: &x [1, 'b', {c: ~}]\nd: *x\ne:\n  - f: 1\n    g: |\n      t\n\n# end\n";
    let (root, diagnostics) = read(text, SourceId(0));
    assert_eq!(diagnostics, []);
    let root = root.expect("a document");
    assert_eq!(
        root.to_json(),
        json!({"a": [1, "b", {"c": null}], "d": [1, "b", {"c": null}],
               "e": [{"f": 1, "g": "t\n"}]})
    );
    let slice = |pointer: &str| {
        let span = root.pointer(pointer).expect("a node").span;
        &text[span.start..span.end]
    };
    assert_eq!(slice("/a"), "[1, 'b', {c: ~}]");
    assert_eq!(slice("/d/1"), "'b'");
    assert_eq!(slice("/e/0/f"), "1");
    assert_eq!(slice("/e/0"), "f: 1\n    g: |\n      t");
}

#[test]
fn merge_keys_give_way_to_own_keys() {
    let text = "b: &b {x: 1, y: 2}\nc: &c {y: 3, z: 4}\nd: {<<: [*b, *c], x: 9}\n";
    let (root, diagnostics) = read(text, SourceId(0));
    assert_eq!(diagnostics, []);
    let merged = root.and_then(|root| root.get("d").map(super::Node::to_json));
    assert_eq!(merged, Some(json!({"x": 9, "y": 2, "z": 4})));
    assert_eq!(codes("a: {<<: 5}"), [Code::WrongType]);
}

#[test]
fn mistakes_have_places() {
    assert_eq!(codes("a: 1\nb: 2\na: 3\na: 4\n"), [Code::DuplicateKey; 2]);
    assert_eq!(codes("a: [1\nb: 2"), [Code::Syntax]);
    assert_eq!(codes("a: \"x"), [Code::Syntax]);
    assert_eq!(codes("a: *nope"), [Code::Syntax]);
    assert_eq!(codes("a: &a [*a]"), [Code::Syntax]);
    assert_eq!(codes("a: 1\n---\nb: 2"), [Code::Syntax]);
    assert_eq!(codes("[a]: 1"), [Code::WrongType]);
    assert_eq!(codes("a: !thing 1"), [Code::Syntax]);
    assert_eq!(codes(""), []);
}

#[test]
fn hostile_texts_are_refused_quickly() {
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..30 {
        let _ = write!(laughs, "a{level}: &a{level} [");
        for _ in 0..10 {
            let _ = write!(laughs, "*a{},", level - 1);
        }
        laughs.push_str("]\n");
    }
    let mut merges = String::from("a0: &a0 {x: 1}\n");
    for level in 1..60 {
        let before = level - 1;
        let _ = writeln!(
            merges,
            "a{level}: &a{level} {{<<: [*a{before}, *a{before}]}}"
        );
    }
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        laughs,
        merges,
        "x".repeat(MAX_TEXT_BYTES + 1),
    ] {
        let start = Instant::now();
        assert_eq!(codes(&text), [Code::TooLarge], "{:?}", text.get(..20));
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn large_texts_take_seconds_at_most() {
    for line in [
        "a: b\n",
        "- - - a\n",
        "- {a: [b, c]}\n",
        "- \"\\u955c\"\n",
        "- 镜头 x y\n",
        "- |\n  x\n\n",
    ] {
        let text = line.repeat(2 * 1024 * 1024 / line.len());
        let start = Instant::now();
        let _ = read(&text, SourceId(0));
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{line:?}: {:?}",
            start.elapsed()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "[-a-c:\\[\\]{}&*!|>'\"%#?,<~ \n\t\r\u{feff}镜：，“0-9.]{0,80}") {
        codes(&text);
    }

    #[test]
    fn no_unicode_panics(text in "\\PC{0,60}") {
        codes(&text);
    }
}
