//! The listener over real HTTP, and what it may not say.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::id::{AttemptId, TaskId};

fn client() -> Client {
    // A second provider installed by another test serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy();
    builder.build().expect("a client without extras builds")
}

async fn listener(public_url: &str) -> Listener {
    let settings = Settings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        public_url: public_url.to_owned(),
        secret: [7; KEY_BYTES],
    };
    let listener = Listener::start(settings).await;
    listener.expect("a free port can be had")
}

fn attempt(number: u32) -> AttemptId {
    AttemptId::new(format!("0123456789abcdef-{number}"))
}

/// Where an attempt's callbacks arrive on this machine.
fn local(listener: &Listener, attempt: &AttemptId) -> String {
    let url = listener.url(attempt);
    let token = url.rsplit('/').next().expect("a last part");
    format!("http://{}/{token}", listener.address())
}

async fn post(url: &str, body: impl Into<reqwest::Body>) -> (StatusCode, String) {
    let answer = client().post(url).body(body).send().await;
    let answer = answer.expect("the listener answers");
    let status = answer.status();
    (status, answer.text().await.expect("the answer arrives"))
}

fn callback(task: &str, status: &str) -> String {
    json!({ "task_id": task, "status": status }).to_string()
}

#[tokio::test]
async fn a_challenge_comes_back_and_is_no_hint() {
    let listener = listener("https://hooks.example").await;
    let url = local(&listener, &attempt(1));
    for challenge in [json!("aK3-\u{1f98a}"), json!(8_315_002_u32), json!("")] {
        let body = json!({ "challenge": challenge, "task_id": "1" });
        let (status, answer) = post(&url, body.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(status, 200);
        assert_eq!(answer, json!({ "challenge": challenge }));
    }
    for challenge in [json!("x".repeat(1025)), json!({ "a": 1 }), json!(null)] {
        let body = json!({ "challenge": challenge });
        assert_eq!(post(&url, body.to_string()).await.0, 400);
    }
    assert_eq!(listener.heard(&attempt(1)), Heard::default());
}

#[tokio::test]
async fn the_last_task_that_is_named_is_kept() {
    let listener = listener("https://hooks.example").await;
    let url = local(&listener, &attempt(1));
    for (body, named) in [
        (json!({ "status": "processing" }), None),
        (json!({ "task_id": "../7", "status": "processing" }), None),
        (
            json!({ "task_id": 176, "status": "processing" }),
            Some("176"),
        ),
        (
            json!({ "task_id": "900", "status": "success" }),
            Some("900"),
        ),
        (
            json!({ "task_id": "176", "status": "success" }),
            Some("176"),
        ),
    ] {
        assert_eq!(
            post(&url, body.to_string()).await,
            (StatusCode::OK, "{}".to_owned())
        );
        assert_eq!(listener.named(&attempt(1)), named.map(TaskId::new));
    }
    let heard = listener.heard(&attempt(1));
    assert_eq!((heard.callbacks, heard.contradictions), (5, 2));
    assert_eq!(heard.status.as_deref(), Some("success"));
    assert_eq!(listener.named(&attempt(2)), None);
}

#[tokio::test]
async fn strangers_find_nothing() {
    let listener = listener("https://hooks.example/runner").await;
    let url = local(&listener, &attempt(1));
    let base = format!("http://{}", listener.address());
    let body = callback("1", "success");
    let unexpected = {
        let other = self::listener("https://hooks.example").await;
        let url = other.url(&attempt(9));
        format!("{base}/{}", url.rsplit('/').next().expect("a token"))
    };
    for wrong in [
        base.clone(),
        format!("{base}/"),
        format!("{base}/runner"),
        format!("{url}/"),
        format!("{url}0"),
        url[..url.len() - 1].to_owned(),
        url.to_uppercase().replace("HTTP", "http"),
        unexpected,
        format!("{base}/?{}", url.rsplit('/').next().expect("a token")),
    ] {
        assert_eq!(
            post(&wrong, body.clone()).await,
            (StatusCode::NOT_FOUND, String::new()),
            "{wrong}"
        );
    }
    for method in ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"] {
        let method = method.parse().expect("a method");
        let answer = client()
            .request(method, &url)
            .body(body.clone())
            .send()
            .await;
        let answer = answer.expect("the listener answers");
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.bytes().await.expect("a body").len(), 0);
    }
    for nonsense in ["", "{", "[]", "\"challenge\"", "null", "\u{feff}{}"] {
        assert_eq!(
            post(&url, nonsense).await,
            (StatusCode::BAD_REQUEST, String::new())
        );
    }
    assert_eq!(listener.heard(&attempt(1)), Heard::default());
    // Whatever a proxy puts before it, and whatever behind it as a query.
    let token = url.rsplit('/').next().expect("a token");
    let proxied = format!("{base}/runner/v2/{token}?region=1");
    assert_eq!(post(&proxied, body).await.0, 200);
    assert_eq!(listener.heard(&attempt(1)).callbacks, 1);
}

