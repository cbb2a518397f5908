//! Every kind of trouble, as a client meets it.

use std::io::Cursor;
use std::time::Duration;

use reqwest::{StatusCode, header};
use runner::media::probe::{ProbeError, probe};
use serde_json::{Value, json};

use super::client::{Session, code, info, json_of, text, text_body, with_rules};

/// A simulator with one rule, which acts once.
async fn once(on: &str, then: Value) -> Session {
    Session::start(with_rules(&json!([{ "on": on, "nth": 1, "then": then }]))).await
}

#[tokio::test]
async fn a_code_refuses_a_create_and_costs_nothing() {
    let session = once("create", json!({ "code": 1002 })).await;
    let answer = session.create(&text_body("A fox.")).await;
    assert_eq!((code(&answer), session.simulator.billed()), (1002, 0));
    session.task(&text_body("A fox.")).await;
    assert_eq!(session.simulator.billed(), 1);
}

#[tokio::test]
async fn an_http_status_comes_with_its_page() {
    let session = once(
        "create",
        json!({ "http": 503, "body": "later", "retry_after": 3 }),
    )
    .await;
    let answer = session
        .post(&text_body("A fox."))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "3");
    assert_eq!(answer.text().await.expect("a page"), "later");
    assert_eq!(session.simulator.billed(), 0);
    let session = once("query", json!("html")).await;
    let answer = session
        .get("/v1/query/video_generation?task_id=1")
        .send()
        .await;
    let page = answer.expect("an answer").text().await.expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn an_error_can_hide_a_task_that_was_created() {
    let session = once(
        "create",
        json!({ "http": 502, "html": true, "accepted": true }),
    )
    .await;
    let answer = session
        .post(&text_body("A fox."))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), session.simulator.billed()),
        (502, 1)
    );
}

#[tokio::test]
async fn cut_connections_give_no_answer() {
    for (cut, billed) in [("before", 0), ("after", 1)] {
        let session = once("create", json!({ "cut": cut })).await;
        let error = session.post(&text_body("A fox.")).send().await;
        let error = error.expect_err("no answer comes");
        assert!(
            error.is_request() && !error.is_connect() && !error.is_timeout(),
            "{error:?}"
        );
        assert_eq!(
            (
                session.simulator.billed(),
                session.simulator.requests().create
            ),
            (billed, 1)
        );
        // The next connection is a good one, and a cut task is there all the same.
        session.task(&text_body("A hare.")).await;
        let first = session.simulator.created().swap_remove(0);
        assert_eq!(session.ended(&first.task_id).await["status"], "Success");
    }
}

#[tokio::test]
async fn an_answer_can_end_in_the_middle() {
    let session = once("create", json!({ "cut": "body" })).await;
    let answer = session
        .post(&text_body("A fox."))
        .send()
        .await
        .expect("the head of an answer");
    assert_eq!(answer.status(), 200);
    assert!(answer.content_length().is_some_and(|length| length > 50));
    assert!(answer.bytes().await.is_err());
    assert_eq!(session.simulator.billed(), 1);
}

#[tokio::test]
async fn a_delay_comes_before_the_effect_and_a_stall_never_ends() {
    let session = once("create", json!({ "delay_ms": 30 })).await;
    let started = std::time::Instant::now();
    session.task(&text_body("A fox.")).await;
    assert!(started.elapsed() >= Duration::from_millis(30));
    for (accepted, billed) in [(false, 0), (true, 1)] {
        let session = once("create", json!({ "stall": true, "accepted": accepted })).await;
        let request = session
            .post(&text_body("A fox."))
            .timeout(Duration::from_millis(150));
        let error = request.send().await.expect_err("no answer comes");
        assert!(error.is_timeout(), "{error:?}");
        assert_eq!(session.simulator.billed(), billed);
        session.simulator.stop().await;
    }
}

