//! HEVC through `rust_h265`, one sample at a time.
//!
//! Each sample is finished before the next begins, so that its picture is known to be its own; the order in which
//! pictures are shown is the container's business.

use std::collections::BTreeMap;
use std::fmt;

use rust_h265::{DecodeError, DecodeLimits, Decoder, Frame, PixelData, parse_nal};

use super::{Begins, MAX_PIXELS, Refusal, Standing, bearable, tags};
use crate::media::bits::{Bits, unescape, units};
use crate::media::colour::Tags;
use crate::media::frames::{Chroma, YuvPicture};
use crate::media::sps::{self, Sps};

const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;
/// Pictures at which decoding can begin.
const RANDOM_ACCESS: std::ops::RangeInclusive<u8> = 16..=23;
const IDR: std::ops::RangeInclusive<u8> = 19..=20;
/// Leading pictures that need what was before the picture they lead.
const SKIPPED_LEADING: std::ops::RangeInclusive<u8> = 8..=9;
/// What one picture may take in memory while it is decoded.
const MAX_MEMORY: u64 = 256 << 20;

/// A decoder with what it has been told so far.
pub(crate) struct Hevc {
    decoder: Decoder,
    prefix: usize,
    /// What the container says about colours.
    colour: Tags,
    sequences: BTreeMap<u32, Sps>,
    /// Which sequence a picture parameter set belongs to.
    pictures: BTreeMap<u32, u32>,
}

impl fmt::Debug for Hevc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hevc").finish_non_exhaustive()
    }
}

impl Hevc {
    pub(super) fn new() -> Self {
        let decoder = Decoder::with_limits(DecodeLimits {
            max_picture_pixels: MAX_PIXELS,
            max_picture_memory_bytes: MAX_MEMORY,
        });
        Self {
            decoder,
            prefix: 4,
            colour: Tags::UNKNOWN,
            sequences: BTreeMap::new(),
            pictures: BTreeMap::new(),
        }
    }

    pub(super) fn enter(
        &mut self,
        prefix: usize,
        sets: &[Vec<u8>],
        colour: Tags,
    ) -> Result<(), Refusal> {
        (self.prefix, self.colour) = (prefix, colour);
        for set in sets {
            self.unit(set)?;
        }
        Ok(())
    }

    pub(super) fn decode(&mut self, sample: &[u8]) -> Result<Option<YuvPicture>, Refusal> {
        let (mut found, mut active) = (None, None);
        for unit in units(sample, self.prefix) {
            let unit = unit?;
            if unit.first().is_some_and(|head| head >> 1 & 63 < VPS) && layer(unit) == Some(0) {
                active = Some(self.active(unit)?);
            }
            let frame = self.unit(unit)?;
            found = found.or(frame);
        }
        // Whatever is left has to come out now, or it would be taken for the next sample's.
        while let Some(frame) = self.decoder.flush() {
            found = found.or(Some(frame));
        }
        let Some(active) = active else {
            return Ok(None);
        };
        let sps = &self.sequences[&active];
        found.map(|frame| self.picture(frame, sps)).transpose()
    }

    fn unit(&mut self, unit: &[u8]) -> Result<Option<Frame>, Refusal> {
        // Other layers are other views or qualities of the same film.
        if layer(unit) != Some(0) {
            return Ok(None);
        }
        let Some(parsed) = parse_nal(unit) else {
            return Err(Refusal::Damaged("a unit without a header".to_owned()));
        };
        match unit[0] >> 1 & 63 {
            SPS => {
                let sps = sps::hevc(&parsed.rbsp)
                    .ok_or_else(|| Refusal::Damaged("a damaged parameter set".to_owned()))?;
                known(&sps)?;
                bearable(&sps)?;
                self.sequences.insert(sps.id, sps);
            }
            PPS => {
                let mut bits = Bits::new(&parsed.rbsp);
                if let (Some(picture), Some(sequence)) = (bits.golomb(), bits.golomb()) {
                    self.pictures.insert(picture, sequence);
                }
            }
            _ => {}
        }
        self.decoder.decode_nal(&parsed).map_err(refusal)
    }

