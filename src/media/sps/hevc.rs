//! Sequence parameter sets of HEVC, clause 7.3.2.2.

use super::{Sps, cropped, usability};
use crate::media::bits::Bits;
use crate::media::colour::Tags;

/// Reads the content of a NAL unit behind its two header bytes; `None` if it is damaged.
pub(crate) fn hevc(content: &[u8]) -> Option<Sps> {
    let mut bits = Bits::new(content);
    bits.skip(4)?;
    let layers = bits.number(3)?;
    bits.skip(1)?;
    let (profile, level) = profile(&mut bits, layers)?;
    let mut sps = Sps {
        profile,
        level,
        id: bits.golomb()?,
        chroma: bits.golomb()?,
        progressive: true,
        colour: Tags::UNKNOWN,
        ..Sps::default()
    };
    if sps.chroma == 3 {
        bits.skip(1)?; // Whether each plane is coded by itself.
    }
    sps.coded = (bits.golomb()?, bits.golomb()?);
    sps.size = sps.coded;
    if bits.flag()? {
        let unit = match sps.chroma {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let cut = [
            bits.golomb()?,
            bits.golomb()?,
            bits.golomb()?,
            bits.golomb()?,
        ];
        sps.size = cropped(sps.coded, unit, cut)?;
    }
    sps.depth = (
        bits.golomb()?.checked_add(8)?,
        bits.golomb()?.checked_add(8)?,
    );
    // What comes between the size and the colours is long, and only read to get past it.
    let _ = rest(&mut bits, layers, &mut sps);
    Some(sps)
}

/// General profile and level; those of the single layers are skipped.
fn profile(bits: &mut Bits<'_>, layers: u32) -> Option<(u8, u8)> {
    bits.skip(3)?;
    let profile = bits.number(5)? as u8;
    bits.skip(32 + 48)?;
    let level = bits.number(8)? as u8;
    let mut present = Vec::new();
    for _ in 0..layers {
        present.push((bits.flag()?, bits.flag()?));
    }
    if layers > 0 {
        bits.skip(2 * (8 - layers as usize))?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some((profile, level))
}

fn rest(bits: &mut Bits<'_>, layers: u32, sps: &mut Sps) -> Option<()> {
    let order = bits.golomb()?.checked_add(4).filter(|bits| *bits <= 16)?;
    let listed = if bits.flag()? { layers + 1 } else { 1 };
    for _ in 0..3 * listed {
        bits.golomb()?;
    }
    sps.block = 1_u32.checked_shl(bits.golomb()?.checked_add(3)?)?;
    // The other sizes of blocks.
    for _ in 0..5 {
        bits.golomb()?;
    }
    if bits.flag()? && bits.flag()? {
        skip_scaling(bits)?;
    }
    bits.skip(2)?;
    if bits.flag()? {
        bits.skip(8)?;
        bits.golomb()?;
        bits.golomb()?;
        bits.skip(1)?;
    }
    skip_reference_sets(bits)?;
    if bits.flag()? {
        let count = bits.golomb().filter(|count| *count <= 32)?;
        bits.skip(count as usize * (order as usize + 1))?;
    }
    bits.skip(2)?;
    if bits.flag()? {
        usability(bits, sps)?;
    }
    Some(())
}

fn skip_scaling(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.flag()? {
                bits.golomb()?;
                continue;
            }
            if size > 1 {
                bits.signed()?;
            }
            for _ in 0..64.min(1 << (4 + 2 * size)) {
                bits.signed()?;
            }
        }
    }
    Some(())
}

fn skip_reference_sets(bits: &mut Bits<'_>) -> Option<()> {
    let count = bits.golomb().filter(|count| *count <= 64)?;
    let mut previous = 0;
    for index in 0..count {
        previous = skip_reference_set(bits, index, previous)?;
    }
    Some(())
}

/// One set of pictures to refer to; answers how many there are in it.
fn skip_reference_set(bits: &mut Bits<'_>, index: u32, previous: u32) -> Option<u32> {
    if index > 0 && bits.flag()? {
        bits.skip(1)?;
        bits.golomb()?;
        let mut kept = 0;
        for _ in 0..=previous {
            let used = bits.flag()?;
            kept += u32::from(used || bits.flag()?);
        }
        return Some(kept);
    }
    let count = bits.golomb()?.checked_add(bits.golomb()?)?;
    for _ in 0..Some(count).filter(|count| *count <= 32)? {
        bits.golomb()?;
        bits.skip(1)?;
    }
    Some(count)
}
