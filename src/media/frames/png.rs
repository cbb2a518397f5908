//! Frames as PNG files.

use std::io::Cursor;

use image::ImageEncoder as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use super::Frame;

/// A PNG of the frame: eight bits, red, green and blue, nothing else in it. The same pixels give the same bytes with
/// one version of the `png` crate; what has to stay is [`Frame::digest`].
pub fn encode_png(frame: &Frame) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive);
    encoder
        .write_image(
            &frame.rgb,
            frame.width,
            frame.height,
            image::ExtendedColorType::Rgb8,
        )
        .expect("a frame has three bytes for each pixel, and memory takes all of them");
    png.into_inner()
}
