//! Finds damaged frames: those in which the decoder met damage, and those that are predicted from them.

use std::collections::HashSet;

use crate::decoding::pipeline::Packet;

/// The damage of one video.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// When the damaged frames are shown, on the clock of the packets.
    times_ns: HashSet<u64>,
    /// Frames that have no time of their own.
    n_untimed: usize,
    /// How many are at the start of a video that begins where its decoder cannot, if all are.
    n_at_start: usize,
}

impl Damage {
    /// As the decoder of `packets` told it, which called the frames shown at `corrupt_ns` corrupt.
    pub(crate) fn of(packets: &[Packet], corrupt_ns: &[u64]) -> Self {
        let mut damage = Self {
            times_ns: corrupt_ns.iter().copied().collect(),
            ..Self::default()
        };
        let top_layer = packets.iter().map(|packet| packet.layer).max();
        // Whether frames that are decoded from here on are made from damaged ones; the same of frames that are stored
        // behind one that needs none before, and shown in front of it. Nothing shown later is made from those.
        let (mut is_spoilt, mut is_early_spoilt) = (false, false);
        let mut recovers_ns = None;
        for packet in packets {
            if packet.is_behind_gap {
                // At least one.
                damage.n_untimed += 1;
                is_spoilt = true;
            }
            if packet.is_key || packet.is_recovery {
                (is_spoilt, is_early_spoilt) = (false, is_spoilt);
                recovers_ns = packet.time_ns;
            }
            let is_early = packet
                .time_ns
                .zip(recovers_ns)
                .is_some_and(|(time_ns, recovers_ns)| time_ns < recovers_ns);
            let spoilt = if is_early {
                &mut is_early_spoilt
            } else {
                &mut is_spoilt
            };
            let is_needed = !packet.is_disposable || Some(packet.layer) != top_layer;
            *spoilt |= packet.lacks_frames;
            if packet.is_damaged || *spoilt {
                damage.add(packet);
            }
            *spoilt |= packet.is_damaged && is_needed;
        }
        damage.n_at_start = n_at_start(packets, &damage);
        damage
    }

    fn add(&mut self, packet: &Packet) {
        match packet.time_ns {
            Some(time_ns) => drop(self.times_ns.insert(time_ns)),
            // Frames that are cut away are nobody's loss.
            None if packet.is_timed => {}
            None => self.n_untimed += 1,
        }
    }

    /// Whether the frame shown at `time_ns` is damaged.
    pub(crate) fn is_at(&self, time_ns: u64) -> bool {
        self.times_ns.contains(&time_ns)
    }

    /// Whether all of it comes from a cut in front of a frame that a decoder cannot begin with.
    pub(crate) fn is_at_cut(&self) -> bool {
        self.n_at_start > 0
    }

    /// How many frames are damaged, those among them that could not be shown at all; `None` where no damage was met.
    pub(crate) fn n_frames(&self) -> Option<u32> {
        let n = self.times_ns.len() + self.n_untimed;
        (n > 0).then(|| u32::try_from(n).unwrap_or(u32::MAX))
    }
}

