//! Coded samples in, planes of pictures out: H.264 and HEVC.
//!
//! Owns what is asked before a decoder is let at a stream: whether it knows the profile, and whether pictures have a
//! size that fits into memory. The decoders conceal damage where they can, so a picture is no proof of an intact
//! file; what they do report ends the decoding.

mod avc;
mod hevc;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bits::CutOff;
use super::colour::Tags;
use super::demux::{Coding, Entry};
use super::frames::YuvPicture;
use super::sps::Sps;

/// The most pixels of a coded picture: level 5.2, which 4096x2304 has. A decoder keeps up to 17 of them.
pub(crate) const MAX_PIXELS: u64 = 9_437_184;
/// Parameter sets refer to at most that many pictures, in both standards.
const MAX_REFERENCES: u32 = 16;

/// Why a sample gives no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The decoders here do not know this kind of coding: which one.
    Unsupported(String),
    /// What the bytes say makes no sense.
    Damaged(String),
}

impl From<CutOff> for Refusal {
    fn from(_: CutOff) -> Self {
        Self::Damaged("a unit of the picture is cut off".to_owned())
    }
}

/// How much other pictures depend on a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its temporal layer; lower layers never refer to higher ones.
    pub(crate) layer: u8,
    /// Whether others of its layer may refer to it.
    pub(crate) reference: bool,
    /// Whether it may refer to pictures that are decoded before the sync sample that it follows, which are not there
    /// when decoding begins at that one.
    pub(crate) leads: bool,
    /// Whether decoding can begin here.
    pub(crate) begins: Begins,
}

/// Whether decoding can begin with a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begins {
    /// It refers to others.
    Nowhere,
    /// It refers to no other, but pictures that lead it may refer to earlier ones.
    Here,
    /// Nothing behind it refers to anything before it.
    Afresh,
}

/// A decoder for one kind of coding.
#[derive(Debug)]
pub(crate) enum Decoding {
    Avc(Box<avc::Avc>),
    Hevc(Box<hevc::Hevc>),
}

impl Decoding {
    /// The decoder for a sample entry.
    pub(crate) fn new(entry: &Entry) -> Result<Self, Refusal> {
        match &entry.coding {
            Coding::Avc { .. } => Ok(Self::Avc(Box::new(avc::Avc::new()))),
            Coding::Hevc { .. } => Ok(Self::Hevc(Box::new(hevc::Hevc::new()))),
            Coding::Other => Err(Refusal::Unsupported(format!("codec {}", entry.codec))),
        }
    }

    /// Takes the parameter sets of a sample entry; before the first sample, and whenever samples change entries.
    pub(crate) fn enter(&mut self, entry: &Entry) -> Result<(), Refusal> {
        match (self, &entry.coding) {
            (Self::Avc(decoder), Coding::Avc { prefix, sets }) => {
                decoder.enter(*prefix, sets, entry.colour)
            }
            (Self::Hevc(decoder), Coding::Hevc { prefix, sets }) => {
                decoder.enter(*prefix, sets, entry.colour)
            }
            _ => Err(Refusal::Unsupported(
                "a codec that changes inside of the film".to_owned(),
            )),
        }
    }

    /// Decodes one sample; `None` if it holds no picture to be shown. The picture's time is left at zero. After an
    /// error it is not to be used any more.
    pub(crate) fn decode(&mut self, sample: &[u8]) -> Result<Option<YuvPicture>, Refusal> {
        // The decoders are young, and files come from anywhere: where one panics all the same, that is the end of
        // this film and not of a run with paid shots in it. Nobody sees what it left behind, since it is dropped.
        let decoded = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Avc(decoder) => decoder.decode(sample),
            Self::Hevc(decoder) => decoder.decode(sample),
        }));
        decoded.unwrap_or_else(|_| {
            let what = "the decoder cannot make sense of it";
            Err(Refusal::Damaged(what.to_owned()))
        })
    }
}

/// What a sample says about its place among others, without decoding it.
pub(crate) fn standing(sample: &[u8], coding: &Coding) -> Result<Standing, Refusal> {
    match coding {
        Coding::Avc { prefix, .. } => avc::standing(sample, *prefix),
        Coding::Hevc { prefix, .. } => hevc::standing(sample, *prefix),
        Coding::Other => Err(Refusal::Unsupported("an unknown codec".to_owned())),
    }
}

/// The parameter sets that an entry holds about its pictures, read.
pub(crate) fn sequence(coding: &Coding) -> Option<Sps> {
    match coding {
        Coding::Avc { sets, .. } => sets.iter().find_map(|set| avc::sequence(set)),
        Coding::Hevc { sets, .. } => sets.iter().find_map(|set| hevc::sequence(set)),
        Coding::Other => None,
    }
}

/// The first sequence parameter set inside of a sample, for entries that hold none.
pub(crate) fn sequence_in(sample: &[u8], coding: &Coding) -> Option<Sps> {
    let (Coding::Avc { prefix, .. } | Coding::Hevc { prefix, .. }) = coding else {
        return None;
    };
    let mut units = super::bits::units(sample, *prefix).filter_map(Result::ok);
    match coding {
        Coding::Avc { .. } => units.find_map(avc::sequence),
        _ => units.find_map(hevc::sequence),
    }
}

/// Whether a set's pictures have a size that is possible and bearable.
fn bearable(sps: &Sps) -> Result<(), Refusal> {
    let (width, height) = sps.coded;
    if width == 0 || height == 0 {
        return Err(Refusal::Damaged("its pictures have no size".to_owned()));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width.max(height) > 1 << 14 {
        return Err(Refusal::Unsupported(format!(
            "pictures of {width}x{height}; at most 4096x2304"
        )));
    }
    // The standard wants whole blocks, and a decoder here looks beyond the picture where they are not.
    if sps.block > 0 && (width % sps.block != 0 || height % sps.block != 0) {
        return Err(Refusal::Damaged(format!(
            "its pictures of {width}x{height} are not made of whole blocks"
        )));
    }
    if sps.references > MAX_REFERENCES {
        return Err(Refusal::Damaged(format!(
            "its pictures refer to {} others",
            sps.references
        )));
    }
    Ok(())
}

/// The tags that count: what the stream says, else what the container says.
fn tags(sps: &Sps, container: Tags) -> Tags {
    sps.colour.or(container)
}
