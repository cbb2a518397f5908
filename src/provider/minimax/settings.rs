//! Where the service is, and who asks.
//!
//! Owns what a base URL may look like. Nothing is contacted here.

use std::sync::Arc;
use std::time::Duration;

use crate::provider::exchange::{Recorder, Witness};

/// How long an open connection may be silent. A create with a large picture is
/// slow to be answered, and giving up on it leaves a task that may have been paid.
pub const SILENCE: Duration = Duration::from_secs(120);

/// Where the service is and who asks.
pub struct Settings {
    /// Scheme, host and path prefix, for example `https://gateway.example/minimaxi`.
    pub base_url: String,
    /// The key; sent to `base_url` only.
    pub key: String,
    /// Whether creates carry the shot's name in a header. For the simulator,
    /// which draws it into the clip; no other service is told.
    pub label_shots: bool,
    /// How long an open connection may be silent, and how long an answer in words
    /// may take; [`SILENCE`] unless there is a reason.
    pub silence: Duration,
    /// Who is told of every exchange, if anybody is.
    pub witness: Option<Witness>,
    /// Who keeps every exchange whole, if anybody does.
    pub recorder: Option<Arc<dyn Recorder>>,
}

/// Why no client can be built.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The base URL is none.
    #[error("`{url}` is not a base URL like https://api.minimax.io")]
    BaseUrl {
        /// What was given.
        url: String,
    },
    /// The base URL names a user; it is not repeated, it may hold a password.
    #[error("a base URL cannot hold a user or password")]
    BaseUrlUser,
    /// The key cannot be a header.
    #[error("the key holds a character that no HTTP header can carry")]
    Key,
    /// The HTTP library refuses.
    #[error("the HTTP client cannot be built")]
    Client {
        /// Why.
        source: reqwest::Error,
    },
}

/// Checks a base URL and strips what people copy along with it.
pub fn normalise(url: &str) -> Result<String, SettingsError> {
    let error = || SettingsError::BaseUrl {
        url: url.to_owned(),
    };
    let trimmed = url.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix("/v1").unwrap_or(trimmed);
    let parsed = reqwest::Url::parse(trimmed).map_err(|_| error())?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(SettingsError::BaseUrlUser);
    }
    let usable = matches!(parsed.scheme(), "http" | "https")
        && parsed.has_host()
        && parsed.query().is_none()
        && parsed.fragment().is_none();
    usable
        .then(|| trimmed.trim_end_matches('/').to_owned())
        .ok_or_else(error)
}