/// How many damaged frames there are in front of the second one that needs none before, if all damage is there and the
/// first is none to begin with.
fn n_at_start(packets: &[Packet], damage: &Damage) -> usize {
    let Some((first, others)) = packets.split_first() else {
        return 0;
    };
    let is_begun = first.is_key || !first.is_damaged;
    if is_begun || packets.iter().any(|packet| packet.is_behind_gap) {
        return 0;
    }
    let recovery = others.iter().find(|packet| packet.is_recovery);
    let end_ns = recovery.and_then(|packet| packet.time_ns);
    let is_before = |&time_ns: &u64| end_ns.is_none_or(|end_ns| time_ns < end_ns);
    if !damage.times_ns.iter().all(is_before) {
        return 0;
    }
    damage.times_ns.len() + damage.n_untimed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of frames shown at these times, of which some are damaged.
    fn packets(times_ns: &[u64], damaged: &[usize]) -> Vec<Packet> {
        let packet = |(number, &time_ns)| Packet {
            time_ns: Some(time_ns),
            is_timed: true,
            is_key: number == 0,
            is_recovery: number == 0,
            is_damaged: damaged.contains(&number),
            ..Packet::default()
        };
        times_ns.iter().enumerate().map(packet).collect()
    }

    fn check(packets: &[Packet], expected: &[u64]) {
        let damage = Damage::of(packets, &[]);
        let mut times: Vec<u64> = damage.times_ns.iter().copied().collect();
        times.sort_unstable();
        assert_eq!(times, expected);
        assert_eq!(damage.n_frames().unwrap_or(0), expected.len() as u32);
    }

    #[test]
    fn damage_lasts_until_the_next_key_frame() {
        let mut six = packets(&[0, 1, 2, 3, 4, 5], &[2]);
        check(&six, &[2, 3, 4, 5]);
        six[4].is_key = true;
        check(&six, &[2, 3]);
        check(&packets(&[0, 1, 2], &[]), &[]);
    }

    #[test]
    fn a_frame_that_no_other_needs_spoils_no_other() {
        let mut packets = packets(&[0, 3, 1, 2], &[2]);
        packets[2].is_disposable = true;
        check(&packets, &[1]);
    }

    #[test]
    fn what_is_shown_before_the_recovery_is_still_made_from_damage() {
        // Stored: I0 P3 B1 I6 B4 B5 P7, an open group of pictures.
        let mut packets = packets(&[0, 3, 1, 6, 4, 5, 7], &[1]);
        packets[3].is_recovery = true;
        check(&packets, &[1, 3, 4, 5]);
    }

    #[test]
    fn so_it_is_where_each_key_frame_looks_back() {
        // MPEG-2: the same with a key frame for the decoder, that early ones in front of it are made without.
        let mut packets = packets(&[0, 3, 1, 6, 4, 5, 7], &[1]);
        packets[3].is_key = true;
        check(&packets, &[1, 3, 4, 5]);
    }

    #[test]
    fn damage_in_early_frames_stays_among_them() {
        let mut packets = packets(&[0, 3, 1, 6, 4, 5, 7], &[4]);
        packets[3].is_recovery = true;
        packets[4].lacks_frames = true;
        check(&packets, &[4, 5]);
    }

    #[test]
    fn a_frame_that_is_not_there_spoils_all_behind() {
        let mut five = packets(&[0, 3, 1, 2, 4], &[2]);
        five[2].is_disposable = true;
        five[2].lacks_frames = true;
        check(&five, &[1, 2, 4]);
    }

    #[test]
    fn a_gap_is_at_least_one_frame() {
        let mut six = packets(&[0, 1, 2, 3, 4, 5], &[]);
        six[2].is_behind_gap = true;
        six[4].is_key = true;
        assert_eq!(Damage::of(&six, &[]).n_frames(), Some(3));
        six[2].is_behind_gap = false;
        six[4].is_behind_gap = true;
        assert_eq!(Damage::of(&six, &[]).n_frames(), Some(1));
    }

    #[test]
    fn a_start_that_no_decoder_begins_with_is_told_apart() {
        let mut six = packets(&[0, 2, 1, 3, 4, 5], &[0]);
        six[0].is_key = false;
        six[3].is_recovery = true;
        let damage = Damage::of(&six, &[]);
        assert!(damage.is_at_cut() && damage.n_frames() == Some(3));
        six[4].is_damaged = true;
        assert!(!Damage::of(&six, &[]).is_at_cut());
    }

    #[test]
    fn corrupt_frames_and_those_without_a_time_count() {
        let mut packets = packets(&[0, 1], &[1]);
        packets[1].time_ns = None;
        packets[1].is_timed = false;
        let damage = Damage::of(&packets, &[0]);
        assert_eq!(damage.n_frames(), Some(2));
        assert!(damage.is_at(0) && !damage.is_at(1));
    }
}
