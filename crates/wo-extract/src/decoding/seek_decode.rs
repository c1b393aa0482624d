//! Decodes only the packets that the wanted frames need.
//!
//! The packets of a video say when each frame is shown and where decoding can start. A first pass reads all packets and
//! decodes one; a second pass decodes those that the wanted frames need. Unusual videos are left to the full decode.

use std::collections::BTreeSet;

use wo_record::Video;

use crate::decoding::fetch::fetch;
use crate::decoding::frame_sink::FrameSink;
use crate::decoding::pipeline::{Mark, Packet, Player, Wanted};
use crate::decoding::survey::Survey;
use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use crate::job::{Settings, TRUNCATED, Taken};
use crate::quality::still::FramePosition;
use crate::sampling::sample::Timeline;
use crate::sampling::select;

/// Codecs whose streams were seen to give the same frames this way as when all is decoded.
const CODECS: [&str; 8] = [
    "h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores",
];

/// What the first pass found.
struct Scan {
    survey: Survey,
    packets: Vec<Packet>,
    /// The packet of each frame, in order of display.
    shown: Vec<usize>,
    /// What is missing of the file.
    loss: Option<String>,
}

/// Takes the frames of `file`; `None` where all of it must be decoded to know them.
pub(crate) fn take(
    file: &MediaFile,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<Option<Taken>, ExtractError> {
    let Some(scan) = scan(file, sink).unwrap_or(None) else {
        return Ok(None);
    };
    let Scan {
        survey,
        packets,
        shown,
        loss,
    } = scan;
    let duration_ns = survey.duration_ns();
    let is_key = |index: usize| packets[shown[index]].is_key;
    let mut chosen = settings.choose(Timeline {
        times_ns: &survey.times_ns,
        duration_ns,
        is_key: &is_key,
        video_id: &file.id,
        repetitions: &[],
    })?;
    if settings.takes_neighbours() {
        chosen = select::quick(chosen, &survey.times_ns, duration_ns, is_key);
    }
    let packets_of_chosen = chosen.iter().map(|&index| shown[index]);
    let Some(marks) = needed(&packets, packets_of_chosen) else {
        return Ok(None);
    };
    let times_ns: Vec<u64> = chosen.iter().map(|&index| survey.times_ns[index]).collect();
    let wanted_ns = times_ns.iter().copied().collect();
    let positions = times_ns
        .into_iter()
        .map(|time| (time, FramePosition::default()))
        .collect();
    let Ok(mut player) = Player::start(file, sink, Wanted::Marked(marks)) else {
        return Ok(None);
    };
    let is_complete = fetch(&mut player, wanted_ns, survey.start_ns, settings, sink)
        .map(|is_complete| is_complete && !player.met_damage());
    // An error, and how far damage reaches, is for the other way to find.
    Ok(is_complete.unwrap_or(false).then(|| Taken {
        video: Video {
            warnings: loss.iter().map(|_| TRUNCATED.to_owned()).collect(),
            ..survey.video(file, duration_ns)
        },
        positions,
        notes: survey.notes.into_iter().chain(loss).collect(),
        error: None,
    }))
}

/// Reads all packets and decodes the first.
fn scan(file: &MediaFile, sink: &dyn FrameSink) -> Result<Option<Scan>, ExtractError> {
    if file.n_missing_bytes() > 0 {
        return Ok(None);
    }
    let mut player = Player::start(file, sink, Wanted::First)?;
    let Some(first) = player.next_frame()? else {
        return Ok(None);
    };
    if player.next_frame()?.is_some() || !first.is_progressive()? || player.met_damage() {
        return Ok(None);
    }
    let promised_ns = player.promised_duration_ns();
    let begun = Survey::begin(&player, &first)?;
    let packets = player.packets();
    let Some(shown) = in_order_of_display(&packets, begun.codec.as_deref(), first.time_ns) else {
        return Ok(None);
    };
    let times_ns = shown.iter().map(|(time_ns, _)| time_ns - first.time_ns);
    let last = shown.last().map(|&(_, number)| packets[number]);
    let survey = Survey {
        times_ns: times_ns.collect(),
        last_duration_ns: last.and_then(|packet| packet.duration_ns),
        ..begun
    };
    let lasted_ns = survey.start_ns + survey.duration_ns();
    let loss = file.loss(lasted_ns, promised_ns);
    Ok(Some(Scan {
        survey,
        loss,
        packets,
        shown: shown.into_iter().map(|(_, number)| number).collect(),
    }))
}

/// When each frame is shown and the packet that it is in, in order of display; `None` where that cannot be known from the
/// packets alone.
fn in_order_of_display(
    packets: &[Packet],
    codec: Option<&str>,
    start_ns: u64,
) -> Option<Vec<(u64, usize)>> {
    let mut shown: Vec<(u64, usize)> = packets
        .iter()
        .enumerate()
        .filter_map(|(number, packet)| Some((packet.time_ns?, number)))
        .collect();
    shown.sort_unstable();
    let is_plain = codec.is_some_and(|codec| CODECS.contains(&codec))
        && packets.first().is_some_and(|packet| packet.is_key)
        && packets.iter().all(|packet| packet.is_timed)
        && shown.is_sorted_by(|(a, _), (b, _)| a < b)
        && shown
            .first()
            .is_some_and(|&(time_ns, _)| time_ns == start_ns);
    is_plain.then_some(shown)
}

/// The packets to decode for the frames shown at `times_ns`, on the clock of the packets, of a file that was decoded to
/// its end without an error and gave `n_frames`, the first at `start_ns`.
pub(crate) fn wanted(
    packets: &[Packet],
    codec: Option<&str>,
    start_ns: u64,
    n_frames: usize,
    times_ns: impl Iterator<Item = u64>,
) -> Wanted {
    let shown = in_order_of_display(packets, codec, start_ns);
    let marks = shown
        .filter(|shown| shown.len() == n_frames)
        .and_then(|shown| {
            let place = |time: u64| shown.binary_search_by_key(&time, |&(time_ns, _)| time_ns);
            let packets_of_frames: Vec<usize> = times_ns
                .map(|time| place(time).ok().map(|place| shown[place].1))
                .collect::<Option<_>>()?;
            needed(packets, packets_of_frames.into_iter())
        });
    marks.map_or(Wanted::All, Wanted::Marked)
}

/// Marks the packets that the frames in `wanted` packets are decoded from: all from the key packet before them on, but
/// those that no other needs. `None` where there is none.
fn needed(packets: &[Packet], wanted: impl Iterator<Item = usize>) -> Option<Vec<Mark>> {
    let mut marks = vec![Mark::Out; packets.len()];
    let (mut starts, mut passed) = (BTreeSet::new(), BTreeSet::new());
    let top = packets.iter().map(|packet| packet.layer).max();
    let is_needed = |packet: &Packet| !packet.is_disposable || Some(packet.layer) != top;
    for last in wanted {
        let key_before = |end: usize| packets[..end].iter().rposition(|packet| packet.is_key);
        let mut first = key_before(last + 1)?;
        // A frame that is stored behind a key frame and shown before it may need what came before that key frame.
        if packets[last].time_ns < packets[first].time_ns {
            passed.insert(first);
            first = key_before(first)?;
        }
        starts.insert(first);
        let mut is_first_group = true;
        for number in first..last {
            let packet = &packets[number];
            is_first_group &= number == first || !packet.is_key;
            // Those that lead the first key frame lean on what is not decoded, and nothing shown later leans on them.
            let is_left_out = is_first_group && packet.is_leading;
            if is_needed(packet) && !is_left_out {
                marks[number] = Mark::In;
            }
        }
        marks[last] = Mark::In;
    }
    // Frames that are shown before a key frame and stored behind it need what comes before it.
    for &start in starts.difference(&passed) {
        marks[start] = Mark::Start;
    }
    Some(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of frames shown at these times; those in `keys` can be started with.
    fn packets(times_ns: &[u64], keys: &[usize]) -> Vec<Packet> {
        let packet = |(number, &time_ns)| Packet {
            time_ns: Some(time_ns),
            is_timed: true,
            is_key: keys.contains(&number),
            is_recovery: keys.contains(&number),
            ..Packet::default()
        };
        times_ns.iter().enumerate().map(packet).collect()
    }

    /// The numbers of the packets that go into the decoder.
    fn numbers(marks: Vec<Mark>) -> Vec<usize> {
        let marks = (0..).zip(marks);
        let gone_in = marks.filter(|(_, mark)| *mark != Mark::Out);
        gone_in.map(|(number, _)| number).collect()
    }

    #[test]
    fn decoding_starts_at_the_key_frame_and_ends_with_the_wanted_one() {
        let packets = packets(&[0, 1, 2, 3, 4, 5, 6, 7], &[0, 4]);
        let marks = |wanted: &[usize]| needed(&packets, wanted.iter().copied()).map(numbers);
        assert_eq!(marks(&[2, 4]), Some(vec![0, 1, 2, 4]));
        assert_eq!(marks(&[7]), Some(vec![4, 5, 6, 7]));
    }

    #[test]
    fn a_frame_shown_before_its_key_frame_needs_the_one_before() {
        // Stored: I0 P3 B1 B2 I6 B4 B5, an open group of pictures.
        let packets = packets(&[0, 3, 1, 2, 6, 4, 5], &[0, 4]);
        let marks = |wanted: usize| needed(&packets, [wanted].into_iter()).map(numbers);
        assert_eq!(marks(5), Some(vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(marks(4), Some(vec![4]));
    }

    #[test]
    fn what_leads_a_key_frame_is_left_out_where_decoding_starts_there() {
        // Stored: I0 P3 B1 B2 I6 B4 B5 P9 B7 B8 I12 B10 B11.
        let mut packets = packets(&[0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11], &[0, 4, 10]);
        for number in [5, 6, 11, 12] {
            packets[number].is_leading = true;
        }
        let marks = |wanted: &[usize]| needed(&packets, wanted.iter().copied()).unwrap();
        let behind = marks(&[8]);
        assert_eq!(behind[4], Mark::Start);
        assert_eq!(numbers(behind), [4, 7, 8]);
        // The second leads the last key frame: its own leading ones are decoded, those of the first are not.
        let leading = marks(&[12]);
        assert_eq!((leading[4], leading[10]), (Mark::Start, Mark::In));
        assert_eq!(numbers(leading), [4, 7, 8, 9, 10, 11, 12]);
        // Both at once: the key frame between them is passed, not started with.
        let both = marks(&[6, 8]);
        assert_eq!((both[0], both[4]), (Mark::Start, Mark::In));
        assert_eq!(numbers(both), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn what_no_other_frame_needs_is_left_out() {
        let mut packets = packets(&[0, 3, 1, 2, 6, 4], &[0]);
        for number in [2, 3, 5] {
            packets[number].is_disposable = true;
        }
        let marks = |wanted: &[usize]| needed(&packets, wanted.iter().copied()).map(numbers);
        assert_eq!(marks(&[4]), Some(vec![0, 1, 4]));
        assert_eq!(marks(&[3, 5]), Some(vec![0, 1, 3, 4, 5]));
    }

    #[test]
    fn without_a_key_frame_there_is_no_start() {
        let packets = packets(&[0, 1], &[]);
        assert_eq!(needed(&packets, [1].into_iter()), None);
    }
}