    /// The number of the sequence parameter set that a slice uses.
    fn active(&self, unit: &[u8]) -> Result<u32, Refusal> {
        let content = unescape(unit.get(2..).unwrap_or_default());
        let mut bits = Bits::new(&content);
        let picture = (|| {
            bits.skip(1)?;
            if RANDOM_ACCESS.contains(&(unit.first()? >> 1 & 63)) {
                bits.skip(1)?;
            }
            bits.golomb()
        })();
        picture
            .and_then(|picture| self.pictures.get(&picture))
            .filter(|sequence| self.sequences.contains_key(sequence))
            .copied()
            .ok_or_else(|| Refusal::Damaged("a picture without its parameter set".to_owned()))
    }

    fn picture(&self, frame: Frame, sps: &Sps) -> Result<YuvPicture, Refusal> {
        let chroma = match frame.chroma_format_idc {
            1 => Chroma::Quarter,
            2 => Chroma::Half,
            _ => Chroma::Full,
        };
        let size = (frame.width, frame.height);
        let planes = [frame.y, frame.u, frame.v].map(bytes);
        YuvPicture::new(
            size,
            chroma,
            frame.bit_depth,
            planes,
            tags(sps, self.colour),
        )
        .ok_or_else(|| Refusal::Damaged("a picture of an odd shape".to_owned()))
    }
}

fn layer(unit: &[u8]) -> Option<u8> {
    Some((unit.first()? & 1) << 5 | unit.get(1)? >> 3)
}

fn bytes(plane: PixelData) -> Vec<u8> {
    match plane {
        PixelData::U8(samples) => samples,
        PixelData::U16(samples) => samples.into_iter().flat_map(u16::to_le_bytes).collect(),
    }
}

/// Whether the decoder knows the kind of coding, and the colours can be turned into pixels.
fn known(sps: &Sps) -> Result<(), Refusal> {
    let what = match sps {
        Sps { chroma: 0, .. } => "4:0:0".to_owned(),
        Sps { chroma: 2, .. } => "4:2:2".to_owned(),
        Sps {
            depth: (8, 8) | (10, 10) | (12, 12),
            ..
        } => return Ok(()),
        Sps { depth, .. } => format!("{} bits", depth.0.max(depth.1)),
    };
    let profile = super::super::sps::hevc_profile(sps);
    Err(Refusal::Unsupported(format!("HEVC {profile}, {what}")))
}

fn refusal(error: DecodeError) -> Refusal {
    match error {
        DecodeError::Unsupported(what) => Refusal::Unsupported(format!("HEVC, {what}")),
        error => Refusal::Damaged(error.to_string()),
    }
}

pub(super) fn standing(sample: &[u8], prefix: usize) -> Result<Standing, Refusal> {
    let mut standing = Standing {
        layer: 0,
        reference: false,
        leads: false,
        begins: Begins::Nowhere,
    };
    for unit in units(sample, prefix) {
        let unit = unit?;
        let kind = unit.first().copied().unwrap_or_default() >> 1 & 63;
        if kind >= VPS || layer(unit) != Some(0) {
            continue;
        }
        standing.layer = (unit[1] & 7).saturating_sub(1);
        // Below 16, even numbers are pictures that no other of their layer refers to.
        standing.reference |= kind % 2 == 1 || kind >= 16;
        standing.leads |= SKIPPED_LEADING.contains(&kind);
        standing.begins = match kind {
            kind if IDR.contains(&kind) => Begins::Afresh,
            kind if RANDOM_ACCESS.contains(&kind) => Begins::Here,
            _ => Begins::Nowhere,
        };
    }
    Ok(standing)
}

/// Reads a unit that is a sequence parameter set.
pub(super) fn sequence(unit: &[u8]) -> Option<Sps> {
    let head = unit.first()?;
    let content = unit.get(2..)?;
    (head >> 1 & 63 == SPS)
        .then(|| sps::hevc(&unescape(content)))
        .flatten()
}
