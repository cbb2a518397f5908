//! What the numbers of `measure::likeness` say of pairs that are alike and of pairs that are not.
//!
//! Films are drawn here or by the simulator: the same words made anew, the same film written again, and what must not
//! be taken for either. Prints each pair with its numbers and the band it falls into. Where there is an ffmpeg, its
//! encodes are added.

#![allow(clippy::print_stdout, reason = "a program that prints figures")]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::{ImageFormat, Rgb, RgbImage};
use runner::media::clip::{ClipRequest, render};
use runner::media::frames::Tools;
use runner::media::measure::{Glance, What, measure};
use runner::media::motion::Move;

const SIZE: (u32, u32) = (640, 360);

fn hash(seed: u64, number: u64) -> u64 {
    let mut mixed =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 32
}

#[derive(Clone, Copy)]
struct Words {
    sky: [u8; 3],
    ground: [u8; 3],
    horizon: i64,
    subject: [u8; 3],
    at: i64,
    size: i64,
    round: bool,
    blocks: [u8; 3],
}

const SCENES: [(&str, Words); 5] = [
    (
        "courier",
        Words {
            sky: [120, 130, 140],
            ground: [70, 70, 75],
            horizon: 55,
            subject: [190, 40, 40],
            at: 50,
            size: 22,
            round: false,
            blocks: [90, 80, 80],
        },
    ),
    (
        "boat",
        Words {
            sky: [150, 190, 230],
            ground: [40, 90, 120],
            horizon: 45,
            subject: [230, 230, 220],
            at: 35,
            size: 16,
            round: true,
            blocks: [60, 100, 70],
        },
    ),
    (
        "house",
        Words {
            sky: [200, 210, 220],
            ground: [80, 140, 60],
            horizon: 60,
            subject: [220, 190, 90],
            at: 65,
            size: 20,
            round: false,
            blocks: [50, 110, 50],
        },
    ),
    (
        "night",
        Words {
            sky: [10, 14, 40],
            ground: [20, 20, 30],
            horizon: 65,
            subject: [240, 210, 120],
            at: 30,
            size: 12,
            round: true,
            blocks: [35, 35, 60],
        },
    ),
    (
        "desert",
        Words {
            sky: [240, 200, 150],
            ground: [200, 150, 90],
            horizon: 50,
            subject: [60, 50, 40],
            at: 60,
            size: 18,
            round: false,
            blocks: [180, 130, 80],
        },
    ),
];

/// A picture after words: what the words say is there, everything else is up to the seed.
fn draw(words: &Words, seed: u64) -> RgbImage {
    let jitter =
        |number: u64, range: i64| (hash(seed, number) % (2 * range as u64 + 1)) as i64 - range;
    let (wide, high) = (i64::from(SIZE.0), i64::from(SIZE.1));
    let horizon = high * (words.horizon + jitter(1, 4)) / 100;
    let tint = [jitter(2, 6), jitter(3, 6), jitter(4, 6)];
    let (middle, size) = (
        wide * (words.at + jitter(5, 6)) / 100,
        high * (words.size + jitter(6, 3)) / 100,
    );
    let foot = horizon + high * (12 + jitter(7, 3)) / 100;
    let blocks: Vec<(i64, i64, i64)> = (0..9)
        .map(|block| {
            let left = wide * (hash(seed, 100 + block) % 100) as i64 / 100;
            (
                left,
                left + wide * (4 + (hash(seed, 200 + block) % 8) as i64) / 100,
                horizon - high * (5 + (hash(seed, 300 + block) % 18) as i64) / 100,
            )
        })
        .collect();
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let grain = (hash(seed ^ 77, ((x / 3) * 4096 + y / 3) as u64) % 13) as i64 - 6;
        let (dx, dy) = (x - middle, y - (foot - size));
        let inside = if words.round {
            dx * dx + dy * dy < size * size
        } else {
            dx.abs() < size / 2 && dy.abs() < size
        };
        let colour = if inside {
            words.subject
        } else if y > horizon {
            words.ground
        } else if blocks
            .iter()
            .any(|(left, right, top)| (*left..*right).contains(&x) && y > *top)
        {
            words.blocks
        } else {
            words.sky
        };
        let light = (high - y) * 16 / high;
        Rgb(std::array::from_fn(|channel| {
            (i64::from(colour[channel]) + tint[channel] + grain + light).clamp(0, 255) as u8
        }))
    })
}

