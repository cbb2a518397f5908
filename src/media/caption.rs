//! What is written over a clip: title, prompt, camera moves, time, and the badge that says what it is.
//!
//! Owns layout and colours. Text that stands still is painted once per step of the camera, not per frame; only the
//! time and the bar of progress change with every frame.

use super::fonts::Fonts;
use super::motion::Move;
use super::overlay::{Canvas, Overlay, weight};
use super::plane::{Picture, Plane, mix, yuv};
use super::text::{Face, Line, clean};

const AMBER: [u8; 3] = [255, 190, 70];
const WHITE: [u8; 3] = [245, 246, 248];
const SOFT: [u8; 3] = [208, 212, 220];
const DIM: [u8; 3] = [146, 152, 164];
const INK: [u8; 3] = [12, 14, 20];
/// How dark the strip behind the text is, of 255.
const SHADE: i64 = 204;
const PROMPT_LINES: usize = 3;

/// The words of a clip's caption.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) title: &'a str,
    pub(crate) prompt: &'a str,
    pub(crate) steps: &'a [Vec<Move>],
    /// Stands in the upper right corner.
    pub(crate) badge: &'a str,
}

/// A caption laid out for a frame size.
pub(crate) struct Caption<'f> {
    fonts: &'f Fonts,
    /// The unit of all lengths in pixels.
    unit: i64,
    width: i64,
    height: i64,
    /// Height of the strip in pixels, even.
    strip: i64,
    title: String,
    prompt: Vec<String>,
    labels: Vec<String>,
    badge: Overlay,
    /// The strip as painted for one step.
    painted: Option<(usize, Overlay)>,
}

/// The moment of a clip that a frame shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) frame: u64,
    pub(crate) frames: u64,
    pub(crate) fps: u64,
    pub(crate) step: usize,
}

impl<'f> Caption<'f> {
    pub(crate) fn new(words: Words<'_>, fonts: &'f Fonts, width: usize, height: usize) -> Self {
        let (width, height) = (width as i64, height as i64);
        let unit = (width.min(height) / 36).max(10);
        let room = width - 3 * unit;
        let faces = Faces::new(fonts, unit);
        let prompt = faces.prompt.wrap(words.prompt, room, PROMPT_LINES);
        let labels: Vec<String> = words.steps.iter().map(|step| label(step)).collect();
        let moves = if labels.is_empty() { 0 } else { 16 };
        let strip = unit * (46 + 15 * prompt.len() as i64 + moves) / 10;
        let time = faces.time.width(TIME_SHAPE);
        Self {
            fonts,
            unit,
            width,
            height,
            strip: (strip & !1).min(height & !1),
            title: faces.title.fit(&clean(words.title), room - time - unit),
            prompt,
            labels,
            badge: badge(words.badge, fonts, unit, width),
            painted: None,
        }
    }

    /// Writes the caption over a frame.
    pub(crate) fn write(&mut self, moment: Moment, frame: &mut Picture) {
        let strip = match self.painted.take() {
            Some((step, strip)) if step == moment.step => strip,
            _ => self.paint(moment.step),
        };
        strip.lay_over(frame);
        self.painted = Some((moment.step, strip));
        self.badge.lay_over(frame);
        self.write_time(moment, frame);
        self.write_progress(moment, frame);
    }

    /// Base line of the title, from the strip's top.
    fn title_base(&self) -> i64 {
        self.unit * 26 / 10
    }

    fn paint(&self, step: usize) -> Overlay {
        let faces = Faces::new(self.fonts, self.unit);
        let margin = self.unit * 3 / 2;
        let mut canvas = Canvas::new(self.width, self.strip, INK);
        canvas.shade(SHADE, self.unit * 2);
        let mut base = self.title_base();
        canvas.write(
            faces.title,
            Line {
                text: &self.title,
                left: margin,
                base,
            },
            WHITE,
        );
        base += self.unit * 18 / 10;
        for text in &self.prompt {
            canvas.write(
                faces.prompt,
                Line {
                    text,
                    left: margin,
                    base,
                },
                SOFT,
            );
            base += self.unit * 15 / 10;
        }
        self.write_moves(&mut canvas, faces.moves, step, base + self.unit / 10);
        canvas.into_overlay(0, self.height - self.strip)
    }

