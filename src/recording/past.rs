//! What an earlier run made, as exchanges that nobody heard.
//!
//! Owns which of them are missing in a recording and how they look: the plainest
//! answers that lead to the same video, or to the same failure. Each is marked.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::LINKS;
use super::asked::Asked;
use super::bodies;
use super::har::{Content, Entry, Nothing, Pair, PostData, Request, Source, Timings};
use super::known::Known;
use super::links::plain;
use super::taken::{UNKNOWN, address, response};
use crate::provider::exchange::Call;

/// A shot that was made, or failed, without a recording.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its name.
    pub shot: String,
    /// Its request, media as digests.
    pub request: Map<String, Value>,
    /// The service's name for the task.
    pub task: String,
    /// The service's name for the file, where it is known.
    pub file: Option<String>,
    /// How it ended.
    pub end: PastEnd,
}

/// How a task of an earlier run ended.
#[derive(Debug, Clone)]
pub enum PastEnd {
    /// The video is on disk.
    Saved(Video),
    /// The service gave it up.
    Failed {
        /// Its code.
        code: i64,
        /// What it said.
        message: String,
    },
    /// It was not collected yet.
    Open,
}

/// A video that is to be kept.
#[derive(Debug, Clone)]
pub struct Video {
    /// Where it is.
    pub from: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

impl Past {
    /// The video, where the recording does not have it.
    pub(super) fn to_keep(&self, known: &Known) -> Option<&Video> {
        match &self.end {
            PastEnd::Saved(video) if !known.has_file(&plain(&self.file(known))) => Some(video),
            _ => None,
        }
    }

    /// The exchanges that are missing.
    pub(super) fn entries(&self, base_url: &str, known: &Known, now: Timestamp) -> Vec<Entry> {
        let Some(asked) = Asked::of_shown(&self.request) else {
            return Vec::new();
        };
        let made = Maker {
            past: self,
            base_url,
            now,
        };
        let file = self.file(known);
        let mut entries = Vec::new();
        // A request that is there was heard: what came of it is there, too, or is
        // missing because the run was cut off.
        if !known.has_task(&self.task) && !known.has(&asked, &self.shot) {
            entries.push(made.create(asked.shown));
        } else if !known.has_task(&self.task) {
            return Vec::new();
        }
        if known.end_of(&self.task).is_none() {
            entries.extend(match &self.end {
                PastEnd::Saved(_) => Some(made.success(&file)),
                PastEnd::Failed { code, message } => Some(made.failure(*code, message)),
                PastEnd::Open => None,
            });
        }
        if let Some(video) = self.to_keep(known) {
            entries.push(made.retrieve(&file));
            entries.push(made.download(&file, video));
        }
        entries
    }

    /// The name of the file: that of the recording, that of the ledger, or the task's.
    fn file(&self, known: &Known) -> String {
        let recorded = known.end_of(&self.task).and_then(Clone::clone);
        recorded
            .or_else(|| self.file.clone())
            .unwrap_or_else(|| self.task.clone())
    }
}

/// Makes exchanges of one shot.
struct Maker<'p> {
    past: &'p Past,
    base_url: &'p str,
    now: Timestamp,
}

impl Maker<'_> {
    fn create(&self, shown: Map<String, Value>) -> Entry {
        let body = PostData {
            mime_type: "application/json".to_owned(),
            params: Vec::new(),
            text: Value::Object(shown).to_string(),
            media: Vec::new(),
        };
        let answer = json!({ "task_id": self.past.task, "base_resp": success() });
        let mut entry = self.words(Call::Create, Vec::new(), &answer);
        "POST".clone_into(&mut entry.request.method);
        entry.request.headers = pairs(&[("content-type", "application/json")]);
        entry.request.body_size = body.text.len() as i64;
        entry.request.post_data = Some(body);
        entry
    }

    fn success(&self, file: &str) -> Entry {
        self.query(&json!({
            "task_id": self.past.task, "status": "Success", "file_id": file,
            "base_resp": success(),
        }))
    }

    fn failure(&self, code: i64, message: &str) -> Entry {
        self.query(&json!({
            "task_id": self.past.task, "status": "Fail", "file_id": "",
            "base_resp": { "status_code": code, "status_msg": message },
        }))
    }

    fn query(&self, answer: &Value) -> Entry {
        let query = pairs(&[("task_id", &self.past.task)]);
        self.words(Call::Query, query, answer)
    }

    fn retrieve(&self, file: &str) -> Entry {
        let answer = json!({
            "file": {
                "file_id": file, "bytes": 0, "filename": "output_aigc.mp4",
                "purpose": "video_generation", "download_url": link(file),
            },
            "base_resp": success(),
        });
        self.words(Call::Retrieve, pairs(&[("file_id", file)]), &answer)
    }

    fn download(&self, file: &str, video: &Video) -> Entry {
        let content = Content {
            size: video.bytes,
            mime_type: "video/mp4".to_owned(),
            text: None,
            file: Some(bodies::name(&video.sha256)),
            sha256: Some(video.sha256.clone()),
        };
        let mut entry = self.entry(Call::Link, Vec::new(), content);
        entry.request.url = link(file);
        entry
    }

    fn words(&self, call: Call, query: Vec<Pair>, answer: &Value) -> Entry {
        let text = answer.to_string();
        let content = Content {
            size: text.len() as u64,
            mime_type: "application/json".to_owned(),
            text: Some(text),
            file: None,
            sha256: None,
        };
        self.entry(call, query, content)
    }

    fn entry(&self, call: Call, query: Vec<Pair>, content: Content) -> Entry {
        let parts: Vec<(&str, &str)> = query
            .iter()
            .map(|pair| (pair.name.as_str(), pair.value.as_str()))
            .collect();
        let place = match serde_urlencoded::to_string(&parts) {
            Ok(text) if !text.is_empty() => format!("?{text}"),
            _ => String::new(),
        };
        let headers = pairs(&[("content-type", content.mime_type.as_str())]);
        Entry {
            started_date_time: self.now,
            time: 0.0,
            request: Request {
                method: "GET".to_owned(),
                url: address(self.base_url, call, &place),
                http_version: UNKNOWN.to_owned(),
                cookies: Vec::new(),
                headers: Vec::new(),
                query_string: query,
                post_data: None,
                headers_size: -1,
                body_size: 0,
            },
            response: response(200, headers, content),
            cache: Nothing {},
            timings: Timings {
                send: 0.0,
                wait: 0.0,
                receive: 0.0,
            },
            call,
            shot: Some(self.past.shot.clone()),
            source: Some(Source::Ledger),
            broken: None,
            error: None,
        }
    }
}

fn link(file: &str) -> String {
    format!("{LINKS}{}/ledger", plain(file))
}

fn success() -> Value {
    json!({ "status_code": 0, "status_msg": "success" })
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<Pair> {
    let pair = |(name, value): &(&str, &str)| Pair {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    pairs.iter().map(pair).collect()
}
