//! How long the service takes for a video, roughly.
//!
//! Owns the figures, which are other people's (minimax-api.md 6.3): about 120 s
//! for 6 s at up to 768P, 240 s at 1080P, and twice as long for 10 s. Good for
//! saying "minutes" before anything is paid, and for nothing else.

use std::time::Duration;

/// The time from a create to its video.
pub fn generation(resolution: &str, seconds: u32) -> Duration {
    let six = if resolution == "1080P" { 240 } else { 120 };
    Duration::from_secs(if seconds > 6 { 2 * six } else { six })
}

#[cfg(test)]
mod tests {
    use super::generation;

    #[test]
    fn longer_and_larger_takes_longer() {
        assert_eq!(generation("768P", 6).as_secs(), 120);
        assert_eq!(generation("1080P", 6).as_secs(), 240);
        assert_eq!(generation("768P", 10).as_secs(), 240);
    }
}
