//! Decodes a video to its end, since only that shows its real length. The first pass keeps the frames that the container's
//! stated duration suggests. Where the duration was wrong, a second pass fetches the right frames.

use std::collections::BTreeSet;
use std::iter::Peekable;

use wo_record::{Video, code};

use crate::decoding::damage::Damage;
use crate::decoding::fetch::fetch;
use crate::decoding::frame_sink::FrameSink;
use crate::decoding::pipeline::{DecodedFrame, Packet, Player, Thumbs, Wanted};
use crate::decoding::seek_decode;
use crate::decoding::survey::Survey;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::job::{CUT_START, REPEATED_FRAMES, TRUNCATED};
use crate::job::{Settings, Taken};
use crate::quality::still::FramePosition;
use crate::sampling::film::Film;
use crate::sampling::repetitions::{self, Repetition};
use crate::sampling::sample::Timeline;
use crate::sampling::select;
use crate::time;

/// Above this fraction of repeated frames, the video was slowed down or is a still.
const MAX_REPEATED: f64 = 0.4;

/// The result of decoding a file to its end.
struct Decoded {
    survey: Survey,
    /// The frames that the promised duration pointed at, by index; they are handed over.
    sent: BTreeSet<usize>,
    /// What came to the decoder.
    packets: Vec<Packet>,
    /// Whether all lines of a frame are of one moment.
    is_progressive: bool,
    /// When the frames are shown that the decoder calls corrupt.
    corrupt_ns: Vec<u64>,
    /// What the container said of the length.
    promised_ns: Option<u64>,
    /// All frames, small, where they are needed.
    film: Film,
    /// What ended the file before its end.
    error: Option<ExtractError>,
}

impl Decoded {
    /// With the first frame and nothing else.
    fn begin(player: &Player<'_>, first: &DecodedFrame) -> Result<Self, ExtractError> {
        let survey = Survey::begin(player, first)?;
        Ok(Self {
            survey,
            sent: BTreeSet::new(),
            packets: Vec::new(),
            corrupt_ns: Vec::new(),
            is_progressive: first.is_progressive()?,
            promised_ns: player.promised_duration_ns(),
            film: Film::default(),
            error: None,
        })
    }

    /// Hands the newest frame over.
    fn send(
        &mut self,
        frame: &DecodedFrame,
        settings: &Settings,
        sink: &dyn FrameSink,
    ) -> Result<(), ExtractError> {
        let time_ns = frame.time_ns - self.survey.start_ns;
        self.sent.insert(self.survey.times_ns.len() - 1);
        sink.still(time_ns, &frame.image(settings.size)?)
    }

    /// When a frame is shown, on the clock of the packets.
    fn time_of(&self, index: usize) -> Option<u64> {
        let time_ns = self.survey.times_ns.get(index);
        time_ns.map(|ns| ns + self.survey.start_ns)
    }

    fn is_damaged(&self, index: usize, damage: &Damage) -> bool {
        self.time_of(index).is_some_and(|ns| damage.is_at(ns))
    }

    /// The numbers of the frames to take. Undamaged ones take the places of damaged ones where they can.
    fn choose(
        &self,
        file: &MediaFile,
        settings: &Settings,
        damage: &Damage,
        repetitions: &[Repetition],
    ) -> Result<Vec<usize>, ExtractError> {
        let times_ns = &self.survey.times_ns;
        let duration_ns = self.survey.duration_ns();
        let keys = self.packets.iter().filter(|packet| packet.is_key);
        let key_times_ns: BTreeSet<u64> = keys.filter_map(|packet| packet.time_ns).collect();
        let is_damaged = |index: usize| self.is_damaged(index, damage);
        let is_key_frame = |index: usize| {
            let time_ns = self.time_of(index);
            time_ns.is_some_and(|ns| key_times_ns.contains(&ns))
        };
        let mut indices = 0..times_ns.len();
        let has_good_key = indices.any(|index| is_key_frame(index) && !is_damaged(index));
        let is_key = |index| is_key_frame(index) && !(has_good_key && is_damaged(index));
        let chosen = settings.choose(Timeline {
            times_ns,
            duration_ns,
            is_key: &is_key,
            video_id: &file.id,
            repetitions,
        })?;
        Ok(settings.without_damage(chosen, times_ns, duration_ns, is_damaged))
    }

    /// Decodes once more those chosen frames that were not handed over yet.
    fn send_missing(
        &self,
        chosen: &[usize],
        damage: &Damage,
        file: &MediaFile,
        settings: &Settings,
        sink: &dyn FrameSink,
    ) -> Result<(), ExtractError> {
        let survey = &self.survey;
        let missing = chosen.iter().filter(|index| !self.sent.contains(index));
        let missing: BTreeSet<u64> = missing.map(|&index| survey.times_ns[index]).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // Damage differs with what else is decoded.
        let is_whole = self.error.is_none() && damage.n_frames().is_none();
        let wanted = if self.is_progressive && is_whole {
            let times_ns = missing.iter().map(|ns| ns + survey.start_ns);
            let codec = survey.codec.as_deref();
            let n_frames = survey.times_ns.len();
            seek_decode::wanted(&self.packets, codec, survey.start_ns, n_frames, times_ns)
        } else {
            Wanted::All
        };
        let send = |wanted: Wanted| {
            let mut player = Player::start(file, sink, wanted)?;
            fetch(
                &mut player,
                missing.clone(),
                survey.start_ns,
                settings,
                sink,
            )
        };
        if send(wanted)? || send(Wanted::All)? {
            return Ok(());
        }
        let what = "the file decodes differently each time";
        Err(ExtractError::new(code::DECODE, what))
    }
}

