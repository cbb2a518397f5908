//! Small pictures out of large ones, with what a gallery shows before they are loaded.
//!
//! Owns scaling and JPEG. Scales in linear light, so that thin bright lines keep their weight, and by a filter that
//! needs no trigonometry, so that every machine computes the same. Never enlarges unless told a size, never reads or
//! writes a file.

use std::sync::LazyLock;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb, RgbImage};
use thiserror::Error;

/// Quality of the JPEGs, of 100: no visible blocks in skies at the size of a card.
const QUALITY: u8 = 86;
/// Width in pixels of what placeholders are made from. They hold far less, but of
/// a smaller one their edges would be too bright: their waves are counted from the
/// edges of pixels, not from the middles.
const TINY: u32 = 64;
/// The marker of the file and the JFIF header, which has to come first.
const HEADER: usize = 20;
/// The comment behind the header of every JPEG of this module: where it is from.
const MARK: &[u8] = b"\xff\xfe\x00\x10Made by runner";

/// A small picture and its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The picture as a JPEG file.
    pub jpeg: Vec<u8>,
    /// A blurred version in 28 characters, as <https://blurha.sh> describes it.
    pub blurhash: String,
    /// The mean colour in sRGB: red, green, blue.
    pub mean: [u8; 3],
}

/// Why there is no thumbnail.
#[derive(Debug, Error)]
pub enum ThumbnailError {
    /// No pixels.
    #[error("the picture is {width}x{height}, and nothing is not enough")]
    Empty {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The encoder refuses, for example a picture over 65535 pixels wide.
    #[error("cannot write it as JPEG")]
    Jpeg(#[source] image::ImageError),
    /// The placeholder cannot be made.
    #[error("cannot make a placeholder: {0}")]
    Placeholder(String),
}

/// A picture at most `width` pixels wide, as JPEG, with placeholders. Smaller pictures keep their size.
pub fn thumbnail(picture: &RgbImage, width: u32) -> Result<Thumbnail, ThumbnailError> {
    let (full, high) = picture.dimensions();
    if full == 0 || high == 0 || width == 0 {
        return Err(ThumbnailError::Empty {
            width: full.min(width),
            height: high,
        });
    }
    let small = if width < full {
        scaled(picture, (width, proportional(high, width, full)))
    } else {
        picture.clone()
    };
    Ok(Thumbnail {
        width: small.width(),
        height: small.height(),
        jpeg: jpeg(&small)?,
        blurhash: blurhash(&small)?,
        mean: mean(&small),
    })
}

/// `length * part / whole`, rounded, at least 1.
pub(crate) fn proportional(length: u32, part: u32, whole: u32) -> u32 {
    let (length, part, whole) = (u64::from(length), u64::from(part), u64::from(whole.max(1)));
    u32::try_from((length * part + whole / 2) / whole)
        .unwrap_or(u32::MAX)
        .max(1)
}

/// The picture at another size in pixels, neither of which may be 0.
pub fn scaled(picture: &RgbImage, (width, height): (u32, u32)) -> RgbImage {
    if picture.dimensions() == (width, height) {
        return picture.clone();
    }
    let light: ImageBuffer<Rgb<u16>, Vec<u16>> =
        ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
            Rgb(picture.get_pixel(x, y).0.map(linear))
        });
    // Not Lanczos: its sine differs between machines, and in linear light it rings around lamps.
    let light = imageops::resize(&light, width, height, FilterType::CatmullRom);
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(light.get_pixel(x, y).0.map(gamma))
    })
}

/// The picture as a JPEG file that says where it is from.
pub fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, ThumbnailError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode_image(picture)
        .map_err(ThumbnailError::Jpeg)?;
    bytes.splice(HEADER..HEADER, MARK.iter().copied());
    Ok(bytes)
}

/// Whether a file that begins with these bytes is a JPEG of this module.
pub fn is_own_jpeg(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xd8")
        && head
            .get(HEADER..)
            .is_some_and(|rest| rest.starts_with(MARK))
}

