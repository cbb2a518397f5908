//! What a sequence parameter set says about the pictures; one form for H.264 and HEVC.
//!
//! Reads as far as the colours and no further. The decoders read the same sets by themselves: this is for deciding
//! beforehand whether they should be let at a stream, and for telling people what it is.

mod avc;
mod hevc;

pub(crate) use avc::avc;
pub(crate) use hevc::hevc;

use super::bits::Bits;
use super::colour::Tags;

/// A sequence parameter set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sps {
    /// Its number, by which pictures name it.
    pub(crate) id: u32,
    /// `profile_idc`.
    pub(crate) profile: u8,
    /// The flags behind the profile: of H.264 the constraints, of HEVC nothing.
    pub(crate) constraints: u8,
    /// The level as it is written: ten times the level in H.264, thirty times in HEVC.
    pub(crate) level: u8,
    /// `chroma_format_idc`: 0 none, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub(crate) chroma: u32,
    /// Bits of luma and of chroma.
    pub(crate) depth: (u32, u32),
    /// Whether pictures may be coded without loss in a way of their own (H.264).
    pub(crate) lossless: bool,
    /// Width and height in pixels as coded.
    pub(crate) coded: (u32, u32),
    /// Width and height of the smallest coding block, of which pictures are made (HEVC; 0 if it is not known).
    pub(crate) block: u32,
    /// Width and height of what is to be seen.
    pub(crate) size: (u32, u32),
    /// False if pictures may be fields.
    pub(crate) progressive: bool,
    /// The most pictures that are kept for others to refer to (H.264).
    pub(crate) references: u32,
    /// Width and height of a pixel.
    pub(crate) aspect: Option<(u32, u32)>,
    /// What it says about colours.
    pub(crate) colour: Tags,
}

/// Shapes of pixels by number, from table E-1 of both standards.
const ASPECTS: [(u32, u32); 17] = [
    (0, 0),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// The beginning of the usability information, which both standards share.
fn usability(bits: &mut Bits<'_>, sps: &mut Sps) -> Option<()> {
    if bits.flag()? {
        sps.aspect = match bits.number(8)? {
            255 => Some((bits.number(16)?, bits.number(16)?)),
            index => ASPECTS.get(index as usize).copied(),
        };
        sps.aspect = sps
            .aspect
            .filter(|(width, height)| *width > 0 && *height > 0);
    }
    if bits.flag()? {
        bits.skip(1)?; // Whether the edges may be cut off.
    }
    if bits.flag()? {
        bits.skip(3)?; // The television standard it came from.
        sps.colour.full_range = Some(bits.flag()?);
        if bits.flag()? {
            sps.colour.primaries = bits.number(8)? as u8;
            sps.colour.transfer = bits.number(8)? as u8;
            sps.colour.matrix = bits.number(8)? as u8;
        }
    }
    if bits.flag()? {
        sps.colour.siting = Some(bits.golomb()?.min(255) as u8);
        bits.golomb()?;
    }
    Some(())
}

/// What is left of a coded size when the given units are cut off.
fn cropped(coded: (u32, u32), unit: (u32, u32), cut: [u32; 4]) -> Option<(u32, u32)> {
    let [left, right, top, bottom] = cut;
    let one = |coded: u32, unit: u32, a: u32, b: u32| {
        let cut = a.checked_add(b)?.checked_mul(unit)?;
        coded.checked_sub(cut).filter(|left| *left > 0)
    };
    Some((
        one(coded.0, unit.0, left, right)?,
        one(coded.1, unit.1, top, bottom)?,
    ))
}

/// The name of an H.264 profile, as ffprobe writes it.
pub(crate) fn avc_profile(sps: &Sps) -> &'static str {
    match (sps.profile, sps.constraints) {
        (66, flags) if flags & 0x40 != 0 => "Constrained Baseline",
        (66, _) => "Baseline",
        (77, _) => "Main",
        (88, _) => "Extended",
        (100, _) => "High",
        (110, flags) if flags & 0x10 != 0 => "High 10 Intra",
        (110, _) => "High 10",
        (122, flags) if flags & 0x10 != 0 => "High 4:2:2 Intra",
        (122, _) => "High 4:2:2",
        (244, flags) if flags & 0x10 != 0 => "High 4:4:4 Intra",
        (244, _) => "High 4:4:4 Predictive",
        (44, _) => "CAVLC 4:4:4",
        (118, _) => "Multiview High",
        (128, _) => "Stereo High",
        _ => "unknown",
    }
}

/// The name of an HEVC profile, as ffprobe writes it.
pub(crate) fn hevc_profile(sps: &Sps) -> &'static str {
    match sps.profile {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Rext",
        9 => "Scc",
        _ => "unknown",
    }
}
