//! Stills: which format a picture has and how large it is.
//!
//! Reads magic bytes and the few header fields that hold the size, never a file name and never the pixels. A picture
//! with a sound header and damaged pixels passes here; whoever decodes it finds out. EXIF orientation is not looked
//! at: sizes are those of the stored pixels.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use thiserror::Error;

/// The picture formats the API takes and this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StillFormat {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, lossy or lossless.
    Webp,
}

impl StillFormat {
    /// The media type as used in data URLs, for example `image/png`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// What the header of a picture says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StillInfo {
    /// The format by its magic bytes.
    pub format: StillFormat,
    /// Width in pixels, never 0.
    pub width: u32,
    /// Height in pixels, never 0.
    pub height: u32,
}

/// Why a picture cannot be used.
#[derive(Debug, Error)]
pub enum StillError {
    /// The first bytes belong to none of the known formats.
    #[error("not a JPEG, PNG or WebP picture")]
    UnknownFormat,
    /// The format is known, but its header makes no sense or ends too early.
    #[error("damaged picture: {0}")]
    Damaged(String),
    /// Reading failed for a reason outside of the picture.
    #[error("cannot read the picture")]
    Io {
        /// The reader's own error.
        #[source]
        source: io::Error,
    },
}

/// Format and size of the picture that starts at the reader's beginning.
pub fn inspect(mut reader: impl BufRead + Seek) -> Result<StillInfo, StillError> {
    let mut head = Vec::with_capacity(32);
    reader.seek(SeekFrom::Start(0)).map_err(classify)?;
    reader
        .by_ref()
        .take(32)
        .read_to_end(&mut head)
        .map_err(classify)?;
    let (format, (width, height)) = if head.starts_with(b"\xff\xd8\xff") {
        (StillFormat::Jpeg, jpeg_size(&mut reader)?)
    } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        (StillFormat::Png, png_size(&head)?)
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        (StillFormat::Webp, webp_size(&head)?)
    } else {
        return Err(StillError::UnknownFormat);
    };
    if width == 0 || height == 0 {
        return Err(StillError::Damaged(format!("its size is {width}x{height}")));
    }
    Ok(StillInfo {
        format,
        width,
        height,
    })
}

/// The first chunk of a PNG must be IHDR, and begins with the size.
fn png_size(head: &[u8]) -> Result<(u32, u32), StillError> {
    if head.get(12..16) != Some(b"IHDR") {
        return Err(StillError::Damaged(
            "the PNG does not begin with its header chunk".into(),
        ));
    }
    match (be32(head, 16), be32(head, 20)) {
        (Some(width), Some(height)) => Ok((width, height)),
        _ => Err(cut()),
    }
}

/// The size stands in the first chunk, in a form of its own for each of the three kinds of WebP.
fn webp_size(head: &[u8]) -> Result<(u32, u32), StillError> {
    let byte = |at: usize| head.get(at).copied().map(u32::from).ok_or_else(cut);
    let le16 = |at: usize| Ok(byte(at)? | byte(at + 1)? << 8);
    match head.get(12..16) {
        Some(b"VP8X") => {
            let le24 = |at: usize| Ok::<u32, StillError>(le16(at)? | byte(at + 2)? << 16);
            Ok((le24(24)? + 1, le24(27)? + 1))
        }
        Some(b"VP8L") if byte(20)? == 0x2f => {
            let bits = le16(21)? | le16(23)? << 16;
            Ok(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        Some(b"VP8 ") if head.get(23..26) == Some(b"\x9d\x01\x2a") => {
            Ok((le16(26)? & 0x3fff, le16(28)? & 0x3fff))
        }
        Some(_) => Err(StillError::Damaged(
            "the WebP does not begin with a picture chunk".into(),
        )),
        None => Err(cut()),
    }
}

/// Walks a JPEG's segments up to the start of the frame, which may lie behind a megabyte of metadata.
fn jpeg_size(reader: &mut (impl BufRead + Seek)) -> Result<(u32, u32), StillError> {
    reader.seek(SeekFrom::Start(2)).map_err(classify)?;
    loop {
        let marker = jpeg_marker(reader)?;
        match marker {
            // Stand-alone markers carry no length.
            0x01 | 0xd0..=0xd7 => continue,
            0xd9 | 0xda => {
                return Err(StillError::Damaged(
                    "the JPEG has no frame before its pixels".into(),
                ));
            }
            _ => {}
        }
        let [high, low] = read_array(reader)?;
        let length = i64::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(StillError::Damaged(
                "a JPEG segment is shorter than its own length".into(),
            ));
        }
        // 0xc4, 0xc8 and 0xcc lie among the frame markers, but are tables.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let [_precision, h1, h0, w1, w0] = read_array(reader)?;
            return Ok((
                u16::from_be_bytes([w1, w0]).into(),
                u16::from_be_bytes([h1, h0]).into(),
            ));
        }
        reader.seek_relative(length - 2).map_err(classify)?;
    }
}

/// The next marker's second byte; any number of 0xff may stand before it.
fn jpeg_marker(reader: &mut impl BufRead) -> Result<u8, StillError> {
    let [first] = read_array(reader)?;
    if first != 0xff {
        return Err(StillError::Damaged(
            "a JPEG segment does not begin with a marker".into(),
        ));
    }
    loop {
        let [byte] = read_array(reader)?;
        if byte != 0xff {
            return Ok(byte);
        }
    }
}

fn read_array<const N: usize>(reader: &mut impl BufRead) -> Result<[u8; N], StillError> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(classify)?;
    Ok(bytes)
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .try_into()
        .ok()
        .map(u32::from_be_bytes)
}

fn cut() -> StillError {
    StillError::Damaged("the file ends inside its header".into())
}

/// An early end is the picture's fault, everything else the disk's.
fn classify(source: io::Error) -> StillError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => cut(),
        _ => StillError::Io { source },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(37, 21)
            .write_to(&mut bytes, format)
            .expect("pictures of one colour encode");
        bytes.into_inner()
    }

    fn size(bytes: &[u8]) -> Result<StillInfo, StillError> {
        inspect(Cursor::new(bytes))
    }

    #[test]
    fn reads_the_three_formats() {
        for (written, format) in [
            (ImageFormat::Jpeg, StillFormat::Jpeg),
            (ImageFormat::Png, StillFormat::Png),
            (ImageFormat::WebP, StillFormat::Webp),
        ] {
            let info = size(&encoded(written)).expect("the picture was just written");
            assert_eq!(
                info,
                StillInfo {
                    format,
                    width: 37,
                    height: 21
                }
            );
        }
    }

    #[test]
    fn reads_lossy_and_extended_webp() {
        let lossy = b"RIFF\x20\0\0\0WEBPVP8 \x14\0\0\0\x30\x01\0\x9d\x01\x2a\x25\0\x15\0\0\0";
        let extended = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x24\0\0\x14\0\0\0\0";
        for bytes in [&lossy[..], &extended[..]] {
            let info = size(bytes).expect("the header is whole");
            assert_eq!((info.width, info.height), (37, 21));
        }
    }

    #[test]
    fn refuses_text_nothing_and_cut_headers() {
        assert!(matches!(
            size(b"just words, no picture"),
            Err(StillError::UnknownFormat)
        ));
        assert!(matches!(size(b""), Err(StillError::UnknownFormat)));
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            assert!(
                matches!(size(&encoded(format)[..17]), Err(StillError::Damaged(_))),
                "{format:?}"
            );
        }
    }
}
