//! Answers in words, cut to a size and a time.
//!
//! Owns how much is read of an answer that is no video: whoever answers may never
//! come to an end. What is cut looks like a body that ended there, so it is JSON
//! that breaks off, unless all that matters had arrived before.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use reqwest::{Body, Response};

/// Answers have a few hundred bytes; gateways add some of their own.
const LIMIT: usize = 256 * 1024;

/// The same answer, its body cut. `patience` is for the whole body; how long it
/// may be silent in between is the client's matter.
pub(super) fn bounded(response: Response, patience: Duration) -> Response {
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    *head.headers_mut() = response.headers().clone();
    let start = start_of(response.bytes_stream(), patience);
    head.map(|()| Body::wrap_stream(start)).into()
}

/// A body up to a size and a time.
pub(super) fn start_of<S>(
    stream: S,
    patience: Duration,
) -> impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static
where
    S: Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
{
    stream
        .take_until(tokio::time::sleep(patience))
        .scan(LIMIT, |left, chunk| {
            std::future::ready(match chunk {
                Ok(_) if *left == 0 => None,
                Ok(mut bytes) => {
                    bytes.truncate(*left);
                    *left -= bytes.len();
                    Some(Ok(bytes))
                }
                broken => Some(broken),
            })
        })
}