fn blurhash(picture: &RgbImage) -> Result<String, ThumbnailError> {
    let (width, height) = picture.dimensions();
    let tiny = scaled(
        picture,
        (TINY, proportional(height, TINY, width).min(4 * TINY)),
    );
    let rgba: Vec<u8> = tiny
        .pixels()
        .flat_map(|Rgb([r, g, b])| [*r, *g, *b, 255])
        .collect();
    let (across, down) = if width >= height { (4, 3) } else { (3, 4) };
    blurhash::encode(across, down, tiny.width(), tiny.height(), &rgba)
        .map_err(|error| ThumbnailError::Placeholder(error.to_string()))
}

/// The mean is one of light, not of numbers: half black and half white is a bright grey.
fn mean(picture: &RgbImage) -> [u8; 3] {
    let mut sums = [0u64; 3];
    for pixel in picture.pixels() {
        for (sum, channel) in sums.iter_mut().zip(pixel.0) {
            *sum += u64::from(linear(channel));
        }
    }
    let count = u64::from(picture.width()) * u64::from(picture.height());
    sums.map(|sum| gamma((sum / count.max(1)) as u16))
}

static LINEAR: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let light = |value: u8| {
        let value = f64::from(value) / 255.0;
        let light = if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        };
        (light * 65535.0).round() as u16
    };
    (0..=255).map(light).collect()
});

/// For each step of light the nearest of the 256 values.
static GAMMA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut value = 0usize;
    let nearest = |light: u32| {
        while value < 255 && light * 2 > u32::from(LINEAR[value]) + u32::from(LINEAR[value + 1]) {
            value += 1;
        }
        value as u8
    };
    (0..=65535).map(nearest).collect()
});

fn linear(value: u8) -> u16 {
    LINEAR[usize::from(value)]
}

fn gamma(light: u16) -> u8 {
    GAMMA[usize::from(light)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            Rgb(if x % 2 == 0 { [0; 3] } else { [255; 3] })
        })
    }

    #[test]
    fn every_value_survives_the_way_to_light_and_back() {
        for value in 0..=255 {
            assert_eq!(gamma(linear(value)), value);
        }
    }

    #[test]
    fn fine_stripes_become_the_grey_that_the_eye_sees() {
        let small = scaled(&stripes(400, 40), (50, 5));
        let Rgb([grey, ..]) = *small.get_pixel(25, 2);
        // Half of the light is 188 of 255; the mean of the numbers would be 128.
        assert!((183..=193).contains(&grey), "{grey}");
        assert_eq!(mean(&stripes(40, 40)), [188; 3]);
    }

    #[test]
    fn a_thumbnail_keeps_the_shape_and_never_grows() {
        let picture = RgbImage::from_fn(366, 768, |x, y| Rgb([x as u8, y as u8, 90]));
        let small = thumbnail(&picture, 100).expect("it is a picture");
        assert_eq!((small.width, small.height), (100, 210));
        assert_eq!(small.blurhash.len(), 28);
        assert!(is_own_jpeg(&small.jpeg));
        let read = image::load_from_memory(&small.jpeg).expect("the comment breaks nothing");
        assert_eq!((read.width(), read.height()), (100, 210));
        let same = thumbnail(&picture, 1000).expect("it is a picture");
        assert_eq!((same.width, same.height), (366, 768));
        assert_eq!(small, thumbnail(&picture, 100).expect("the same again"));
    }

    #[test]
    fn odd_sizes_work_and_nothing_is_refused() {
        for (width, height) in [(1, 1), (1, 900), (900, 1), (33, 2)] {
            let small = thumbnail(&stripes(width, height), 16).expect("it has pixels");
            assert!(small.width <= 16 && small.height >= 1);
        }
        assert!(thumbnail(&RgbImage::new(0, 5), 16).is_err());
        assert!(thumbnail(&stripes(4, 4), 0).is_err());
    }

    #[test]
    fn a_placeholder_has_the_colours_of_its_picture() {
        let sea = RgbImage::from_pixel(64, 36, Rgb([20, 60, 120]));
        let small = thumbnail(&sea, 32).expect("it is a picture");
        assert_eq!(small.mean, [20, 60, 120]);
        let back = blurhash::decode(&small.blurhash, 4, 4, 1.0).expect("it is a hash");
        for (found, wanted) in back.iter().zip([20u8, 60, 120]) {
            assert!(found.abs_diff(wanted) < 10, "{:?}", &back[..4]);
        }
    }
}
