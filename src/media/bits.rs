//! Bits of a parameter set, in the order of the standards, and NAL units of a sample.
//!
//! Nothing here fails loudly: what is not there is `None`.

use std::borrow::Cow;

/// A reader of single bits, highest first.
#[derive(Debug, Clone)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Up to 32 bits as a number.
    pub(crate) fn number(&mut self, bits: u32) -> Option<u32> {
        (0..bits).try_fold(0_u32, |number, _| {
            Some(number << 1 | u32::from(self.flag()?))
        })
    }

    pub(crate) fn skip(&mut self, bits: usize) -> Option<()> {
        self.at = self.at.checked_add(bits)?;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    /// An unsigned number in exponential Golomb code, `ue(v)`.
    pub(crate) fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        match zeros {
            0..32 => Some((1_u32 << zeros) - 1 + self.number(zeros)?),
            _ => None,
        }
    }

    /// A signed number in exponential Golomb code, `se(v)`.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.golomb()?);
        Some(if code % 2 == 1 {
            (code + 1) / 2
        } else {
            -code / 2
        })
    }
}

/// The content of a NAL unit without the bytes that keep start codes out of it.
pub(crate) fn unescape(unit: &[u8]) -> Cow<'_, [u8]> {
    if !unit.windows(3).any(|three| three == [0, 0, 3]) {
        return Cow::Borrowed(unit);
    }
    let mut plain = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    Cow::Owned(plain)
}

/// The NAL units of a sample; an error in the place of the first that is cut off.
pub(crate) fn units(sample: &[u8], prefix: usize) -> impl Iterator<Item = Result<&[u8], CutOff>> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let found = split(rest, prefix);
        rest = found.map_or(&[], |(_, after)| after);
        Some(found.map(|(unit, _)| unit).ok_or(CutOff))
    })
}

/// A sample ends inside of a NAL unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CutOff;

fn split(bytes: &[u8], prefix: usize) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(prefix)?;
    let length = head
        .iter()
        .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_the_standards_write_them() {
        // 1, 010, 011, 00100, 00101 and then nothing.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let codes: Vec<_> = (0..5).map(|_| bits.golomb()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4].map(Some));
        assert_eq!(bits.golomb(), None);
        let mut bits = Bits::new(&[0b0100_1100, 0b1000_0101]);
        let codes: Vec<_> = (0..4).map(|_| bits.signed()).collect();
        assert_eq!(codes, [1, -1, 2, -2].map(Some));
        assert_eq!(Bits::new(&[0; 9]).golomb(), None);
    }

    #[test]
    fn units_end_at_a_lie() {
        let sample = [0, 2, 7, 8, 0, 1, 9, 0, 5, 1];
        let found: Vec<_> = units(&sample, 2).collect();
        assert_eq!(found, [Ok(&[7, 8][..]), Ok(&[9][..]), Err(CutOff)]);
        assert_eq!(*unescape(&[1, 0, 0, 3, 1, 0, 0, 3]), [1, 0, 0, 1, 0, 0]);
    }
}
