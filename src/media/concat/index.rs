//! The index of the film: every box of `moov`.
//!
//! Owns boxes. Sample entries are a clip's own, byte for byte, so that nothing in them
//! is lost; all times of creation are zero.

use mp4_atom::{
    Co64, Ctts, CttsEntry, Dinf, Dref, DrefEntry, Elst, ElstEntry, Encode, FixedPoint, FourCC,
    Hdlr, Mdhd, Mvhd, Smhd, Stco, Stsc, StscEntry, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd,
    Url, Vmhd,
};

use super::chunks::{Chunk, Frame, sound_size};
use super::layout::{Layout, Sound, scaled};
use super::{Clip, ConcatError};

const PICTURES: u32 = 1;
const SOUND: u32 = 2;

/// What the boxes are made from.
pub(super) struct Index<'a> {
    pub(super) clips: &'a [Clip],
    pub(super) layout: &'a Layout,
    pub(super) frames: &'a [Frame<'a>],
    pub(super) chunks: &'a [Chunk],
    /// Whether places need eight bytes.
    pub(super) wide: bool,
}

impl Index<'_> {
    pub(super) fn moov(&self, begin: u64) -> Result<Vec<u8>, ConcatError> {
        let clock = Mvhd {
            timescale: self.layout.timescale,
            duration: self.layout.ticks(),
            next_track_id: SOUND + 1,
            ..Mvhd::default()
        };
        let mut body = Vec::new();
        put(&clock, &mut body)?;
        body.extend(self.pictures(begin)?);
        if let Some(sound) = &self.layout.sound {
            body.extend(self.sound(sound, begin)?);
        }
        Ok(container(*b"moov", &body))
    }

    fn pictures(&self, begin: u64) -> Result<Vec<u8>, ConcatError> {
        let first = &self.clips[0];
        let (width, height) = first.pictures.size;
        let mut head = Vec::new();
        let tkhd = Tkhd {
            track_id: PICTURES,
            duration: self.layout.ticks(),
            enabled: true,
            in_movie: true,
            width: FixedPoint::new(width as u16, 0),
            height: FixedPoint::new(height as u16, 0),
            ..Tkhd::default()
        };
        put(&tkhd, &mut head)?;
        turn(&mut head, &first.video.track.matrix);
        head.extend(edits(self.layout.start, 0, self.layout.ticks())?);
        let track = &first.video.track;
        let mut tables = entries(track.kind, &track.entry);
        put(
            &Stts {
                entries: runs(self.frames.iter().map(|frame| frame.ticks)),
            },
            &mut tables,
        )?;
        if self.frames.iter().any(|frame| frame.shift != 0) {
            put(
                &Ctts {
                    entries: shifts(self.frames),
                },
                &mut tables,
            )?;
        }
        let sync = (1..)
            .zip(self.frames)
            .filter(|(_, frame)| frame.sample.sync);
        put(
            &Stss {
                entries: sync.map(|(number, _)| number).collect(),
            },
            &mut tables,
        )?;
        let sizes = self.frames.iter().map(|frame| frame.size).collect();
        self.places(false, sizes, begin, &mut tables)?;
        let clock = Mdhd {
            timescale: self.layout.timescale,
            duration: self.layout.ticks(),
            language: "und".to_owned(),
            ..Mdhd::default()
        };
        track_box(&head, &clock, *b"vide", &tables)
    }

    fn sound(&self, sound: &Sound, begin: u64) -> Result<Vec<u8>, ConcatError> {
        let Some((stream, _)) = &self.clips[sound.model].sound else {
            return Ok(Vec::new());
        };
        let rate = stream.track.timescale;
        let ticks: u64 = sound
            .samples
            .iter()
            .map(|sample| u64::from(sample.ticks))
            .sum();
        let to_film = |ticks| scaled(ticks, rate, self.layout.timescale);
        let length = to_film((sound.delay + ticks).saturating_sub(sound.start));
        let mut head = Vec::new();
        let tkhd = Tkhd {
            track_id: SOUND,
            duration: length,
            alternate_group: 1,
            enabled: true,
            in_movie: true,
            volume: FixedPoint::new(1, 0),
            ..Tkhd::default()
        };
        put(&tkhd, &mut head)?;
        let delay = to_film(sound.delay);
        head.extend(edits(sound.start, delay, length - delay.min(length))?);
        let mut tables = entries(stream.track.kind, &stream.track.entry);
        put(
            &Stts {
                entries: runs(sound.samples.iter().map(|sample| sample.ticks)),
            },
            &mut tables,
        )?;
        let sizes = (0..sound.samples.len())
            .map(|at| sound_size(self.clips, sound, at))
            .collect();
        self.places(true, sizes, begin, &mut tables)?;
        let clock = Mdhd {
            timescale: rate,
            duration: ticks,
            language: "und".to_owned(),
            ..Mdhd::default()
        };
        track_box(&head, &clock, *b"soun", &tables)
    }

    /// `stsc`, `stsz`, and where the chunks of one track begin.
    fn places(
        &self,
        is_sound: bool,
        sizes: Vec<u32>,
        begin: u64,
        tables: &mut Vec<u8>,
    ) -> Result<(), ConcatError> {
        let mut offset = begin;
        let (mut places, mut held) = (Vec::new(), Vec::<StscEntry>::new());
        for chunk in self.chunks {
            if chunk.is_sound == is_sound {
                places.push(offset);
                let count = chunk.count as u32;
                if held
                    .last()
                    .is_none_or(|last| last.samples_per_chunk != count)
                {
                    held.push(StscEntry {
                        first_chunk: places.len() as u32,
                        samples_per_chunk: count,
                        sample_description_index: 1,
                    });
                }
            }
            offset += chunk.bytes;
        }
        put(&Stsc { entries: held }, tables)?;
        put(
            &Stsz {
                samples: StszSamples::Different { sizes },
            },
            tables,
        )?;
        if self.wide {
            put(&Co64 { entries: places }, tables)
        } else {
            let entries = places.into_iter().map(|place| place as u32).collect();
            put(&Stco { entries }, tables)
        }
    }
}

