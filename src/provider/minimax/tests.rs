//! The generated client: it carries what validation let through, unchanged,
//! and decodes what services really answer.

use std::collections::BTreeMap;

use crate::event::FailureClass;
use crate::id::TaskId;
use crate::provider::Provider as _;
use crate::provider::minimax::client::types::VideoGenerationBody as Body;
use crate::provider::minimax::client::{Client, Error, types};
use crate::provider::minimax::reading::Reader;
use crate::provider::minimax::{MiniMax, SILENCE, Settings};
use crate::spec::{Mode, Spec};
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// One full body for each mode, with every field that the mode has.
fn bodies() -> BTreeMap<Mode, Value> {
    let image = "data:image/png;base64,iVBORw0KGgo=";
    let common = |mut body: Value| {
        body["prompt"] =
            json!("A courier rides [Truck left, Pan right], then rests [Static shot].");
        body["prompt_optimizer"] = json!(false);
        body["callback_url"] = json!("https://hooks.example.com/clips/7?n=1");
        body["aigc_watermark"] = json!(false);
        body
    };
    BTreeMap::from([
        (
            Mode::TextToVideo,
            common(json!({
                "model": "MiniMax-Hailuo-2.3", "duration": 10, "resolution": "768P",
                "fast_pretreatment": true,
            })),
        ),
        (
            Mode::ImageToVideo,
            common(json!({
                "model": "MiniMax-Hailuo-02", "duration": 6, "resolution": "512P",
                "fast_pretreatment": false, "first_frame_image": image,
            })),
        ),
        (
            Mode::FirstLastFrame,
            common(json!({
                "model": "MiniMax-Hailuo-02", "duration": 6, "resolution": "1080P",
                "first_frame_image": image, "last_frame_image": "https://example.com/tree.jpg",
            })),
        ),
        (
            Mode::SubjectReference,
            common(json!({
                "model": "S2V-01",
                "subject_reference": [{ "type": "character", "image": [image] }],
            })),
        ),
    ])
}

/// The same bodies with required fields only.
fn bare_bodies() -> Vec<Value> {
    let bare = |(mode, mut body): (Mode, Value)| {
        let schema = format!("/components/schemas/{}/required", mode.component());
        let required = Spec::bundled().bundle().pointer(&schema).cloned();
        let required = required.expect("every request requires something");
        let fields = body.as_object_mut().expect("a body is a mapping");
        fields.retain(|name, _| {
            required
                .as_array()
                .is_some_and(|r| r.contains(&json!(name)))
        });
        body
    };
    bodies().into_iter().map(bare).collect()
}

#[test]
fn the_fixtures_use_every_field_and_are_valid() {
    for (mode, body) in bodies() {
        assert_eq!(Spec::bundled().validate(mode, &body), []);
        let fields = Spec::bundled().fields(mode);
        assert_eq!(
            fields.len(),
            body.as_object().map_or(0, serde_json::Map::len),
            "{mode}"
        );
    }
}

#[test]
fn bodies_come_out_as_they_went_in() {
    for body in bodies().into_values().chain(bare_bodies()) {
        let typed: Body = serde_json::from_value(body.clone()).expect("a valid body decodes");
        let back = serde_json::to_value(&typed).expect("a body encodes");
        assert_eq!(back, body);
    }
}

#[test]
fn each_mode_has_its_own_type() {
    let bodies = bodies();
    let decode =
        |mode| serde_json::from_value(bodies[&mode].clone()).expect("a valid body decodes");
    assert!(matches!(
        decode(Mode::TextToVideo),
        Body::TextToVideoRequest(_)
    ));
    assert!(matches!(
        decode(Mode::ImageToVideo),
        Body::ImageToVideoRequest(_)
    ));
    assert!(matches!(
        decode(Mode::FirstLastFrame),
        Body::FirstLastFrameRequest(_)
    ));
    assert!(matches!(
        decode(Mode::SubjectReference),
        Body::SubjectReferenceRequest(_)
    ));
}

