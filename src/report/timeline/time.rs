//! Frames, rates and timecodes, in whole numbers.
//!
//! Owns every conversion between them. A rate is a fraction, because 23.976 is
//! 24000/1001 and an hour of its rounding is several frames.

/// Frames per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    numerator: u32,
    denominator: u32,
}

/// How timecodes are counted where the rate is no whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Counting {
    /// Every number is used; the timecode falls behind the clock.
    #[default]
    NonDrop,
    /// Numbers are left out each minute, so that it stays with the clock.
    Drop,
}

/// Where films begin: one hour, as in every cutting room.
const START_SECONDS: u64 = 3600;

impl Rate {
    /// 24 frames a second, where no video says another.
    pub const FILM: Self = Self {
        numerator: 24,
        denominator: 1,
    };

    /// The rate that a file's frames per second stand for; `None` for what is no
    /// rate. Whole numbers and NTSC's thousandths are recognised.
    pub fn from_fps(fps: f64) -> Option<Self> {
        if !fps.is_finite() || !(0.1..=1000.0).contains(&fps) {
            return None;
        }
        let whole = fps.round();
        let rate = |numerator: f64, denominator| Self {
            numerator: numerator as u32,
            denominator,
        };
        if (fps - whole).abs() < 0.0005 && whole >= 1.0 {
            return Some(rate(whole, 1));
        }
        let ntsc = (fps * 1.001).round();
        if (fps - ntsc / 1.001).abs() < 0.0005 && ntsc >= 1.0 {
            return Some(rate(ntsc * 1000.0, 1001));
        }
        Some(rate((fps * 1000.0).round(), 1000))
    }

