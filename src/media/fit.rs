//! Putting a picture of one size into a frame of another.
//!
//! Owns scaling, letterboxes and the mirrored border around a picture that a camera may leave. All in integers, on
//! planes; nothing here decodes.

use super::motion::Window;
use super::noise::ONE;
use super::plane::{Picture, Plane, Sampler, mix};

/// Width and height in pixels.
pub(crate) type Size = (usize, usize);

/// How much darker the outer edge of a border is, of 256.
const DARKEST: usize = 176;
/// Narrower than that no picture is drawn, whatever shape it claims to have.
const NARROWEST: usize = 16;

/// The largest even size of a shape inside of a frame. What misses the frame by a pixel or two fills it.
pub(crate) fn inside(shape: Size, frame: Size) -> Size {
    let (width, height) = frame;
    let (across, down) = (shape.0.max(1) as u64, shape.1.max(1) as u64);
    let scaled = |side: usize, part: u64, whole: u64, most: usize| {
        let scaled = (side as u64 * part + whole / 2) / whole;
        (scaled.min(most as u64) as usize).next_multiple_of(2)
    };
    let close = |side: usize, full: usize| if side + 4 > full { full } else { side };
    if across * height as u64 > down * width as u64 {
        let high = scaled(width, down, across, height).max(NARROWEST.min(height));
        (width, close(high, height))
    } else {
        let wide = scaled(height, across, down, width).max(NARROWEST.min(width));
        (close(wide, width), height)
    }
}

/// A picture stretched to a size.
pub(crate) fn scaled(picture: &Picture, (width, height): Size) -> Picture {
    let mut out = Picture::new(width, height);
    for (plane, target) in picture.planes.iter().zip(&mut out.planes) {
        stretch(plane, target);
    }
    out
}

/// The middle of a picture that has the shape of a size, scaled to it.
pub(crate) fn cover(picture: &Picture, size: Size) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let (cut_width, cut_height) = inside(size, (width, height));
    if (cut_width, cut_height) == (width, height) {
        return scaled(picture, size);
    }
    let (left, top) = (
        ((width - cut_width) / 2) & !1,
        ((height - cut_height) / 2) & !1,
    );
    let mut cut = Picture::new(cut_width, cut_height);
    for (index, (from, to)) in picture.planes.iter().zip(&mut cut.planes).enumerate() {
        let shift = usize::from(index > 0);
        for y in 0..to.height {
            let row = &from.row(y + (top >> shift))[left >> shift..];
            let width = to.width;
            to.row_mut(y).copy_from_slice(&row[..width]);
        }
    }
    scaled(&cut, size)
}

/// Puts a picture into the middle of a frame that is at least as large. The rest of the frame stays as it is.
pub(crate) fn place(inner: &Picture, frame: &mut Picture) {
    let left = ((frame.width() - inner.width()) / 2) & !1;
    let top = ((frame.height() - inner.height()) / 2) & !1;
    for (index, (from, to)) in inner.planes.iter().zip(&mut frame.planes).enumerate() {
        let shift = usize::from(index > 0);
        let (left, top) = (left >> shift, top >> shift);
        for y in 0..from.height {
            to.row_mut(top + y)[left..left + from.width].copy_from_slice(from.row(y));
        }
    }
}

/// The picture with a mirrored border that darkens outwards, so that nobody takes it for a part of the picture. The
/// picture is the middle 60 % of the result: [`super::motion::CORE`].
pub(crate) fn bordered(picture: &Picture) -> Picture {
    let border = |side: usize| (side / 3).next_multiple_of(2);
    let (left, top) = (border(picture.width()), border(picture.height()));
    let mut out = Picture::new(picture.width() + 2 * left, picture.height() + 2 * top);
    for (index, (from, to)) in picture.planes.iter().zip(&mut out.planes).enumerate() {
        let (shift, black) = if index == 0 { (0, 16) } else { (1, 128) };
        mirror(from, to, (left >> shift, top >> shift), black);
    }
    out
}

