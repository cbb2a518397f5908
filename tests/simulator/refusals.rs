//! What the simulator does not take, and how it says so.

use reqwest::StatusCode;
use runner::simulator::{Clips, Settings, Simulator};
use runner::spec::Spec;
use serde_json::{Value, json};

use super::client::{Session, code, info, png, read, settings, text, text_body};

#[tokio::test]
async fn bodies_that_the_documents_refuse_are_refused() {
    // Tiny clips give tiny frames, which are taken back; nothing is rendered here.
    let session = Session::start(Settings {
        clips: Clips::Full,
        ..settings()
    })
    .await;
    let frame = |image: &str| json!({ "model": "MiniMax-Hailuo-02", "first_frame_image": image });
    let cases: [(Value, &str); 8] = [
        (
            json!({ "model": "MiniMax-Hailuo-2.3" }),
            "`prompt` is missing",
        ),
        (json!({ "model": "Hailuo-9", "prompt": "a" }), "Hailuo-9"),
        (
            json!({ "model": "MiniMax-Hailuo-2.3", "prompt": "a", "duration": "6" }),
            "`duration`",
        ),
        (
            json!({ "model": "MiniMax-Hailuo-2.3", "last_frame_image": png(400, 400) }),
            "`model`",
        ),
        (frame("data:image/png;base64,AAA="), "first_frame_image"),
        (frame(&png(200, 200)), "over 300 pixels"),
        (frame("ftp://example.com/a.png"), "first_frame_image"),
        (json!(["no", "object"]), "not a JSON object"),
    ];
    for (body, words) in cases {
        let answer = session.create(&body).await;
        assert_eq!(
            (code(&answer), text(&answer, "/task_id").as_str()),
            (2013, ""),
            "{answer}"
        );
        let message = text(&answer, "/base_resp/status_msg");
        assert!(
            message.starts_with("invalid params, ") && message.contains(words),
            "{message}"
        );
    }
    assert_eq!(session.simulator.billed(), 0);
}

#[tokio::test]
async fn a_key_is_needed_and_may_be_the_wrong_one() {
    let only = Settings {
        key: Some("sk-api-test".to_owned()),
        ..settings()
    };
    let session = Session::start(only).await;
    session.task(&text_body("A fox.")).await;
    let url = format!("{}/v1/video_generation", session.simulator.base_url());
    let bare = read(session.client.post(&url).json(&text_body("A fox."))).await;
    assert_eq!((code(&bare), text(&bare, "/task_id").as_str()), (1004, ""));
    let other = session.client.post(&url).bearer_auth("sk-api-other");
    assert_eq!(code(&read(other.json(&text_body("A fox."))).await), 2049);
    let query = format!(
        "{}/v1/query/video_generation?task_id=1",
        session.simulator.base_url()
    );
    assert_eq!(code(&read(session.client.get(query)).await), 1004);
    assert_eq!(session.simulator.billed(), 1);
}

#[tokio::test]
async fn unknown_tasks_and_unfinished_files_are_refused() {
    let slow = Settings {
        time_scale: 1,
        ..settings()
    };
    let session = Session::start(slow).await;
    assert_eq!(code(&session.query("106916112212032").await), 2013);
    assert_eq!(code(&session.query("").await), 2013);
    for path in [
        "/v1/query/video_generation",
        "/v1/files/retrieve?file_id=1",
        "/v1/files/retrieve_content?file_id=x",
    ] {
        assert_eq!(code(&read(session.get(path)).await), 2013, "{path}");
    }
}

#[tokio::test]
async fn guessed_paths_are_not_found() {
    let session = Session::start(settings()).await;
    let guessed = [
        "/v1/video_generation/106916112212032",
        "/v1/video_generation?task_id=1",
        "/v2/video_generation",
        "/",
    ];
    for path in guessed {
        let answer = session.get(path).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(answer.headers().contains_key("trace-id"));
    }
    assert_eq!(session.simulator.requests().unknown, 4);
}

#[tokio::test]
async fn every_path_of_the_documents_is_served() {
    let session = Session::start(settings()).await;
    let paths = Spec::bundled().bundle()["paths"]
        .as_object()
        .expect("paths are a mapping");
    for (path, operations) in paths {
        let posts = operations.get("post").is_some();
        let url = format!("{}{path}", session.simulator.base_url());
        let request = if posts {
            session.client.post(url)
        } else {
            session.client.get(url)
        };
        assert_eq!(code(&read(request).await), 1004, "{path}");
    }
}

#[tokio::test]
async fn a_model_that_a_document_adds_is_taken() {
    let mut documents = Spec::bundled_documents();
    let mut added = 0;
    for (_, document) in &mut documents {
        let models = "/components/schemas/TextToVideoRequest/properties/model/enum";
        if let Some(Value::Array(models)) = document.pointer_mut(models) {
            models.push(json!("MiniMax-Hailuo-9"));
            added += 1;
        }
    }
    assert_eq!(added, 1);
    let spec = Spec::from_documents(&documents).expect("one more model is no mistake");
    // A server may outlive any borrow, and a test ends soon.
    let spec: &'static Spec = Box::leak(Box::new(spec));
    let session = Session::start_with(settings(), spec).await;
    let body = json!({ "model": "MiniMax-Hailuo-9", "prompt": "A fox." });
    info(&session.video(&body).await);
}

#[tokio::test]
async fn addresses_and_prefixes_that_cannot_be_are_refused() {
    let session = Session::start(settings()).await;
    let taken = session.simulator.base_url().replace("http://", "").parse();
    let address = taken.expect("the base is an address");
    let refused = |settings| async {
        Simulator::start(settings, Spec::bundled())
            .await
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        refused(Settings {
            address,
            ..settings()
        })
        .await,
        format!("cannot listen on {address}")
    );
    let prefix = "/a{b}".to_owned();
    assert!(
        refused(Settings {
            prefix,
            ..settings()
        })
        .await
        .contains("/a{b}")
    );
}