/// Takes the frames of `file`.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Taken, ExtractError> {
    let decoded = decode(file, settings, sink)?;
    let duration_ns = decoded.survey.duration_ns();
    let damage = Damage::of(&decoded.packets, &decoded.corrupt_ns);
    let repetitions = if settings.finds_repetitions() {
        repetitions::find(&decoded.film)
    } else {
        Vec::new()
    };
    let chosen = decoded.choose(file, settings, &damage, &repetitions)?;
    decoded.send_missing(&chosen, &damage, file, settings, sink)?;
    let cuts_ns = settings.finds_cuts.then(|| decoded.film.cuts_ns());
    let position = |&index: &usize| {
        let time_ns = decoded.survey.times_ns[index];
        let position = FramePosition {
            is_damaged: decoded.is_damaged(index, &damage),
            ..position(time_ns, &repetitions, cuts_ns.as_deref())
        };
        (time_ns, position)
    };
    let positions = chosen.iter().map(position).collect();
    let loss = if decoded.error.is_none() {
        file.loss(decoded.survey.start_ns + duration_ns, decoded.promised_ns)
    } else {
        None
    };
    let repeats = settings.finds_cuts && decoded.film.repeated() > MAX_REPEATED;
    let warnings = [
        (TRUNCATED, loss.is_some()),
        (CUT_START, damage.is_at_cut()),
        (REPEATED_FRAMES, repeats),
    ];
    let warnings = warnings.into_iter().filter(|(_, holds)| *holds);
    let repetitions = repetitions.iter().map(Repetition::record);
    let cuts = cuts_ns.as_ref();
    Ok(Taken {
        video: Video {
            repetitions: settings.finds_repetitions().then(|| repetitions.collect()),
            cuts_ms: cuts.map(|cuts| cuts.iter().map(|&cut| time::ms(cut)).collect()),
            warnings: warnings.map(|(word, _)| word.to_owned()).collect(),
            n_damaged: damage.n_frames(),
            ..decoded.survey.video(file, duration_ns)
        },
        positions,
        notes: decoded.survey.notes.into_iter().chain(loss).collect(),
        error: decoded.error,
    })
}

/// Where the frame shown at `time_ns` is.
fn position(time_ns: u64, repetitions: &[Repetition], cuts_ns: Option<&[u64]>) -> FramePosition {
    let mut numbered = (1..).zip(repetitions);
    let found = numbered.find_map(|(number, it)| Some((number, it.phase(time_ns)?)));
    FramePosition {
        repetition: found.map(|(number, _)| number),
        phase: found.map(|(_, phase)| (phase * 1e3).round() / 1e3),
        shot: cuts_ns.map(|cuts| 1 + cuts.partition_point(|&cut| cut <= time_ns) as u32),
        ..FramePosition::default()
    }
}

/// Decodes the file to its end.
fn decode(
    file: &MediaFile,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Decoded, ExtractError> {
    let mut player = Player::start(file, sink, Wanted::All)?;
    let Some(first) = player.next_frame()? else {
        return Err(ExtractError::new(code::DECODE, "no frame could be decoded"));
    };
    let mut decoded = Decoded::begin(&player, &first)?;
    let mut thumbs = settings.needs_film().then(Thumbs::default);
    if let Some(thumbs) = &mut thumbs {
        decoded.film.push(0, thumbs.of(&first)?);
    }
    let promised = decoded
        .promised_ns
        .filter(|_| settings.takes_middles())
        .into_iter()
        .flat_map(|ns| select::centres(ns, settings.n_frames))
        .take(settings.n_frames_at_most());
    let mut centres = promised.peekable();
    let mut shown = first;
    loop {
        if shown.is_corrupt {
            decoded.corrupt_ns.push(shown.time_ns);
        }
        match player.next_frame() {
            Ok(Some(frame)) => {
                let time_ns = frame.time_ns - decoded.survey.start_ns;
                if is_centre_before(&mut centres, time_ns) {
                    decoded.send(&shown, settings, sink)?;
                }
                if let Some(thumbs) = &mut thumbs {
                    decoded.film.push(time_ns, thumbs.of(&frame)?);
                }
                decoded.survey.times_ns.push(time_ns);
                decoded.survey.last_duration_ns = frame.duration_ns;
                shown = frame;
            }
            Ok(None) => break,
            // Its timeline is none, so that no frame has a place on it.
            Err(error) if error.code == code::UNSUPPORTED_CONTAINER => return Err(error),
            Err(error) => {
                decoded.error = Some(ExtractError::new(code::TRUNCATED, error.what));
                break;
            }
        }
    }
    if centres.peek().is_some() {
        decoded.send(&shown, settings, sink)?;
    }
    decoded.packets = player.packets();
    let n_missing = file.n_missing_bytes();
    if decoded.error.is_none() && n_missing > 0 {
        let what = format!("the file ends early: {n_missing} of its bytes are missing");
        decoded.error = Some(ExtractError::new(code::TRUNCATED, what));
    }
    Ok(decoded)
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
