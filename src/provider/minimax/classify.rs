//! What an answer means: one pure function for every call and every trouble.
//!
//! Owns the table of minimax-api.md 5.1 and 5.2. Never sees a connection: the
//! facade describes what happened as an [`Answer`], and this says what it is.

use std::time::Duration;

use crate::event::{Failure, FailureClass, Operation};

/// What came back instead of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// No connection was made, so nothing was sent.
    NotConnected(String),
    /// The connection broke or timed out after the request may have left.
    Broken(String),
    /// An HTTP answer.
    Http {
        /// The HTTP status.
        status: u16,
        /// `base_resp.status_code`, where the body has one.
        code: Option<i64>,
        /// `base_resp.status_msg`, or a short word on a body that is no JSON.
        message: String,
        /// The `Retry-After` header.
        retry_after: Option<Duration>,
        /// The `Trace-Id` header.
        trace_id: Option<String>,
    },
}

/// Says what an answer means for the call that it answers.
pub fn classify(operation: Operation, answer: Answer) -> Failure {
    match answer {
        Answer::NotConnected(message) => Failure::new(FailureClass::Unreachable, message),
        Answer::Broken(message) => Failure::new(unknown_fate(operation), message),
        Answer::Http {
            status,
            code,
            message,
            retry_after,
            trace_id,
        } => Failure {
            class: match code {
                // A code in the body says more than the status around it
                // (minimax-api.md 5.2: business errors come with any status).
                Some(code) if code != 0 => by_code(operation, code, status),
                _ => by_status(operation, status),
            },
            code: code.filter(|&code| code != 0).or(Some(i64::from(status))),
            message,
            retry_after,
            trace_id,
        },
    }
}

/// A create whose fate is unknown may have been paid; anything else can be asked again.
fn unknown_fate(operation: Operation) -> FailureClass {
    match operation {
        Operation::Create => FailureClass::Ambiguous,
        Operation::Poll | Operation::Locate | Operation::Download => FailureClass::Transient,
    }
}

fn by_code(operation: Operation, code: i64, status: u16) -> FailureClass {
    let create = operation == Operation::Create;
    match code {
        1002 | 1039 | 1041 | 2045 => FailureClass::Throttled,
        1004 | 2049 => FailureClass::KeyRefused,
        1008 | 1028 | 1030 | 2056 if create => FailureClass::OutOfCredit,
        2061 if create => FailureClass::ModelNotOnPlan,
        // Also on a query: these two are listed there as the reason of a failure.
        1026 | 1027 if create || operation == Operation::Poll => FailureClass::Moderated,
        1042 | 2013 if create => FailureClass::Invalid,
        1000 | 1001 | 1013 | 1024 | 1033 => unknown_fate(operation),
        // An unlisted code is a refusal in words that nobody published. On a
        // create with an honest 4xx it proves that nothing was taken.
        _ if create && (400..500).contains(&status) => by_status(operation, status),
        _ => unknown_fate(operation),
    }
}

fn by_status(operation: Operation, status: u16) -> FailureClass {
    match status {
        // A storage host that says so means its link, not the key.
        401 if operation != Operation::Download => FailureClass::KeyRefused,
        429 => FailureClass::Throttled,
        // Not that of a link: an expired one answers 403, and a new one is asked for.
        402 if operation == Operation::Create => FailureClass::OutOfCredit,
        // Said after the fact: it was done and is to be seen elsewhere, it is there
        // already, nobody waited for the answer.
        303 | 408 | 409 | 499 => unknown_fate(operation),
        // Something else answers there, or something on the way: nothing was
        // taken, and the next shot would fare no better.
        300..400 | 404 | 405 if operation == Operation::Create => FailureClass::WrongAddress,
        400..500 if operation == Operation::Create => FailureClass::Invalid,
        _ => unknown_fate(operation),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{Answer, classify};
    use crate::event::Operation;

    const OPERATIONS: [Operation; 4] = [
        Operation::Create,
        Operation::Poll,
        Operation::Locate,
        Operation::Download,
    ];

    fn http(status: u16, code: Option<i64>) -> Answer {
        Answer::Http {
            status,
            code,
            message: String::new(),
            retry_after: None,
            trace_id: None,
        }
    }

    fn row(table: &mut String, name: &str, answer: &Answer) {
        let classes =
            OPERATIONS.map(|operation| classify(operation, answer.clone()).class.as_str());
        let _ = writeln!(
            table,
            "{name:<22} {:<17} {:<12} {:<12} {}",
            classes[0], classes[1], classes[2], classes[3]
        );
    }

    /// The whole table, to be read beside minimax-api.md 5.1 and 5.2.
    #[test]
    fn every_answer_has_one_meaning() {
        let mut table = format!(
            "{:<22} {:<17} {:<12} {:<12} {}\n",
            "answer", "create", "poll", "locate", "download"
        );
        row(
            &mut table,
            "not connected",
            &Answer::NotConnected(String::new()),
        );
        row(&mut table, "broken off", &Answer::Broken(String::new()));
        for code in [
            1000, 1001, 1002, 1004, 1008, 1013, 1024, 1026, 1027, 1028, 1030, 1033, 1039, 1041,
            1042, 2013, 2045, 2049, 2056, 2061, 9999,
        ] {
            row(
                &mut table,
                &format!("200 with {code}"),
                &http(200, Some(code)),
            );
        }
        row(&mut table, "500 with 1008", &http(500, Some(1008)));
        row(&mut table, "422 with 1027", &http(422, Some(1027)));
        row(&mut table, "400 with 9999", &http(400, Some(9999)));
        for status in [
            200, 301, 303, 307, 400, 401, 402, 403, 404, 405, 408, 409, 413, 422, 429, 499, 500,
            502, 503, 504,
        ] {
            row(
                &mut table,
                &format!("{status} without a code"),
                &http(status, None),
            );
        }
        insta::assert_snapshot!(table);
    }
}