    /// As a number; OpenTimelineIO and people want it so.
    pub fn fps(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// Frames that a second of timecode counts: 24 for 23.976.
    pub fn nominal(self) -> u32 {
        (self.fps().round() as u32).max(1)
    }

    /// Whether it is a thousandth slower than its nominal rate.
    pub fn is_ntsc(self) -> bool {
        self.denominator == 1001
    }

    /// Whether it is a whole number, or NTSC's version of one: the rates that
    /// timecodes were made for.
    pub fn is_usual(self) -> bool {
        self.denominator == 1 || self.is_ntsc()
    }

    /// Whether timecodes can leave numbers out.
    pub fn can_drop(self) -> bool {
        self.is_ntsc() && matches!(self.nominal(), 30 | 60)
    }

    /// The frames of a whole number of seconds, rounded.
    pub fn frames_of(self, seconds: u32) -> u64 {
        let frames =
            u128::from(seconds) * u128::from(self.numerator) * 2 + u128::from(self.denominator);
        narrowed(frames / (2 * u128::from(self.denominator)))
    }

    /// How many whole frames of another rate fit into `frames` of this one.
    pub fn convert(self, frames: u64, to: Self) -> u64 {
        let above = u128::from(frames) * u128::from(self.denominator) * u128::from(to.numerator);
        let below = u128::from(self.numerator) * u128::from(to.denominator);
        narrowed(above / below)
    }

    /// The frame that a film's first frame is called.
    pub fn start(self, counting: Counting) -> u64 {
        let every = START_SECONDS * u64::from(self.nominal());
        match counting {
            Counting::NonDrop => every,
            // 54 of 60 minutes leave numbers out.
            Counting::Drop => every - 54 * self.dropped(),
        }
    }

    /// Numbers that a minute leaves out.
    fn dropped(self) -> u64 {
        u64::from(self.nominal() / 15)
    }
}

fn narrowed(frames: u128) -> u64 {
    u64::try_from(frames).unwrap_or(u64::MAX)
}

/// `01:00:00:00`, or `01:00:00;00` where numbers are left out. Behind 24 hours it
/// begins anew, as tapes do.
pub fn timecode(frames: u64, rate: Rate, counting: Counting) -> String {
    let base = u64::from(rate.nominal());
    let (number, separator) = match counting {
        Counting::NonDrop => (frames, ':'),
        Counting::Drop => (with_dropped(frames, rate), ';'),
    };
    let seconds = number / base;
    format!(
        "{:02}:{:02}:{:02}{separator}{:02}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        number % base
    )
}

/// The number that a frame has when each minute but every tenth leaves some out.
fn with_dropped(frames: u64, rate: Rate) -> u64 {
    let (base, dropped) = (u64::from(rate.nominal()), rate.dropped());
    let minute = 60 * base - dropped;
    let ten_minutes = 10 * minute + dropped;
    let (tens, rest) = (frames / ten_minutes, frames % ten_minutes);
    // The first of ten minutes is longer, because it leaves nothing out.
    let minutes = match rest.checked_sub(60 * base) {
        Some(behind) => 1 + behind / minute,
        None => 0,
    };
    frames + dropped * (9 * tens + minutes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(fps: f64) -> Rate {
        Rate::from_fps(fps).expect("a rate")
    }

    #[test]
    fn rates_are_recognised() {
        for (fps, numerator, denominator) in [
            (24.0, 24, 1),
            (23.976, 24000, 1001),
            (23.976_023_976, 24000, 1001),
            (29.97, 30000, 1001),
            (59.94, 60000, 1001),
            (25.000_1, 25, 1),
            (12.5, 12500, 1000),
        ] {
            let found = rate(fps);
            assert_eq!(
                (found.numerator, found.denominator),
                (numerator, denominator)
            );
        }
        for none in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(Rate::from_fps(none), None, "{none}");
        }
    }

    /// SMPTE 12M's own examples.
    #[test]
    fn dropped_numbers_are_those_of_the_standard() {
        let ntsc = rate(29.97);
        let code = |frames| timecode(frames, ntsc, Counting::Drop);
        assert_eq!(code(1799), "00:00:59;29");
        assert_eq!(code(1800), "00:01:00;02");
        assert_eq!(code(17_981), "00:09:59;29");
        assert_eq!(code(17_982), "00:10:00;00");
        assert_eq!(code(107_892), "01:00:00;00");
        assert_eq!(ntsc.start(Counting::Drop), 107_892);
        assert_eq!(timecode(3600, rate(59.94), Counting::Drop), "00:01:00;04");
        assert_eq!(rate(59.94).start(Counting::Drop), 215_784);
    }

    #[test]
    fn every_frame_of_two_hours_has_a_timecode_of_its_own() {
        for (fps, counting) in [
            (24.0, Counting::NonDrop),
            (29.97, Counting::NonDrop),
            (29.97, Counting::Drop),
            (59.94, Counting::Drop),
        ] {
            let rate = rate(fps);
            let mut last = timecode(0, rate, counting);
            for frame in 1..u64::from(rate.nominal()) * 7200 {
                let next = timecode(frame, rate, counting);
                assert!(next > last, "{fps}: {last} then {next}");
                last = next;
            }
        }
    }

    proptest! {
        #[test]
        fn a_conversion_never_makes_a_clip_longer(
            frames in 1_u64..10_000_000,
            from in 1_u32..240,
            to in 1_u32..240,
            ntsc in any::<bool>(),
        ) {
            let from = Rate { numerator: from, denominator: 1 };
            let to = if ntsc {
                Rate { numerator: to * 1000, denominator: 1001 }
            } else {
                Rate { numerator: to, denominator: 1 }
            };
            let converted = from.convert(frames, to);
            let (before, after) = (frames as f64 / from.fps(), converted as f64 / to.fps());
            prop_assert!(after <= before + 1e-6);
            prop_assert!(before - after < 1.0 / to.fps() + 1e-6);
            prop_assert_eq!(from.convert(frames, from), frames);
        }

        #[test]
        fn seconds_become_the_nearest_frames(seconds in 0_u32..100_000, fps in 1.0_f64..120.0) {
            let rate = rate(fps);
            let exact = f64::from(seconds) * rate.fps();
            prop_assert!((rate.frames_of(seconds) as f64 - exact).abs() <= 0.5 + 1e-6);
        }
    }
}
