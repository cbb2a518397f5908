//! From an address and the variables of its cloud to a client.
//!
//! Owns which variables count, how long is waited, and what is refused before
//! anything is sent. The environment itself is read by the command line.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::address::{Address, Cloud};
use super::error::{Secrets, ShareError, Trouble};

/// What the variables of each cloud begin with, as its own tools name them.
pub const VARIABLES: [&str; 5] = [
    "AWS_",
    "AZURE_",
    "GOOGLE_",
    "IDENTITY_ENDPOINT",
    "SERVICE_ACCOUNT",
];

/// A connection that is not made by then is not made.
const CONNECT: Duration = Duration::from_secs(5);

/// A whole answer, a video over a slow line included.
const ANSWER: Duration = Duration::from_secs(15 * 60);

/// A line that brings nothing for so long is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// After this nobody waits for a store that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tries after the first.
const RETRIES: usize = 4;

const OPENING: &str = "open the shared store";

/// The client of a store. Nothing is sent.
pub(super) fn client(
    address: &Address,
    variables: &[(String, String)],
    secrets: &Secrets,
) -> Result<Arc<dyn ObjectStore>, ShareError> {
    let failed = |error: object_store::Error| {
        let sorted = secrets.sort(OPENING, &error);
        match error {
            object_store::Error::NotFound { .. } => sorted,
            // Nothing was sent: it is what was said here.
            _ => ShareError::new(Trouble::Settings, OPENING, secrets.told(&error)),
        }
    };
    let (cloud, url) = match address {
        Address::Folder(path) => {
            if !path.is_dir() {
                let cause = format!("there is no folder {address}");
                return Err(ShareError::new(Trouble::Nowhere, OPENING, cause));
            }
            let folder = LocalFileSystem::new_with_prefix(path).map_err(failed)?;
            return Ok(Arc::new(folder.with_fsync(true)));
        }
        Address::Bucket { cloud, url } => (*cloud, url.as_str()),
    };
    // Fails only where it was done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = may_be_plain(variables);
    let built: object_store::Result<Arc<dyn ObjectStore>> = match cloud {
        Cloud::S3 => s3(url, variables, http),
        Cloud::Gcs => gcs(url, variables, http),
        Cloud::Azure => azure(url, variables, http),
    };
    built.map_err(failed)
}

fn s3(
    url: &str,
    variables: &[(String, String)],
    http: bool,
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = AmazonS3Builder::new()
        .with_client_options(options(http))
        .with_retry(retry());
    for (key, value) in known::<AmazonS3ConfigKey>("AWS_", variables) {
        builder = builder.with_config(key, value);
    }
    Ok(Arc::new(builder.with_url(url).build()?))
}

fn gcs(
    url: &str,
    variables: &[(String, String)],
    http: bool,
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_client_options(options(http))
        .with_retry(retry());
    for prefix in ["SERVICE_ACCOUNT", "GOOGLE_"] {
        for (key, value) in known::<GoogleConfigKey>(prefix, variables) {
            builder = builder.with_config(key, value);
        }
    }
    Ok(Arc::new(builder.with_url(url).build()?))
}

fn azure(
    url: &str,
    variables: &[(String, String)],
    http: bool,
) -> object_store::Result<Arc<dyn ObjectStore>> {
    let mut builder = MicrosoftAzureBuilder::new()
        .with_client_options(options(http))
        .with_retry(retry());
    for prefix in ["IDENTITY_ENDPOINT", "AZURE_"] {
        for (key, value) in known::<AzureConfigKey>(prefix, variables) {
            builder = builder.with_config(key, value);
        }
    }
    Ok(Arc::new(builder.with_url(url).build()?))
}

/// The variables that the library knows; the cloud's other tools have more.
fn known<'v, K: FromStr>(
    prefix: &str,
    variables: &'v [(String, String)],
) -> impl Iterator<Item = (K, &'v str)> {
    variables
        .iter()
        .filter(move |(name, _)| name.starts_with(prefix))
        .filter_map(|(name, value)| {
            let key = name.to_ascii_lowercase().parse().ok()?;
            Some((key, value.as_str()))
        })
}

/// Whether an address was named that only this machine reaches: nobody listens there,
/// and servers on it speak plain HTTP. Elsewhere it takes `AWS_ALLOW_HTTP=true`.
fn may_be_plain(variables: &[(String, String)]) -> bool {
    let is_endpoint = |name: &str| name.contains("_ENDPOINT") || name == "GOOGLE_BASE_URL";
    let mut endpoints = variables
        .iter()
        .filter(|(name, value)| is_endpoint(name) && value.starts_with("http://"));
    endpoints.any(|(_, url)| crate::manifest::is_loopback(url))
}

fn options(http: bool) -> ClientOptions {
    let options = ClientOptions::new()
        .with_connect_timeout(CONNECT)
        .with_read_timeout(SILENCE)
        .with_timeout(ANSWER)
        .with_content_type_for_suffix("mp4", "video/mp4")
        .with_content_type_for_suffix("json", "application/json");
    // Set only where it is so: the cloud's own variable may say it, too.
    if http {
        options.with_allow_http(true)
    } else {
        options
    }
}

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: RETRIES,
        retry_timeout: PATIENCE,
    }
}
