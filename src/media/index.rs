//! The top level of an MP4: which boxes there are, and those of the index, read into memory.
//!
//! Nothing in the file is believed: the index is bounded, and no box may reach behind the end.

use std::io::{self, Read, Seek, SeekFrom};

use super::boxes::Header;
use super::fragments::Fragment;
use super::probe::ProbeError;

/// The most the index may take in memory; that of an hour is a tenth of it.
const MAX_INDEX: u64 = 64 << 20;
/// More boxes than that at the top level are no video but an attack.
const MAX_BOXES: usize = 100_000;
/// So much of the list of brands is read; real ones take less than fifty bytes.
const MAX_BRANDS: u64 = 1024;
/// Kinds a file may begin with.
const OPENERS: [&[u8; 4]; 8] = [
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot",
];

/// The parts of a file that describe the rest.
#[derive(Debug)]
pub(crate) struct Index {
    /// Length of the file in bytes.
    pub(crate) length: u64,
    pub(crate) moov: Vec<u8>,
    pub(crate) fragments: Vec<Fragment>,
    /// Content of `ftyp`, where there is one.
    pub(crate) brands: Vec<u8>,
    /// Whether the index stands before the data, so that a player can begin while it loads.
    pub(crate) first: bool,
}

/// Walks the boxes at the top level, and keeps those of the index.
pub(crate) fn read_index(reader: &mut (impl Read + Seek)) -> Result<Index, ProbeError> {
    read_index_of(reader, false)
}

/// The same; of a `broken` file what is there, if that is the index.
pub(crate) fn read_index_of(
    reader: &mut (impl Read + Seek),
    broken: bool,
) -> Result<Index, ProbeError> {
    let length = reader.seek(SeekFrom::End(0)).map_err(io_error)?;
    let (mut moov, mut brands) = (None, Vec::new());
    let (mut fragments, mut data, mut first) = (Vec::new(), false, true);
    let (mut at, mut kept) = (0, 0);
    for _ in 0..MAX_BOXES {
        if at == length {
            break;
        }
        let header = match read_header(reader, at, length) {
            Err(_) if broken && moov.is_some() => {
                at = length;
                break;
            }
            header => header?,
        };
        let end = if header.length == 0 {
            length
        } else {
            at.saturating_add(header.length)
        };
        let in_index = matches!(header.kind.as_ref(), b"moov" | b"moof");
        if end > length && broken && !in_index {
            at = length;
            break;
        }
        if end > length {
            return Err(ProbeError::Truncated {
                need: end,
                have: length,
            });
        }
        if in_index {
            kept += end - at;
            if kept > MAX_INDEX {
                return Err(ProbeError::Damaged("its index is too large".to_owned()));
            }
            let body = read_at(reader, at + header.size as u64, end)?;
            if header.kind.as_ref() == b"moof" {
                fragments.push(Fragment { start: at, body });
            } else if moov.replace(body).is_some() {
                return Err(ProbeError::Damaged("it has two indexes".to_owned()));
            }
        }
        match header.kind.as_ref() {
            b"mdat" => data = true,
            b"moov" => first = !data,
            b"ftyp" if at == 0 => {
                let end = end.min(MAX_BRANDS);
                brands = read_at(reader, at + header.size as u64, end)?;
            }
            _ => {}
        }
        at = end;
    }
    if at < length {
        return Err(ProbeError::Damaged("it has too many boxes".to_owned()));
    }
    let moov = moov.ok_or_else(|| ProbeError::Damaged("it has no index".to_owned()))?;
    Ok(Index {
        length,
        moov,
        fragments,
        brands,
        first,
    })
}

fn read_header(
    reader: &mut (impl Read + Seek),
    at: u64,
    length: u64,
) -> Result<Header, ProbeError> {
    let head = read_at(reader, at, length.min(at + 16))?;
    if at == 0
        && !OPENERS
            .iter()
            .any(|kind| head.get(4..8) == Some(kind.as_slice()))
    {
        return Err(ProbeError::NotMp4 {
            begins: head.escape_ascii().to_string(),
        });
    }
    match Header::read(&head) {
        Some(header) => Ok(header),
        None if head.len() < 16 => Err(ProbeError::Truncated {
            need: at + 16,
            have: length,
        }),
        None => Err(ProbeError::Damaged(format!(
            "a box at byte {at} is shorter than its header"
        ))),
    }
}

/// Reads a range whose length the caller has bounded.
pub(crate) fn read_at(
    reader: &mut (impl Read + Seek),
    from: u64,
    to: u64,
) -> Result<Vec<u8>, ProbeError> {
    reader.seek(SeekFrom::Start(from)).map_err(io_error)?;
    let mut bytes = Vec::new();
    let wanted = to.saturating_sub(from);
    reader
        .take(wanted)
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    if (bytes.len() as u64) < wanted {
        return Err(ProbeError::Truncated {
            need: to,
            have: from + bytes.len() as u64,
        });
    }
    Ok(bytes)
}

pub(crate) fn io_error(source: io::Error) -> ProbeError {
    ProbeError::Io { source }
}
