//! A client of the simulator as these tests need it.

use std::io::Cursor;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, RequestBuilder, Response};
use runner::media::probe::{VideoInfo, probe};
use runner::simulator::{Clips, Scenario, Settings, Simulator};
use runner::spec::Spec;
use serde_json::{Value, json};

/// Fast enough that a task lives for about a millisecond.
pub(crate) const FAST: u32 = 100_000;

/// A simulator with a client that talks to it.
pub(crate) struct Session {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
}

/// A client for plain HTTP on loopback.
pub(crate) fn client() -> Client {
    // The simulator installs the same one when it calls back.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy();
    builder.build().expect("a client without extras builds")
}

/// Tiny clips and hardly any waiting.
pub(crate) fn settings() -> Settings {
    Settings {
        seed: 7,
        time_scale: FAST,
        clips: Clips::Tiny,
        ..Settings::default()
    }
}

/// Settings with a scenario of these rules.
pub(crate) fn with_rules(rules: &Value) -> Settings {
    let scenario: Scenario =
        serde_json::from_value(json!({ "rules": rules })).expect("the rules are good");
    Settings {
        scenario,
        ..settings()
    }
}

/// A text-to-video body.
pub(crate) fn text_body(prompt: &str) -> Value {
    json!({ "model": "MiniMax-Hailuo-2.3", "prompt": prompt })
}

/// A PNG of one colour as a data URL.
pub(crate) fn png(width: u32, height: u32) -> String {
    let mut bytes = Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(width, height, image::Rgb([180, 90, 40]));
    let written = image.write_to(&mut bytes, image::ImageFormat::Png);
    written.expect("a small picture encodes");
    format!("data:image/png;base64,{}", STANDARD.encode(bytes.get_ref()))
}

/// The verdict of an answer.
pub(crate) fn code(answer: &Value) -> i64 {
    let code = answer.pointer("/base_resp/status_code");
    code.and_then(Value::as_i64)
        .expect("every answer has a verdict")
}

/// The text of a field.
pub(crate) fn text(answer: &Value, pointer: &str) -> String {
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{answer} has a text at {pointer}"))
        .to_owned()
}

impl Session {
    pub(crate) async fn start(settings: Settings) -> Session {
        Self::start_with(settings, Spec::bundled()).await
    }

    pub(crate) async fn start_with(settings: Settings, spec: &'static Spec) -> Session {
        let simulator = Simulator::start(settings, spec).await;
        Session {
            simulator: simulator.expect("a free port can be had"),
            client: client(),
        }
    }

    /// A request with a key.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.simulator.base_url());
        self.client.get(url).bearer_auth("sk-api-test")
    }

    pub(crate) fn post(&self, body: &Value) -> RequestBuilder {
        let url = format!("{}/v1/video_generation", self.simulator.base_url());
        self.client.post(url).bearer_auth("sk-api-test").json(body)
    }

    pub(crate) async fn create(&self, body: &Value) -> Value {
        read(self.post(body)).await
    }

    /// Creates a task that must be accepted.
    pub(crate) async fn task(&self, body: &Value) -> String {
        let answer = self.create(body).await;
        assert_eq!(code(&answer), 0, "{answer}");
        text(&answer, "/task_id")
    }

    pub(crate) async fn query(&self, task: &str) -> Value {
        read(self.get(&format!("/v1/query/video_generation?task_id={task}"))).await
    }

    /// Asks until the task is at an end.
    pub(crate) async fn ended(&self, task: &str) -> Value {
        loop {
            let answer = self.query(task).await;
            if matches!(text(&answer, "/status").as_str(), "Success" | "Fail") {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The id of a file, and the number that `retrieve` shows.
    pub(crate) async fn link(&self, file: &str) -> String {
        let answer = read(self.get(&format!("/v1/files/retrieve?file_id={file}"))).await;
        assert_eq!(answer["file"]["file_id"].to_string(), file, "{answer}");
        text(&answer, "/file/download_url")
    }

    /// From a body to the bytes of its video.
    pub(crate) async fn video(&self, body: &Value) -> Vec<u8> {
        let task = self.task(body).await;
        let ended = self.ended(&task).await;
        assert_eq!(ended["status"], "Success", "{ended}");
        let link = self.link(&text(&ended, "/file_id")).await;
        let answer = self
            .client
            .get(link)
            .send()
            .await
            .expect("the link answers");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("the video arrives").to_vec()
    }
}

/// The JSON of an answer.
pub(crate) async fn read(request: RequestBuilder) -> Value {
    let answer = request.send().await.expect("the simulator answers");
    assert_eq!(answer.status(), 200);
    json_of(answer).await
}

pub(crate) async fn json_of(answer: Response) -> Value {
    let bytes = answer.bytes().await.expect("the answer arrives");
    serde_json::from_slice(&bytes).expect("the answer is JSON")
}

pub(crate) fn info(video: &[u8]) -> VideoInfo {
    probe(Cursor::new(video)).expect("the video is whole")
}