fn png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("it can be written");
    bytes.into_inner()
}

struct Films {
    folder: PathBuf,
}

impl Films {
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(format!("{name}.mp4"));
        fs::write(&path, bytes).expect("it can be written");
        path
    }

    fn film(
        &self,
        name: &str,
        seed: u64,
        picture: Option<&RgbImage>,
        moves: &[Vec<Move>],
        seconds: u32,
        size: (u32, u32),
    ) -> PathBuf {
        let known = self.folder.join(format!("{name}.mp4"));
        if known.exists() {
            return known;
        }
        let still = picture.map(png);
        let request = ClipRequest {
            width: size.0,
            height: size.1,
            duration_ms: seconds * 1000,
            fps: 24,
            seed,
            title: "",
            prompt: "",
            moves,
            first_frame: still.as_deref(),
            last_frame: None,
        };
        self.write(name, &render(&request).expect("the request is sound"))
    }

    fn again(&self, from: &Path, name: &str, before: &[&str], after: &[&str]) -> Option<PathBuf> {
        let path = self.folder.join(format!("{name}.mp4"));
        if path.exists() {
            return Some(path);
        }
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error", "-y"])
            .args(before)
            .arg("-i")
            .arg(from)
            .args(after)
            .args(["-an", "-c:v", "libx264"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        status.success().then_some(path)
    }
}

fn main() {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .filter(|a| !a.starts_with('-'))
            .unwrap_or("/tmp/measure/films".into()),
    );
    fs::create_dir_all(&folder).unwrap();
    let films = Films { folder };
    let mut pairs: Vec<(&str, String, PathBuf, PathBuf)> = Vec::new();
    let pan = vec![vec![Move::PanRight]];
    // Drawn.
    for (number, (name, words)) in SCENES.iter().enumerate() {
        let base = films.film(
            &format!("{name}-0"),
            0,
            Some(&draw(words, 1)),
            &pan,
            4,
            SIZE,
        );
        for seed in 2..5 {
            let other = films.film(
                &format!("{name}-{seed}"),
                0,
                Some(&draw(words, seed)),
                &pan,
                4,
                SIZE,
            );
            pairs.push((
                "alike",
                format!("{name}: drawn anew ({seed})"),
                base.clone(),
                other,
            ));
        }
        let shorter = films.film(
            &format!("{name}-short"),
            0,
            Some(&draw(words, 2)),
            &pan,
            5,
            SIZE,
        );
        pairs.push((
            "alike",
            format!("{name}: drawn anew, 5 s for 4"),
            base.clone(),
            shorter,
        ));
        let smaller = films.film(
            &format!("{name}-small"),
            0,
            Some(&draw(words, 1)),
            &pan,
            4,
            (480, 270),
        );
        pairs.push(("same", format!("{name}: smaller"), base.clone(), smaller));
        let image = draw(words, 1);
        let bright = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            Rgb(image.get_pixel(x, y).0.map(|v| v.saturating_add(10)))
        });
        pairs.push((
            "same",
            format!("{name}: brighter by 4 %"),
            base.clone(),
            films.film(&format!("{name}-bright"), 0, Some(&bright), &pan, 4, SIZE),
        ));
        let anew = draw(words, 3);
        let mirrored = image::imageops::flip_horizontal(&anew);
        pairs.push((
            "FAIL mirrored",
            format!("{name}: drawn anew, mirrored"),
            base.clone(),
            films.film(&format!("{name}-mirror"), 0, Some(&mirrored), &pan, 4, SIZE),
        ));
        let mirrored = image::imageops::flip_horizontal(&image);
        pairs.push((
            "FAIL mirrored",
            format!("{name}: mirrored"),
            base.clone(),
            films.film(
                &format!("{name}-mirror1"),
                0,
                Some(&mirrored),
                &pan,
                4,
                SIZE,
            ),
        ));
        for (colour, rgb) in [("blue", [30, 60, 210]), ("green", [30, 170, 60])] {
            let recoloured = Words {
                subject: rgb,
                ..*words
            };
            pairs.push((
                "FAIL subject",
                format!("{name}: subject {colour}"),
                base.clone(),
                films.film(
                    &format!("{name}-{colour}"),
                    0,
                    Some(&draw(&recoloured, 3)),
                    &pan,
                    4,
                    SIZE,
                ),
            ));
        }
        for (way, moves) in [
            ("left", Move::PanLeft),
            ("down", Move::TiltDown),
            ("push", Move::PushIn),
            ("static", Move::StaticShot),
        ] {
            pairs.push((
                "FAIL camera",
                format!("{name}: drawn anew, camera {way}"),
                base.clone(),
                films.film(
                    &format!("{name}-{way}"),
                    0,
                    Some(&draw(words, 3)),
                    &[vec![moves]],
                    4,
                    SIZE,
                ),
            ));
        }
        let (other, far) = &SCENES[(number + 1) % SCENES.len()];
        pairs.push((
            "FAIL scene",
            format!("{name}: {other}"),
            base.clone(),
            films.film(
                &format!("{name}-{other}"),
                0,
                Some(&draw(far, 3)),
                &pan,
                4,
                SIZE,
            ),
        ));
        let (other, far) = &SCENES[(number + 2) % SCENES.len()];
        pairs.push((
            "FAIL scene",
            format!("{name}: {other}"),
            base.clone(),
            films.film(
                &format!("{name}-{other}"),
                0,
                Some(&draw(far, 3)),
                &pan,
                4,
                SIZE,
            ),
        ));
        pairs.push((
            "FAIL black",
            format!("{name}: black"),
            base.clone(),
            films.film(
                "black",
                0,
                Some(&RgbImage::new(SIZE.0, SIZE.1)),
                &pan,
                4,
                SIZE,
            ),
        ));
        if let Some(again) = films.again(&base, &format!("{name}-crf36"), &[], &["-crf", "36"]) {
            pairs.push(("same", format!("{name}: crf 36"), base.clone(), again));
        }
        if let Some(again) = films.again(
            &base,
            &format!("{name}-later"),
            &["-ss", "1"],
            &["-crf", "23"],
        ) {
            pairs.push((
                "alike",
                format!("{name}: one second later"),
                base.clone(),
                again,
            ));
        }
        if let Some(again) = films.again(
            &base,
            &format!("{name}-grain"),
            &[],
            &["-vf", "noise=alls=20:allf=t", "-crf", "23"],
        ) {
            pairs.push(("same", format!("{name}: grain"), base.clone(), again));
        }
    }
    // The simulator's scenes.
    let seeds: Vec<(u64, (usize, usize))> = (0..400)
        .map(|seed| (seed, runner::media::clip::scenery(seed)))
        .collect();
    for first in 0..8 {
        let (seed, look) = seeds[first];
        let base = films.film(&format!("sim-{seed}"), seed, None, &pan, 4, SIZE);
        let find = |wanted: &dyn Fn((usize, usize)) -> bool| {
            seeds[first + 1..]
                .iter()
                .find(|(_, other)| wanted(*other))
                .map(|(seed, _)| *seed)
        };
        for (kind, what, wanted) in [
            (
                "alike",
                "other seed",
                &(|other: (usize, usize)| other == look) as &dyn Fn((usize, usize)) -> bool,
            ),
            ("FAIL kind", "other kind", &|other| {
                other.0 == look.0 && other.1 != look.1
            }),
            ("FAIL mood", "other mood", &|other| {
                other.0 != look.0 && other.1 == look.1
            }),
            ("FAIL scene", "other kind and mood", &|other| {
                other.0 != look.0 && other.1 != look.1
            }),
        ] {
            let Some(other) = find(wanted) else { continue };
            pairs.push((
                kind,
                format!("simulator {look:?}: {what}"),
                base.clone(),
                films.film(&format!("sim-{seed}-{other}"), other, None, &pan, 4, SIZE),
            ));
        }
        for (way, moves) in [
            ("left", Move::PanLeft),
            ("truck left", Move::TruckLeft),
            ("pull", Move::PullOut),
        ] {
            pairs.push((
                "FAIL camera",
                format!("simulator {look:?}: camera {way}"),
                base.clone(),
                films.film(
                    &format!("sim-{seed}-{way}"),
                    seed,
                    None,
                    &[vec![moves]],
                    4,
                    SIZE,
                ),
            ));
        }
        pairs.push((
            "alike",
            format!("simulator {look:?}: camera slower"),
            base.clone(),
            films.film(
                &format!("sim-{seed}-slow"),
                seed,
                None,
                &[vec![Move::PanRight], vec![Move::PanRight]],
                6,
                SIZE,
            ),
        ));
    }
    let glances = |path: &Path| -> Vec<Glance> {
        let kept = path.with_extension("json");
        if let Ok(text) = fs::read_to_string(&kept) {
            return serde_json::from_str(&text).unwrap();
        }
        let found = measure(path, What::Picture, &Tools::default())
            .expect("whole")
            .picture
            .expect("decoded")
            .glances;
        fs::write(kept, serde_json::to_string(&found).unwrap()).unwrap();
        found
    };
    pairs.sort_by_key(|pair| pair.0);
    for (kind, name, a, b) in &pairs {
        let (a, b) = (glances(a), glances(b));
        println!(
            "{kind:<14} {name:<42} hist {:>6} grid {:>6} cam {:>6} lost {:>6} flip {:>6} {:?}",
            hist(&a, &b),
            grid(&a, &b),
            camera(&a, &b),
            lost(&a, &b),
            grid(&a, &b.iter().map(flip).collect::<Vec<_>>()) - grid(&a, &b),
            b.iter()
                .map(|g| [g.moved.right, g.moved.down, g.moved.closer])
                .collect::<Vec<_>>()
        );
    }
}

