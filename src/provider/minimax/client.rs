//! The generated HTTP client, and the hooks that we put on it.
//!
//! Generated from the documents in `openapi/` while building; nothing is
//! written here by hand but the hooks. Build it with `Client::new_with_client`:
//! `Client::new` has a timeout of 15 seconds for everything.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_imports,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "generated code"
)]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::SILENCE;
use super::bounds::bounded;
use super::tape::{Reel, Tape};
use crate::provider::exchange::{Call as Called, Order};

include!(concat!(env!("OUT_DIR"), "/client.rs"));

impl ClientHooks for Client {
    /// Takes away a header that the generator adds and the API does not know.
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _info: &OperationInfo,
    ) -> Result<(), Error<E>> {
        request.headers_mut().remove("api-version");
        let method = request.method().to_string();
        let sent = (method, request.url().path().to_owned());
        // Outside of `observed` there is no call to ask, and that is no error.
        let _ = CALL.try_with(|call| {
            if let Some(value) = call.label.as_ref().and_then(|label| label.parse().ok()) {
                request.headers_mut().insert("x-shot-id", value);
            }
            call.sent.replace(Some(sent));
        });
        Ok(())
    }

    /// Bounds the answer, unless it is a video: the generated methods read
    /// whatever comes to its end.
    async fn exec(
        &self,
        request: reqwest::Request,
        info: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let tape = CALL.try_with(|call| call.tape_of(&request)).ok().flatten();
        let response = match self.client().execute(request).await {
            Ok(response) => response,
            Err(error) => {
                if let Some(tape) = tape {
                    tape.nothing(&error);
                }
                return Err(error);
            }
        };
        if info.operation_id == "retrieve_file_content" && response.status() == StatusCode::OK {
            // Whoever reads it knows whether it is a file.
            let _ = CALL.try_with(|call| call.tape.replace(tape));
            return Ok(response);
        }
        let patience = CALL.try_with(|call| call.patience).unwrap_or(SILENCE);
        let response = bounded(response, patience);
        Ok(match tape {
            Some(tape) => tape.words(response),
            None => response,
        })
    }

    /// Keeps the headers: the generated methods drop them when a body cannot be
    /// decoded, which is when the trace id matters most.
    async fn post<E>(
        &self,
        result: &reqwest::Result<reqwest::Response>,
        _info: &OperationInfo,
    ) -> Result<(), Error<E>> {
        if let Ok(response) = result {
            let _ = CALL.try_with(|call| call.headers.replace(response.headers().clone()));
        }
        Ok(())
    }
}

/// What is said of a call beside its arguments.
pub(super) struct About<'a> {
    /// The name of the shot, which travels in a header, for the simulator.
    pub(super) label: Option<&'a str>,
    /// The most time for reading an answer in words.
    pub(super) patience: Duration,
    /// Who keeps it, and as what.
    pub(super) kept: Option<(Reel, Called, Option<Order>)>,
}

/// What one call takes along and brings back beside its arguments and result.
struct Call {
    label: Option<String>,
    patience: Duration,
    kept: RefCell<Option<(Reel, Called, Option<Order>)>>,
    tape: RefCell<Option<Tape>>,
    sent: RefCell<Option<(String, String)>>,
    headers: RefCell<HeaderMap>,
}

impl Call {
    fn tape_of(&self, request: &reqwest::Request) -> Option<Tape> {
        let (reel, call, order) = self.kept.take()?;
        Some(reel.begin(call, order, request, None))
    }
}

/// A call that was made, and what is known of it beside its result.
pub(super) struct Observed<T> {
    pub(super) result: T,
    /// Method and path, if it came to a request.
    pub(super) sent: Option<(String, String)>,
    pub(super) begun: Instant,
    /// Those of the answer.
    pub(super) headers: HeaderMap,
    /// Of an answer that may be a file.
    pub(super) tape: Option<Tape>,
}

tokio::task_local! {
    // The generated methods have no room for it, so it travels with the task.
    static CALL: Call;
}

/// Makes a call.
pub(super) async fn observed<F: Future>(about: About<'_>, call: F) -> Observed<F::Output> {
    let around = Call {
        label: about.label.map(percent_encode),
        patience: about.patience,
        kept: RefCell::new(about.kept),
        tape: RefCell::default(),
        sent: RefCell::default(),
        headers: RefCell::default(),
    };
    CALL.scope(around, async {
        let begun = Instant::now();
        let result = call.await;
        CALL.with(|call| Observed {
            result,
            sent: call.sent.take(),
            begun,
            headers: call.headers.take(),
            tape: call.tape.take(),
        })
    })
    .await
}

/// Percent-encoded UTF-8 (RFC 8187): headers carry ASCII, ids any script.
fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
