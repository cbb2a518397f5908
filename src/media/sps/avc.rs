//! Sequence parameter sets of H.264, clause 7.3.2.1.1.

use super::{Sps, cropped, usability};
use crate::media::bits::Bits;
use crate::media::colour::Tags;

/// Profiles whose sets say how chroma is sampled.
const HIGH: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Reads the content of a NAL unit behind its header byte; `None` if it is damaged.
pub(crate) fn avc(content: &[u8]) -> Option<Sps> {
    let mut bits = Bits::new(content);
    let mut sps = Sps {
        profile: bits.number(8)? as u8,
        constraints: bits.number(8)? as u8,
        level: bits.number(8)? as u8,
        id: bits.golomb()?,
        chroma: 1,
        depth: (8, 8),
        colour: Tags::UNKNOWN,
        ..Sps::default()
    };
    if HIGH.contains(&sps.profile) {
        sps.chroma = bits.golomb()?;
        if sps.chroma == 3 {
            bits.skip(1)?; // Whether each plane is coded by itself.
        }
        sps.depth = (depth(&mut bits)?, depth(&mut bits)?);
        sps.lossless = bits.flag()?;
        if bits.flag()? {
            skip_scaling(&mut bits, if sps.chroma == 3 { 12 } else { 8 })?;
        }
    }
    skip_order(&mut bits)?;
    sps.references = bits.golomb()?;
    bits.skip(1)?; // Whether frame numbers may have gaps.
    size(&mut bits, &mut sps)?;
    // A set whose last part is cut off still decodes.
    if bits.flag()? {
        let _ = usability(&mut bits, &mut sps);
    }
    Some(sps)
}

fn depth(bits: &mut Bits<'_>) -> Option<u32> {
    bits.golomb()?.checked_add(8).filter(|depth| *depth <= 16)
}

fn skip_scaling(bits: &mut Bits<'_>, lists: usize) -> Option<()> {
    for list in 0..lists {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8, 8);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.signed()? + 256) % 256;
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

/// How pictures are counted.
fn skip_order(bits: &mut Bits<'_>) -> Option<()> {
    bits.golomb()?;
    match bits.golomb()? {
        0 => {
            bits.golomb()?;
        }
        1 => {
            bits.skip(1)?;
            bits.signed()?;
            bits.signed()?;
            for _ in 0..bits.golomb()?.min(256) {
                bits.signed()?;
            }
        }
        _ => {}
    }
    Some(())
}

fn size(bits: &mut Bits<'_>, sps: &mut Sps) -> Option<()> {
    let width = bits.golomb()?.checked_add(1)?.checked_mul(16)?;
    let units = bits.golomb()?.checked_add(1)?.checked_mul(16)?;
    sps.progressive = bits.flag()?;
    let fields = if sps.progressive { 1 } else { 2 };
    if !sps.progressive {
        bits.skip(1)?; // Whether macroblocks change between frame and field.
    }
    bits.skip(1)?;
    sps.coded = (width, units.checked_mul(fields)?);
    sps.size = sps.coded;
    if bits.flag()? {
        let unit = match sps.chroma {
            1 => (2, 2 * fields),
            2 => (2, fields),
            _ => (1, fields),
        };
        let cut = [
            bits.golomb()?,
            bits.golomb()?,
            bits.golomb()?,
            bits.golomb()?,
        ];
        sps.size = cropped(sps.coded, unit, cut)?;
    }
    Some(())
}