fn matched(a: &[Glance], b: &[Glance], best: impl Fn(&Glance, &Glance) -> i64) -> i64 {
    let one = |a: &[Glance], b: &[Glance]| -> i64 {
        let mut sum = 0;
        for (i, g) in a.iter().enumerate() {
            let j = i * (b.len() - 1) / (a.len() - 1).max(1);
            sum += b[j.saturating_sub(1)..(j + 2).min(b.len())]
                .iter()
                .map(|h| best(g, h))
                .max()
                .unwrap();
        }
        sum / a.len() as i64
    };
    (one(a, b) + one(b, a)) / 2
}

fn hist(a: &[Glance], b: &[Glance]) -> i64 {
    let h = |g: &[Glance]| {
        let mut bins = vec![0_i64; 9 * 9 * 9];
        let mut total = 0;
        for g in g {
            for y in 0..16 {
                for x in 0..16 {
                    let l: i64 = [(0, 0), (0, 1), (1, 0), (1, 1)]
                        .iter()
                        .map(|(dx, dy)| i64::from(g.luma[(2 * y + dy) * 32 + 2 * x + dx]))
                        .sum::<i64>()
                        / 4;
                    let c = [
                        l,
                        i64::from(g.chroma[y * 16 + x]),
                        i64::from(g.chroma[256 + y * 16 + x]),
                    ];
                    // luma in 8 cells of 32; chroma in cells of 16 around grey
                    let p = [
                        l * 16 / 32,
                        ((c[1] - 128) * 16 / 16 + 64).clamp(0, 127),
                        ((c[2] - 128) * 16 / 16 + 64).clamp(0, 127),
                    ];
                    for corner in 0..8 {
                        let mut w = 1;
                        let mut at = 0;
                        for axis in 0..3 {
                            let (cell, share) = (p[axis] / 16, p[axis] % 16);
                            let up = corner >> axis & 1;
                            w *= if up == 1 { share } else { 16 - share };
                            at = at * 9 + (cell + up) as usize;
                        }
                        bins[at] += w;
                        total += w;
                    }
                }
            }
        }
        bins.iter()
            .map(|b| b * 1_000_000 / total)
            .collect::<Vec<_>>()
    };
    h(a).iter().zip(h(b)).map(|(a, b)| (*a).min(b)).sum::<i64>() / 1000
}

