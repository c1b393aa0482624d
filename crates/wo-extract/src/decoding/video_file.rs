//! The frames of one video file.

use std::collections::BTreeSet;

use wo_record::Video;

use crate::decoding::full_decode;
use crate::decoding::pipeline::{Look, Player};
use crate::decoding::seek_decode;
use crate::error::Fault;
use crate::extraction::{Settings, Taken};
use crate::input::media_file::MediaFile;
use crate::worker::Replies;

/// Gaps between frames that differ by more than this are a variable rate; less is rounding to milliseconds, which
/// Matroska does.
const GAP_TOLERANCE_NS: u64 = 2_000_000;
/// The warning of a video of which a part cannot be read.
pub(crate) const TRUNCATED: &str = "truncated";

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

/// Takes the frames of `file`: where its packets can be believed, without decoding more than is needed.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    replies: &Replies<'_>,
) -> Result<Taken, Fault> {
    let (file, notes) = file.with_one_track()?;
    let quickly = if settings.needs_film() {
        None
    } else {
        seek_decode::take(&file, settings, replies)?
    };
    let taken = match quickly {
        Some(taken) => taken,
        None => full_decode::take(&file, settings, replies)?,
    };
    let notes = notes.into_iter().chain(taken.notes).collect();
    Ok(Taken { notes, ..taken })
}

/// Hands over the frames that `player` shows at `wanted_ns` from `start_ns` on; false where the file ends before the last
/// of them. Nothing behind that one is decoded.
pub(crate) fn fetch(
    player: &mut Player<'_>,
    mut wanted_ns: BTreeSet<u64>,
    start_ns: u64,
    settings: &Settings,
    replies: &Replies<'_>,
) -> Result<bool, Fault> {
    while !wanted_ns.is_empty() {
        let Some(frame) = player.next_frame()? else {
            return Ok(false);
        };
        let time_ns = frame.time_ns.saturating_sub(start_ns);
        if wanted_ns.remove(&time_ns) {
            replies.still(time_ns, &frame.picture(settings.size)?)?;
        }
    }
    Ok(true)
}

impl Survey {
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
            duration_ms: (duration_ns > 0).then(|| ms(duration_ns)),
            width_px: Some(self.look.width),
            height_px: Some(self.look.height),
            rotation_deg: Some(self.look.rotation_deg),
            frame_rate_hz: (span_ns > 0)
                .then(|| (n_in_span as f64 * 1e12 / span_ns as f64).round() / 1e3),
            variable_frame_rate: spread.map(|ns| ns > GAP_TOLERANCE_NS),
            codec: self.codec.clone(),
            container: self.container.clone(),
            bitrate_bps: bitrate(file, duration_ns),
            ..Video::default()
        }
    }
}

/// Bits a second of the file as a whole.
pub(crate) fn bitrate(file: &MediaFile, duration_ns: u64) -> Option<u64> {
    let bits = u128::from(file.size_bytes) * 8;
    (bits * 1_000_000_000)
        .checked_div(duration_ns.into())
        .map(|rate| rate as u64)
}

/// Nanoseconds as milliseconds, to the microsecond: below it are the rounding errors of time scales.
pub(crate) fn ms(ns: u64) -> f64 {
    ((ns + 500) / 1000) as f64 / 1e3
}