/// The numbers of `tkhd` that turn the picture, as the first clip has them.
fn turn(tkhd: &mut [u8], matrix: &[u8]) {
    // Behind the box's header come version and flags, then what depends on them.
    let at = 8 + if tkhd.get(8) == Some(&1) { 52 } else { 40 };
    if let Some(place) = tkhd.get_mut(at..at + 36).filter(|_| matrix.len() == 36) {
        place.copy_from_slice(matrix);
    }
}

/// One edit: what is shown first, after how much of nothing.
fn edits(start: u64, delay: u64, length: u64) -> Result<Vec<u8>, ConcatError> {
    if start == 0 && delay == 0 {
        return Ok(Vec::new());
    }
    let edit = |segment_duration, media_time| ElstEntry {
        segment_duration,
        media_time,
        media_rate: FixedPoint::new(1, 0),
    };
    let mut entries = vec![edit(length, Some(start))];
    if delay > 0 {
        entries.insert(0, edit(delay, None));
    }
    let mut body = Vec::new();
    put(&Elst { entries }, &mut body)?;
    Ok(container(*b"edts", &body))
}

/// `stsd` with one entry, byte for byte as a clip has it.
fn entries(kind: FourCC, entry: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 0, 0, 0, 1];
    body.extend(container(kind.into(), entry));
    container(*b"stsd", &body)
}

fn track_box(
    head: &[u8],
    clock: &Mdhd,
    handler: [u8; 4],
    tables: &[u8],
) -> Result<Vec<u8>, ConcatError> {
    let is_sound = &handler == b"soun";
    let mut minf = Vec::new();
    if is_sound {
        put(&Smhd::default(), &mut minf)?;
    } else {
        put(&Vmhd::default(), &mut minf)?;
    }
    let here = DrefEntry::Url(Url {
        location: String::new(),
    });
    put(
        &Dinf {
            dref: Dref {
                entries: vec![here],
            },
        },
        &mut minf,
    )?;
    minf.extend(container(*b"stbl", tables));
    let mut mdia = Vec::new();
    put(clock, &mut mdia)?;
    let name = if is_sound {
        "SoundHandler"
    } else {
        "VideoHandler"
    };
    let hdlr = Hdlr {
        handler: FourCC::new(&handler),
        name: name.to_owned(),
    };
    put(&hdlr, &mut mdia)?;
    mdia.extend(container(*b"minf", &minf));
    let mut body = head.to_vec();
    body.extend(container(*b"mdia", &mdia));
    Ok(container(*b"trak", &body))
}

fn container(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
    // An index of four gigabytes would be a film of years.
    let mut bytes = ((body.len() + 8) as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(&kind);
    bytes.extend_from_slice(body);
    bytes
}

fn put(atom: &impl Encode, bytes: &mut Vec<u8>) -> Result<(), ConcatError> {
    atom.encode(bytes).map_err(|error| index_error(&error))
}

fn runs(ticks: impl Iterator<Item = u32>) -> Vec<SttsEntry> {
    let mut entries: Vec<SttsEntry> = Vec::new();
    for sample_delta in ticks {
        match entries.last_mut() {
            Some(last) if last.sample_delta == sample_delta => last.sample_count += 1,
            _ => entries.push(SttsEntry {
                sample_count: 1,
                sample_delta,
            }),
        }
    }
    entries
}

fn shifts(frames: &[Frame<'_>]) -> Vec<CttsEntry> {
    let mut entries: Vec<CttsEntry> = Vec::new();
    for frame in frames {
        match entries.last_mut() {
            Some(last) if last.sample_offset == frame.shift => last.sample_count += 1,
            _ => entries.push(CttsEntry {
                sample_count: 1,
                sample_offset: frame.shift,
            }),
        }
    }
    entries
}

pub(super) fn index_error(error: &mp4_atom::Error) -> ConcatError {
    ConcatError::Index(error.to_string())
}
