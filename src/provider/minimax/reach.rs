//! Whether anybody answers at an address, found out without a key.
//!
//! Owns one question, for people who look for a mistake. No key is sent and no call
//! of the API is made: any answer at all shows that name, connection and
//! certificate are sound.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::DATE;

use super::facade;
use super::reply;
use super::settings::{SettingsError, normalise};

/// Somebody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The HTTP status.
    pub status: u16,
    /// The answer's own clock.
    pub date: Option<Timestamp>,
    /// From the beginning to the head of the answer.
    pub took: Duration,
}

/// Why nobody answered.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// The address is none.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The connection failed, with the innermost reason.
    #[error("no answer from the service: {reason}")]
    Transport {
        /// In the words of the system or of TLS.
        reason: String,
    },
}

/// Asks the host of a service for its front page.
pub async fn reach(base_url: &str, patience: Duration) -> Result<Reached, Unreached> {
    let base_url = normalise(base_url)?;
    // A second provider installed by somebody else serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = facade::builder(patience, &base_url)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(patience)
        .build()
        .map_err(|source| SettingsError::Client { source })?;
    let begun = Instant::now();
    let answer = client.get(format!("{base_url}/")).send().await;
    let answer = answer.map_err(|error| Unreached::Transport {
        reason: innermost(&error.without_url()),
    })?;
    let date = answer.headers().get(DATE);
    Ok(Reached {
        status: answer.status().as_u16(),
        date: date.and_then(|date| reply::date(date.to_str().ok()?)),
        took: begun.elapsed(),
    })
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
