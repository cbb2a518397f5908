//! What a sound track says about itself.

use mp4_atom::Mdhd;
use serde::Serialize;

use crate::media::boxes::{Box, children, find, need, need_leaf, spelled};
use crate::media::fragments;
use crate::media::index::Index;
use crate::media::probe::ProbeError;
use crate::media::tables;

/// A sound track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sound {
    /// The codec after RFC 6381, for example `mp4a.40.2`.
    pub codec: String,
    /// Number of channels.
    pub channels: u32,
    /// Samples of sound in a second.
    pub rate_hz: u32,
    /// Length in seconds.
    pub duration_s: f64,
}

/// Length of the fields every sound sample entry begins with; boxes follow.
const FIXED: usize = 28;

pub(super) fn sound(index: &Index, mdia: &[u8], track: u32) -> Result<Sound, ProbeError> {
    let clock: Mdhd = need_leaf(mdia)?;
    let stbl = need(need(mdia, *b"minf")?, *b"stbl")?;
    let mut samples = tables::samples(stbl)?;
    fragments::add(&index.moov, &index.fragments, track, &mut samples)?;
    let list = need(stbl, *b"stsd")?.get(8..).unwrap_or_default();
    let entry = children(list)
        .next()
        .ok_or_else(|| ProbeError::Damaged("a sound track without a description".to_owned()))??;
    let number = |at: usize| {
        let two = entry.body.get(at..at + 2).unwrap_or(&[0, 0]);
        u32::from(two[0]) << 8 | u32::from(two[1])
    };
    Ok(Sound {
        codec: codec(entry)?,
        channels: number(16),
        rate_hz: number(24),
        duration_s: samples.ticks as f64 / f64::from(clock.timescale.max(1)),
    })
}

fn codec(Box { kind, body }: Box<'_>) -> Result<String, ProbeError> {
    let boxes = body.get(FIXED..).unwrap_or_default();
    let name = spelled(kind);
    if kind.as_ref() != b"mp4a" {
        return Ok(name);
    }
    let config = find(boxes, *b"esds")?.and_then(|esds| object(esds.get(4..)?));
    Ok(match config {
        Some((kind, Some(object))) if kind == 0x40 => format!("{name}.{kind:02x}.{object}"),
        Some((kind, _)) => format!("{name}.{kind:02x}"),
        None => name,
    })
}

/// What a decoder of MPEG-4 sound has to be told, out of the content of a sample entry.
pub(crate) fn decoder_config(entry: &[u8]) -> Option<&[u8]> {
    let esds = find(entry.get(FIXED..)?, *b"esds").ok()??;
    let (kind, special) = stream(esds.get(4..)?)?;
    special.filter(|_| kind == 0x40)
}

/// Kind of stream and what is special about it, out of descriptors inside of each other.
fn stream(descriptors: &[u8]) -> Option<(u8, Option<&[u8]>)> {
    let stream = descriptor(descriptors, 3)?;
    let flags = stream.get(2)?;
    // A number it depends on and one of a clock, two bytes each; addresses are not used in files.
    let optional = 2 * usize::from(flags >> 7 & 1) + 2 * usize::from(flags >> 5 & 1);
    let config = descriptor(stream.get(3 + optional..)?, 4)?;
    let special = config.get(13..).and_then(|rest| descriptor(rest, 5));
    Some((*config.first()?, special))
}

/// Kind of stream and kind of MPEG-4 sound.
fn object(descriptors: &[u8]) -> Option<(u8, Option<u8>)> {
    let (kind, special) = stream(descriptors)?;
    let object = special.and_then(|special| match special.first()? >> 3 {
        31 => Some(32 + ((special[0] & 7) << 3 | special.get(1)? >> 5)),
        object => Some(object),
    });
    Some((kind, object))
}

/// The content of a descriptor that has to be the next one.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (found, mut rest) = bytes.split_first()?;
    if *found != tag {
        return None;
    }
    let mut length = 0;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(&rest[..length.min(rest.len())])
}
