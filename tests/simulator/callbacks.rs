//! Callbacks: the proof of an address, what is told of a task, and the listener
//! that hears it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use runner::callback::{Listener, Settings as ListenerSettings};
use runner::id::{AttemptId, TaskId};
use runner::simulator::Settings;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::client::{Session, code, settings, text, text_body, with_rules};

/// A listener whose own address is its public one.
async fn listener() -> Listener {
    loop {
        let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let listen = free.local_addr().expect("it is bound");
        drop(free);
        let started = Listener::start(ListenerSettings {
            listen,
            public_url: format!("http://{listen}/runner/"),
            secret: [3; 32],
        });
        // Somebody else may have taken the port in between.
        if let Ok(listener) = started.await {
            return listener;
        }
    }
}

fn attempt() -> AttemptId {
    AttemptId::new("0123456789abcdef-1")
}

fn with_callback(prompt: &str, url: &str) -> Value {
    let mut body = text_body(prompt);
    body["callback_url"] = json!(url);
    body
}

/// Waits until a callback says so.
async fn until(listener: &Listener, status: &str) -> runner::callback::Heard {
    let wait = async {
        loop {
            let heard = listener.next(&attempt()).await;
            if heard.status.as_deref() == Some(status) {
                return heard;
            }
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(20), wait).await;
    heard.unwrap_or_else(|_| panic!("{status}: {:?}", listener.heard(&attempt())))
}

#[tokio::test]
async fn a_task_tells_how_it_ends() {
    for (then, last) in [
        (json!({ "delay_ms": 1 }), "success"),
        (json!({ "fail": 1027 }), "failed"),
    ] {
        let listener = listener().await;
        let session = Session::start(with_rules(&json!([{ "on": "create", "then": then }]))).await;
        let body = with_callback("A fox.", &listener.url(&attempt()));
        let task = session.task(&body).await;
        let heard = until(&listener, last).await;
        assert_eq!(heard.task, Some(TaskId::new(task)));
        assert_eq!((heard.callbacks, heard.contradictions), (2, 0));
        assert_eq!(session.simulator.requests().callback, 2);
    }
}

/// What the whole issue is about: money was spent, and nobody answered.
#[tokio::test]
async fn a_callback_names_the_task_of_an_unanswered_create() {
    for then in [
        json!({ "cut": "after" }),
        json!({ "cut": "body" }),
        json!({ "stall": true, "accepted": true }),
        json!({ "http": 502, "html": true, "accepted": true }),
        json!({ "code": 1000, "accepted": true }),
    ] {
        let listener = listener().await;
        let rules = json!([{ "on": "create", "nth": 1, "then": then }]);
        let session = Session::start(with_rules(&rules)).await;
        let body = with_callback("A fox.", &listener.url(&attempt()));
        let request = session.post(&body).timeout(Duration::from_secs(2));
        let answered = match request.send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let heard = until(&listener, "success").await;
        let created = session.simulator.created();
        assert_eq!(created.len(), 1, "{then}");
        assert!(
            !answered.contains(&created[0].task_id),
            "{then}: {answered}"
        );
        let named = listener.named(&attempt());
        assert_eq!(
            named,
            Some(TaskId::new(created[0].task_id.as_str())),
            "{then}"
        );
        assert_eq!(heard.contradictions, 0);
        session.simulator.stop().await;
        listener.stop().await;
    }
}

#[tokio::test]
async fn a_create_that_takes_no_effect_tells_nothing() {
    for then in [
        json!({ "code": 1002 }),
        json!({ "cut": "before" }),
        json!({ "http": 503 }),
    ] {
        let listener = listener().await;
        let session = Session::start(with_rules(&json!([{ "on": "create", "then": then }]))).await;
        let body = with_callback("A fox.", &listener.url(&attempt()));
        let _ = session.post(&body).send().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(listener.heard(&attempt()).callbacks, 0);
        assert_eq!(session.simulator.billed(), 0);
    }
}

/// Answers that prove nothing, by the path that gives them.
async fn impostor(uri: Uri, body: String) -> Response {
    let challenge: Value = serde_json::from_str(&body).expect("JSON is posted");
    let echo = challenge.to_string();
    match uri.path() {
        "/true" => echo.into_response(),
        "/more" => {
            let more = json!({ "challenge": challenge["challenge"], "ok": true });
            more.to_string().into_response()
        }
        "/wrong" => json!({ "challenge": "x" }).to_string().into_response(),
        "/missing" => json!({}).to_string().into_response(),
        "/text" => text(&challenge, "/challenge").into_response(),
        "/large" => format!("{echo}{}", " ".repeat(70_000)).into_response(),
        "/created" => (StatusCode::CREATED, echo).into_response(),
        "/error" => (StatusCode::INTERNAL_SERVER_ERROR, echo).into_response(),
        "/redirect" => {
            let to = [(header::LOCATION, "/true")];
            (StatusCode::TEMPORARY_REDIRECT, to, echo).into_response()
        }
        path => {
            let wait = path.trim_start_matches("/wait/").parse();
            tokio::time::sleep(Duration::from_millis(wait.expect("a number"))).await;
            echo.into_response()
        }
    }
}

async fn impostors() -> SocketAddr {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let socket = socket.expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let router = Router::new().fallback(post(impostor));
    // Ends with the test's runtime.
    tokio::spawn(axum::serve(socket, router).into_future());
    address
}

#[tokio::test]
async fn an_address_that_proves_nothing_is_refused_and_costs_nothing() {
    let session = Session::start(settings()).await;
    let address = impostors().await;
    for path in [
        "wrong",
        "missing",
        "text",
        "large",
        "created",
        "error",
        "redirect",
        "wait/9000",
    ] {
        let began = Instant::now();
        let body = with_callback("A fox.", &format!("http://{address}/{path}"));
        let answer = session.create(&body).await;
        assert_eq!(code(&answer), 2013, "{path}: {answer}");
        let message = text(&answer, "/base_resp/status_msg");
        assert_eq!(
            message, "invalid params, fail to check callback url",
            "{path}"
        );
        assert_eq!(answer["task_id"], "");
        assert!(began.elapsed() < Duration::from_secs(8), "{path}");
    }
    // A port that nobody listens on.
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let nobody = free.local_addr().expect("it is bound");
    drop(free);
    let answer = session
        .create(&with_callback("A fox.", &format!("http://{nobody}/")))
        .await;
    assert_eq!(code(&answer), 2013, "{answer}");
    assert_eq!(session.simulator.billed(), 0);
    for path in ["true", "more", "wait/20"] {
        let body = with_callback("A fox.", &format!("http://{address}/{path}"));
        session.task(&body).await;
    }
    assert_eq!(session.simulator.billed(), 3);
}

#[tokio::test]
async fn callbacks_can_go_wrong() {
    for (then, callbacks, named, status) in [
        (json!("drop"), 1, true, "success"),
        (json!("duplicate"), 3, true, "success"),
        (json!({ "status": "Thinking" }), 2, true, "success"),
        (json!({ "delay_ms": 80 }), 2, true, "success"),
        (json!({ "task_id": 7 }), 2, false, "success"),
    ] {
        let listener = listener().await;
        let rules = json!([{ "on": "callback", "per_task": true, "nth": 1, "then": then }]);
        let session = Session::start(with_rules(&rules)).await;
        let task = session
            .task(&with_callback("A fox.", &listener.url(&attempt())))
            .await;
        let heard = until(&listener, status).await;
        assert_eq!(heard.callbacks, callbacks, "{then}");
        assert_eq!(heard.task, Some(TaskId::new(task)), "{then}");
        assert_eq!(heard.contradictions, u64::from(!named), "{then}");
        assert_eq!(session.simulator.requests().callback, 2);
    }
}

#[tokio::test]
async fn an_end_is_not_held_up_by_callbacks() {
    let address = impostors().await;
    let session = Session::start(Settings {
        time_scale: 1,
        ..settings()
    })
    .await;
    let url = format!("http://{address}/true");
    session.task(&with_callback("A fox.", &url)).await;
    let slow = with_callback("A hare.", &format!("http://{address}/wait/2900"));
    let pending = tokio::spawn(session.post(&slow).send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    session.simulator.stop().await;
    assert!(began.elapsed() < Duration::from_millis(1900));
    // It was told that the address could not be proved, or nothing.
    let _ = pending.await.expect("no panic");
}
