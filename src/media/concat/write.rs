//! The joined film as bytes: index first, then the samples.
//!
//! The same clips always give the same bytes.

use std::io::{self, Write};

use mp4_atom::{Encode, FourCC, Ftyp};

use super::chunks::{chunks, frames};
use super::copy::{Copy, write_error};
use super::index::{Index, index_error};
use super::layout::Layout;
use super::{Clip, ConcatError, Input};

/// Box header of `mdat` with a length of eight bytes.
const HEADER: u64 = 16;

pub(super) fn film<R: Input>(
    clips: &[Clip],
    layout: &Layout,
    out: &mut impl Write,
    open: impl FnMut(usize) -> io::Result<R>,
) -> Result<(), ConcatError> {
    let frames = frames(clips, layout);
    let chunks = chunks(clips, layout, &frames);
    let total: u64 = chunks.iter().map(|chunk| chunk.bytes).sum();
    let ftyp = Ftyp {
        major_brand: FourCC::new(b"isom"),
        minor_version: 512,
        compatible_brands: [b"isom", b"iso2", b"avc1", b"mp41"]
            .map(FourCC::new)
            .to_vec(),
    };
    let mut head = Vec::new();
    ftyp.encode(&mut head)
        .map_err(|error| index_error(&error))?;
    let index = Index {
        clips,
        layout,
        frames: &frames,
        chunks: &chunks,
        // Far beyond any index, which is bounded by the number of samples.
        wide: total > u64::from(u32::MAX) - (1 << 30),
    };
    // The index holds the place of the samples, whose place depends on the index's
    // length, which does not depend on any place: written twice.
    let length = index.moov(0)?.len() as u64;
    let begin = head.len() as u64 + length + HEADER;
    head.extend(index.moov(begin)?);
    head.extend_from_slice(&1_u32.to_be_bytes());
    head.extend_from_slice(b"mdat");
    head.extend_from_slice(&(total + HEADER).to_be_bytes());
    out.write_all(&head).map_err(write_error)?;
    let mut copy = Copy {
        clips,
        layout,
        open,
        sources: [None, None],
    };
    chunks
        .iter()
        .try_for_each(|chunk| copy.chunk(chunk, &frames, out))
}
