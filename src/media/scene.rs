//! The generated scene of a clip without a first frame: sky, far range, middle ground and foreground from a seed.
//!
//! Owns the composition. The four layers are painted once per clip, wider than the view, and the stage moves them.

use super::noise::{ONE, cloud, hash, pick, smoothstep};
use super::palette::{self, Colour, Palette, between, palette};
use super::plane::{Picture, Plane};
use super::skyline::{Hills, House, Land, Pine};
use super::stage::{Layer, Stage};

/// What stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    City,
    Forest,
    Lake,
}

/// Number of the colours of a seed's world, and of what stands in it.
pub(crate) fn look(seed: u64) -> (usize, usize) {
    (palette::number(seed), pick(seed, 2, 3) as usize)
}

/// Paints the world of a seed; width and height in pixels, even.
pub(crate) fn paint(seed: u64, width: usize, height: usize) -> Stage {
    let palette = palette(seed);
    let kind = [Kind::City, Kind::Forest, Kind::Lake][pick(seed, 2, 3) as usize];
    let land = |number: u64| Land {
        width,
        height,
        seed: hash(seed, 0x1a4d + number),
    };
    let far = Hills {
        level: 500,
        rise: 210,
        apart: 420,
        octaves: 6,
    };
    Stage::new(vec![
        Layer::opaque(sky(land(0), palette), 0),
        solid(
            land(1),
            &land(1).hills(far),
            [
                between(palette.ground[0], palette.sky[2], ONE / 4),
                palette.sky[2],
            ],
            ONE / 6,
        ),
        middle(kind, land(2), palette),
        near(kind, land(3), palette),
    ])
}

fn middle(kind: Kind, land: Land, palette: &Palette) -> Layer {
    let colours = [
        palette.ground[1],
        between(palette.ground[1], palette.sky[2], ONE / 3),
    ];
    match kind {
        Kind::City => street(land, land.houses(330, 640), colours, palette, ONE / 2),
        Kind::Forest => {
            let hills = Hills {
                level: 630,
                rise: 130,
                apart: 520,
                octaves: 4,
            };
            solid(land, &land.hills(hills), colours, ONE / 2)
        }
        Kind::Lake => water(land, palette),
    }
}

fn near(kind: Kind, land: Land, palette: &Palette) -> Layer {
    let colours = [
        palette.ground[2],
        between(palette.ground[2], [0; 3], ONE / 2),
    ];
    match kind {
        Kind::City => street(land, land.houses(380, 790), colours, palette, ONE),
        Kind::Forest => {
            let tops = land.hills(Hills {
                level: 770,
                rise: 90,
                apart: 700,
                octaves: 3,
            });
            let mut alpha = outline(land, &tops);
            for pine in land.pines(&tops) {
                plant(&mut alpha, pine);
            }
            tinted(land, alpha, colours, ONE)
        }
        Kind::Lake => {
            let mut tops = land.hills(Hills {
                level: 790,
                rise: 150,
                apart: 800,
                octaves: 3,
            });
            land.plant_grass(&mut tops);
            solid(land, &tops, colours, ONE)
        }
    }
}

/// Gradient, sun or moon with its glow, stars by night, clouds.
fn sky(land: Land, palette: &Palette) -> Picture {
    let (width, height) = (land.width as i64, land.height as i64);
    let disc_x = width * (25 + pick(land.seed, 1, 50) as i64) / 100;
    let disc_y = height * (22 + pick(land.seed, 2, 24) as i64) / 100;
    let radius = height * (45 + pick(land.seed, 3, 45) as i64) / 1000;
    let mut pixels = Vec::with_capacity(land.width * land.height);
    for y in 0..height {
        let base = gradient(palette.sky, y * ONE * 100 / (height * 62));
        for x in 0..width {
            let (dx, dy) = (x - disc_x, y - disc_y);
            let distance = dx * dx + dy * dy;
            let glow = ONE * radius * radius * 2 / (distance + radius * radius * 3);
            let mut colour = between(base, palette.disc, glow);
            if palette.night {
                colour = between(colour, [255; 3], star(land.seed, x, y, height));
            }
            let edge = (radius * radius - distance) * ONE / (radius * 2).max(1);
            colour = between(colour, palette.disc, edge.clamp(0, ONE));
            pixels.push(between(
                colour,
                palette.cloud,
                clouds(land.seed, x, y, height),
            ));
        }
    }
    Picture::from_rgb(land.width, land.height, &pixels)
}

fn gradient(stops: [Colour; 3], place: i64) -> Colour {
    if place < ONE / 2 {
        between(stops[0], stops[1], place * 2)
    } else {
        between(stops[1], stops[2], (place * 2 - ONE).min(ONE))
    }
}

/// One star at most per cell of a grid, a dot of a pixel or two.
fn star(seed: u64, x: i64, y: i64, height: i64) -> i64 {
    let cell = (height / 36).max(4);
    let dot = (height / 500).max(1);
    let own = hash(seed ^ 0x57a4, ((x / cell) << 32 | (y / cell)) as u64);
    let (at_x, at_y) = ((own % cell as u64) as i64, (own >> 20) as i64 % cell);
    let near = (x % cell - at_x).abs() < dot && (y % cell - at_y).abs() < dot;
    if near && own >> 60 > 8 {
        (own >> 50 & 0xff) as i64 * ONE / 300
    } else {
        0
    }
}

