//! Who is told of an exchange, and what.
//!
//! Owns that nothing secret is told: what a service says of itself is cleaned
//! like every other word of it.

use std::fmt;
use std::time::Instant;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::event::Operation;
use crate::provider::exchange::{Exchange, Heard, Witness};
use crate::provider::minimax::classify::Answer;
use crate::provider::minimax::redact::Secret;
use crate::provider::minimax::reply::{self, Refused, Reply};

/// Tells a witness, if there is one.
pub(super) struct Teller(pub(super) Option<Witness>);

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller(…)")
    }
}

/// A request that was sent.
pub(super) struct Sent {
    pub(super) operation: Operation,
    pub(super) method: String,
    pub(super) place: String,
    pub(super) begun: Instant,
}

/// What is told of an answer.
pub(super) struct Said {
    pub(super) heard: Heard,
    pub(super) code: Option<i64>,
    pub(super) trace_id: Option<String>,
}

impl Said {
    /// Of the head of a file.
    pub(super) fn of_file(status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            heard: Heard::Status(status.as_u16()),
            code: None,
            trace_id: reply::trace_id(headers),
        }
    }

    /// Of an answer in words, or of none.
    pub(super) fn of(sorted: &Result<Reply, Refused>) -> Self {
        let answer = match sorted {
            Ok(reply) => {
                return Self {
                    heard: Heard::Status(reply.status),
                    code: reply::status_code(&reply.body),
                    trace_id: reply.trace_id.clone(),
                };
            }
            Err(refused) => &*refused.answer,
        };
        match answer {
            Answer::NotConnected(why) | Answer::Broken(why) => Self {
                heard: Heard::Nothing(why.clone()),
                code: None,
                trace_id: None,
            },
            Answer::Http {
                status,
                code,
                trace_id,
                ..
            } => Self {
                heard: Heard::Status(*status),
                code: *code,
                trace_id: trace_id.clone(),
            },
        }
    }
}

impl Teller {
    pub(super) fn tell(&self, secret: &Secret, sent: Sent, said: Said) {
        let Some(witness) = &self.0 else { return };
        witness(&Exchange {
            operation: sent.operation,
            method: sent.method,
            place: sent.place,
            heard: match said.heard {
                Heard::Nothing(why) => Heard::Nothing(secret.hide(&why)),
                status @ Heard::Status(_) => status,
            },
            code: said.code,
            trace_id: said.trace_id.map(|id| secret.hide(&id)),
            took: sent.begun.elapsed(),
        });
    }
}
