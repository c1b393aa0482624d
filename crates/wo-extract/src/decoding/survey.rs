//! When the frames of a video are shown, and what the file itself tells of it.

use wo_record::Video;

use crate::decoding::pipeline::{DecodedFrame, Look, Player};
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::time;

/// Gaps between frames that differ by more than this are a variable rate; less is rounding to milliseconds, which
/// Matroska does.
const GAP_TOLERANCE_NS: u64 = 2_000_000;

/// When the frames of a video are shown, and what they look like.
pub(crate) struct Survey {
    pub(crate) look: Look,
    pub(crate) codec: Option<String>,
    pub(crate) container: Option<String>,
    /// When the first frame is shown.
    pub(crate) start_ns: u64,
    /// When each frame is shown, from the first one on.
    pub(crate) times_ns: Vec<u64>,
    pub(crate) last_duration_ns: Option<u64>,
    /// What the file asks for and does not get, for a person.
    pub(crate) notes: Vec<String>,
}

impl Survey {
    /// With the first frame and nothing else.
    pub(crate) fn begin(player: &Player<'_>, first: &DecodedFrame) -> Result<Self, ExtractError> {
        let (codec, container) = player.codec_and_container();
        Ok(Self {
            look: first.look()?,
            notes: first.ignored_shape().into_iter().collect(),
            codec,
            container,
            start_ns: first.time_ns,
            times_ns: vec![0],
            last_duration_ns: first.duration_ns,
        })
    }

    /// The real duration: from the first frame until the last one goes off display.
    pub(crate) fn duration_ns(&self) -> u64 {
        let n_gaps = self.times_ns.len() as u64 - 1;
        let last_ns = self.times_ns.last().copied().unwrap_or(0);
        let average_gap = last_ns.checked_div(n_gaps).unwrap_or(0);
        last_ns + self.last_duration_ns.unwrap_or(average_gap)
    }

    /// The `video` record, as far as the file itself tells.
    pub(crate) fn video(&self, file: &MediaFile, duration_ns: u64) -> Video {
        let n_gaps = self.times_ns.len() - 1;
        let last_ns = self.times_ns.last().copied().unwrap_or(0);
        let gaps = self
            .times_ns
            .iter()
            .zip(self.times_ns.iter().skip(1))
            .map(|(a, b)| b - a);
        let spread = gaps
            .clone()
            .max()
            .zip(gaps.min())
            .map(|(max, min)| max - min);
        let (span_ns, n_in_span) = if n_gaps > 0 {
            (last_ns, n_gaps)
        } else {
            (duration_ns, 1)
        };
        Video {
            duration_ms: (duration_ns > 0).then(|| time::ms(duration_ns)),
            width_px: Some(self.look.width),
            height_px: Some(self.look.height),
            rotation_deg: Some(self.look.rotation_deg),
            frame_rate_hz: (span_ns > 0)
                .then(|| (n_in_span as f64 * 1e12 / span_ns as f64).round() / 1e3),
            variable_frame_rate: spread.map(|ns| ns > GAP_TOLERANCE_NS),
            codec: self.codec.clone(),
            container: self.container.clone(),
            bitrate_bps: time::bitrate(file.size_bytes, duration_ns),
            ..Video::default()
        }
    }
}