fn w1(a: &[Glance], b: &[Glance]) -> i64 {
    let sorted = |g: &[Glance], part: usize| {
        let mut all: Vec<u8> = g
            .iter()
            .flat_map(|g| match part {
                0 => g.luma.clone(),
                1 => g.chroma[..256].to_vec(),
                _ => g.chroma[256..].to_vec(),
            })
            .collect();
        all.sort_unstable();
        let n = all.len();
        (0..512)
            .map(|i| i64::from(all[i * n / 512]))
            .collect::<Vec<_>>()
    };
    (0..3)
        .map(|p| {
            sorted(a, p)
                .iter()
                .zip(sorted(b, p))
                .map(|(a, b)| (a - b).abs())
                .sum::<i64>()
                * 10
                / 512
                / if p == 0 { 2 } else { 1 }
        })
        .sum()
}

fn half(p: &[u8], side: usize) -> Vec<i64> {
    let h = side / 2;
    (0..h * h)
        .map(|at| {
            let (x, y) = (at % h * 2, at / h * 2);
            (i64::from(p[y * side + x])
                + i64::from(p[y * side + x + 1])
                + i64::from(p[(y + 1) * side + x])
                + i64::from(p[(y + 1) * side + x + 1])
                + 2)
                / 4
        })
        .collect()
}

