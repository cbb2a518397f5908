//! The service's words for where a task is.
//!
//! Owns minimax-api.md section 4: spellings differ between polling, callbacks
//! and gateways. An unknown word means still running, because taking it for an
//! end would abandon a paid task.

/// What a status word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Waiting or working.
    Running,
    /// The video exists.
    Succeeded,
    /// Given up.
    Failed,
    /// Nobody knows this word; it counts as running.
    Unknown,
}

/// Reads a status word in any case and spelling that was ever seen.
pub fn meaning(status: &str) -> Meaning {
    match status.trim().to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "completed" | "finished" => Meaning::Succeeded,
        "fail" | "failed" | "error" | "cancelled" | "canceled" | "expired" => Meaning::Failed,
        "preparing" | "queueing" | "queued" | "pending" | "processing" | "running" | "waiting"
        | "in_progress" => Meaning::Running,
        _ => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, meaning};

    #[test]
    fn spellings_of_all_sources_are_understood() {
        for word in ["Success", "success", " SUCCESS "] {
            assert_eq!(meaning(word), Meaning::Succeeded);
        }
        for word in ["Fail", "failed", "Failed"] {
            assert_eq!(meaning(word), Meaning::Failed);
        }
        for word in ["Preparing", "Queueing", "processing", "Pending"] {
            assert_eq!(meaning(word), Meaning::Running);
        }
        for word in ["", "Thinking"] {
            assert_eq!(meaning(word), Meaning::Unknown);
        }
    }
}