    /// The steps in order, the active one in amber; begins later if the active one would not fit.
    fn write_moves(&self, canvas: &mut Canvas, face: Face<'_>, active: usize, base: i64) {
        const ARROW: &str = "  →  ";
        let room = self.width - 3 * self.unit;
        let active = active.min(self.labels.len().saturating_sub(1));
        let reach = |first: usize| face.width(&self.labels[first..=active].join(ARROW));
        let first = (0..active)
            .find(|first| reach(*first) <= room)
            .unwrap_or(active);
        let mut left = self.unit * 3 / 2;
        let end = left + room;
        for (step, label) in self.labels.iter().enumerate().skip(first) {
            let colour = if step == active { AMBER } else { DIM };
            let text = face.fit(label, end - left);
            canvas.write(
                face,
                Line {
                    text: &text,
                    left,
                    base,
                },
                colour,
            );
            left += face.width(&text);
            if step + 1 < self.labels.len() && left + 4 * self.unit < end {
                canvas.write(
                    face,
                    Line {
                        text: ARROW,
                        left,
                        base,
                    },
                    DIM,
                );
                left += face.width(ARROW);
            } else {
                break;
            }
        }
    }

    fn write_time(&self, moment: Moment, frame: &mut Picture) {
        let text = time(moment);
        let face = Faces::new(self.fonts, self.unit).time;
        let base = self.height - self.strip + self.title_base();
        let mut left = self.width - self.unit * 3 / 2 - face.width(TIME_SHAPE);
        let luma = yuv(WHITE)[0];
        let plane = &mut frame.planes[0];
        let digit = face.width("0");
        for (at, each) in text.char_indices() {
            let line = Line {
                text: &text[at..at + each.len_utf8()],
                left,
                base,
            };
            face.draw(line, |x, y, coverage| {
                plane_dot(plane, x, y, luma, coverage);
            });
            // Digits as wide as a zero, so that the time does not tremble.
            left += if each.is_ascii_digit() {
                digit
            } else {
                face.width(line.text)
            };
        }
    }

    fn write_progress(&self, moment: Moment, frame: &mut Picture) {
        let thick = ((self.unit / 6).max(1) * 2) as usize;
        let last = (moment.frames - 1).max(1);
        let done = (frame.width() as u64 * moment.frame / last) as usize & !1;
        for ((plane, amber), index) in frame.planes.iter_mut().zip(yuv(AMBER)).zip(0..) {
            let (rows, done) = if index == 0 {
                (thick, done)
            } else {
                (thick / 2, done / 2)
            };
            for y in plane.height.saturating_sub(rows)..plane.height {
                plane.row_mut(y)[..done].fill(amber);
            }
        }
    }
}

/// As wide as any time of a clip.
const TIME_SHAPE: &str = "00:00.00";

/// Minutes, seconds and hundredths, as in `00:03.12`.
fn time(moment: Moment) -> String {
    let hundredths = moment.frame * 100 / moment.fps;
    format!(
        "{:02}:{:02}.{:02}",
        hundredths / 6000,
        hundredths / 100 % 60,
        hundredths % 100
    )
}

/// A step's moves as people read them.
fn label(step: &[Move]) -> String {
    if step.is_empty() {
        return "hold".to_owned();
    }
    step.iter()
        .map(|each| each.id().replace('_', " "))
        .collect::<Vec<_>>()
        .join(" + ")
}

struct Faces<'f> {
    title: Face<'f>,
    prompt: Face<'f>,
    moves: Face<'f>,
    time: Face<'f>,
}

impl<'f> Faces<'f> {
    fn new(fonts: &'f Fonts, unit: i64) -> Self {
        let face = |em, bold| Face { fonts, em, bold };
        Self {
            title: face(unit * 15 / 10, true),
            prompt: face(unit * 21 / 20, false),
            moves: face(unit, true),
            time: face(unit * 11 / 10, false),
        }
    }
}

/// A word on amber, for the upper right corner.
fn badge(text: &str, fonts: &Fonts, unit: i64, frame_width: i64) -> Overlay {
    let face = Face {
        fonts,
        em: unit,
        bold: true,
    };
    let width = (face.width(text) + unit * 3 / 2) & !1;
    let height = (unit * 17 / 10) & !1;
    let mut canvas = Canvas::new(width, height, AMBER);
    canvas.fill(225);
    let base = height / 2 + unit * 37 / 100;
    canvas.write(
        face,
        Line {
            text,
            left: unit * 3 / 4,
            base,
        },
        INK,
    );
    canvas.into_overlay((frame_width - width - unit).max(0) & !1, unit & !1)
}

fn plane_dot(plane: &mut Plane, x: i64, y: i64, value: u8, coverage: u8) {
    let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
        return;
    };
    if x < plane.width && y < plane.height {
        let sample = &mut plane.row_mut(y)[x];
        *sample = mix(*sample, value, weight(coverage));
    }
}

#[cfg(test)]
mod tests;
