//! Where a shared store is, as a person writes it.
//!
//! Owns the forms of an address and which of them are refused. Reaches nothing, and
//! never keeps or shows a secret that somebody wrote into one.

use std::fmt;
use std::path::PathBuf;

/// The schemes of buckets and what each belongs to.
const CLOUDS: [(&str, Cloud); 7] = [
    ("s3", Cloud::S3),
    ("s3a", Cloud::S3),
    ("gs", Cloud::Gcs),
    ("az", Cloud::Azure),
    ("azure", Cloud::Azure),
    ("abfs", Cloud::Azure),
    ("abfss", Cloud::Azure),
];

/// A kind of object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon S3, and what speaks like it.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

/// Where a shared store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A folder, on this machine or mounted.
    Folder(PathBuf),
    /// A bucket, and where in it.
    Bucket {
        /// Whose.
        cloud: Cloud,
        /// The whole address, without a secret.
        url: String,
    },
}

/// Why a text is no address of a shared store. Never holds the text: there may be a
/// key in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was written.
    #[error("the address of the shared store is empty")]
    Empty,
    /// A scheme that is not known here.
    #[error("`{scheme}://` is no kind of shared store")]
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// No bucket.
    #[error("the address of the shared store names no bucket")]
    NoBucket,
    /// Somebody wrote a name or a key before an `@`, or a query.
    #[error("the address of a shared store holds no keys")]
    Secret,
    /// A step up, or an empty step.
    #[error("the address of the shared store has a `.`, a `..` or an empty step in it")]
    Step,
    /// `file://host/…`
    #[error("a `file://` address has no host: write `file:///path`")]
    FileHost,
}

impl AddressError {
    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Secret => {
                "keys come from the environment, as the cloud's own tools name them; whoever saw this one has it"
            }
            _ => "write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, or a folder",
        }
    }
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let scheme = scheme.to_ascii_lowercase();
        if scheme == "file" {
            return match rest.strip_prefix('/') {
                Some(path) => Ok(Self::Folder(file_path(path))),
                None => Err(AddressError::FileHost),
            };
        }
        let Some((_, cloud)) = CLOUDS.iter().find(|(known, _)| *known == scheme) else {
            // What is no scheme may be anything, a key too.
            let known = ["http", "https", "ftp", "sftp", "gcs", "minio", "r2"];
            let named = known.contains(&scheme.as_str());
            return Err(AddressError::Scheme {
                scheme: if named { scheme } else { "…".to_owned() },
            });
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        // `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/…` is how Azure writes it.
        let account = scheme.starts_with("abfs") && !host.contains(':');
        if rest.contains(['?', '#']) || (host.contains('@') && !account) || path.contains('@') {
            return Err(AddressError::Secret);
        }
        if host.is_empty() {
            return Err(AddressError::NoBucket);
        }
        let path = path.trim_end_matches('/');
        if !path.is_empty() && path.split('/').any(|step| matches!(step, "" | "." | "..")) {
            return Err(AddressError::Step);
        }
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(Self::Bucket {
            cloud: *cloud,
            url: format!("{scheme}://{host}{slash}{path}"),
        })
    }

    /// The folder inside of the bucket; nothing for a folder, which is the store itself.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::Folder(_) => "",
            Self::Bucket { url, .. } => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                rest.split_once('/').map_or("", |(_, path)| path)
            }
        }
    }
}

/// `file:///C:/film` is a drive where there are drives.
fn file_path(path: &str) -> PathBuf {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    if cfg!(windows) && has_drive {
        PathBuf::from(path)
    } else {
        PathBuf::from(format!("/{path}"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.write_str(&path.display().to_string().replace('\\', "/")),
            Self::Bucket { url, .. } => f.write_str(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError, Cloud};

    #[test]
    fn buckets_and_folders_are_told_apart() {
        for (text, shown, prefix) in [
            ("s3://team/films/a/", "s3://team/films/a", "films/a"),
            ("S3://team", "s3://team", ""),
            ("gs://team/x", "gs://team/x", "x"),
            ("az://box/x", "az://box/x", "x"),
            (
                "abfss://box@acme.dfs.core.windows.net/x",
                "abfss://box@acme.dfs.core.windows.net/x",
                "x",
            ),
            ("../shared", "../shared", ""),
            ("file:///mnt/team", "/mnt/team", ""),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.to_string(), shown);
            assert_eq!(address.prefix(), prefix, "{text}");
        }
        let s3 = Address::parse("s3a://team").expect("it is one");
        assert!(matches!(
            s3,
            Address::Bucket {
                cloud: Cloud::S3,
                ..
            }
        ));
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_key_is_said() {
        for (text, why) in [
            (" ", AddressError::Empty),
            ("s3://AKIA:sk-hidden@team/x", AddressError::Secret),
            ("s3://AKIA@team/x", AddressError::Secret),
            ("az://box/x?sig=sk-hidden", AddressError::Secret),
            ("abfss://box:sk-hidden@acme/x", AddressError::Secret),
            ("s3://team/a/../b", AddressError::Step),
            ("s3://team//b", AddressError::Step),
            ("s3:///b", AddressError::NoBucket),
            ("file://host/b", AddressError::FileHost),
            (
                "sk-hidden://b",
                AddressError::Scheme {
                    scheme: "…".to_owned(),
                },
            ),
            (
                "https://x",
                AddressError::Scheme {
                    scheme: "https".to_owned(),
                },
            ),
        ] {
            let error = Address::parse(text).expect_err(text);
            assert_eq!(error, why);
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}