#[tokio::test]
async fn an_attempts_path_speaks_for_no_other() {
    let listener = listener("https://hooks.example").await;
    let (one, two) = (local(&listener, &attempt(1)), local(&listener, &attempt(2)));
    assert_ne!(one, two);
    post(&one, callback("1", "success")).await;
    assert_eq!(listener.named(&attempt(1)), Some(TaskId::new("1")));
    assert_eq!(listener.heard(&attempt(2)), Heard::default());
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let listener = listener("https://hooks.example").await;
    let url = local(&listener, &attempt(1));
    let padded = |length: usize| {
        let text = callback("1", "success");
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    assert_eq!(post(&url, padded(64 << 10)).await.0, 200);
    assert_eq!(post(&url, padded((64 << 10) + 1)).await.0, 413);
    assert_eq!(post(&url, padded(900 << 10)).await.0, 413);
    // Without a length that could be looked at beforehand.
    let parts = (0..100).map(|_| Ok::<_, io::Error>(vec![b' '; 1024]));
    let stream = reqwest::Body::wrap_stream(futures::stream::iter(parts));
    assert_eq!(post(&url, stream).await.0, 413);
    assert_eq!(listener.heard(&attempt(1)).callbacks, 1);
}

/// Sends some bytes, then nothing, and reads until the other side ends it.
fn dawdle(address: SocketAddr, head: &str) -> (Duration, String) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut answer = String::new();
    // A connection that is cut has nothing more to say than its end.
    let _ = stream.read_to_string(&mut answer);
    (began.elapsed(), answer)
}

#[tokio::test]
async fn slow_senders_are_cut_off() {
    let listener = listener("https://hooks.example").await;
    let url = local(&listener, &attempt(1));
    let path = url.rsplit('/').next().expect("a token").to_owned();
    let address = listener.address();
    let body = format!("POST /{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n{{");
    let body = tokio::task::spawn_blocking(move || dawdle(address, &body));
    let head = tokio::task::spawn_blocking(move || dawdle(address, "POST / HTTP/1.1\r\nho"));
    // Meanwhile others are served.
    assert_eq!(post(&url, callback("1", "success")).await.0, 200);
    let (took, answer) = body.await.expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(took < lines::LIFE, "{took:?}");
    let (took, answer) = head.await.expect("no panic");
    assert_eq!(answer, "");
    assert!(took < lines::LIFE * 2, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callbacks_at_once_are_heard() {
    let listener = Arc::new(listener("https://hooks.example").await);
    let client = client();
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let url = local(&listener, &attempt(number));
        let request = client
            .post(url)
            .body(callback(&number.to_string(), "success"));
        senders.spawn(async move { request.send().await.map(|answer| answer.status()) });
    }
    let listening = Arc::clone(&listener);
    let waiters = (0..1000).map(|number| {
        let listener = Arc::clone(&listening);
        async move { listener.next(&attempt(number)).await.task }
    });
    let named = futures::future::join_all(waiters).await;
    let expected = (0..1000).map(|number| Some(TaskId::new(number.to_string())));
    assert!(named.into_iter().eq(expected));
    while let Some(sent) = senders.join_next().await {
        assert_eq!(sent.expect("no panic").expect("an answer"), 200);
    }
    listener.stop().await;
}

#[tokio::test]
async fn a_hint_is_not_lost_before_the_wait_and_not_told_twice() {
    let listener = listener("https://hooks.example").await;
    let url = local(&listener, &attempt(1));
    let soon = Duration::from_millis(30);
    post(&url, callback("1", "processing")).await;
    post(&url, callback("1", "success")).await;
    let heard = listener.next(&attempt(1)).await;
    assert_eq!(
        (heard.callbacks, heard.status.as_deref()),
        (2, Some("success"))
    );
    let again = tokio::time::timeout(soon, listener.next(&attempt(1))).await;
    assert!(again.is_err(), "two callbacks before a wait are one hint");
    // The wait that was given up took nothing with it.
    post(&url, callback("1", "success")).await;
    assert_eq!(listener.next(&attempt(1)).await.callbacks, 3);
    // Somebody who waits for what was not expected before, and is woken.
    let other = attempt(2);
    let (heard, _) = tokio::join!(listener.next(&other), async {
        tokio::task::yield_now().await;
        post(&local(&listener, &other), callback("2", "failed")).await
    });
    assert_eq!(heard.task, Some(TaskId::new("2")));
}

#[tokio::test]
async fn the_next_run_answers_under_the_same_address() {
    let first = listener("https://hooks.example/runner/").await;
    let url = first.url(&attempt(1));
    first.stop().await;
    first.stop().await;
    assert!(
        client()
            .post(local(&first, &attempt(1)))
            .send()
            .await
            .is_err()
    );
    let second = listener("https://hooks.example/runner").await;
    let token = url.rsplit('/').next().expect("a token").to_owned();
    let arriving = format!("http://{}/{token}", second.address());
    assert_eq!(post(&arriving, callback("1", "success")).await.0, 404);
    second.expect(&attempt(1));
    assert_eq!(post(&arriving, callback("1", "success")).await.0, 200);
    assert_eq!(second.named(&attempt(1)), Some(TaskId::new("1")));
    // Asked for again, it is the same, and nothing is forgotten.
    assert_eq!(second.url(&attempt(1)), url);
    assert_eq!(second.named(&attempt(1)), Some(TaskId::new("1")));
    assert!(url.starts_with("https://hooks.example/runner/"), "{url}");
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(
        token.len() >= 32 && token.chars().all(hexadecimal),
        "{token}"
    );
}

#[tokio::test]
async fn neither_secret_nor_path_is_shown() {
    let listener = listener("https://hooks.example").await;
    let url = listener.url(&attempt(1));
    let shown = format!("{listener:?}");
    assert!(
        !shown.contains(url.rsplit('/').next().expect("a token")),
        "{shown}"
    );
    let settings = Settings {
        listen: listener.address(),
        public_url: "https://hooks.example".to_owned(),
        secret: [7; KEY_BYTES],
    };
    let shown = format!("{settings:?}");
    assert!(!shown.contains("7, 7"), "{shown}");
    let taken = Listener::start(settings)
        .await
        .expect_err("the port is taken");
    assert!(
        taken
            .to_string()
            .starts_with("cannot listen for callbacks on 127.0.0.1:")
    );
}
