//! How fast the service is asked: a sliding window, and slowing down when it
//! says that it was too much.
//!
//! Owns instants on tokio's clock only. In no window of a minute are more calls
//! made than allowed, whatever minute the service counts. Whoever waits is
//! served in the order of coming, and only the first of them looks at the clock,
//! so that a slowing counts for everyone who has not gone yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::ledger::Turnstile;

/// The least time that a refusal costs, in units of backing off.
const LEAST_UNITS: u32 = 2;

/// The most time between two calls that refusals lead to, in units.
const MOST_UNITS: u32 = 60;

/// Until this many units after a refusal, calls keep a quarter of a unit between
/// them: whoever waits would else go all at once, and be refused all at once.
const WARY_UNITS: u32 = 60;

/// Shorter pauses than this many units are over before they are read.
const WORTH_A_WORD_UNITS: u32 = 3;

/// The longest window, in minutes: a year of them. Clocks end at some time.
const LONGEST_WINDOW: f64 = 365.0 * 24.0 * 60.0;

/// Lets calls through, one after the other.
#[derive(Debug)]
pub(super) struct Pace {
    window: Option<Window>,
    unit: Duration,
    shared: Option<Shared>,
    // Fair: the longest waiting is the next.
    queue: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    calls: usize,
    length: Duration,
}

#[derive(Debug, Default)]
struct State {
    granted: VecDeque<Instant>,
    last: Option<Instant>,
    not_before: Option<Instant>,
    refused: Option<Instant>,
    /// The end of the full window that was told last.
    told: Option<Instant>,
    /// Between two calls; nothing at full speed.
    gap: Duration,
}

/// The window that other runs count in as well.
#[derive(Debug)]
struct Shared {
    turnstile: Arc<Mutex<Turnstile>>,
    wall_clock: fn() -> Timestamp,
}

