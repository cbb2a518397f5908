//! H.264 through openh264: pictures in, samples as MP4 wants them out.
//!
//! Owns the encoder's settings. They were chosen for the same bytes on every run: one thread, constant quality, and
//! none of the detectors that decide by content whether a frame is worth keeping.

use openh264::OpenH264API;
use openh264::Timestamp;
use openh264::encoder::{
    Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, RateControlMode,
    VuiConfig,
};
use openh264::formats::YUVSource;

use super::clip::ClipError;
use super::plane::Picture;

/// One encoded frame: NAL units with four-byte lengths, without parameter sets.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) data: Vec<u8>,
    pub(crate) sync: bool,
}

/// What a decoder has to know before the first sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// The sequence parameter set.
    pub(crate) sps: Vec<u8>,
    /// The picture parameter set.
    pub(crate) pps: Vec<u8>,
}

/// An encoder for pictures of one size.
pub(crate) struct Encoding {
    encoder: Encoder,
    fps: u64,
    frames: u64,
    /// Those of the first sync sample.
    pub(crate) parameters: Parameters,
}

/// The fewest frames from one sync sample to the next.
pub(crate) fn sync_period(fps: u32) -> u32 {
    2 * fps
}

const SPS: u8 = 7;
const PPS: u8 = 8;

impl Encoding {
    pub(crate) fn new(fps: u32) -> Result<Self, ClipError> {
        Self::with_period(fps, sync_period(fps))
    }

    /// An encoder for one scene of a film. The scene's last frame is never a sync sample: the next scene begins with
    /// one, and two in a row would have to be numbered differently, which encoders that know nothing of each other
    /// cannot do.
    pub(crate) fn of_scene(fps: u32, frames: u64) -> Result<Self, ClipError> {
        let mut period = sync_period(fps);
        while frames > 1 && (frames - 1).is_multiple_of(u64::from(period)) {
            period += 1;
        }
        Self::with_period(fps, period)
    }

    fn with_period(fps: u32, period: u32) -> Result<Self, ClipError> {
        let config = EncoderConfig::new()
            .rate_control_mode(RateControlMode::Off)
            // The default drops frames, and a dropped frame would shorten the clip.
            .skip_frames(false)
            .num_threads(1)
            .scene_change_detect(false)
            .background_detection(false)
            .adaptive_quantization(false)
            .complexity(Complexity::Low)
            .intra_frame_period(IntraFramePeriod::from_num_frames(period))
            .max_frame_rate(FrameRate::from_hz(fps as f32))
            .vui(VuiConfig::bt709());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| encode_error(&error))?;
        Ok(Self {
            encoder,
            fps: u64::from(fps),
            frames: 0,
            parameters: Parameters::default(),
        })
    }

    /// Encodes the next frame.
    pub(crate) fn add(&mut self, picture: &Picture) -> Result<Sample, ClipError> {
        let time = Timestamp::from_millis(self.frames * 1000 / self.fps);
        self.frames += 1;
        let stream = self
            .encoder
            .encode_at(&Source(picture), time)
            .map_err(|error| encode_error(&error))?;
        let sync = stream.frame_type() == FrameType::IDR;
        let mut data = Vec::new();
        let Parameters { sps, pps } = &mut self.parameters;
        for layer in (0..stream.num_layers()).filter_map(|index| stream.layer(index)) {
            for unit in (0..layer.nal_count()).filter_map(|index| layer.nal_unit(index)) {
                let unit = without_start_code(unit);
                match unit.first().map(|first| first & 31) {
                    Some(SPS) if sps.is_empty() => *sps = unit.to_vec(),
                    Some(PPS) if pps.is_empty() => *pps = unit.to_vec(),
                    Some(SPS | PPS) | None => {}
                    Some(_) => {
                        data.extend_from_slice(&(unit.len() as u32).to_be_bytes());
                        data.extend_from_slice(unit);
                    }
                }
            }
        }
        if data.is_empty() {
            return Err(ClipError::Encode(
                "the encoder gave no picture for a frame".to_owned(),
            ));
        }
        Ok(Sample { data, sync })
    }

    /// Makes the next frame a sync sample.
    pub(crate) fn force_sync(&mut self) {
        self.encoder.force_intra_frame();
    }
}

/// A picture as openh264 wants to see it.
struct Source<'a>(&'a Picture);

impl YUVSource for Source<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.0.width(), self.0.height())
    }

    fn strides(&self) -> (usize, usize, usize) {
        let [y, u, v] = &self.0.planes;
        (y.width, u.width, v.width)
    }

    fn y(&self) -> &[u8] {
        &self.0.planes[0].data
    }

    fn u(&self) -> &[u8] {
        &self.0.planes[1].data
    }

    fn v(&self) -> &[u8] {
        &self.0.planes[2].data
    }
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    let zeros = unit.iter().take_while(|byte| **byte == 0).count();
    unit.get(zeros + 1..).unwrap_or_default()
}

fn encode_error(error: &openh264::Error) -> ClipError {
    ClipError::Encode(error.to_string())
}