#[test]
fn a_model_and_a_resolution_that_no_document_lists_can_be_sent() {
    let body = json!({ "model": "gateway/video-1", "prompt": "A kite.", "resolution": "4K", "duration": 3 });
    let typed: Body = serde_json::from_value(body.clone()).expect("the client is a carrier");
    assert_eq!(serde_json::to_value(&typed).expect("a body encodes"), body);
}

#[test]
fn an_unknown_field_is_not_sent() {
    let body = json!({ "model": "MiniMax-Hailuo-2.3", "prompt": "A kite.", "seed": 7 });
    assert!(serde_json::from_value::<Body>(body).is_err());
}

#[test]
fn answers_decode_whatever_they_add_leave_out_or_spell_in_their_own_way() {
    let state = |answer: Value| serde_json::from_value::<types::TaskState>(answer);
    for answer in [
        json!({}),
        json!({ "status": "Fail", "base_resp": {} }),
        json!({ "status": "in_progress", "file_id": "", "video_url": "https://example.com", "progress_percent": 7 }),
        json!({ "status": null, "file_id": null, "base_resp": null }),
        json!({ "task_id": 106_916_112_212_032_u64, "status": "Success", "file_id": u64::MAX }),
    ] {
        state(answer).expect("a query answer decodes");
    }
    for id in [json!("205258526306433"), json!(205_258_526_306_433_u64)] {
        let answer = json!({
            "file": { "file_id": id, "bytes": 0, "download_url": "https://example.com/a.mp4", "x": [] },
            "base_resp": { "status_code": 0, "status_msg": "success" },
            "request_id": "r",
        });
        let decoded: types::RetrievedFile =
            serde_json::from_value(answer).expect("a file answer decodes");
        assert_eq!(decoded.file.expect("a file").file_id, Some(id));
    }
    let created =
        json!({ "task_id": "1", "platform_id": "video_01J", "base_resp": { "status_code": 0 } });
    serde_json::from_value::<types::CreatedTask>(created).expect("a gateway's answer decodes");
}

/// What a server saw of one request.
struct Seen {
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// A server that shows what it sees and answers with a stored task or bytes.
async fn server() -> (String, mpsc::UnboundedReceiver<Seen>) {
    async fn answer(
        State(seen): State<mpsc::UnboundedSender<Seen>>,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Json<Value> {
        // The test may have seen enough and be gone.
        let _ = seen.send(Seen { uri, headers, body });
        Json(json!({ "task_id": "7", "status": "Success", "base_resp": { "status_code": 0 } }))
    }
    let (tx, rx) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a port");
    let address = listener.local_addr().expect("the listener has an address");
    let router = Router::new().fallback(answer).with_state(tx);
    // Ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/minimaxi"), rx)
}

fn client(base: &str) -> Client {
    // One may be installed already; then it is this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client builds");
    Client::new_with_client(base, http)
}

#[tokio::test]
async fn requests_go_under_the_prefix_with_each_header_once() {
    let (base, mut seen) = server().await;
    let client = client(&base);
    for (mode, body) in bodies() {
        let typed: Body = serde_json::from_value(body.clone()).expect("a valid body decodes");
        let created = client
            .video_generation()
            .body(typed)
            .send()
            .await
            .expect("an answer");
        assert_eq!(created.into_inner().task_id, Some(json!("7")));
        let request = seen.recv().await.expect("the server saw it");
        assert_eq!(request.uri.to_string(), "/minimaxi/v1/video_generation");
        let media: Vec<_> = request.headers.get_all("content-type").iter().collect();
        assert_eq!(media, ["application/json"], "{mode}");
        assert!(!request.headers.contains_key("api-version"));
        let sent: Value = serde_json::from_slice(&request.body).expect("the body is JSON");
        assert_eq!(sent, body);
    }
}

#[tokio::test]
async fn ids_go_into_the_query_as_text() {
    let (base, mut seen) = server().await;
    let client = client(&base);
    let state = client
        .query_video_generation()
        .task_id("1 6&a")
        .send()
        .await
        .expect("an answer");
    assert_eq!(state.into_inner().status.as_deref(), Some("Success"));
    let request = seen.recv().await.expect("the server saw it");
    assert_eq!(
        request.uri.to_string(),
        "/minimaxi/v1/query/video_generation?task_id=1+6%26a"
    );
    client
        .retrieve_file()
        .file_id("205")
        .send()
        .await
        .expect("an answer");
    let request = seen.recv().await.expect("the server saw it");
    assert_eq!(
        request.uri.to_string(),
        "/minimaxi/v1/files/retrieve?file_id=205"
    );
    let content = client
        .retrieve_file_content()
        .file_id("205")
        .send()
        .await
        .expect("an answer");
    let mut stream = content.into_inner_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.expect("a chunk"));
    }
    assert!(bytes.starts_with(b"{\"task_id\""));
    let request = seen.recv().await.expect("the server saw it");
    assert_eq!(
        request.uri.to_string(),
        "/minimaxi/v1/files/retrieve_content?file_id=205"
    );
}

