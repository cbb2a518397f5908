//! How long to wait before a call is made again, and when to give up.
//!
//! Pure: failure, number of tries and unit of time in, decision out. Nothing
//! here waits, and nothing here reads a clock or rolls a die.

use std::time::Duration;

use crate::event::{Failure, FailureClass};

/// Tries of a create whose connection cannot be made.
const UNREACHABLE_TRIES: u32 = 4;

/// Tries to fetch a finished video in one run.
const SAVE_TRIES: u32 = 6;

/// The longest pause, in units.
const LONGEST_UNITS: u32 = 60;

/// Whether, and after how long, a refused create may be sent again. `None` is
/// the only answer for everything that may have been accepted: sending it again
/// is how one pays twice.
///
/// `slowed` is how long nobody creates after a refusal for the rate. Such a
/// refusal costs nothing and says nothing about the shot, so that only
/// `patience` ends the tries.
pub fn create_again(
    failure: &Failure,
    tries: u32,
    unit: Duration,
    slowed: Duration,
    patience: Duration,
) -> Option<Duration> {
    match failure.class {
        FailureClass::Throttled => (slowed <= patience).then_some(slowed),
        FailureClass::Unreachable => {
            (tries < UNREACHABLE_TRIES).then(|| pause(failure, tries, unit))
        }
        _ => None,
    }
}

/// Whether, and after how long, a finished video may be fetched again.
pub fn save_again(failure: &Failure, tries: u32, unit: Duration) -> Option<Duration> {
    let hopeless = matches!(
        failure.class,
        FailureClass::Local | FailureClass::KeyRefused
    );
    (!hopeless && tries < SAVE_TRIES).then(|| pause(failure, tries, unit))
}

/// The pause after the `tries`th failure: 2, 4, 8 … units, or what the service asks for.
pub fn pause(failure: &Failure, tries: u32, unit: Duration) -> Duration {
    let units = 2u32.saturating_pow(tries.clamp(1, 16)).min(LONGEST_UNITS);
    let doubled = unit * units;
    failure.retry_after.map_or(doubled, |asked| asked.max(unit))
}

/// Spreads equal intervals by up to a tenth either way, so that shots created
/// together do not poll together. The same seed and turn give the same spread.
pub fn jittered(interval: Duration, seed: u64, turn: u32) -> Duration {
    let mixed = (seed ^ u64::from(turn).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let thousandth = (mixed >> 40) % 200;
    interval * (900 + thousandth as u32) / 1000
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{create_again, jittered, pause};
    use crate::event::{Failure, FailureClass};

    const UNIT: Duration = Duration::from_secs(1);

    #[test]
    fn only_what_is_proved_refused_is_sent_again() {
        for class in FailureClass::ALL {
            let failure = Failure::new(class, "");
            let again = create_again(&failure, 1, UNIT, UNIT, UNIT * 60).is_some();
            let proved = matches!(class, FailureClass::Throttled | FailureClass::Unreachable);
            assert_eq!(again, proved, "{class:?}");
        }
    }

    #[test]
    fn nobody_waits_longer_than_patience_to_be_taken() {
        let failure = Failure::new(FailureClass::Throttled, "");
        let again = |slowed| create_again(&failure, 1_000, UNIT, slowed, UNIT * 60);
        assert_eq!(again(UNIT * 60), Some(UNIT * 60));
        assert_eq!(again(UNIT * 61), None);
    }

    #[test]
    fn the_service_is_obeyed_when_it_asks_for_time() {
        let mut failure = Failure::new(FailureClass::Throttled, "");
        assert_eq!(pause(&failure, 1, UNIT), Duration::from_secs(2));
        assert_eq!(pause(&failure, 9, UNIT), Duration::from_secs(60));
        failure.retry_after = Some(Duration::from_secs(90));
        assert_eq!(pause(&failure, 1, UNIT), Duration::from_secs(90));
    }

    #[test]
    fn jitter_stays_within_a_tenth() {
        let spread: Vec<_> = (0..100).map(|turn| jittered(UNIT, 7, turn)).collect();
        assert!(spread.iter().all(|d| (900..=1100).contains(&d.as_millis())));
        assert!(spread.iter().any(|d| d.as_millis() < 950));
        assert!(spread.iter().any(|d| d.as_millis() > 1050));
    }
}
