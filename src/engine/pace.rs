//! How fast tasks are created: a sliding window, and a pause after a refusal.
//!
//! Owns instants on tokio's clock only. In no window of a minute are more
//! creates sent than allowed, whatever minute the service counts.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// The longest window, in minutes: a year of them. Clocks end at some time.
const LONGEST_WINDOW: f64 = 365.0 * 24.0 * 60.0;

/// Hands out the instants at which creates may be sent.
#[derive(Debug)]
pub(super) struct Pace {
    window: Option<Window>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    creates: usize,
    length: Duration,
}

#[derive(Debug, Default)]
struct State {
    granted: VecDeque<Instant>,
    not_before: Option<Instant>,
}

impl Pace {
    /// `per_minute` creates in any `minute`; `None` is without limit. A rate
    /// below one is one create in a longer window.
    pub(super) fn new(per_minute: Option<f64>, minute: Duration) -> Self {
        let window = per_minute.map(|rate| {
            let creates = rate.floor().max(1.0);
            Window {
                creates: creates as usize,
                length: minute.mul_f64((creates / rate).min(LONGEST_WINDOW)),
            }
        });
        Self {
            window,
            state: Mutex::new(State::default()),
        }
    }

    /// Reserves the next slot and says when it is.
    pub(super) fn reserve(&self) -> Instant {
        let mut state = self.lock();
        let now = Instant::now();
        let mut at = state.not_before.map_or(now, |pause| pause.max(now));
        if let Some(window) = self.window {
            if state.granted.len() >= window.creates {
                let oldest = state.granted.pop_front();
                at = oldest.map_or(at, |oldest| at.max(oldest + window.length));
            }
            state.granted.push_back(at);
        }
        at
    }

    /// Gives the last slot back: what it was for never left this machine.
    pub(super) fn give_back(&self) {
        self.lock().granted.pop_back();
    }

    /// Nobody creates for this long: the service said that it was too much.
    pub(super) fn pause(&self, wait: Duration) {
        let mut state = self.lock();
        let until = Instant::now() + wait;
        state.not_before = Some(state.not_before.map_or(until, |pause| pause.max(until)));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is plain data: a panic elsewhere cannot have torn it.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pace;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn the_slowest_rate_is_still_a_time() {
        let pace = Pace::new(Some(f64::MIN_POSITIVE), MINUTE);
        assert!(pace.reserve() < pace.reserve());
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_holds_more_than_allowed() {
        let pace = Pace::new(Some(5.0), MINUTE);
        let begun = Instant::now();
        let slots: Vec<u64> = (0..12)
            .map(|_| (pace.reserve() - begun).as_secs())
            .collect();
        assert_eq!(slots, [0, 0, 0, 0, 0, 60, 60, 60, 60, 60, 120, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn slow_rates_and_pauses_are_kept() {
        let pace = Pace::new(Some(0.5), MINUTE);
        let begun = Instant::now();
        pace.pause(Duration::from_secs(7));
        assert_eq!((pace.reserve() - begun).as_secs(), 7);
        assert_eq!((pace.reserve() - begun).as_secs(), 127);
        assert_eq!(Pace::new(None, MINUTE).reserve(), begun);
    }
}