/// Flat bands of cloud, thickest in the upper half.
fn clouds(seed: u64, x: i64, y: i64, height: i64) -> i64 {
    let (across, down) = (x * ONE * 2 / height, y * ONE * 9 / height);
    let noise = cloud(seed ^ 0xc1, across, down) + cloud(seed ^ 0xc2, across * 3, down * 2) / 2;
    let thick = smoothstep(noise - ONE / 4);
    let fade = (ONE - (y * 2 - height * 7 / 10).abs() * ONE * 10 / (height * 7)).max(0);
    ((thick * fade) >> 16) * 7 / 10
}

/// Everything below an outline, in a colour that changes downwards.
fn solid(land: Land, tops: &[i64], colours: [Colour; 2], depth: i64) -> Layer {
    tinted(land, outline(land, tops), colours, depth)
}

/// The alpha of everything below an outline.
fn outline(land: Land, tops: &[i64]) -> Plane {
    let mut alpha = Plane::new(land.width, land.height, 0);
    for y in 0..land.height {
        for (out, top) in alpha.row_mut(y).iter_mut().zip(tops) {
            *out = ((y as i64 + 1) * 256 - top).clamp(0, 255) as u8;
        }
    }
    alpha
}

/// A shape in a colour that changes from its highest row downwards.
fn tinted(land: Land, alpha: Plane, colours: [Colour; 2], depth: i64) -> Layer {
    let highest = alpha.data.iter().position(|share| *share > 0).unwrap_or(0) / land.width;
    let mut pixels = Vec::with_capacity(land.width * land.height);
    for y in 0..land.height {
        let share = (y.saturating_sub(highest) as i64 * ONE) / (land.height - highest) as i64;
        pixels.extend(std::iter::repeat_n(
            between(colours[0], colours[1], share),
            land.width,
        ));
    }
    Layer::cut(
        Picture::from_rgb(land.width, land.height, &pixels),
        alpha,
        depth,
    )
}

/// Adds a tree to a shape.
fn plant(alpha: &mut Plane, pine: Pine) {
    for y in pine.top.max(0)..pine.foot.min(alpha.height as i64) {
        let half = pine.half_width(y);
        let row = alpha.row_mut(y as usize);
        for x in pine.center - half / 256 - 1..=pine.center + half / 256 + 1 {
            if let Some(share) = usize::try_from(x).ok().and_then(|x| row.get_mut(x)) {
                let cover = (half - (x - pine.center).abs() * 256 + 128).clamp(0, 255);
                *share = (*share).max(cover as u8);
            }
        }
    }
}

/// Houses with windows, some of them lit.
fn street(
    land: Land,
    houses: Vec<House>,
    colours: [Colour; 2],
    palette: &Palette,
    depth: i64,
) -> Layer {
    let mut pixels = vec![colours[0]; land.width * land.height];
    let mut alpha = Plane::new(land.width, land.height, 0);
    for house in houses {
        for y in house.top..land.height {
            let share = (y - house.top) as i64 * ONE / land.height as i64;
            let wall = between(colours[0], colours[1], share);
            let row = y * land.width;
            pixels[row + house.left..row + house.right].fill(wall);
            alpha.data[row + house.left..row + house.right].fill(255);
        }
        light_windows(land, house, &mut pixels, palette, depth);
    }
    Layer::cut(
        Picture::from_rgb(land.width, land.height, &pixels),
        alpha,
        depth,
    )
}

/// Windows on a grid; farther houses have smaller and dimmer ones.
fn light_windows(land: Land, house: House, pixels: &mut [Colour], palette: &Palette, depth: i64) {
    let pitch = ((land.height as i64 * (10 + 8 * depth / ONE) / 1000) as usize).max(3);
    let lit = if palette.night { 55 } else { 22 };
    let dim = if depth == ONE { ONE / 8 } else { ONE / 2 };
    let columns = (house.right - house.left).saturating_sub(pitch / 2) / pitch;
    let rows = (land.height - house.top) / (pitch * 3 / 2);
    for cell in 0..columns * rows {
        if pick(house.seed, 100 + cell as u64, 100) >= lit {
            continue;
        }
        let wobble = dim + (hash(house.seed, cell as u64) & 0x3fff) as i64;
        let left = house.left + pitch / 2 + cell % columns * pitch;
        let top = house.top + pitch + cell / columns * (pitch * 3 / 2);
        for y in top..(top + pitch * 3 / 4).min(land.height) {
            let row = y * land.width;
            for pixel in &mut pixels[row + left..row + (left + pitch / 2).min(house.right)] {
                *pixel = between(palette.light, *pixel, wobble);
            }
        }
    }
}

/// Still water that mirrors the horizon, with streaks of light.
fn water(land: Land, palette: &Palette) -> Layer {
    let beach = land.height * 58 / 100;
    let mut pixels = Vec::with_capacity(land.width * land.height);
    for y in 0..land.height {
        let share = (y.saturating_sub(beach) as i64 * ONE) / (land.height - beach).max(1) as i64;
        let base = between(
            between(palette.sky[2], palette.ground[0], ONE / 3),
            palette.ground[1],
            share,
        );
        for x in 0..land.width as i64 {
            let height = land.height as i64;
            let noise = cloud(
                land.seed,
                x * ONE * 5 / height,
                y as i64 * ONE * 70 / height,
            );
            let glint = (smoothstep((noise - ONE / 3) * 2) * (ONE - share / 2)) >> 16;
            pixels.push(between(base, palette.light, glint / 3));
        }
    }
    let mut alpha = Plane::new(land.width, land.height, 255);
    alpha.data[..beach * land.width].fill(0);
    Layer::cut(
        Picture::from_rgb(land.width, land.height, &pixels),
        alpha,
        ONE / 2,
    )
}