fn mirror(from: &Plane, to: &mut Plane, (left, top): (usize, usize), black: u8) {
    let columns: Vec<(usize, i32)> = (0..to.width)
        .map(|x| (mirrored(x, left, from.width), light(x, left, from.width)))
        .collect();
    for y in 0..to.height {
        let source = from.row(mirrored(y, top, from.height));
        let of_row = light(y, top, from.height);
        for (out, (x, of_column)) in to.row_mut(y).iter_mut().zip(&columns) {
            *out = mix(black, source[*x], of_row.min(*of_column));
        }
    }
}

/// How much light is left at a place, of 256: all of it from `begin` on for `length`, less and less outside.
fn light(place: usize, begin: usize, length: usize) -> i32 {
    let outside = begin.saturating_sub(place) + (place + 1).saturating_sub(begin + length);
    256 - (outside * DARKEST / begin.max(1)) as i32
}

/// Where a place comes from, if `length` samples from `begin` on are mirrored at both ends.
fn mirrored(place: usize, begin: usize, length: usize) -> usize {
    let inside = if place < begin {
        begin - 1 - place
    } else if place < begin + length {
        place - begin
    } else {
        (2 * length + begin).saturating_sub(place + 1)
    };
    inside.min(length - 1)
}

fn stretch(plane: &Plane, target: &mut Plane) {
    if (plane.width, plane.height) == (target.width, target.height) {
        target.data.copy_from_slice(&plane.data);
        return;
    }
    if plane.width >= 2 * target.width && plane.height >= 2 * target.height {
        return stretch(&plane.halved(), target);
    }
    let whole = Window {
        center_x: ONE / 2,
        center_y: ONE / 2,
        size: ONE,
    };
    let (width, height) = (target.width, target.height);
    let mut sampler = Sampler::new(plane, whole, width, height);
    for y in 0..height {
        sampler.row(y, target.row_mut(y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_fit_into_frames() {
        let frame = (1366, 768);
        assert_eq!(inside((1920, 1080), frame), frame);
        assert_eq!(inside((768, 1366), frame), (432, 768));
        assert_eq!(inside((1000, 1000), frame), (768, 768));
        assert_eq!(inside((2500, 1000), frame), (1366, 546));
        assert_eq!(inside((100_000, 1), frame), (1366, 16));
        assert_eq!(inside((0, 0), (16, 16)), (16, 16));
    }

    fn ramp(width: usize, height: usize) -> Picture {
        let mut picture = Picture::new(width, height);
        for plane in &mut picture.planes {
            for y in 0..plane.height {
                for (x, sample) in plane.row_mut(y).iter_mut().enumerate() {
                    *sample = (16 + x * 3 + y) as u8;
                }
            }
        }
        picture
    }

    #[test]
    fn a_border_mirrors_and_the_middle_stays() {
        let picture = ramp(12, 12);
        let out = bordered(&picture);
        assert_eq!((out.width(), out.height()), (20, 20));
        let (from, to) = (&picture.planes[0], &out.planes[0]);
        for y in 0..12 {
            assert_eq!(&to.row(y + 4)[4..16], from.row(y));
        }
        // A quarter of the way out a quarter of the darkness.
        let darker = |value: u8, steps: i32| mix(16, value, 256 - steps * 44);
        let (inner, outer) = (from.row(2), to.row(6));
        assert_eq!(outer[3], darker(inner[0], 1));
        assert_eq!(outer[0], darker(inner[3], 4));
        assert_eq!(outer[19], darker(inner[8], 4));
        assert_eq!(to.row(0)[4], darker(from.row(3)[0], 4));
    }

    #[test]
    fn scaling_keeps_ramps_and_covering_keeps_the_middle() {
        let wide = scaled(&ramp(40, 16), (20, 16));
        assert!(wide.planes[0].row(0)[10].abs_diff(78) <= 2);
        let square = cover(&ramp(40, 16), (16, 16));
        assert_eq!(
            square.planes[0].row(0)[0],
            ramp(40, 16).planes[0].row(0)[12]
        );
        let mut frame = Picture::new(40, 16);
        place(&square, &mut frame);
        assert_eq!(frame.planes[0].row(3)[11], 16);
        assert_eq!(frame.planes[0].row(3)[12..28], *square.planes[0].row(3));
    }
}
