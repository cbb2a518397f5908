//! Stills that come with a request: data URLs, and stand-ins for addresses.
//!
//! Owns the decoding of data URLs and the rules an image must keep. It never
//! fetches an address: a picture drawn from the address's hash takes its place.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use sha2::{Digest, Sha256};

use crate::media::still;
use crate::spec::ImageRules;

/// An image as a request gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Still {
    /// The encoded bytes, with their size in pixels.
    Given {
        /// JPEG, PNG or WebP.
        bytes: Vec<u8>,
        /// Width and height in pixels.
        size: (u32, u32),
    },
    /// An address that is not fetched.
    Address(String),
}

impl Still {
    /// Reads the text of an image field; the error says what is wrong with it.
    pub(super) fn read(source: &str, rules: &ImageRules) -> Result<Still, String> {
        let Some((head, data)) = source.split_once(";base64,") else {
            return Ok(Still::Address(source.to_owned()));
        };
        if !head.starts_with("data:") {
            return Ok(Still::Address(source.to_owned()));
        }
        let bytes = STANDARD.decode(data);
        let bytes = bytes.map_err(|error| format!("its base64 is damaged: {error}"))?;
        let info = still::inspect(Cursor::new(&bytes)).map_err(|error| error.to_string())?;
        let size = (info.width, info.height);
        check(bytes.len() as u64, size, rules)?;
        Ok(Still::Given { bytes, size })
    }

    /// An encoded picture to show: the given one, or a stand-in.
    pub(super) fn shown(self) -> Result<Vec<u8>, String> {
        match self {
            Still::Given { bytes, .. } => Ok(bytes),
            Still::Address(address) => stand_in(&address),
        }
    }
}

/// The rules of the documents that a schema cannot say.
fn check(bytes: u64, (width, height): (u32, u32), rules: &ImageRules) -> Result<(), String> {
    let (wide, high) = (u64::from(width), u64::from(height));
    let ratio = |(w, h): (u32, u32)| (u64::from(w), u64::from(h));
    let (narrow, broad) = (ratio(rules.min_ratio), ratio(rules.max_ratio));
    if bytes > rules.max_bytes {
        return Err(format!(
            "it has {bytes} bytes; the most is {}",
            rules.max_bytes
        ));
    }
    if width.min(height) <= rules.min_short_side_px_exclusive {
        let least = rules.min_short_side_px_exclusive;
        return Err(format!(
            "it is {width}x{height}; both sides must be over {least} pixels"
        ));
    }
    if wide * narrow.1 < high * narrow.0 || wide * broad.1 > high * broad.0 {
        let ((a, b), (c, d)) = (rules.min_ratio, rules.max_ratio);
        return Err(format!(
            "it is {width}x{height}; the shape must lie between {a}:{b} and {c}:{d}"
        ));
    }
    Ok(())
}

/// Coloured stripes that differ from address to address, so that one sees which picture is meant.
fn stand_in(address: &str) -> Result<Vec<u8>, String> {
    const WIDTH: u32 = 640;
    const HEIGHT: u32 = 360;
    let hash = Sha256::digest(address.as_bytes());
    let colour = |at: usize| [0, 1, 2].map(|channel| u32::from(hash[at * 3 + channel]) / 2 + 40);
    let (from, to, stripe) = (colour(0), colour(1), colour(2));
    let (period, lean) = (u32::from(hash[10]) / 4 + 40, u32::from(hash[11]) % 3);
    let image = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        let on_stripe = (x + y * lean) % period < period / 4;
        Rgb(std::array::from_fn(|channel| {
            let ground = (from[channel] * (HEIGHT - y) + to[channel] * y) / HEIGHT;
            let mixed = if on_stripe {
                ground.midpoint(stripe[channel])
            } else {
                ground
            };
            mixed.min(255) as u8
        }))
    });
    let mut bytes = Cursor::new(Vec::new());
    let written = image.write_to(&mut bytes, ImageFormat::Png);
    written.map_err(|error| format!("cannot draw a stand-in: {error}"))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;

    fn data_url(width: u32, height: u32) -> String {
        let mut bytes = Cursor::new(Vec::new());
        let image = RgbImage::from_pixel(width, height, Rgb([9, 9, 9]));
        image
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("a small picture encodes");
        format!("data:image/png;base64,{}", STANDARD.encode(bytes.get_ref()))
    }

    fn read(source: &str) -> Result<Still, String> {
        Still::read(source, Spec::bundled().image_rules())
    }

    #[test]
    fn data_urls_are_held_to_the_rules() {
        let good = read(&data_url(400, 320)).expect("size and shape are allowed");
        assert!(matches!(
            good,
            Still::Given {
                size: (400, 320),
                ..
            }
        ));
        for (source, words) in [
            (data_url(300, 320), "over 300"),
            (data_url(900, 310), "shape"),
            ("data:image/png;base64,@@@@".to_owned(), "base64"),
            ("data:image/png;base64,d29yZHM=".to_owned(), "not a JPEG"),
        ] {
            let refusal = read(&source).expect_err(words);
            assert!(refusal.contains(words), "{refusal}");
        }
    }

    #[test]
    fn addresses_get_a_picture_of_their_own() {
        let shown = |address: &str| read(address).and_then(Still::shown).expect("drawn");
        let first = shown("https://example.com/a.png");
        assert_eq!(first, shown("https://example.com/a.png"));
        assert_ne!(first, shown("https://example.com/b.png"));
        assert!(still::inspect(Cursor::new(first)).is_ok());
    }
}
