//! The frames of a video file that is decoded to its end, since only that tells how long it really is. The frames that
//! the container's promise points at are kept on the way; where the promise was wrong, a second pass fetches the right
//! ones.

use std::collections::BTreeSet;
use std::iter::Peekable;

use wo_record::{Video, code};

use crate::decoding::damage::Damage;
use crate::decoding::fetch::fetch;
use crate::decoding::frame_sink::FrameSink;
use crate::decoding::pipeline::{DecodedFrame, Packet, Player, Thumbs, Wanted};
use crate::decoding::seek_decode;
use crate::decoding::survey::Survey;
use crate::error::Fault;
use crate::input::media_file::MediaFile;
use crate::job::{CUT_START, REPEATED_FRAMES, TRUNCATED};
use crate::job::{Settings, Taken};
use crate::quality::still::Place;
use crate::sampling::film::Film;
use crate::sampling::repetitions::{self, Repetition};
use crate::sampling::sample::Timeline;
use crate::sampling::select;
use crate::time;

/// Where more frames than this part are the one before once more, the video was slowed down, or is a still.
const MAX_REPEATED: f64 = 0.4;

/// What decoding a file to its end gives.
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
    fault: Option<Fault>,
}

impl Decoded {
    /// Hands the newest frame over.
    fn send(
        &mut self,
        frame: &DecodedFrame,
        settings: &Settings,
        sink: &dyn FrameSink,
    ) -> Result<(), Fault> {
        let time_ns = frame.time_ns - self.survey.start_ns;
        self.sent.insert(self.survey.times_ns.len() - 1);
        sink.still(time_ns, &frame.picture(settings.size)?)
    }
}

/// Takes the frames of `file`.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Taken, Fault> {
    let decoded = decode(file, settings, sink)?;
    let survey = decoded.survey;
    let duration_ns = survey.duration_ns();
    let keys = decoded.packets.iter().filter(|packet| packet.is_key);
    let key_times_ns: BTreeSet<u64> = keys.filter_map(|packet| packet.time_ns).collect();
    let damage = Damage::of(&decoded.packets, &decoded.corrupt_ns);
    let time_of = |index: usize| survey.times_ns.get(index).map(|ns| ns + survey.start_ns);
    let is_damaged = |index: usize| time_of(index).is_some_and(|ns| damage.is_at(ns));
    let is_key_frame = |index: usize| time_of(index).is_some_and(|ns| key_times_ns.contains(&ns));
    let n_frames = survey.times_ns.len();
    let has_good_key = (0..n_frames).any(|index| is_key_frame(index) && !is_damaged(index));
    let is_key = |index| is_key_frame(index) && !(has_good_key && is_damaged(index));
    let repetitions = if settings.finds_repetitions() {
        repetitions::find(&decoded.film)
    } else {
        Vec::new()
    };
    let chosen = settings.choose(Timeline {
        times_ns: &survey.times_ns,
        duration_ns,
        is_key: &is_key,
        video_id: &file.id,
        repetitions: &repetitions,
    })?;
    let chosen = settings.without_damage(chosen, &survey.times_ns, duration_ns, is_damaged);
    let is_missing = |index: &&usize| !decoded.sent.contains(index);
    let missing = chosen.iter().filter(is_missing);
    let missing: BTreeSet<u64> = missing.map(|&index| survey.times_ns[index]).collect();
    if !missing.is_empty() {
        // Damage differs with what else is decoded.
        let is_whole = decoded.fault.is_none() && damage.n_frames().is_none();
        let wanted = if decoded.is_progressive && is_whole {
            let times_ns = missing.iter().map(|ns| ns + survey.start_ns);
            let codec = survey.codec.as_deref();
            seek_decode::wanted(&decoded.packets, codec, survey.start_ns, n_frames, times_ns)
        } else {
            Wanted::All
        };
        let fetch = |wanted: Wanted| {
            let mut player = Player::start(file, sink, wanted)?;
            fetch(
                &mut player,
                missing.clone(),
                survey.start_ns,
                settings,
                sink,
            )
        };
        if !fetch(wanted)? && !fetch(Wanted::All)? {
            let what = "the file decodes differently each time";
            return Err(Fault::new(code::DECODE, what));
        }
    }
    let cuts_ns = settings.finds_cuts.then(|| decoded.film.cuts_ns());
    let place = |&index: &usize| {
        let time_ns = survey.times_ns[index];
        let place = place(time_ns, &repetitions, cuts_ns.as_deref());
        let is_damaged = is_damaged(index);
        (
            time_ns,
            Place {
                is_damaged,
                ..place
            },
        )
    };
    let places = chosen.iter().map(place).collect();
    let cuts_ms = cuts_ns
        .as_ref()
        .map(|cuts| cuts.iter().map(|&cut| time::ms(cut)).collect());
    let repeats = settings.finds_cuts && decoded.film.repeated() > MAX_REPEATED;
    let loss = if decoded.fault.is_none() {
        file.loss(survey.start_ns + duration_ns, decoded.promised_ns)
    } else {
        None
    };
    let warnings = [
        (TRUNCATED, loss.is_some()),
        (CUT_START, damage.is_at_cut()),
        (REPEATED_FRAMES, repeats),
    ];
    Ok(Taken {
        video: Video {
            repetitions: settings
                .finds_repetitions()
                .then(|| repetitions.iter().map(Repetition::record).collect()),
            cuts_ms,
            warnings: warnings
                .into_iter()
                .filter(|(_, holds)| *holds)
                .map(|(word, _)| word.to_owned())
                .collect(),
            n_damaged: damage.n_frames(),
            ..survey.video(file, duration_ns)
        },
        places,
        notes: survey.notes.into_iter().chain(loss).collect(),
        fault: decoded.fault,
    })
}

