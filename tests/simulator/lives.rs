//! Tasks from creation to video, in every mode and in large numbers.

use std::collections::HashSet;
use std::time::Duration;

use futures::StreamExt;
use runner::simulator::{Clips, Requests, Settings};
use serde_json::{Value, json};

use super::client::{Session, info, png, read, settings, text, text_body};

fn bodies() -> Vec<(Value, (u32, u32), u64)> {
    vec![
        (text_body("A fox [Push in, Tilt up] runs."), (64, 34), 6000),
        (
            json!({ "model": "MiniMax-Hailuo-2.3-Fast", "first_frame_image": png(400, 800), "duration": 10 }),
            (32, 64),
            10_000,
        ),
        (
            json!({
                "model": "MiniMax-Hailuo-02", "first_frame_image": "https://example.com/a.png",
                "last_frame_image": png(640, 360), "resolution": "1080P",
            }),
            (64, 36),
            6000,
        ),
        (
            json!({
                "model": "S2V-01", "prompt": "She waves.",
                "subject_reference": [{ "type": "character", "image": [png(320, 320)] }],
            }),
            (64, 36),
            6000,
        ),
    ]
}

#[tokio::test]
async fn every_mode_lives_from_create_to_video() {
    let session = Session::start(settings()).await;
    for (body, size, duration_ms) in bodies() {
        let video = info(&session.video(&body).await);
        assert_eq!((video.width, video.height), size, "{body}");
        assert_eq!((video.duration_ms, video.fps), (duration_ms, 24.0));
        assert!(!video.has_audio);
    }
    assert_eq!(session.simulator.billed(), 4);
    session.simulator.stop().await;
}

#[tokio::test]
async fn full_clips_have_the_asked_size() {
    let full = Settings {
        clips: Clips::Full,
        ..settings()
    };
    let session = Session::start(full).await;
    let body = json!({
        "model": "MiniMax-Hailuo-02", "resolution": "512P",
        "first_frame_image": "https://example.com/first.png", "prompt": "[Zoom in] A door opens.",
    });
    let task = session.task(&body).await;
    let ended = session.ended(&task).await;
    assert_eq!(
        (
            ended["video_width"].as_u64(),
            ended["video_height"].as_u64()
        ),
        (Some(960), Some(540))
    );
    let file = text(&ended, "/file_id");
    let content = session.get(&format!("/v1/files/retrieve_content?file_id={file}"));
    let bytes = content
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a video");
    let video = info(&bytes);
    assert_eq!(
        (video.width, video.height, video.duration_ms),
        (960, 540, 6000)
    );
}

#[tokio::test]
async fn a_pending_task_shows_nothing_of_its_file() {
    let slow = Settings {
        time_scale: 1,
        ..settings()
    };
    let session = Session::start(slow).await;
    let task = session.task(&text_body("A lake.")).await;
    assert!((15..=18).contains(&task.len()) && task.parse::<u64>().is_ok());
    let answer = session.query(&task).await;
    let expected = json!({
        "task_id": task, "status": "Preparing", "file_id": "",
        "video_width": 0, "video_height": 0,
        "base_resp": { "status_code": 0, "status_msg": "success" },
    });
    assert_eq!(answer, expected);
    session.simulator.stop().await;
}

#[tokio::test]
async fn the_same_request_gives_the_same_bytes_in_any_order() {
    let (first, second) = (text_body("A fox runs."), text_body("A hare runs."));
    let one = Session::start(settings()).await;
    let videos = (one.video(&first).await, one.video(&second).await);
    let other = Session::start(settings()).await;
    let reversed = (other.video(&second).await, other.video(&first).await);
    assert_eq!(videos, (reversed.1, reversed.0));
    assert_ne!(videos.0, videos.1);
    let ids = |session: &Session| -> HashSet<String> {
        let created = session.simulator.created().into_iter();
        created.map(|task| task.task_id).collect()
    };
    assert_eq!(ids(&one), ids(&other));
    let third = Session::start(Settings {
        seed: 8,
        ..settings()
    })
    .await;
    assert_ne!(third.video(&first).await, videos.0);
}

#[tokio::test]
async fn five_hundred_creates_at_once_are_five_hundred_tasks() {
    let session = Session::start(settings()).await;
    let creates = (0..500).map(|shot| {
        let body = text_body(&format!("Shot {}", shot % 100));
        let session = &session;
        async move { session.task(&body).await }
    });
    let ids: HashSet<String> = futures::stream::iter(creates)
        .buffer_unordered(256)
        .collect()
        .await;
    assert_eq!((ids.len(), session.simulator.billed()), (500, 500));
    session.simulator.stop().await;
}

#[tokio::test]
async fn what_was_asked_is_counted_and_kept() {
    let gateway = Settings {
        prefix: "minimaxi/".to_owned(),
        ..settings()
    };
    let session = Session::start(gateway).await;
    assert!(session.simulator.base_url().ends_with("/minimaxi"));
    let named = session
        .post(&text_body("A fox."))
        .header("X-Shot-Id", "wolf%20%E7%8B%BC");
    let task = text(&read(named).await, "/task_id");
    let ended = session.ended(&task).await;
    let link = session.link(&text(&ended, "/file_id")).await;
    assert!(link.starts_with(&session.simulator.base_url()));
    assert_eq!(
        session
            .client
            .get(link)
            .send()
            .await
            .expect("an answer")
            .status(),
        200
    );
    let large = json!({ "model": "MiniMax-Hailuo-02", "first_frame_image": noise() });
    session.task(&large).await;
    let created = session.simulator.created();
    assert_eq!(created[0].body, text_body("A fox."));
    assert_eq!(
        (created[0].task_id.as_str(), created[0].shot_id.as_deref()),
        (task.as_str(), Some("wolf 狼"))
    );
    assert!(text(&created[1].body, "/first_frame_image").contains("sha256"));
    let Requests {
        create,
        query,
        retrieve,
        download,
        ..
    } = session.simulator.requests();
    assert_eq!((create, retrieve, download), (2, 1, 1));
    assert!(query >= 1);
}

/// A picture that does not shrink, so that its body is read on another thread.
fn noise() -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut number = 1_u32;
    let image = image::RgbImage::from_fn(400, 400, |_, _| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb(
            number.to_be_bytes()[..3]
                .try_into()
                .expect("three of four bytes"),
        )
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture encodes");
    format!("data:image/png;base64,{}", STANDARD.encode(bytes.get_ref()))
}

#[tokio::test]
async fn stopping_ends_open_connections() {
    let session = Session::start(settings()).await;
    session.task(&text_body("A fox.")).await;
    let url = session.simulator.base_url();
    let stopped = tokio::time::timeout(Duration::from_secs(5), session.simulator.stop()).await;
    assert!(stopped.is_ok());
    assert!(session.client.get(url).send().await.is_err());
}
