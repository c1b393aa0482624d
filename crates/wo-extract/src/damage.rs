//! Which frames of a video are damaged: those in which a decoder met damage, and those that are made from such.

use std::collections::HashSet;

use crate::pipeline::Packet;

/// The damage of one video.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// When the damaged frames are shown, on the clock of the packets.
    times_ns: HashSet<u64>,
    /// Frames that have no time of their own.
    n_untimed: usize,
}

impl Damage {
    /// As the decoder of `packets` told it, which called the frames shown at `corrupt_ns` corrupt.
    pub(crate) fn of(packets: &[Packet], corrupt_ns: &[u64]) -> Self {
        let mut damage = Self {
            times_ns: corrupt_ns.iter().copied().collect(),
            n_untimed: 0,
        };
        let top_layer = packets.iter().map(|packet| packet.layer).max();
        // Whether frames that are decoded from here on are made from damaged ones.
        let mut is_spoilt = false;
        let mut recovers_ns = None;
        for packet in packets {
            if packet.is_key {
                (is_spoilt, recovers_ns) = (false, None);
            } else if packet.is_recovery && is_spoilt {
                (is_spoilt, recovers_ns) = (false, packet.time_ns);
            }
            // Stored behind the frame that needs none before, and shown in front of it.
            let is_early = packet
                .time_ns
                .zip(recovers_ns)
                .is_some_and(|(time_ns, recovers_ns)| time_ns < recovers_ns);
            if packet.is_damaged || is_spoilt || is_early {
                damage.add(packet);
            }
            let is_needed = !packet.is_disposable || Some(packet.layer) != top_layer;
            is_spoilt |= packet.is_damaged && is_needed;
        }
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

    /// How many frames are damaged, those among them that could not be shown at all; `None` where no damage was met.
    pub(crate) fn n_frames(&self) -> Option<u32> {
        let n = self.times_ns.len() + self.n_untimed;
        (n > 0).then(|| u32::try_from(n).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of frames shown at these times, of which some are damaged.
    fn packets(times_ns: &[u64], damaged: &[usize]) -> Vec<Packet> {
        let packet = |(number, &time_ns)| Packet {
            time_ns: Some(time_ns),
            is_timed: true,
            duration_ns: None,
            is_key: number == 0,
            is_recovery: number == 0,
            is_disposable: false,
            layer: 0,
            is_damaged: damaged.contains(&number),
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
    fn corrupt_frames_and_those_without_a_time_count() {
        let mut packets = packets(&[0, 1], &[1]);
        packets[1].time_ns = None;
        packets[1].is_timed = false;
        let damage = Damage::of(&packets, &[0]);
        assert_eq!(damage.n_frames(), Some(2));
        assert!(damage.is_at(0) && !damage.is_at(1));
    }
}
