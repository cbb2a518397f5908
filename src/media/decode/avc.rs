//! H.264 through `rust_h264`, one sample at a time.
//!
//! Each sample is finished before the next begins, so that its picture is known to be its own; the order in which
//! pictures are shown is the container's business.

use std::collections::BTreeMap;
use std::fmt;

use rust_h264::decoder::{ChromaFormat, Decoder, Frame};
use rust_h264::error::DecodeError;
use rust_h264::nal::{NalUnit, NalUnitType};

use super::{Begins, Refusal, Standing, bearable, tags};
use crate::media::bits::{Bits, unescape, units};
use crate::media::colour::Tags;
use crate::media::frames::{Chroma, YuvPicture};
use crate::media::sps::{self, Sps};

const SLICE: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
/// Parts of slices (data partitioning), which no decoder here knows.
const PARTS: std::ops::RangeInclusive<u8> = 2..=4;

/// A decoder with what it has been told so far.
pub(crate) struct Avc {
    decoder: Decoder,
    prefix: usize,
    /// What the container says about colours.
    colour: Tags,
    sequences: BTreeMap<u32, Sps>,
    /// Which sequence a picture parameter set belongs to.
    pictures: BTreeMap<u32, u32>,
}

impl fmt::Debug for Avc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Avc").finish_non_exhaustive()
    }
}

impl Avc {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
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
            self.set(set)?;
        }
        Ok(())
    }

    pub(super) fn decode(&mut self, sample: &[u8]) -> Result<Option<YuvPicture>, Refusal> {
        let (mut found, mut active) = (None, None);
        for unit in units(sample, self.prefix) {
            let unit = unit?;
            let Some((head, content)) = unit.split_first() else {
                continue;
            };
            match head & 31 {
                SPS | PPS => self.set(unit)?,
                SLICE | IDR => {
                    let content = unescape(content);
                    active = Some(self.active(&content)?);
                    let kind = NalUnitType::from(head & 31);
                    let unit = NalUnit {
                        nal_ref_idc: head >> 5 & 3,
                        nal_unit_type: kind,
                        rbsp: content,
                    };
                    let frame = self
                        .decoder
                        .decode_nal(&unit)
                        .map_err(|error| refusal(&error))?;
                    found = found.or(frame);
                }
                kind if PARTS.contains(&kind) => {
                    return Err(Refusal::Unsupported(
                        "H.264 Extended, data partitioning".to_owned(),
                    ));
                }
                _ => {}
            }
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

    /// Takes a parameter set, inside of a sample or outside.
    fn set(&mut self, unit: &[u8]) -> Result<(), Refusal> {
        let Some((head, content)) = unit.split_first() else {
            return Ok(());
        };
        let content = unescape(content);
        match head & 31 {
            SPS => {
                let sps = sps::avc(&content)
                    .ok_or_else(|| Refusal::Damaged("a damaged parameter set".to_owned()))?;
                known(&sps)?;
                bearable(&sps)?;
                self.sequences.insert(sps.id, sps);
            }
            PPS => {
                let mut bits = Bits::new(&content);
                if let (Some(picture), Some(sequence)) = (bits.golomb(), bits.golomb()) {
                    self.pictures.insert(picture, sequence);
                }
            }
            _ => return Ok(()),
        }
        let unit = NalUnit {
            nal_ref_idc: head >> 5 & 3,
            nal_unit_type: NalUnitType::from(head & 31),
            rbsp: content,
        };
        self.decoder
            .decode_nal(&unit)
            .map_err(|error| refusal(&error))?;
        Ok(())
    }

    /// The number of the sequence parameter set that a slice uses.
    fn active(&self, slice: &[u8]) -> Result<u32, Refusal> {
        let mut bits = Bits::new(slice);
        // First macroblock, kind of slice, then the picture parameter set.
        let picture = (|| {
            bits.golomb()?;
            bits.golomb()?;
            bits.golomb()
        })();
        picture
            .and_then(|picture| self.pictures.get(&picture))
            .filter(|sequence| self.sequences.contains_key(sequence))
            .copied()
            .ok_or_else(|| Refusal::Damaged("a picture without its parameter set".to_owned()))
    }

    fn picture(&self, frame: Frame, sps: &Sps) -> Result<YuvPicture, Refusal> {
        if (frame.width, frame.height) != sps.size {
            return Err(Refusal::Unsupported(
                "fields in samples of their own".to_owned(),
            ));
        }
        let chroma = match frame.chroma_format {
            ChromaFormat::Yuv420 => Chroma::Quarter,
            ChromaFormat::Yuv422 => Chroma::Half,
        };
        YuvPicture::new(
            (frame.width, frame.height),
            chroma,
            frame.bit_depth,
            [frame.y, frame.u, frame.v],
            tags(sps, self.colour),
        )
        .ok_or_else(|| Refusal::Damaged("a picture of an odd shape".to_owned()))
    }
}

/// Whether the decoder knows the kind of coding.
fn known(sps: &Sps) -> Result<(), Refusal> {
    let profile = super::super::sps::avc_profile(sps);
    let what = match sps {
        Sps { lossless: true, .. } => "lossless".to_owned(),
        Sps { chroma: 3, .. } => "4:4:4".to_owned(),
        Sps {
            depth: (8, 8) | (10, 10),
            ..
        } => return Ok(()),
        Sps {
            depth, chroma: 0, ..
        } if matches!(depth.0, 8 | 10) => return Ok(()),
        Sps { depth, .. } => format!("{} bits", depth.0.max(depth.1)),
    };
    Err(Refusal::Unsupported(format!("H.264 {profile}, {what}")))
}

fn refusal(error: &DecodeError) -> Refusal {
    match error {
        DecodeError::Unsupported(what) => Refusal::Unsupported(format!("H.264, {what}")),
        DecodeError::InvalidSyntax(what) => Refusal::Damaged((*what).to_owned()),
        DecodeError::UnexpectedEof => Refusal::Damaged("a picture is cut off".to_owned()),
    }
}

pub(super) fn standing(sample: &[u8], prefix: usize) -> Result<Standing, Refusal> {
    let mut standing = Standing {
        layer: 0,
        reference: false,
        leads: true,
        begins: Begins::Here,
    };
    let (mut intra, mut idr) = (true, false);
    for unit in units(sample, prefix) {
        let unit = unit?;
        let head = unit.first().copied().unwrap_or_default();
        if matches!(head & 31, SLICE | IDR) {
            standing.reference |= head >> 5 & 3 != 0;
            idr |= head & 31 == IDR;
            intra &= is_intra(unit);
        }
    }
    standing.begins = match (idr, intra) {
        (true, _) => Begins::Afresh,
        (false, true) => Begins::Here,
        (false, false) => Begins::Nowhere,
    };
    Ok(standing)
}

/// Whether a slice refers to no other picture. Its head is short, so that little has to be unescaped.
fn is_intra(slice: &[u8]) -> bool {
    let head = unescape(slice.get(1..slice.len().min(32)).unwrap_or_default());
    let mut bits = Bits::new(&head);
    let kind = bits.golomb().and_then(|_| bits.golomb());
    // 2 and 7 are I slices, 4 and 9 are SI slices.
    kind.is_some_and(|kind| matches!(kind % 5, 2 | 4))
}

/// Reads a unit that is a sequence parameter set.
pub(super) fn sequence(unit: &[u8]) -> Option<Sps> {
    let (head, content) = unit.split_first()?;
    (head & 31 == SPS)
        .then(|| sps::avc(&unescape(content)))
        .flatten()
}
