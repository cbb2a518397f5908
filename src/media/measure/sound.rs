//! How loud a sound track is.
//!
//! Owns the way from the samples of an MP4 to EBU R128. AAC of low complexity in one or two channels, as every
//! service sends it, is decoded here, packet by packet; of anything else is said that it was not.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ebur128::{EbuR128, Mode};
use symphonia_codec_aac::AacDecoder;
use symphonia_core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use super::{Sound, Unheard};
use crate::media::demux::{Track, Tracks};
use crate::media::ffmpeg;
use crate::media::frames::{Decoder, Tools};
use crate::media::index::{read_at, read_index};
use crate::media::inspect::decoder_config;

/// The quietest that counts; under it EBU R128 hears nothing.
const SILENT_LUFS: f64 = -70.0;
/// What a window of EBU R128 takes.
const WINDOW_MS: u64 = 400;
/// A packet of sound that is larger than that is none.
const MAX_PACKET: u32 = 1 << 20;

/// Loudness and peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heard {
    pub(super) lufs: f64,
    pub(super) peak_dbfs: f64,
}

/// Listens to the first sound track of a whole file, and fills in what is heard.
pub(super) fn listen(path: &Path, sound: &mut Sound, tools: &Tools<'_>) {
    // Decoders read what anybody may have written: where one panics all the same, that is no reason to end a run.
    let heard = catch_unwind(AssertUnwindSafe(|| decode(path)));
    let mut heard = heard.unwrap_or_else(|_| Err("the decoder cannot make sense of it".to_owned()));
    let mut decoder = Decoder::BuiltIn;
    if let (Err(why), Some(program)) = (&heard, tools.ffmpeg) {
        match ask(program, path, sound) {
            Ok((meter, version)) => {
                (heard, decoder) = (Ok(meter), Decoder::Ffmpeg { version });
            }
            Err(reason) => {
                let program = program.display();
                heard = Err(format!("{why}; {program} was asked: {reason}"));
            }
        }
    }
    let meter = match heard {
        Ok(meter) => meter,
        Err(why) => {
            sound.unheard = Some(Unheard::Undecoded(why));
            return;
        }
    };
    sound.decoder = Some(decoder.to_string());
    match meter.read() {
        Ok(heard) => {
            sound.loudness_lufs = Some(heard.lufs);
            sound.peak_dbfs = Some(heard.peak_dbfs);
        }
        Err((unheard, peak)) => {
            sound.unheard = Some(unheard);
            sound.peak_dbfs = peak;
        }
    }
}

/// Has ffmpeg decode it.
fn ask(program: &Path, path: &Path, sound: &Sound) -> Result<(Meter, String), String> {
    let version = ffmpeg::version(program)?;
    let (channels, rate) = (
        sound.channels.clamp(1, 8),
        sound.sample_rate.clamp(8000, 192_000),
    );
    let (mut meter, mut trouble) = (Meter::default(), Ok(()));
    ffmpeg::sound(program, path, (channels, rate), &mut |bytes| {
        let (samples, _) = bytes.as_chunks::<4>();
        let samples: Vec<f32> = samples
            .iter()
            .map(|sample| f32::from_le_bytes(*sample))
            .collect();
        if trouble.is_ok() {
            trouble = meter.add(&samples, channels as usize, rate);
        }
    })?;
    trouble.map(|()| (meter, version))
}

fn decode(path: &Path) -> Result<Meter, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let index = read_index(&mut file).map_err(|error| error.to_string())?;
    let tracks = Tracks::read(&index).map_err(|error| error.to_string())?;
    let track = tracks.sound.ok_or("there is no sound")?;
    let mut decoder = decoder(&track)?;
    let mut meter = Meter::default();
    let mut samples: Vec<f32> = Vec::new();
    for sample in &track.samples {
        if sample.size > MAX_PACKET {
            return Err("a packet of sound is impossibly large".to_owned());
        }
        let end = sample.offset.saturating_add(u64::from(sample.size));
        let bytes = read_at(&mut file, sample.offset, end).map_err(|error| error.to_string())?;
        let (at, ticks) = (Timestamp::new(sample.decoded), u64::from(sample.ticks));
        let packet = PacketRef::new(0, at, Duration::new(ticks), &bytes);
        let sound = decoder
            .decode_ref(&packet)
            .map_err(|error| error.to_string())?;
        // What decoders need to run up to speed is not to be heard.
        if sample.composed + i64::from(sample.ticks) <= track.start {
            continue;
        }
        let (channels, rate) = (sound.spec().channels().count(), sound.spec().rate());
        samples.resize(sound.samples_interleaved(), 0.0);
        sound.copy_to_slice_interleaved(&mut samples);
        meter.add(&samples, channels, rate)?;
    }
    Ok(meter)
}

