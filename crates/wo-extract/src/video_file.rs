//! The frames of one video file.
//!
//! The file is decoded to its end, since only that tells how long it really is. The frames that the container's
//! promise points at are kept on the way; where the promise was wrong, a second pass fetches the right ones.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;

use wo_record::{Video, code};

use crate::extraction::{Settings, Taken};
use crate::fault::Fault;
use crate::media_file::MediaFile;
use crate::picture::Still;
use crate::pipeline::{DecodedFrame, Look, Patience, Player};
use crate::select;

/// Gaps between frames that differ by more than this are a variable rate; less is rounding to milliseconds, which
/// Matroska does.
const GAP_TOLERANCE_NS: u64 = 2_000_000;

/// What the first pass found.
struct Survey {
    look: Look,
    codec: Option<String>,
    container: Option<String>,
    /// When the first frame is shown.
    start_ns: u64,
    /// When each frame is shown, from the first one on.
    times_ns: Vec<u64>,
    last_duration_ns: Option<u64>,
    /// By index: the frames that the promised duration pointed at.
    stills: BTreeMap<usize, Still>,
    /// What ended the file before its end.
    fault: Option<Fault>,
}

/// Takes the frames of `file`.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    patience: Patience<'_>,
) -> Result<Taken, Fault> {
    let copy;
    let (file, mut survey) = match survey(file, settings, patience) {
        Ok(survey) => (file, survey),
        Err(fault) if fault.code == code::DECODE => {
            copy = file.without_duration().ok_or_else(|| fault.clone())?;
            (&copy, survey(&copy, settings, patience).map_err(|_| fault)?)
        }
        Err(fault) => return Err(fault),
    };
    let duration_ns = survey.duration_ns();
    let chosen = select::choose(&survey.times_ns, duration_ns, settings.n_frames);
    let missing: BTreeSet<u64> = chosen
        .iter()
        .filter(|index| !survey.stills.contains_key(index))
        .filter_map(|&index| survey.times_ns.get(index).copied())
        .collect();
    let mut fetched = fetch(file, missing, survey.start_ns, settings, patience)?;
    let mut stills = Vec::with_capacity(chosen.len());
    for index in chosen {
        stills.extend(
            survey
                .stills
                .remove(&index)
                .or_else(|| fetched.remove(survey.times_ns.get(index)?)),
        );
    }
    Ok(Taken {
        video: survey.video(file, duration_ns),
        stills,
        fault: survey.fault,
    })
}

/// Decodes the file to its end.
fn survey(file: &MediaFile, settings: &Settings, patience: Patience<'_>) -> Result<Survey, Fault> {
    let mut player = Player::start(file, patience)?;
    let Some(first) = player.next_frame()? else {
        return Err(Fault::new(code::DECODE, "no frame could be decoded"));
    };
    let (codec, container) = player.codec_and_container();
    let mut survey = Survey {
        look: first.look()?,
        codec,
        container,
        start_ns: first.time_ns,
        times_ns: vec![0],
        last_duration_ns: first.duration_ns,
        stills: BTreeMap::new(),
        fault: None,
    };
    let promised = player
        .promised_duration_ns()
        .into_iter()
        .flat_map(|ns| select::centres(ns, settings.n_frames));
    let mut centres = promised.peekable();
    let mut shown = first;
    loop {
        match player.next_frame() {
            Ok(Some(frame)) => {
                let time_ns = frame.time_ns - survey.start_ns;
                if is_centre_before(&mut centres, time_ns) {
                    survey.keep(&shown, settings)?;
                }
                survey.times_ns.push(time_ns);
                survey.last_duration_ns = frame.duration_ns;
                shown = frame;
            }
            Ok(None) => break,
            // A file that hangs may hang elsewhere the next time; its frames are not worth having.
            Err(fault) if fault.code == code::STALLED => return Err(fault),
            Err(fault) => {
                survey.fault = Some(Fault::new(code::TRUNCATED, fault.what));
                break;
            }
        }
    }
    if centres.peek().is_some() {
        survey.keep(&shown, settings)?;
    }
    let n_missing = file.n_missing_bytes();
    if survey.fault.is_none() && n_missing > 0 {
        let what = format!("the file ends early: {n_missing} of its bytes are missing");
        survey.fault = Some(Fault::new(code::TRUNCATED, what));
    }
    Ok(survey)
}

/// True when one of the next centres lies before `time_ns`; takes all that do.
fn is_centre_before(centres: &mut Peekable<impl Iterator<Item = u64>>, time_ns: u64) -> bool {
    let mut any = false;
    while centres
        .next_if(|&centre| select::is_after(time_ns, centre))
        .is_some()
    {
        any = true;
    }
    any
}

/// Decodes the file again up to the last of the frames shown at `wanted_ns`, and gives them by time.
fn fetch(
    file: &MediaFile,
    mut wanted_ns: BTreeSet<u64>,
    start_ns: u64,
    settings: &Settings,
    patience: Patience<'_>,
) -> Result<BTreeMap<u64, Still>, Fault> {
    let mut stills = BTreeMap::new();
    if wanted_ns.is_empty() {
        return Ok(stills);
    }
    let mut player = Player::start(file, patience)?;
    while let Some(frame) = player.next_frame()? {
        let time_ns = frame.time_ns.saturating_sub(start_ns);
        if wanted_ns.remove(&time_ns) {
            stills.insert(time_ns, frame.still(settings.size, time_ns)?);
        }
        if wanted_ns.is_empty() {
            return Ok(stills);
        }
    }
    Err(Fault::new(
        code::DECODE,
        "the file decodes differently each time",
    ))
}

impl Survey {
    /// Keeps the newest frame.
    fn keep(&mut self, frame: &DecodedFrame, settings: &Settings) -> Result<(), Fault> {
        let time_ns = frame.time_ns - self.start_ns;
        self.stills.insert(
            self.times_ns.len() - 1,
            frame.still(settings.size, time_ns)?,
        );
        Ok(())
    }

    /// The real duration: from the first frame until the last one goes off display.
    fn duration_ns(&self) -> u64 {
        let n_gaps = self.times_ns.len() as u64 - 1;
        let last_ns = self.times_ns.last().copied().unwrap_or(0);
        let average_gap = last_ns.checked_div(n_gaps).unwrap_or(0);
        last_ns + self.last_duration_ns.unwrap_or(average_gap)
    }

    fn video(&self, file: &MediaFile, duration_ns: u64) -> Video {
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