fn corr(pairs: &[(i64, i64)]) -> f64 {
    let n = pairs.len() as f64;
    let (ma, mb) = (
        pairs.iter().map(|p| p.0 as f64).sum::<f64>() / n,
        pairs.iter().map(|p| p.1 as f64).sum::<f64>() / n,
    );
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        let (a, b) = (*a as f64 - ma, *b as f64 - mb);
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    if aa < n || bb < n {
        0.0
    } else {
        ab / (aa * bb).sqrt()
    }
}

fn shifted(p: &[i64], q: &[i64], side: i64, dx: i64, dy: i64, out: &mut Vec<(i64, i64)>) {
    for y in dy.max(0)..(side + dy).min(side) {
        for x in dx.max(0)..(side + dx).min(side) {
            out.push((
                p[((y - dy) * side + x - dx) as usize],
                q[(y * side + x) as usize],
            ));
        }
    }
}

fn layout(a: &[Glance], b: &[Glance], chroma: bool) -> i64 {
    matched(a, b, |a, b| {
        let (la, lb) = (half(&a.luma, 32), half(&b.luma, 32));
        let mut best = -1000;
        for dy in -2..=2 {
            for dx in -2..=2 {
                let mut pairs = Vec::new();
                shifted(&la, &lb, 16, dx, dy, &mut pairs);
                if chroma {
                    // colours as further pictures, twice as heavy, around grey: deviations count from 128, so shift means apart
                    for part in [0..256, 256..512] {
                        let f = |g: &Glance| {
                            g.chroma[part.clone()]
                                .iter()
                                .map(|v| 2 * (i64::from(*v) - 128))
                                .collect::<Vec<i64>>()
                        };
                        shifted(&f(a), &f(b), 16, dx, dy, &mut pairs);
                    }
                }
                best = best.max((corr(&pairs) * 1000.0).round() as i64);
            }
        }
        best
    })
}

