//! Decoding a given still and fitting it into the frame.
//!
//! Owns the cover crop and the bounds on what is decoded. Transparent parts become dark grey.

use std::io::Cursor;

use image::{ImageReader, Limits, RgbImage};

use super::clip::ClipError;
use super::plane::{Picture, mix};

/// What transparent pixels are laid over.
const GROUND: u8 = 40;
/// More than any camera's picture needs, and less than a hostile header could ask for.
const MAX_SIDE: u32 = 16_384;
const MAX_BYTES: u64 = 1 << 29;

/// The middle of a still, cut to the asked shape and scaled to exactly the asked size (even, in pixels).
pub(crate) fn cover(bytes: &[u8], width: usize, height: usize) -> Result<Picture, ClipError> {
    let mut image = crop(&decode(bytes)?, width, height);
    while image.width >= 2 * width && image.height >= 2 * height {
        image = image.halved();
    }
    let pixels = image.scaled(width, height);
    Ok(Picture::from_rgb(width, height, &pixels))
}

/// The same as colours, for comparing.
pub(crate) fn cut_to(bytes: &[u8], width: usize, height: usize) -> Result<RgbImage, ClipError> {
    let mut image = crop(&decode(bytes)?, width, height);
    while image.width >= 2 * width && image.height >= 2 * height {
        image = image.halved();
    }
    let pixels = image.scaled(width, height).into_iter().flatten().collect();
    RgbImage::from_raw(width as u32, height as u32, pixels)
        .ok_or_else(|| ClipError::Still("its size is impossible".to_owned()))
}

/// RGB pixels, row by row.
struct Pixels {
    width: usize,
    height: usize,
    data: Vec<[u8; 3]>,
}

fn decode(bytes: &[u8]) -> Result<Pixels, ClipError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| ClipError::Still(error.to_string()))?;
    reader.limits(limits);
    let image = reader
        .decode()
        .map_err(|error| ClipError::Still(error.to_string()))?
        .into_rgba8();
    let data = image.pixels().map(|pixel| flatten(pixel.0)).collect();
    Ok(Pixels {
        width: image.width() as usize,
        height: image.height() as usize,
        data,
    })
}

fn flatten([red, green, blue, alpha]: [u8; 4]) -> [u8; 3] {
    let weight = i32::from(alpha) + i32::from(alpha >> 7);
    [red, green, blue].map(|channel| mix(GROUND, channel, weight))
}

/// The largest part in the middle that has the shape of `width` by `height`.
fn crop(image: &Pixels, width: usize, height: usize) -> Pixels {
    let (mut cut_width, mut cut_height) = (image.width, image.height);
    if image.width * height > image.height * width {
        cut_width = (image.height * width / height).max(1);
    } else {
        cut_height = (image.width * height / width).max(1);
    }
    let (left, top) = (
        (image.width - cut_width) / 2,
        (image.height - cut_height) / 2,
    );
    let rows = image
        .data
        .chunks_exact(image.width)
        .skip(top)
        .take(cut_height);
    let data = rows
        .flat_map(|row| &row[left..left + cut_width])
        .copied()
        .collect();
    Pixels {
        width: cut_width,
        height: cut_height,
        data,
    }
}

impl Pixels {
    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.data[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let [a, b] = [self.at(2 * x, 2 * y), self.at(2 * x + 1, 2 * y)];
                let [c, d] = [self.at(2 * x, 2 * y + 1), self.at(2 * x + 1, 2 * y + 1)];
                let mean = |i: usize| {
                    [a, b, c, d]
                        .iter()
                        .map(|pixel| u32::from(pixel[i]))
                        .sum::<u32>()
                        + 2
                };
                data.push(std::array::from_fn(|i| (mean(i) / 4) as u8));
            }
        }
        Self {
            width,
            height,
            data,
        }
    }

    /// Bilinear, with 16.16 places.
    fn scaled(&self, width: usize, height: usize) -> Vec<[u8; 3]> {
        let place = |index: usize, from: usize, to: usize| {
            let at = (((2 * index + 1) * from) << 15) / to;
            let at = at.saturating_sub(1 << 15);
            (at >> 16, ((at >> 8) & 255) as i32)
        };
        let columns: Vec<_> = (0..width).map(|x| place(x, self.width, width)).collect();
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let (top, down) = place(y, self.height, height);
            for (left, across) in &columns {
                let [a, b] = [self.at(*left, top), self.at(left + 1, top)];
                let [c, d] = [self.at(*left, top + 1), self.at(left + 1, top + 1)];
                pixels.push(std::array::from_fn(|i| {
                    mix(mix(a[i], b[i], *across), mix(c[i], d[i], *across), down)
                }));
            }
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage};

    use super::*;

    #[test]
    fn cover_keeps_the_middle() {
        // A wide picture, red at the sides and green in the middle half.
        let image = RgbImage::from_fn(400, 100, |x, _| {
            if (100..300).contains(&x) {
                Rgb([0, 255, 0])
            } else {
                Rgb([255, 0, 0])
            }
        });
        let mut bytes = Cursor::new(Vec::new());
        image
            .write_to(&mut bytes, ImageFormat::Png)
            .expect("a small picture encodes");
        let picture = cover(bytes.get_ref(), 80, 40).expect("the picture was just written");
        let green = crate::media::plane::yuv([0, 255, 0])[0];
        assert!(picture.planes[0].data.iter().all(|luma| *luma == green));
    }

    #[test]
    fn text_is_no_picture() {
        assert!(matches!(cover(b"words", 16, 16), Err(ClipError::Still(_))));
    }
}