#[tokio::test]
async fn a_status_can_be_another_word_or_in_lower_case() {
    let session = Session::start(with_rules(&json!([
        { "on": "query", "nth": 1, "then": { "status": "Thinking" } },
        { "on": "query", "every": 2, "then": "lower_case" },
    ])))
    .await;
    let task = session.task(&text_body("A fox.")).await;
    let thinking = session.query(&task).await;
    assert_eq!(
        (&thinking["status"], &thinking["file_id"]),
        (&json!("Thinking"), &json!(""))
    );
    let lower = text(&session.query(&task).await, "/status");
    assert_eq!(lower, lower.to_lowercase());
    assert_ne!(lower, "thinking");
}

#[tokio::test]
async fn a_task_can_be_bound_to_fail() {
    let rules = json!([{ "on": "create", "prompt_contains": "wolf", "then": { "fail": 1027 } }]);
    let session = Session::start(with_rules(&rules)).await;
    let (wolf, fox) = (text_body("A wolf."), text_body("A fox."));
    let (wolf, fox) = (session.task(&wolf).await, session.task(&fox).await);
    let failed = session.ended(&wolf).await;
    assert_eq!(
        (text(&failed, "/status").as_str(), code(&failed)),
        ("Fail", 1027)
    );
    assert_eq!(failed["file_id"], "");
    assert_eq!(session.ended(&fox).await["status"], "Success");
    assert_eq!(session.simulator.billed(), 2);
}

#[tokio::test]
async fn videos_can_be_short_of_bytes() {
    let session = Session::start(with_rules(&json!([
        { "on": "download", "nth": 1, "then": "truncated" },
        { "on": "download", "nth": 2, "then": { "truncated": "lying" } },
        { "on": "download", "nth": 3, "then": "empty" },
        { "on": "download", "nth": 4, "then": { "http": 500 } },
        { "on": "download", "nth": 5, "then": "stall_body" },
    ])))
    .await;
    let task = session.task(&text_body("A fox.")).await;
    let link = session
        .link(&text(&session.ended(&task).await, "/file_id"))
        .await;
    let open = || async {
        session
            .client
            .get(&link)
            .send()
            .await
            .expect("the link answers")
    };
    let half = open()
        .await
        .bytes()
        .await
        .expect("as much as was announced");
    assert!(matches!(
        probe(Cursor::new(&half)),
        Err(ProbeError::Truncated { .. })
    ));
    let lying = open().await;
    assert_eq!(
        lying.content_length().map(|length| length / 2),
        Some(half.len() as u64)
    );
    assert!(lying.bytes().await.is_err());
    let empty = open().await;
    assert_eq!(
        (empty.status().as_u16(), empty.content_length()),
        (200, Some(0))
    );
    assert_eq!(open().await.status(), 500);
    let mut stalled = open().await;
    let mut read = 0;
    while read < half.len() {
        let part = stalled.chunk().await.expect("half of it comes");
        read += part.expect("the end does not come").len();
    }
    assert_eq!(read, half.len());
    let more = tokio::time::timeout(Duration::from_millis(50), stalled.chunk()).await;
    assert!(more.is_err());
    drop(stalled);
    info(&open().await.bytes().await.expect("the sixth is whole"));
    session.simulator.stop().await;
}

#[tokio::test]
async fn rules_count_what_they_match() {
    let session = Session::start(with_rules(&json!([
        { "on": "query", "every": 2, "times": 2, "then": { "code": 1002 } },
        { "on": "create", "per_task": true, "nth": 1, "then": { "code": 1039 } },
    ])))
    .await;
    let (fox, hare) = (text_body("A fox."), text_body("A hare."));
    let mut creates = Vec::new();
    for body in [&fox, &hare, &hare, &fox, &fox] {
        creates.push(code(&session.create(body).await));
    }
    assert_eq!(creates, [1039, 1039, 0, 0, 0]);
    let task = session.simulator.created().swap_remove(0).task_id;
    let mut queries = Vec::new();
    for _ in 0..8 {
        let answer = session.get(&format!("/v1/query/video_generation?task_id={task}"));
        queries.push(code(
            &json_of(answer.send().await.expect("an answer")).await,
        ));
    }
    assert_eq!(queries, [0, 1002, 0, 1002, 0, 0, 0, 0]);
}