fn grid(a: &[Glance], b: &[Glance]) -> i64 {
    -matched(a, b, |a, b| {
        let mut best = i64::MAX;
        for dy in -1..=1 {
            for dx in -1..=1 {
                let mut sum = 0;
                for (p, q, side, w) in [
                    (
                        half(
                            &half(&a.luma, 32)
                                .iter()
                                .map(|v| *v as u8)
                                .collect::<Vec<_>>(),
                            16,
                        ),
                        half(
                            &half(&b.luma, 32)
                                .iter()
                                .map(|v| *v as u8)
                                .collect::<Vec<_>>(),
                            16,
                        ),
                        8,
                        5,
                    ),
                    (
                        half(&a.chroma[..256], 16),
                        half(&b.chroma[..256], 16),
                        8,
                        10,
                    ),
                    (
                        half(&a.chroma[256..], 16),
                        half(&b.chroma[256..], 16),
                        8,
                        10,
                    ),
                ] {
                    let mut pairs = Vec::new();
                    shifted(&p, &q, side, dx, dy, &mut pairs);
                    sum += pairs.iter().map(|(a, b)| (a - b).abs()).sum::<i64>() * w
                        / pairs.len() as i64;
                }
                best = best.min(sum);
            }
        }
        -best
    })
}

fn dhash(a: &[Glance], b: &[Glance]) -> i64 {
    let h = |g: &Glance| {
        let mean = |x: usize, y: usize| {
            let (x0, x1, y0, y1) = (x * 32 / 9, (x + 1) * 32 / 9, y * 4, y * 4 + 4);
            let mut s = 0;
            for yy in y0..y1 {
                for xx in x0..x1 {
                    s += i64::from(g.luma[yy * 32 + xx]);
                }
            }
            s * 16 / ((x1 - x0) * (y1 - y0)) as i64
        };
        let mut bits = 0_u64;
        for y in 0..8 {
            for x in 0..8 {
                bits = bits << 1 | u64::from(mean(x, y) > mean(x + 1, y));
            }
        }
        bits
    };
    -matched(a, b, |a, b| -i64::from((h(a) ^ h(b)).count_ones()))
}

fn camera(a: &[Glance], b: &[Glance]) -> i64 {
    let (mut apart, mut far) = (0_i64, 0_i64);
    for (i, g) in a.iter().enumerate() {
        let h = &b[i * (b.len() - 1) / (a.len() - 1).max(1)];
        let v = |g: &Glance| [g.moved.right, g.moved.down, g.moved.closer].map(f64::from);
        let len = |v: [f64; 3]| (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
        let (p, q) = (v(g), v(h));
        apart += len([p[0] - q[0], p[1] - q[1], p[2] - q[2]]) as i64;
        far += (len(p) + len(q)) as i64;
    }
    1000 - apart * 1000 / (far + 20 * a.len() as i64).max(1)
}

fn flip(g: &Glance) -> Glance {
    let rev = |p: &[u8], side: usize| {
        p.chunks(side)
            .flat_map(|r| r.iter().rev().copied())
            .collect::<Vec<u8>>()
    };
    Glance {
        luma: rev(&g.luma, 32),
        chroma: rev(&g.chroma, 16),
        ..g.clone()
    }
}

fn lost(a: &[Glance], b: &[Glance]) -> i64 {
    let h = |g: &[Glance]| {
        let mut bins = vec![0_i64; 256];
        for g in g {
            for i in 0..256 {
                bins[usize::from(g.chroma[i] >> 4) * 16 + usize::from(g.chroma[256 + i] >> 4)] += 1;
            }
        }
        let total: i64 = bins.iter().sum();
        bins.iter().map(|b| b * 10000 / total).collect::<Vec<_>>()
    };
    let (p, q) = (h(a), h(b));
    let one = |p: &[i64], q: &[i64]| {
        (0..256_i64)
            .map(|at| {
                let (u, v) = (at / 16, at % 16);
                let mut near = 0;
                for du in -1..=1 {
                    for dv in -1..=1 {
                        let (u, v) = (u + du, v + dv);
                        if (0..16).contains(&u) && (0..16).contains(&v) {
                            near += q[(u * 16 + v) as usize];
                        }
                    }
                }
                (p[at as usize] - near).max(0)
            })
            .sum::<i64>()
    };
    one(&p, &q).max(one(&q, &p))
}
