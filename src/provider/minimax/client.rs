//! The generated HTTP client, and the one hook that we put on it.
//!
//! Generated from the documents in `openapi/` while building; nothing is
//! written here by hand but the hook. Build it with `Client::new_with_client`:
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

include!(concat!(env!("OUT_DIR"), "/client.rs"));

impl ClientHooks for Client {
    /// Takes away a header that the generator adds and the API does not know.
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _info: &OperationInfo,
    ) -> Result<(), Error<E>> {
        request.headers_mut().remove("api-version");
        // Outside of `labelled` there is no label, and that is no error.
        let _ = LABEL.try_with(|label| {
            if let Ok(value) = label.parse() {
                request.headers_mut().insert("x-shot-id", value);
            }
        });
        Ok(())
    }
}

tokio::task_local! {
    // The generated methods take no headers, so the label travels with the task.
    static LABEL: String;
}

/// Makes a call with the name of its shot in a header, for the simulator.
pub(super) async fn labelled<F: Future>(label: Option<String>, call: F) -> F::Output {
    match label {
        Some(label) => LABEL.scope(percent_encode(&label), call).await,
        None => call.await,
    }
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
