//! What a clip's pictures and sound are, as far as joining asks.
//!
//! Owns parameter sets, the comparison of formats, and silence.

use mp4_atom::{Avcc, Esds, FourCC, Hvcc};

use crate::media::boxes::{find_leaf, spelled};
use crate::media::demux::Track;
use crate::media::probe::ProbeError;

/// Fields of a video sample entry before its boxes, in bytes.
const VISUAL: usize = 78;
/// Fields of a sound sample entry before its boxes, in bytes.
const AUDIO: usize = 28;

/// The format of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pictures {
    kind: FourCC,
    /// Pixels across and down.
    pub(super) size: (u32, u32),
    /// Bytes of a NAL unit's length; 0 for codecs without them.
    pub(super) nal_length: u8,
    /// Parameter sets, in the order in which a decoder wants them.
    pub(super) parameters: Vec<Vec<u8>>,
    profile: Profile,
}

/// What a decoder has to be able to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Profile {
    /// H.264 with eight bits and half the colour: Baseline, Main, High.
    Avc8,
    /// Another profile of H.264 by its number.
    Avc(u8),
    /// HEVC by its profile's number.
    Hevc(u8),
    /// A codec without parameter sets that are known here: all of its configuration.
    Other(Vec<u8>),
}

impl Pictures {
    pub(super) fn of(track: &Track) -> Result<Self, ProbeError> {
        let entry = &track.entry;
        let number = |at: usize| {
            let two = entry.get(at..at + 2).unwrap_or(&[0, 0]);
            u32::from(two[0]) << 8 | u32::from(two[1])
        };
        let boxes = entry.get(VISUAL..).unwrap_or_default();
        let mut pictures = Self {
            kind: track.kind,
            size: (number(24), number(26)),
            nal_length: 0,
            parameters: Vec::new(),
            profile: Profile::Other(entry.clone()),
        };
        match track.kind.as_ref() {
            b"avc1" | b"avc3" => {
                if let Some(avcc) = find_leaf::<Avcc>(boxes)? {
                    pictures.be_avc(avcc);
                }
            }
            b"hvc1" | b"hev1" => {
                if let Some(hvcc) = find_leaf::<Hvcc>(boxes)? {
                    pictures.be_hevc(hvcc);
                }
            }
            _ => {}
        }
        Ok(pictures)
    }

    fn be_avc(&mut self, avcc: Avcc) {
        self.nal_length = avcc.length_size;
        self.profile = match avcc.avc_profile_indication {
            // High may be monochrome only by a flag that nobody sets.
            66 | 77 | 88 | 100 => Profile::Avc8,
            other => Profile::Avc(other),
        };
        self.parameters = avcc.sequence_parameter_sets;
        self.parameters.extend(avcc.picture_parameter_sets);
    }

    fn be_hevc(&mut self, hvcc: Hvcc) {
        self.nal_length = hvcc.length_size_minus_one + 1;
        self.profile = Profile::Hevc(hvcc.general_profile_idc);
        // Video, sequence, picture: the order of their numbers.
        let mut arrays = hvcc.arrays;
        arrays.retain(|array| (32..=34).contains(&array.nal_unit_type));
        arrays.sort_by_key(|array| array.nal_unit_type);
        self.parameters = arrays.into_iter().flat_map(|array| array.nalus).collect();
    }

    pub(super) fn is_h264(&self) -> bool {
        matches!(self.profile, Profile::Avc8)
    }

    /// Whether the first NAL unit of a sample may be a delimiter, and which it is.
    pub(super) fn is_delimiter(&self, first: u8) -> bool {
        match self.profile {
            Profile::Avc8 | Profile::Avc(_) => first & 31 == 9,
            Profile::Hevc(_) => first >> 1 & 63 == 35,
            Profile::Other(_) => false,
        }
    }

    /// Whether samples of this format can follow those of `first` in one track.
    pub(super) fn fits(&self, first: &Self) -> Result<(), String> {
        if self.size != first.size {
            let ((w, h), (x, y)) = (self.size, first.size);
            return Err(format!("it is {w}x{h}, not {x}x{y}"));
        }
        let same = match (&self.profile, &first.profile) {
            (Profile::Avc8, Profile::Avc8) => true,
            (Profile::Other(own), Profile::Other(other)) => self.kind == first.kind && own == other,
            (own, other) => own == other,
        };
        if !same {
            let (own, other) = (self.in_words(), first.in_words());
            return Err(format!("it is {own}, not {other}"));
        }
        if self.nal_length != first.nal_length {
            return Err("its samples are counted in another way".to_owned());
        }
        Ok(())
    }

    fn in_words(&self) -> String {
        match &self.profile {
            Profile::Avc8 => "H.264".to_owned(),
            Profile::Avc(profile) => format!("H.264 of profile {profile}"),
            Profile::Hevc(profile) => format!("HEVC of profile {profile}"),
            Profile::Other(_) => format!("{} of its own settings", spelled(self.kind)),
        }
    }
}

/// The format of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sounding {
    kind: FourCC,
    timescale: u32,
    /// What a decoder is set up with; of AAC without the bit rate.
    setup: Vec<u8>,
    channels: u8,
    /// Ticks of a whole frame.
    pub(super) frame: u32,
    is_plain_aac: bool,
}

/// Silence in AAC-LC: no spectrum at all, so that it is the same at every sample rate.
const SILENT_MONO: [u8; 4] = [0x01, 0x18, 0x20, 0x07];
const SILENT_STEREO: [u8; 6] = [0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c];

impl Sounding {
    pub(super) fn of(track: &Track) -> Self {
        let first = track.samples.first().map_or(0, |sample| sample.ticks);
        let mut sounding = Self {
            kind: track.kind,
            timescale: track.timescale,
            setup: track.entry.clone(),
            channels: track.entry.get(17).copied().unwrap_or(0),
            frame: first.max(1),
            is_plain_aac: false,
        };
        if track.kind == FourCC::new(b"mp4a") {
            let boxes = track.entry.get(AUDIO..).unwrap_or_default();
            // QuickTime's own version of the entry is longer; then all of it counts.
            if let Ok(Some(esds)) = find_leaf::<Esds>(boxes) {
                sounding.be_aac(&esds);
            }
        }
        sounding
    }

    fn be_aac(&mut self, esds: &Esds) {
        let config = &esds.es_desc.dec_config;
        let Some(specific) = &config.dec_specific else {
            return;
        };
        self.setup = vec![config.object_type_indication];
        self.setup.extend(&specific.raw);
        self.channels = specific.chan_conf;
        self.is_plain_aac = config.object_type_indication == 0x40 && specific.profile == 2;
    }

    /// Whether samples of this format can follow those of `first` in one track.
    pub(super) fn fits(&self, first: &Self) -> Result<(), String> {
        let rates = (self.timescale, first.timescale);
        if self.kind == first.kind && self.setup == first.setup && rates.0 == rates.1 {
            return Ok(());
        }
        Err(format!(
            "its sound is {}, not {}",
            self.in_words(),
            first.in_words()
        ))
    }

    /// A frame of silence, where one is known.
    pub(super) fn silence(&self) -> Option<&'static [u8]> {
        match self.channels {
            1 if self.is_plain_aac => Some(&SILENT_MONO),
            2 if self.is_plain_aac => Some(&SILENT_STEREO),
            _ => None,
        }
    }

    fn in_words(&self) -> String {
        let codec = if self.is_plain_aac {
            "AAC".to_owned()
        } else {
            spelled(self.kind)
        };
        format!(
            "{codec} at {} Hz in {} channels",
            self.timescale, self.channels
        )
    }
}
