//! Integer noise: the only source of variety in generated pictures. It never asks anything but its arguments.

/// One as 16.16 fixed point.
pub(crate) const ONE: i64 = 1 << 16;

/// Mixes two numbers to one that looks random; the finaliser of splitmix64.
pub(crate) fn hash(seed: u64, value: u64) -> u64 {
    let mut mixed = seed ^ value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number from 0 to `below` - 1.
pub(crate) fn pick(seed: u64, value: u64, below: u64) -> u64 {
    (hash(seed, value) >> 16) % below.max(1)
}

/// 3t² - 2t³ of a 16.16 share of one; outside of it the ends hold.
pub(crate) fn smoothstep(share: i64) -> i64 {
    let t = share.clamp(0, ONE);
    let square = (t * t) >> 16;
    (square * (3 * ONE - 2 * t)) >> 16
}

/// Smooth noise on a line: `place` in 16.16 lattice steps, the answer within -1..=1 in 16.16.
pub(crate) fn wave(seed: u64, place: i64) -> i64 {
    let cell = place >> 16;
    let from = lattice(seed, cell);
    let to = lattice(seed, cell + 1);
    from + (((to - from) * smoothstep(place & (ONE - 1))) >> 16)
}

/// Noise with `octaves` of detail, each twice as fine and half as strong; within -2..=2.
pub(crate) fn ridge(seed: u64, place: i64, octaves: u32) -> i64 {
    (0..octaves)
        .map(|octave| wave(seed ^ u64::from(octave), place << octave) >> octave)
        .sum()
}

/// Smooth noise on a plane, within -1..=1 in 16.16.
pub(crate) fn cloud(seed: u64, across: i64, down: i64) -> i64 {
    let row = down >> 16;
    let above = wave(hash(seed, row as u64), across);
    let below = wave(hash(seed, (row + 1) as u64), across);
    above + (((below - above) * smoothstep(down & (ONE - 1))) >> 16)
}

/// The noise's value at a lattice point.
fn lattice(seed: u64, cell: i64) -> i64 {
    ((hash(seed, cell as u64) >> 40) & 0x1_ffff) as i64 - ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothstep_holds_its_ends() {
        assert_eq!(smoothstep(-5), 0);
        assert_eq!(smoothstep(0), 0);
        assert_eq!(smoothstep(ONE / 2), ONE / 2);
        assert_eq!(smoothstep(ONE), ONE);
        assert_eq!(smoothstep(2 * ONE), ONE);
    }

    #[test]
    fn noise_is_smooth_and_bounded() {
        for step in 0..2_000 {
            let place = step * 997;
            assert!(wave(7, place).abs() <= ONE);
            assert!((wave(7, place + 64) - wave(7, place)).abs() < 600);
            assert!(cloud(7, place, place / 3).abs() <= ONE);
        }
    }
}
