//! Walking the boxes of an MP4 in memory, one level at a time.
//!
//! The typed reader of the whole index recurses as deep as a file tells it to, which a hostile file could use to end
//! the program. Here the caller names each level, so depth is bounded by the code, and only leaves are decoded.

use mp4_atom::{Atom, FourCC};

use super::probe::ProbeError;

/// A box inside of its parent: kind and content without the header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Box<'a> {
    pub(crate) kind: FourCC,
    pub(crate) body: &'a [u8],
}

/// The boxes in a content, in order; ends with an error at the first that does not fit.
pub(crate) fn children(content: &[u8]) -> impl Iterator<Item = Result<Box<'_>, ProbeError>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        // Some writers end a list of boxes with four zero bytes.
        if rest.len() < 8 {
            return None;
        }
        let next = split(rest);
        rest = next.as_ref().map_or(&[], |(_, after)| after);
        Some(next.map(|(found, _)| found))
    })
}

/// The first child of a kind, if there is one.
pub(crate) fn find(content: &[u8], kind: [u8; 4]) -> Result<Option<&[u8]>, ProbeError> {
    for child in children(content) {
        let child = child?;
        if child.kind == FourCC::from(kind) {
            return Ok(Some(child.body));
        }
    }
    Ok(None)
}

/// The first child of a kind, which must be there.
pub(crate) fn need(content: &[u8], kind: [u8; 4]) -> Result<&[u8], ProbeError> {
    find(content, kind)?.ok_or_else(|| {
        ProbeError::Damaged(format!(
            "the index lacks {}",
            String::from_utf8_lossy(&kind)
        ))
    })
}

/// A kind in words; in a damaged file it is four bytes of anything.
pub(crate) fn spelled(kind: FourCC) -> String {
    kind.as_ref().escape_ascii().to_string()
}

/// Decodes the content of a leaf.
pub(crate) fn leaf<T: Atom>(body: &[u8]) -> Result<T, ProbeError> {
    let mut rest = body;
    T::decode_body(&mut rest).map_err(|error| {
        // It may repeat what it stumbled over.
        let words = error.to_string();
        ProbeError::Damaged(format!("{}: {}", T::KIND, words.escape_debug()))
    })
}

/// The first child of a leaf's kind, decoded.
pub(crate) fn need_leaf<T: Atom>(content: &[u8]) -> Result<T, ProbeError> {
    leaf(need(content, T::KIND.into())?)
}

/// The first child of a leaf's kind, decoded, if there is one.
pub(crate) fn find_leaf<T: Atom>(content: &[u8]) -> Result<Option<T>, ProbeError> {
    find(content, T::KIND.into())?.map(leaf).transpose()
}

fn split(bytes: &[u8]) -> Result<(Box<'_>, &[u8]), ProbeError> {
    let header = Header::read(bytes)
        .ok_or_else(|| ProbeError::Damaged("a box header is cut off".to_owned()))?;
    let length = if header.length == 0 {
        bytes.len() as u64
    } else {
        header.length
    };
    let body = usize::try_from(length)
        .ok()
        .and_then(|end| bytes.get(header.size..end));
    let body = body.ok_or_else(|| {
        let kind = spelled(header.kind);
        ProbeError::Damaged(format!("{kind} is longer than what holds it"))
    })?;
    Ok((
        Box {
            kind: header.kind,
            body,
        },
        &bytes[header.size + body.len()..],
    ))
}

/// The first 8 or 16 bytes of a box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) kind: FourCC,
    /// Length of the box with its header in bytes; 0 means up to the end.
    pub(crate) length: u64,
    /// Length of the header in bytes.
    pub(crate) size: usize,
}

impl Header {
    /// Reads a header; `None` if the bytes end inside of it or it claims to be shorter than itself.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let short = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let kind = FourCC::new(&kind);
        match short {
            0 => Some(Self {
                kind,
                length: 0,
                size: 8,
            }),
            1 => {
                let length = u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?);
                (length >= 16).then_some(Self {
                    kind,
                    length,
                    size: 16,
                })
            }
            2..8 => None,
            length => Some(Self {
                kind,
                length: u64::from(length),
                size: 8,
            }),
        }
    }
}