fn decoder(track: &Track) -> Result<AacDecoder, String> {
    let kind = track.kind.to_string();
    let config = decoder_config(&track.entry)
        .filter(|_| track.kind.as_ref() == b"mp4a")
        .ok_or_else(|| format!("codec {kind}"))?;
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(CODEC_ID_AAC);
    parameters.with_extra_data(config.into());
    AacDecoder::try_new(&parameters, &AudioDecoderOptions::default())
        .map_err(|_| "AAC of another kind than LC in one or two channels".to_owned())
}

/// The meter, once the first packet has said what it is of.
#[derive(Debug, Default)]
struct Meter {
    meter: Option<EbuR128>,
    frames: u64,
}

impl Meter {
    fn add(&mut self, samples: &[f32], channels: usize, rate: u32) -> Result<(), String> {
        let channels = channels.max(1);
        if self.meter.is_none() {
            // A histogram needs the same memory for hours as for seconds, and is exact to a tenth.
            let mode = Mode::I | Mode::SAMPLE_PEAK | Mode::HISTOGRAM;
            let meter = EbuR128::new(channels as u32, rate, mode);
            self.meter = Some(meter.map_err(|error| error.to_string())?);
        }
        let Some(meter) = &mut self.meter else {
            return Ok(());
        };
        if meter.channels() as usize != channels || meter.rate() != rate {
            return Err("it changes its channels or its rate half-way".to_owned());
        }
        self.frames += (samples.len() / channels) as u64;
        meter
            .add_frames_f32(samples)
            .map_err(|error| error.to_string())
    }

    fn read(&self) -> Result<Heard, (Unheard, Option<f64>)> {
        let Some(meter) = &self.meter else {
            return Err((Unheard::TooShort, None));
        };
        let peaks = (0..meter.channels()).filter_map(|channel| meter.sample_peak(channel).ok());
        let peak = peaks.fold(0.0, f64::max);
        let peak_dbfs = (peak > 0.0).then(|| tenth(20.0 * peak.log10()));
        if self.frames * 1000 < WINDOW_MS * u64::from(meter.rate()) {
            return Err((Unheard::TooShort, peak_dbfs));
        }
        let lufs = meter.loudness_global().unwrap_or(f64::NEG_INFINITY);
        match peak_dbfs {
            Some(peak_dbfs) if lufs.is_finite() && lufs > SILENT_LUFS => Ok(Heard {
                lufs: tenth(lufs),
                peak_dbfs,
            }),
            _ => Err((Unheard::Silence, peak_dbfs)),
        }
    }
}

/// Rounded so far that machines agree; without a negative zero.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone in both channels, as loud as told.
    fn tone(amplitude: f32, seconds: f32) -> Meter {
        let mut meter = Meter::default();
        let frames = (48_000.0 * seconds) as usize;
        let sample = |at: usize| amplitude * (at as f32 * std::f32::consts::TAU / 48.0).sin();
        let samples: Vec<f32> = (0..frames).flat_map(|at| [sample(at); 2]).collect();
        for part in samples.chunks(2048) {
            meter.add(part, 2, 48_000).expect("it is sound");
        }
        meter
    }

    #[test]
    fn a_tone_of_1_khz_is_as_loud_as_the_standard_says() {
        // EBU Tech 3341, case 1: a stereo sine of 1000 Hz at -23 dBFS a channel is -23 LUFS.
        let heard = tone(10_f32.powf(-23.0 / 20.0), 20.0)
            .read()
            .expect("it is loud");
        assert!((heard.lufs + 23.0).abs() <= 0.1, "{heard:?}");
        assert!((heard.peak_dbfs + 23.0).abs() <= 0.01, "{heard:?}");
    }

    #[test]
    fn silence_and_a_click_are_told_apart() {
        assert_eq!(tone(0.0, 2.0).read(), Err((Unheard::Silence, None)));
        assert_eq!(tone(0.5, 0.2).read(), Err((Unheard::TooShort, Some(-6.0))));
        assert_eq!(Meter::default().read(), Err((Unheard::TooShort, None)));
        let (why, peak) = tone(0.000_01, 2.0).read().expect_err("nobody hears it");
        assert_eq!((why, peak), (Unheard::Silence, Some(-100.0)));
    }

    #[test]
    fn a_change_half_way_is_refused() {
        let mut meter = tone(0.5, 1.0);
        assert!(meter.add(&[0.0; 64], 1, 48_000).is_err());
    }
}
