//! Any answer of the service, to any of the calls.
//!
//! An input reads like HTTP: a line with the call and the status, lines of
//! headers, an empty line, the body.
//!
//! ```text
//! create 429
//! retry-after: 3
//!
//! {"base_resp":{"status_code":1002}}
//! ```

use std::time::Duration;

use http::{HeaderName, HeaderValue, Response, StatusCode};
use runner::event::{Failure, FailureClass};
use runner::provider::minimax::reading::Reader;
use runner::provider::minimax::status::{Meaning, meaning};
use runner::provider::{Created, Progress};
use serde_json::Value;

use super::is_calm;

/// The key of whoever asked, which no answer may make us repeat.
const KEY: &str = "sk-api-0123456789abcdef";

/// The longest message, in characters: what was said, and the task beside it.
const MESSAGE_LIMIT: usize = 600;

/// The longest word or name taken from a service, in characters.
const WORD_LIMIT: usize = 300;

/// Codes that say that nothing was taken (minimax-api.md 5.1).
const NOTHING_TAKEN: [i64; 4] = [1002, 1039, 1041, 2045];

pub(crate) fn answers(bytes: &[u8]) {
    let Some(answer) = Answer::read(bytes) else {
        return;
    };
    let reader = Reader::new(KEY);
    match answer.call {
        b'p' => poll(&answer, reader.poll(answer.response())),
        b'l' => match reader.locate(answer.response()) {
            Ok(link) => assert!(!link.expose().is_empty()),
            Err(failure) => told(&failure),
        },
        b'd' => told(&reader.no_video(answer.response())),
        _ => create(&answer, reader.create(answer.response())),
    }
}

/// A paid task is never sent again, and never taken for one that is not there.
fn create(answer: &Answer<'_>, outcome: Result<Created, Failure>) {
    let named = answer.names_a_task();
    match outcome {
        Ok(created) => {
            assert!(answer.status.is_success() && answer.code().unwrap_or(0) == 0);
            assert_ne!(named, Some(false), "made up: {:?}", created.task);
            name(created.task.as_str());
            word(created.trace_id.as_deref().unwrap_or_default());
        }
        Err(failure) => {
            told(&failure);
            if named == Some(true) {
                assert_eq!(failure.class, FailureClass::Ambiguous, "{failure:?}");
            }
            let again = [FailureClass::Throttled, FailureClass::Unreachable];
            if again.contains(&failure.class) {
                let refused = answer.status == StatusCode::TOO_MANY_REQUESTS
                    || answer
                        .code()
                        .is_none_or(|code| NOTHING_TAKEN.contains(&code));
                assert!(refused, "sent again after {failure:?}");
            }
        }
    }
}

/// A task ends only where the answer says so.
fn poll(answer: &Answer<'_>, outcome: Result<Progress, Failure>) {
    match outcome {
        Ok(Progress::Running { status, .. }) => word(&status),
        Ok(Progress::Succeeded { status, file }) => {
            assert!(answer.status.is_success() && answer.code().unwrap_or(0) == 0);
            word(&status);
            name(file.as_str());
        }
        Ok(Progress::Failed { status, failure }) => {
            let moderated = matches!(answer.code(), None | Some(1026 | 1027));
            assert!(
                moderated || meaning(&status) == Meaning::Failed,
                "{status:?}, {failure:?}"
            );
            word(&status);
            told(&failure);
        }
        Err(failure) => told(&failure),
    }
}

/// What is shown of a failure is short, calm, and holds no secret.
fn told(failure: &Failure) {
    line(&failure.message, MESSAGE_LIMIT);
    word(failure.trace_id.as_deref().unwrap_or_default());
    // Whatever waits for it adds it to a clock.
    let wait = failure.retry_after.unwrap_or_default();
    assert!(wait <= Duration::from_secs(366 * 24 * 3600), "{wait:?}");
}

fn word(text: &str) {
    line(text, WORD_LIMIT);
}

fn line(text: &str, limit: usize) {
    assert!(is_calm(text), "{text:?}");
    assert!(text.chars().count() <= limit, "{text:?}");
    assert!(!text.contains(KEY), "the key in {text:?}");
}

/// What a service is asked about again; it stays as it was given.
fn name(text: &str) {
    assert!(!text.is_empty() && text != "0", "{text:?}");
    assert!(is_calm(text) && text.chars().count() <= WORD_LIMIT);
}

struct Answer<'a> {
    call: u8,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: &'a [u8],
    json: Option<Value>,
}

impl<'a> Answer<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = split(bytes, b"\n")?;
        let (call, status) = split(head, b" ")?;
        let mut rest = rest;
        let mut headers = Vec::new();
        while let Some((line, next)) = split(rest, b"\n") {
            rest = next;
            if line.is_empty() {
                break;
            }
            let (name, value) = split(line, b": ")?;
            let name = HeaderName::from_bytes(name).ok()?;
            headers.push((name, HeaderValue::from_bytes(value).ok()?));
        }
        Some(Self {
            call: *call.first()?,
            status: StatusCode::from_bytes(status).ok()?,
            headers,
            body: rest,
            json: serde_json::from_str(&String::from_utf8_lossy(rest)).ok(),
        })
    }

    fn response(&self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body.to_vec());
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.iter().cloned());
        response
    }

    /// The code beside the answer, 0 if there is none. The program reads more
    /// than strict JSON; of what is not, nothing is known here.
    fn code(&self) -> Option<i64> {
        self.json.as_ref()?;
        Some(match self.pointer("/base_resp/status_code") {
            Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
            Some(Value::String(text)) => text.trim().parse().unwrap_or(0),
            _ => 0,
        })
    }

    /// Whether there is anything that could be a task, as far as is known.
    fn names_a_task(&self) -> Option<bool> {
        self.json.as_ref()?;
        Some(match self.pointer("/task_id") {
            None | Some(Value::Null) => false,
            Some(Value::Number(number)) => number.to_string() != "0",
            Some(Value::String(text)) => !matches!(text.trim(), "" | "0"),
            Some(_) => true,
        })
    }

    fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.json.as_ref()?.pointer(pointer)
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let found = bytes.windows(at.len()).position(|here| here == at)?;
    Some((&bytes[..found], &bytes[found + at.len()..]))
}
