//! Sample entries: which codec, with which parameter sets, and what the container says about the pictures.

use mp4_atom::Hvcc;

use crate::media::boxes::{Box, children, find, find_leaf};
use crate::media::codec;
use crate::media::colour::Tags;
use crate::media::probe::ProbeError;

/// One sample entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The codec after RFC 6381.
    pub(crate) codec: String,
    pub(crate) coding: Coding,
    /// What `colr` says.
    pub(crate) colour: Tags,
    /// Width and height of a pixel, of `pasp`.
    pub(crate) aspect: Option<(u32, u32)>,
    /// Width and height that the container states.
    pub(crate) size: (u32, u32),
}

/// How pictures are coded.
#[derive(Debug, Clone)]
pub(crate) enum Coding {
    /// H.264: bytes of a unit's length, and parameter sets.
    Avc { prefix: usize, sets: Vec<Vec<u8>> },
    /// HEVC: the same.
    Hevc { prefix: usize, sets: Vec<Vec<u8>> },
    /// Something else.
    Other,
}

/// Length of the fields every video sample entry begins with; boxes follow.
const FIXED: usize = 78;
/// More sample entries than that, and somebody plays.
const MAX_ENTRIES: usize = 1_000;

/// Every sample entry of a track.
pub(super) fn entries(stbl: &[u8]) -> Result<Vec<Entry>, ProbeError> {
    let list = find(stbl, *b"stsd")?
        .and_then(|stsd| stsd.get(8..))
        .unwrap_or_default();
    children(list)
        .take(MAX_ENTRIES)
        .map(|child| entry(child?))
        .collect()
}

fn entry(found: Box<'_>) -> Result<Entry, ProbeError> {
    let named = codec::entry(found)?;
    let boxes = found.body.get(FIXED..).unwrap_or_default();
    let coding = match found.kind.as_ref() {
        b"avc1" | b"avc3" => match find(boxes, *b"avcC")? {
            Some(config) => avc(config).ok_or_else(|| {
                ProbeError::Damaged("the codec's configuration is cut off".to_owned())
            })?,
            None => Coding::Other,
        },
        b"hvc1" | b"hev1" => find_leaf::<Hvcc>(boxes)?.map_or(Coding::Other, hevc),
        _ => Coding::Other,
    };
    Ok(Entry {
        codec: named.codec,
        coding,
        colour: find(boxes, *b"colr")?.and_then(colour).unwrap_or_default(),
        aspect: find(boxes, *b"pasp")?.and_then(aspect),
        size: (named.width, named.height),
    })
}

fn avc(config: &[u8]) -> Option<Coding> {
    let prefix = usize::from(config.get(4)? & 3) + 1;
    let mut rest = config.get(5..)?;
    let mut sets = Vec::new();
    for mask in [31, 255] {
        let (count, after) = rest.split_first()?;
        rest = after;
        for _ in 0..count & mask {
            let (length, after) = rest.split_at_checked(2)?;
            let length = usize::from(length[0]) << 8 | usize::from(length[1]);
            let (set, after) = after.split_at_checked(length)?;
            sets.push(set.to_vec());
            rest = after;
        }
    }
    Some(Coding::Avc { prefix, sets })
}

fn hevc(config: Hvcc) -> Coding {
    let prefix = usize::from(config.length_size_minus_one) + 1;
    let sets = config.arrays.into_iter().flat_map(|array| array.nalus);
    Coding::Hevc {
        prefix,
        sets: sets.collect(),
    }
}

/// `colr` in the form of MP4, or of `QuickTime`, which says nothing of the range.
fn colour(body: &[u8]) -> Option<Tags> {
    let kind = body.get(..4)?;
    if kind != b"nclx" && kind != b"nclc" {
        return None;
    }
    let number = |at: usize| {
        let two = body.get(at..at + 2)?;
        Some((u16::from(two[0]) << 8 | u16::from(two[1])).min(255) as u8)
    };
    Some(Tags {
        primaries: number(4)?,
        transfer: number(6)?,
        matrix: number(8)?,
        full_range: (kind == b"nclx").then(|| body.get(10).is_some_and(|flags| flags & 0x80 != 0)),
        siting: None,
    })
}

fn aspect(body: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(body.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?)).filter(|(width, height)| *width > 0 && *height > 0)
}
