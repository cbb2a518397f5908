//! What an answer of the API comes to, without a connection.
//!
//! Owns the way in for those who have an answer and no service: tests and
//! fuzzing. Decides nothing: an answer goes the way on which the facade sends it.

use futures::FutureExt as _;
use progenitor_client::{Error, ResponseValue};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::Failure;
use crate::provider::minimax::client::types;
use crate::provider::minimax::facade;
use crate::provider::minimax::redact::Secret;
use crate::provider::minimax::reply::{self, Refused, Reply};
use crate::provider::minimax::task;
use crate::provider::{Created, Location, Progress};

/// Reads answers to somebody who has this key.
#[derive(Debug)]
pub struct Reader {
    secret: Secret,
}

impl Reader {
    /// A reader that keeps the key out of what it says.
    pub fn new(key: &str) -> Self {
        Self {
            secret: Secret::new(key),
        }
    }

    /// What a create came to.
    pub fn create(&self, answer: impl Into<Response>) -> Result<Created, Failure> {
        let sorted = sorted::<types::CreatedTask>(answer.into());
        self.secret.created(task::of_create(sorted))
    }

    /// How far a task is.
    pub fn poll(&self, answer: impl Into<Response>) -> Result<Progress, Failure> {
        let sorted = sorted::<types::TaskState>(answer.into());
        self.secret.progress(task::of_poll(sorted))
    }

    /// The link to a file.
    pub fn locate(&self, answer: impl Into<Response>) -> Result<Location, Failure> {
        let link = facade::link_in(sorted::<types::RetrievedFile>(answer.into()));
        link.map_err(|failure| self.secret.failure(failure))
    }

    /// What an answer in words means where a video should be.
    pub fn no_video(&self, answer: impl Into<Response>) -> Failure {
        let sorted = at_once(reply::unexpected(answer.into()));
        self.secret.failure(facade::words_for_a_video(sorted))
    }
}

/// Decodes an answer as the methods of the generated client do, and sorts it.
fn sorted<T: DeserializeOwned + Serialize>(response: Response) -> Result<Reply, Refused> {
    let headers = response.headers().clone();
    let result = if response.status() == StatusCode::OK {
        at_once(ResponseValue::<T>::from_response(response))
    } else {
        Err(Error::UnexpectedResponse(response))
    };
    at_once(reply::sort(result, &headers))
}

/// A body that is in memory keeps nobody waiting.
fn at_once<T>(reading: impl Future<Output = T>) -> T {
    reading
        .now_or_never()
        .expect("a body in memory is read without waiting")
}
