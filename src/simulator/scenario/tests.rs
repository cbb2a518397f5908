//! Scenario files: what they mean, and what is refused.

use serde_json::{Value, json};

use crate::media::clip::Flaw;

use super::{Action, Operation, Page, Rule, Scenario, Turn};

fn read(rule: &Value) -> Result<Rule, String> {
    let scenario: Result<Scenario, _> = serde_json::from_value(json!({ "rules": [rule] }));
    let scenario = scenario.map_err(|error| error.to_string())?;
    scenario.rules.into_iter().next().ok_or_else(String::new)
}

fn action(on: &str, then: &Value) -> Option<Action> {
    let rule = read(&json!({ "on": on, "then": then }));
    rule.expect("the rule is a good one").then.action
}

#[test]
fn every_action_can_be_written() {
    let written = [
        (
            "create",
            json!({ "code": 1002 }),
            Action::Refuse { code: 1002 },
        ),
        ("create", json!({ "cut": "before" }), Action::Cut),
        ("create", json!({ "cut": "after" }), Action::Cut),
        ("query", json!({ "cut": "body" }), Action::CutBody),
        ("query", json!("stall"), Action::Stall),
        ("query", json!({ "stall": true }), Action::Stall),
        ("download", json!("stall_body"), Action::StallBody),
        (
            "query",
            json!({ "status": "Thinking" }),
            Action::Status("Thinking".to_owned()),
        ),
        ("query", json!("lower_case"), Action::LowerCase),
        (
            "create",
            json!({ "fail": 1027 }),
            Action::Fail { code: 1027 },
        ),
        (
            "create",
            json!({ "show": "frozen" }),
            Action::Show(Flaw::Frozen),
        ),
        ("retrieve", json!("expired_link"), Action::ExpiredLink),
        ("content", json!("truncated"), Action::Truncated),
        ("download", json!({ "truncated": "lying" }), Action::CutBody),
        ("download", json!("empty"), Action::Empty),
        ("callback", json!("drop"), Action::Drop),
        ("callback", json!({ "duplicate": true }), Action::Duplicate),
        (
            "callback",
            json!({ "task_id": 123, "delay_ms": 5 }),
            Action::TaskId("123".to_owned()),
        ),
        (
            "callback",
            json!({ "status": "Thinking" }),
            Action::Status("Thinking".to_owned()),
        ),
    ];
    for (on, then, expected) in written {
        assert_eq!(action(on, &then), Some(expected));
    }
    let http = |status, page, retry_after| Action::Http {
        status,
        page,
        retry_after,
        location: None,
    };
    assert_eq!(
        action("query", &json!("html")),
        Some(http(200, Page::Html, None))
    );
    assert_eq!(
        action(
            "create",
            &json!({ "http": 503, "body": "later", "retry_after": 2 })
        ),
        Some(http(503, Page::Text("later".to_owned()), Some(2)))
    );
    let redirect = json!({ "http": 307, "location": "/elsewhere" });
    assert!(matches!(
        action("download", &redirect),
        Some(Action::Http { status: 307, location: Some(to), .. }) if to == "/elsewhere"
    ));
}

#[test]
fn a_rule_acts_every_time_unless_it_says_when() {
    let plain = json!({ "on": "create", "then": { "delay_ms": 5 } });
    let plain = read(&plain).expect("a delay is enough");
    assert_eq!((plain.on, plain.turn), (Operation::Create, Turn::Every(1)));
    assert_eq!(plain.then.delay.as_millis(), 5);
    assert!(!plain.then.accepted);
    let nth = json!({ "on": "query", "nth": 3, "then": "stall" });
    let nth = read(&nth).expect("a turn is a number");
    assert_eq!(nth.turn, Turn::Nth(3));
}

#[test]
fn rules_that_could_never_act_are_refused() {
    let cases = [
        (json!({ "on": "create", "then": {} }), "nothing to do"),
        (
            json!({ "on": "create", "nth": 0, "then": "stall" }),
            "count from 1",
        ),
        (
            json!({ "on": "create", "nth": 1, "every": 2, "then": "stall" }),
            "exclude each other",
        ),
        (
            json!({ "on": "create", "then": "explode" }),
            "one of the words",
        ),
        (
            json!({ "on": "create", "then": { "cod": 1002 } }),
            "unknown field `cod`",
        ),
        (
            json!({ "on": "create", "then": { "code": 1, "stall": true } }),
            "at once",
        ),
        (
            json!({ "on": "create", "then": "empty" }),
            "cannot happen on Create",
        ),
        (
            json!({ "on": "download", "then": { "code": 1002 } }),
            "cannot happen on Download",
        ),
        (
            json!({ "on": "callback", "then": { "code": 1002 } }),
            "cannot happen on Callback",
        ),
        (
            json!({ "on": "callback", "then": "stall" }),
            "cannot happen on Callback",
        ),
        (
            json!({ "on": "query", "then": "drop" }),
            "cannot happen on Query",
        ),
        (
            json!({ "on": "query", "then": { "cut": "after" } }),
            "only a create",
        ),
        (
            json!({ "on": "query", "then": { "http": 42 } }),
            "not the HTTP status",
        ),
        (
            json!({ "on": "query", "then": { "retry_after": 1 } }),
            "with `http`",
        ),
        (
            json!({ "on": "query", "than": "stall" }),
            "unknown field `than`",
        ),
    ];
    for (rule, words) in cases {
        let refusal = read(&rule).expect_err(&rule.to_string());
        assert!(refusal.contains(words), "{rule}: {refusal}");
    }
}