#[tokio::test]
async fn an_undocumented_status_keeps_its_answer() {
    let router = Router::new().fallback(|| async {
        let refusal = json!({ "base_resp": { "status_code": 1002 } });
        (axum::http::StatusCode::TOO_MANY_REQUESTS, Json(refusal))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a port");
    let address = listener.local_addr().expect("the listener has an address");
    // Ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = client(&format!("http://{address}"));
    let outcome = client.query_video_generation().task_id("1").send().await;
    let Err(Error::UnexpectedResponse(response)) = outcome else {
        panic!("429 is not documented: {outcome:?}");
    };
    let refusal: Value = response.json().await.expect("the body is there to be read");
    assert_eq!(refusal["base_resp"]["status_code"], 1002);
}

/// What [`Reader`] says without a connection is what the facade says with one.
#[tokio::test]
async fn an_answer_means_the_same_with_a_connection_and_without() {
    let running = json!({ "status": "Processing", "base_resp": { "status_code": 0 } });
    let moderated = json!({ "status": "Fail", "base_resp": { "status_code": 1027 } });
    for (status, body) in [
        (200, running.to_string()),
        (201, running.to_string()),
        (200, moderated.to_string()),
        (429, json!({ "message": "slowly" }).to_string()),
        (502, "<html></html>".to_owned()),
        (200, "{".to_owned()),
    ] {
        let answer = move || {
            let mut answer = http::Response::new(body.clone());
            *answer.status_mut() = StatusCode::from_u16(status).expect("it is a status");
            answer
        };
        let served = answer.clone();
        let router =
            Router::new().fallback(move || async move { served().map(axum::body::Body::from) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a port");
        let address = listener.local_addr().expect("the listener has an address");
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        let service = MiniMax::new(&Settings {
            base_url: format!("http://{address}"),
            key: "sk-api-of-a-test".to_owned(),
            label_shots: false,
            silence: SILENCE,
            witness: None,
            recorder: None,
        })
        .expect("the settings are sound");
        assert_eq!(
            service.poll(&TaskId::new("7")).await,
            Reader::new("sk-api-of-a-test").poll(answer())
        );
    }
}

#[test]
fn words_that_are_cut_in_half_cost_no_task() {
    let reader = Reader::new("sk-api-of-a-test");
    let answer = |status: u16, code: i64| {
        let body = format!(
            r#"{{"task_id":"7","base_resp":{{"status_code":{code},"status_msg":"a cat \ud83d"}}}}"#
        );
        let mut answer = http::Response::new(body);
        *answer.status_mut() = StatusCode::from_u16(status).expect("it is a status");
        reader.create(answer)
    };
    let created = answer(200, 0).expect("it names a task");
    assert_eq!(created.task, TaskId::new("7"));
    let refused = answer(429, 1002).expect_err("it is a refusal");
    assert_eq!(refused.class, FailureClass::Ambiguous);
}
