//! Why a shared store cannot be used.
//!
//! Owns the sorting of what the client library says, and takes out of it what lets
//! others in.

use std::error::Error;

use crate::check::link;

/// Longest account of a cause; some services answer with pages.
const MAX_CHARS: usize = 300;

/// Shorter values of variables are words.
const SHORTEST_SECRET: usize = 8;

/// Where clouds tell their own machines who they are.
const METADATA: [&str; 2] = ["169.254.169.254", "metadata.google.internal"];

/// Of which kind a failure is, as far as anything is done differently about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers, or with nonsense.
    Unreachable,
    /// The keys are refused, or there are none.
    Denied,
    /// There is no such bucket or folder.
    Nowhere,
    /// A variable or the address is wrong.
    Settings,
}

/// A shared store could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation}: {cause}")]
pub struct ShareError {
    /// Of which kind it is.
    pub trouble: Trouble,
    /// What was being done.
    operation: &'static str,
    /// Why it failed, without keys.
    cause: String,
}

impl ShareError {
    pub(super) fn new(trouble: Trouble, operation: &'static str, cause: impl Into<String>) -> Self {
        Self {
            trouble,
            operation,
            cause: cause.into(),
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self.trouble {
            Trouble::Unreachable => "look at the connection, then run again",
            Trouble::Denied => {
                "keys come from the environment, as the cloud's own tools name them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
            }
            Trouble::Nowhere => {
                "make the bucket or the folder first, or mount it: runner never makes one, because a store that is away would look like an empty one"
            }
            Trouble::Settings => {
                "look at the address of the store and at the variables of its cloud"
            }
        }
    }
}

/// What must never be said.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The values of variables whose names say that they are secrets.
    pub(super) fn among(variables: &[(String, String)]) -> Self {
        let secret = ["KEY", "SECRET", "TOKEN", "SAS", "PASSWORD"];
        let is_secret = |name: &str| secret.iter().any(|part| name.contains(part));
        let values = variables
            .iter()
            .filter(|(name, value)| is_secret(name) && value.len() >= SHORTEST_SECRET)
            .map(|(_, value)| value.clone());
        Self(values.collect())
    }

    /// What an error of the library means here.
    pub(super) fn sort(&self, operation: &'static str, error: &object_store::Error) -> ShareError {
        use object_store::Error as E;

        let trouble = match error {
            E::NotFound { .. } => Trouble::Nowhere,
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => Trouble::Denied,
            E::UnknownConfigurationKey { .. }
            | E::InvalidPath { .. }
            | E::NotImplemented { .. }
            | E::NotSupported { .. } => Trouble::Settings,
            _ => Trouble::Unreachable,
        };
        let told = self.told(error);
        let says = |signs: &[&str]| signs.iter().any(|sign| told.contains(sign));
        // A listing that is refused has no kind of its own in the library. And without
        // keys it asks the machine for its role, where there is none.
        let trouble = if says(&[": 401 ", ": 403 "]) || says(&METADATA) {
            Trouble::Denied
        } else if says(&[": 404 "]) {
            Trouble::Nowhere
        } else {
            trouble
        };
        ShareError::new(trouble, operation, told)
    }

    /// The chain of causes on one line.
    pub(super) fn told(&self, error: &dyn Error) -> String {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let more = cause.to_string();
            // Most of the library's messages hold those of their causes already.
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            source = cause.source();
        }
        self.without(&text)
    }

    fn without(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = text.replace(secret.as_str(), "…");
        }
        let words: Vec<String> = text.split_whitespace().map(without_query).collect();
        let text: String = words
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        match text.char_indices().nth(MAX_CHARS) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}

/// A link in brackets or quotes is one, too.
fn without_query(word: &str) -> String {
    let Some(at) = word.find("http") else {
        return word.to_owned();
    };
    let (before, rest) = word.split_at(at);
    let end = rest
        .find(['"', '\'', ')', ',', '>', '<'])
        .unwrap_or(rest.len());
    let (address, after) = rest.split_at(end);
    if !link::is_link(address) {
        return word.to_owned();
    }
    let plain = link::without_secrets(&serde_json::Value::String(address.to_owned()));
    let plain = plain.as_str().unwrap_or_default();
    format!("{before}{plain}{after}")
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn neither_keys_nor_signed_links_are_said() {
        let variables = [
            (
                "AWS_SECRET_ACCESS_KEY".to_owned(),
                "hidden-and-long".to_owned(),
            ),
            ("AWS_REGION".to_owned(), "eu-central-1".to_owned()),
        ];
        let secrets = Secrets::among(&variables);
        let error = std::io::Error::other(
            "for (https://box.example/a?sig=hidden) in eu-central-1:\n <Key>hidden-and-long</Key>",
        );
        assert_eq!(
            secrets.told(&error),
            "for (https://box.example/a?…) in eu-central-1: <Key>…</Key>"
        );
        let long = std::io::Error::other("x".repeat(1000));
        assert_eq!(secrets.told(&long).chars().count(), 301);
    }
}
