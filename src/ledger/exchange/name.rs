//! What an attempt is called where another has its name.
//!
//! Owns the two forms of a name: `1f0c9a3b5d7e2468-1`, which a run gives, and the
//! full form `1f0c9a3b5d7e2468.0a1b2c3d-1`, which says by some digits of a digest
//! which run it was. Both end with the number.

use crate::id::{AttemptId, RunId, sha256_hex};
use crate::ledger::read::Record;

/// Digits of the run's digest; a hundred runs of one request do not collide in them.
const DIGITS: usize = 8;

/// The name in its full form.
pub(super) fn full(attempt: &AttemptId, run: &RunId) -> String {
    let plain = plain(attempt, run);
    match plain.rsplit_once('-') {
        Some((request, number)) => format!("{request}.{}-{number}", digits(run)),
        None => format!("{plain}.{}", digits(run)),
    }
}

/// The name that the run gave.
pub(super) fn plain(attempt: &AttemptId, run: &RunId) -> String {
    let name = attempt.as_str();
    let ending = format!(".{}", digits(run));
    let plain = name
        .rsplit_once('-')
        .and_then(|(request, number)| Some((request.strip_suffix(&ending)?, number)));
    match plain {
        Some((request, number)) => format!("{request}-{number}"),
        None => name.to_owned(),
    }
}

/// Whether the attempt has the name that a run gives to it.
pub(super) fn is_of(record: &Record, run: &RunId) -> bool {
    let given = record.fingerprint.attempt(record.number);
    record.number > 0 && plain(&record.attempt, run) == given.as_str()
}

fn digits(run: &RunId) -> String {
    sha256_hex(run.as_str().as_bytes())[..DIGITS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{full, plain};
    use crate::id::{AttemptId, RunId};

    #[test]
    fn a_name_in_full_leads_back_to_the_name_that_the_run_gave() {
        let (run, other) = (RunId::new("run-1"), RunId::new("run-2"));
        let given = AttemptId::new("1f0c9a3b5d7e2468-3");
        let name = AttemptId::new(full(&given, &run));
        assert_ne!(full(&given, &other), name.as_str());
        assert_eq!(full(&name, &run), name.as_str());
        assert_eq!(plain(&name, &run), given.as_str());
        assert_eq!(plain(&given, &run), given.as_str());
        assert_eq!(plain(&name, &other), name.as_str());
    }
}
