//! Writing encoded samples as an MP4 whose index comes first.
//!
//! All times of creation are zero, so that the same samples always give the same bytes.

use mp4_atom::{
    Avc1, Avcc, Codec, Colr, Dinf, Dref, DrefEntry, Encode, FixedPoint, FourCC, Ftyp, Hdlr, Mdhd,
    Mdia, Minf, Moov, Mvhd, Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts,
    SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};

use super::clip::ClipError;
use super::encode::{Parameters, Sample};

mod stream;

pub(crate) use stream::{Chapter, MARKED, Outline, Writer, is_film};

/// What the index says of the pictures.
pub(crate) struct Track<'a> {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) fps: u32,
    /// The length in ticks, of which a frame has [`TICKS`].
    pub(crate) ticks: u64,
    pub(crate) parameters: &'a Parameters,
    /// Bytes of each sample.
    pub(crate) sizes: &'a [u32],
    /// Numbers of the sync samples, from 1.
    pub(crate) syncs: &'a [u32],
    pub(crate) chapters: &'a [Chapter],
}

/// Ticks of the video's clock per frame: with a thousand, any number of milliseconds is a whole number of ticks.
pub(crate) const TICKS: u32 = 1000;
/// Box header of `mdat`.
const HEADER: u32 = 8;

/// Width, height and frame rate of a clip, and how long it lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) size: (u32, u32),
    pub(crate) fps: u32,
    pub(crate) duration_ms: u32,
}

/// The bytes of a clip: `ftyp`, `moov`, `mdat`.
pub(crate) fn write(
    measure: Measure,
    parameters: &Parameters,
    samples: &[Sample],
) -> Result<Vec<u8>, ClipError> {
    let sizes: Vec<u32> = samples
        .iter()
        .map(|sample| sample.data.len() as u32)
        .collect();
    let syncs: Vec<u32> = (1..)
        .zip(samples)
        .filter(|(_, sample)| sample.sync)
        .map(|(number, _)| number)
        .collect();
    let track = Track {
        width: measure.size.0 as u16,
        height: measure.size.1 as u16,
        fps: measure.fps,
        ticks: u64::from(measure.duration_ms) * u64::from(measure.fps),
        parameters,
        sizes: &sizes,
        syncs: &syncs,
        chapters: &[],
    };
    let mut head = opening()?;
    // The index holds the place of the samples, whose place depends on the index's length: written twice.
    let offset = (head.len() + index(&track, 0)?.len()) as u32 + HEADER;
    head.extend_from_slice(&index(&track, offset)?);

    let payload: usize = samples.iter().map(|sample| sample.data.len()).sum();
    let length = u32::try_from(payload + HEADER as usize)
        .map_err(|_| ClipError::Mux("the clip does not fit into four gigabytes".to_owned()))?;
    head.reserve(length as usize);
    head.extend_from_slice(&length.to_be_bytes());
    head.extend_from_slice(b"mdat");
    for sample in samples {
        head.extend_from_slice(&sample.data);
    }
    Ok(head)
}

/// The box every file begins with.
fn opening() -> Result<Vec<u8>, ClipError> {
    let ftyp = Ftyp {
        major_brand: FourCC::new(b"isom"),
        minor_version: 512,
        compatible_brands: [b"isom", b"iso2", b"avc1", b"mp41"]
            .map(FourCC::new)
            .to_vec(),
    };
    let mut bytes = Vec::new();
    ftyp.encode(&mut bytes).map_err(|error| mux_error(&error))?;
    Ok(bytes)
}

/// The index, for samples that lie one after the other from `offset` on.
fn index(track: &Track<'_>, offset: u32) -> Result<Vec<u8>, ClipError> {
    let mut bytes = Vec::new();
    moov(track, offset)?
        .encode(&mut bytes)
        .map_err(|error| mux_error(&error))?;
    Ok(bytes)
}

fn moov(track: &Track<'_>, offset: u32) -> Result<Moov, ClipError> {
    // A thousand ticks a frame: fps of them make a millisecond.
    let duration = track.ticks.div_ceil(u64::from(track.fps));
    let tkhd = Tkhd {
        track_id: 1,
        duration,
        enabled: true,
        in_movie: true,
        width: FixedPoint::new(track.width, 0),
        height: FixedPoint::new(track.height, 0),
        ..Tkhd::default()
    };
    let mdia = mdia(track, offset)?;
    let only = Trak {
        tkhd,
        mdia,
        ..Trak::default()
    };
    let clock = Mvhd {
        timescale: 1000,
        duration,
        next_track_id: 2,
        ..Mvhd::default()
    };
    Ok(Moov {
        mvhd: clock,
        trak: vec![only],
        udta: stream::chapter_list(track.chapters),
        ..Moov::default()
    })
}

fn mdia(track: &Track<'_>, offset: u32) -> Result<Mdia, ClipError> {
    let mdhd = Mdhd {
        timescale: track.fps * TICKS,
        duration: track.ticks,
        language: "und".to_owned(),
        ..Mdhd::default()
    };
    let minf = Minf {
        vmhd: Some(Vmhd::default()),
        dinf: Dinf {
            dref: Dref {
                entries: vec![DrefEntry::Url(Url {
                    location: String::new(),
                })],
            },
        },
        stbl: stbl(track, offset)?,
        ..Minf::default()
    };
    let hdlr = Hdlr {
        handler: FourCC::new(b"vide"),
        name: "VideoHandler".to_owned(),
    };
    Ok(Mdia { mdhd, hdlr, minf })
}

fn stbl(track: &Track<'_>, offset: u32) -> Result<Stbl, ClipError> {
    let count = track.sizes.len() as u32;
    Ok(Stbl {
        stsd: Stsd {
            codecs: vec![Codec::Avc1(sample_entry(track)?)],
        },
        stts: Stts {
            entries: times(track),
        },
        stss: Some(Stss {
            entries: track.syncs.to_vec(),
        }),
        stsc: Stsc {
            entries: vec![StscEntry {
                first_chunk: 1,
                samples_per_chunk: count,
                sample_description_index: 1,
            }],
        },
        stsz: Stsz {
            samples: StszSamples::Different {
                sizes: track.sizes.to_vec(),
            },
        },
        stco: Some(Stco {
            entries: vec![offset],
        }),
        ..Stbl::default()
    })
}

fn sample_entry(track: &Track<'_>) -> Result<Avc1, ClipError> {
    Ok(Avc1 {
        visual: Visual {
            data_reference_index: 1,
            width: track.width,
            height: track.height,
            ..Visual::default()
        },
        avcc: Avcc::new(&track.parameters.sps, &track.parameters.pps)
            .map_err(|error| mux_error(&error))?,
        btrt: None,
        colr: Some(Colr::new(1, 1, 1, false).map_err(|error| mux_error(&error))?),
        pasp: None,
        taic: None,
        fiel: None,
        spatial: None,
    })
}

/// Every frame lasts one tick of the frame rate, but for the last, which ends with the clip to the millisecond.
fn times(track: &Track<'_>) -> Vec<SttsEntry> {
    let count = track.sizes.len() as u32;
    let last = (track.ticks - u64::from(count - 1) * u64::from(TICKS)) as u32;
    let entry = |sample_count, sample_delta| SttsEntry {
        sample_count,
        sample_delta,
    };
    match (count, last) {
        (1, last) => vec![entry(1, last)],
        (count, TICKS) => vec![entry(count, TICKS)],
        (count, last) => vec![entry(count - 1, TICKS), entry(1, last)],
    }
}

fn mux_error(error: &mp4_atom::Error) -> ClipError {
    ClipError::Mux(error.to_string())
}
