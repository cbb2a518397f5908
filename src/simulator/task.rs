//! One task: when it is in which state.
//!
//! Owns the timetable. A state is computed when it is asked for; nothing ticks.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

use super::order::number;
use super::studio::Clip;

/// When a task leaves its states, counted from its creation in life's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timetable {
    preparing: Duration,
    queueing: Duration,
    total: Duration,
}

impl Timetable {
    /// One to two and a half minutes, by the digest of the request; longer for large and long clips.
    pub(super) fn new(digest: &[u8; 32], size: (u32, u32), seconds: u32) -> Self {
        let mut total = 60_000 + number(digest, 1) % 90_001;
        if size.0.min(size.1) >= 1080 {
            total = total * 3 / 2;
        }
        if seconds > 6 {
            total = total * 4 / 3;
        }
        let share = |percent: u64| Duration::from_millis(total * percent / 100);
        Self {
            preparing: share(3 + number(digest, 2) % 5),
            queueing: share(12 + number(digest, 3) % 20),
            total: share(100),
        }
    }
}

/// A task that was created.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: u64,
    /// The file that it will have.
    pub(super) file: u64,
    pub(super) prompt: String,
    pub(super) digest: [u8; 32],
    pub(super) timetable: Timetable,
    pub(super) created: Instant,
    /// Unix seconds.
    pub(super) created_at: i64,
    /// The code that it is bound to fail with.
    pub(super) failure: OnceLock<i64>,
    /// Filled by the studio; the error says why there is none.
    pub(super) clip: OnceLock<Result<Clip, String>>,
}

/// How far a task is.
#[derive(Debug)]
pub(super) enum State<'t> {
    Preparing,
    Queueing,
    Processing,
    Success(&'t Clip),
    Fail { code: i64, message: Option<&'t str> },
}

impl Task {
    /// When it begins to be processed.
    pub(super) fn begins(&self, scale: u32) -> Instant {
        self.created + self.timetable.queueing / scale.max(1)
    }

    /// When its time is over; its clip may take longer.
    pub(super) fn ends(&self, scale: u32) -> Instant {
        self.created + self.timetable.total / scale.max(1)
    }

    /// The state now, where time runs `scale` times faster than life.
    pub(super) fn state(&self, scale: u32) -> State<'_> {
        let elapsed = self.created.elapsed().saturating_mul(scale.max(1));
        if elapsed < self.timetable.preparing {
            return State::Preparing;
        }
        if elapsed < self.timetable.queueing {
            return State::Queueing;
        }
        if elapsed < self.timetable.total {
            return State::Processing;
        }
        if let Some(code) = self.failure.get() {
            let (code, message) = (*code, None);
            return State::Fail { code, message };
        }
        match self.clip.get() {
            // Its time is over, but its clip is still being rendered.
            None => State::Processing,
            Some(Ok(clip)) => State::Success(clip),
            Some(Err(reason)) => State::Fail {
                code: 2013,
                message: Some(reason),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn states_follow_each_other_and_wait_for_the_clip() {
        let digest = std::array::from_fn(|at| at as u8);
        let task = Task {
            id: 1,
            file: 2,
            prompt: String::new(),
            digest,
            timetable: Timetable::new(&digest, (1366, 768), 6),
            created: Instant::now(),
            created_at: 0,
            failure: OnceLock::new(),
            clip: OnceLock::new(),
        };
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..151 {
            let state = format!("{:?}", task.state(60));
            if seen.last() != Some(&state) {
                seen.push(state);
            }
            tokio::time::advance(Duration::from_millis(1000 / 60 + 1)).await;
        }
        assert_eq!(seen, ["Preparing", "Queueing", "Processing"]);
        assert!(task.failure.set(1027).is_ok());
        assert!(matches!(task.state(60), State::Fail { code: 1027, .. }));
    }

    #[test]
    fn large_and_long_clips_take_longer() {
        let digest = [9; 32];
        let total = |size, seconds| Timetable::new(&digest, size, seconds).total;
        let plain = total((1366, 768), 6);
        assert!(plain >= Duration::from_secs(60) && plain <= Duration::from_secs(150));
        assert!(total((1920, 1080), 6) > plain && total((1366, 768), 10) > plain);
    }
}
