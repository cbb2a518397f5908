//! Writing encoded samples as an MP4 whose index comes first.
//!
//! All times of creation are zero, so that the same samples always give the same bytes.

use mp4_atom::{
    Avc1, Avcc, Codec, Colr, Dinf, Dref, DrefEntry, Encode, FixedPoint, FourCC, Ftyp, Hdlr, Mdhd,
    Mdia, Minf, Moov, Mvhd, Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts,
    SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};

use super::clip::ClipError;
use super::encode::Sample;

/// A clip ready to be written.
pub(crate) struct Track<'a> {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) fps: u32,
    pub(crate) duration_ms: u32,
    pub(crate) sps: &'a [u8],
    pub(crate) pps: &'a [u8],
    pub(crate) samples: &'a [Sample],
}

/// Ticks of the video's clock per frame: with a thousand, any number of milliseconds is a whole number of ticks.
const TICKS: u32 = 1000;
/// Box header of `mdat`.
const HEADER: u32 = 8;

/// The file's bytes: `ftyp`, `moov`, `mdat`.
pub(crate) fn write(track: &Track<'_>) -> Result<Vec<u8>, ClipError> {
    let ftyp = Ftyp {
        major_brand: FourCC::new(b"isom"),
        minor_version: 512,
        compatible_brands: [b"isom", b"iso2", b"avc1", b"mp41"]
            .map(FourCC::new)
            .to_vec(),
    };
    let mut head = Vec::new();
    ftyp.encode(&mut head).map_err(|error| mux_error(&error))?;
    let begin = head.len();
    // The index holds the place of the samples, whose place depends on the index's length: written twice.
    let mut sized = Vec::new();
    moov(track, 0)?
        .encode(&mut sized)
        .map_err(|error| mux_error(&error))?;
    let offset = (begin + sized.len()) as u32 + HEADER;
    moov(track, offset)?
        .encode(&mut head)
        .map_err(|error| mux_error(&error))?;

    let payload: usize = track.samples.iter().map(|sample| sample.data.len()).sum();
    let length = u32::try_from(payload + HEADER as usize)
        .map_err(|_| ClipError::Mux("the clip does not fit into four gigabytes".to_owned()))?;
    head.reserve(length as usize);
    head.extend_from_slice(&length.to_be_bytes());
    head.extend_from_slice(b"mdat");
    for sample in track.samples {
        head.extend_from_slice(&sample.data);
    }
    Ok(head)
}

fn moov(track: &Track<'_>, offset: u32) -> Result<Moov, ClipError> {
    let duration = u64::from(track.duration_ms);
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
        ..Moov::default()
    })
}

fn mdia(track: &Track<'_>, offset: u32) -> Result<Mdia, ClipError> {
    let mdhd = Mdhd {
        timescale: track.fps * TICKS,
        duration: u64::from(track.duration_ms) * u64::from(track.fps),
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
    let count = track.samples.len() as u32;
    let sizes = track
        .samples
        .iter()
        .map(|sample| sample.data.len() as u32)
        .collect();
    let sync = (1..)
        .zip(track.samples)
        .filter(|(_, sample)| sample.sync)
        .map(|(number, _)| number)
        .collect();
    Ok(Stbl {
        stsd: Stsd {
            codecs: vec![Codec::Avc1(sample_entry(track)?)],
        },
        stts: Stts {
            entries: times(track),
        },
        stss: Some(Stss { entries: sync }),
        stsc: Stsc {
            entries: vec![StscEntry {
                first_chunk: 1,
                samples_per_chunk: count,
                sample_description_index: 1,
            }],
        },
        stsz: Stsz {
            samples: StszSamples::Different { sizes },
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
        avcc: Avcc::new(track.sps, track.pps).map_err(|error| mux_error(&error))?,
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
    let count = track.samples.len() as u32;
    let last = track.duration_ms * track.fps - (count - 1) * TICKS;
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