impl Pace {
    /// `per_minute` calls in any `minute`; `None` is without limit. A rate below
    /// one is one call in a longer window. `unit` is one second of backing off.
    pub(super) fn new(per_minute: Option<f64>, minute: Duration, unit: Duration) -> Self {
        let window = per_minute.map(|rate| {
            let calls = rate.floor().max(1.0);
            Window {
                calls: calls as usize,
                length: minute.mul_f64((calls / rate).min(LONGEST_WINDOW)),
            }
        });
        Self {
            window,
            unit,
            shared: None,
            queue: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// Counts together with every other run that goes through the turnstile.
    pub(super) fn shared(mut self, turnstile: Turnstile, wall_clock: fn() -> Timestamp) -> Self {
        let turnstile = Arc::new(Mutex::new(turnstile));
        self.shared = Some(Shared {
            turnstile,
            wall_clock,
        });
        self
    }

    /// Waits for the next call's turn, and takes it. Dropping it in
    /// between takes one too many at most, from the runs of other folders.
    pub(super) async fn turn(&self) {
        let _first = self.queue.lock().await;
        loop {
            let at = self.next();
            // A timer takes a millisecond even for a time that has come, and calls
            // go one after the other: a thousand a second would be the limit.
            if at > Instant::now() {
                tokio::time::sleep_until(at).await;
            } else if let Some(wait) = self.others().await {
                tokio::time::sleep(wait).await;
            } else {
                return self.grant();
            }
        }
    }

    /// How long the window is full, once for each time that it is, where that is
    /// worth a word.
    pub(super) fn exhausted(&self) -> Option<Duration> {
        let mut state = self.lock();
        let full_until = self.full_until(&state)?;
        let wait = full_until.saturating_duration_since(Instant::now());
        if wait < self.unit * WORTH_A_WORD_UNITS || state.told == Some(full_until) {
            return None;
        }
        state.told = Some(full_until);
        Some(wait)
    }

    /// Gives the last turn back: what it was for never left this machine.
    pub(super) fn give_back(&self) {
        self.lock().granted.pop_back();
        if let Some(shared) = &self.shared {
            locked(&shared.turnstile).give_back();
        }
    }

    /// The service said that it was too much, and maybe for how long: says how
    /// long nobody calls. Refusals of calls that were on their way together
    /// count once.
    pub(super) fn refused(&self, asked: Option<Duration>) -> Duration {
        let mut state = self.lock();
        let now = Instant::now();
        let paused = state.not_before.filter(|&until| until > now);
        if paused.is_none() {
            let least = self.unit * LEAST_UNITS;
            state.gap = (state.gap * 2).clamp(least, self.unit * MOST_UNITS);
        }
        let wait = asked.unwrap_or_default().max(match paused {
            Some(until) => until - now,
            None => state.gap,
        });
        state.refused = Some(now);
        state.not_before = Some(now + wait);
        wait
    }

    /// The service took a call: three in a row and hardly anything is left of a
    /// slowing; nothing when the last refusal is long ago.
    pub(super) fn accepted(&self) {
        let mut state = self.lock();
        let long_ago = state
            .refused
            .is_none_or(|at| at.elapsed() > self.unit * WARY_UNITS);
        state.gap = if long_ago {
            Duration::ZERO
        } else {
            (state.gap / 2).max(self.unit / 4)
        };
    }

    /// The earliest instant of the next call, as things stand.
    fn next(&self) -> Instant {
        let state = self.lock();
        let now = Instant::now();
        let paused = state.not_before.unwrap_or(now);
        let spaced = state.last.map_or(now, |last| last + state.gap);
        let windowed = self.full_until(&state);
        now.max(paused).max(spaced).max(windowed.unwrap_or(now))
    }

    /// When the oldest call of a full window leaves it.
    fn full_until(&self, state: &State) -> Option<Instant> {
        let window = self.window?;
        let oldest = state.granted.front()?;
        (state.granted.len() >= window.calls).then(|| *oldest + window.length)
    }

    /// How long the other runs on this machine leave no room; takes a turn among
    /// them where they do.
    async fn others(&self) -> Option<Duration> {
        let (window, shared) = self.window.zip(self.shared.as_ref())?;
        let turnstile = Arc::clone(&shared.turnstile);
        let clock = shared.wall_clock;
        let taken = tokio::task::spawn_blocking(move || {
            locked(&turnstile).take(window.calls, window.length, clock)
        });
        // Where the turnstile cannot be used, this run's own window still holds:
        // the worst is that the service refuses, which costs nothing.
        taken.await.ok()?.unwrap_or_default()
    }

    fn grant(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        state.last = Some(now);
        if let Some(window) = self.window {
            while state.granted.len() >= window.calls {
                state.granted.pop_front();
            }
            state.granted.push_back(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

/// What is behind the locks here is changed in single steps: a panic elsewhere
/// cannot have torn it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pace;

    const MINUTE: Duration = Duration::from_secs(60);
    const UNIT: Duration = Duration::from_secs(1);

    async fn turns(pace: &Pace, count: usize) -> Vec<u64> {
        let begun = Instant::now();
        let mut turns = Vec::new();
        for _ in 0..count {
            pace.turn().await;
            turns.push(begun.elapsed().as_secs());
        }
        turns
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_rate_is_still_a_time() {
        let pace = Pace::new(Some(f64::MIN_POSITIVE), MINUTE, UNIT);
        let year = 365 * 24 * 60 * 60;
        assert_eq!(turns(&pace, 2).await, [0, year]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_holds_more_than_allowed() {
        let pace = Pace::new(Some(5.0), MINUTE, UNIT);
        let slots = turns(&pace, 12).await;
        assert_eq!(slots, [0, 0, 0, 0, 0, 60, 60, 60, 60, 60, 120, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_window_is_told_once() {
        let pace = Pace::new(Some(2.0), MINUTE, UNIT);
        assert_eq!(pace.exhausted(), None);
        turns(&pace, 2).await;
        tokio::time::sleep(UNIT * 20).await;
        assert_eq!(pace.exhausted(), Some(UNIT * 40));
        assert_eq!(pace.exhausted(), None);
        turns(&pace, 2).await;
        assert_eq!(pace.exhausted(), Some(MINUTE));
        tokio::time::sleep(UNIT * 58).await;
        turns(&pace, 1).await;
        assert_eq!(pace.exhausted(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn slow_rates_are_kept_and_no_rate_is_none() {
        let pace = Pace::new(Some(0.5), MINUTE, UNIT);
        assert_eq!(turns(&pace, 3).await, [0, 120, 240]);
        assert_eq!(turns(&Pace::new(None, MINUTE, UNIT), 3).await, [0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_slow_down_and_acceptances_speed_up_again() {
        let pace = Pace::new(None, MINUTE, UNIT);
        assert_eq!(pace.refused(None).as_secs(), 2);
        // On its way together with the first: says nothing new.
        assert_eq!(pace.refused(None).as_secs(), 2);
        assert_eq!(turns(&pace, 3).await, [2, 4, 6]);
        assert_eq!(pace.refused(None).as_secs(), 4);
        assert_eq!(turns(&pace, 1).await, [4]);
        assert_eq!(pace.refused(None).as_secs(), 8);
        assert_eq!(turns(&pace, 1).await, [8]);
        for _ in 0..5 {
            pace.accepted();
        }
        assert_eq!(turns(&pace, 6).await, [0, 0, 0, 1, 1, 1]);
        tokio::time::sleep(MINUTE).await;
        pace.accepted();
        assert_eq!(turns(&pace, 6).await, [0, 0, 0, 0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_service_asks_for_is_kept_and_no_slowing_is_endless() {
        let pace = Pace::new(None, MINUTE, UNIT);
        assert_eq!(pace.refused(Some(MINUTE * 2)).as_secs(), 120);
        assert_eq!(turns(&pace, 1).await, [120]);
        let mut longest = Duration::ZERO;
        for _ in 0..12 {
            longest = pace.refused(None);
            pace.turn().await;
        }
        assert_eq!(longest, MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slowing_counts_for_those_who_wait_already() {
        let pace = Pace::new(Some(1.0), MINUTE, UNIT);
        pace.turn().await;
        let begun = Instant::now();
        let (waited, ()) = tokio::join!(
            async {
                pace.turn().await;
                begun.elapsed().as_secs()
            },
            async {
                tokio::time::sleep(MINUTE / 2).await;
                pace.refused(Some(MINUTE));
            }
        );
        assert_eq!(waited, 90);
    }

    /// Time of day that goes with the paused clock.
    fn wall_clock() -> jiff::Timestamp {
        static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let begun = *BEGUN.get_or_init(Instant::now);
        let day = jiff::Timestamp::from_second(1_700_000_000).expect("a time of our days");
        day + jiff::SignedDuration::try_from(begun.elapsed()).expect("not that long")
    }

    #[tokio::test(start_paused = true)]
    async fn two_runs_of_one_key_share_the_window() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("creates.sqlite");
        let run = || {
            let turnstile = crate::ledger::Turnstile::open(&path, "https://x.example", "key");
            Pace::new(Some(3.0), MINUTE, UNIT).shared(turnstile.expect("it opens"), wall_clock)
        };
        let (one, two) = (run(), run());
        let (one, two) = tokio::join!(turns(&one, 3), turns(&two, 3));
        let mut all = [one, two].concat();
        all.sort_unstable();
        assert_eq!(all, [0, 0, 0, 60, 60, 60]);
    }
}