/// Where the frame shown at `time_ns` is.
fn place(time_ns: u64, repetitions: &[Repetition], cuts_ns: Option<&[u64]>) -> Place {
    let mut numbered = (1..).zip(repetitions);
    let found = numbered.find_map(|(number, it)| Some((number, it.phase(time_ns)?)));
    Place {
        repetition: found.map(|(number, _)| number),
        phase: found.map(|(_, phase)| (phase * 1e3).round() / 1e3),
        shot: cuts_ns.map(|cuts| 1 + cuts.partition_point(|&cut| cut <= time_ns) as u32),
        ..Place::default()
    }
}

/// Decodes the file to its end.
fn decode(file: &MediaFile, settings: &Settings, sink: &dyn FrameSink) -> Result<Decoded, Fault> {
    let mut player = Player::start(file, sink, Wanted::All)?;
    let Some(first) = player.next_frame()? else {
        return Err(Fault::new(code::DECODE, "no frame could be decoded"));
    };
    let (codec, container) = player.codec_and_container();
    let survey = Survey {
        look: first.look()?,
        notes: first.ignored_shape().into_iter().collect(),
        codec,
        container,
        start_ns: first.time_ns,
        times_ns: vec![0],
        last_duration_ns: first.duration_ns,
    };
    let mut decoded = Decoded {
        survey,
        sent: BTreeSet::new(),
        packets: Vec::new(),
        corrupt_ns: Vec::new(),
        is_progressive: first.is_progressive()?,
        promised_ns: player.promised_duration_ns(),
        film: Film::default(),
        fault: None,
    };
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
            Err(fault) if fault.code == code::UNSUPPORTED_CONTAINER => return Err(fault),
            Err(fault) => {
                decoded.fault = Some(Fault::new(code::TRUNCATED, fault.what));
                break;
            }
        }
    }
    if centres.peek().is_some() {
        decoded.send(&shown, settings, sink)?;
    }
    decoded.packets = player.packets();
    let n_missing = file.n_missing_bytes();
    if decoded.fault.is_none() && n_missing > 0 {
        let what = format!("the file ends early: {n_missing} of its bytes are missing");
        decoded.fault = Some(Fault::new(code::TRUNCATED, what));
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
