//! When the lifter is where in a repetition: time to phase.

use crate::random::Stream;
use crate::vector::smoothstep;

/// Frames a second of every video.
pub const FRAME_RATE_HZ: u32 = 30;

/// Shortest and longest video in seconds.
pub(crate) const DURATION_S: (f32, f32) = (5.0, 15.0);
/// The quickest and the slowest repetition that still looks natural, in seconds.
const REP_S: (f32, f32) = (2.2, 5.4);
/// The most repetitions of a video.
const MAX_REPS: usize = 4;
/// At most this part of the time is rest, before and after together: most frames have to show the movement.
const MAX_REST: f32 = 0.08;
/// Above 1, a lifter lingers less at the start than at the far end, where the faults show.
const LINGER: f32 = 1.7;

/// The speed of one repetition.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rep {
    start_s: f32,
    out_s: f32,
    hold_s: f32,
    back_s: f32,
    /// How much of the way to the far end, near 1: people are not machines.
    reach: f32,
}

/// The speed of the whole video.
#[derive(Debug, Clone, PartialEq)]
pub struct Tempo {
    /// Length of the video in seconds, a whole number of frames.
    pub duration_s: f32,
    reps: Vec<Rep>,
}

impl Tempo {
    pub(crate) fn new(stream: &mut Stream) -> Self {
        let n_reps = 1 + stream.below(MAX_REPS);
        let fastest = REP_S.0.max(DURATION_S.0 * 0.94 / n_reps as f32);
        let slowest = REP_S.1.min(DURATION_S.1 * 0.84 / n_reps as f32);
        let rep_s = stream.within(fastest..slowest.max(fastest + 0.2));
        let out_part = stream.within(0.38..0.56);
        let hold_part = stream.within(0.04..0.16);
        let pause_part = stream.within(0.0..0.03);
        let work_s = rep_s * n_reps as f32;
        let rest_s = work_s * stream.within(0.03..MAX_REST);
        let lead_s = rest_s * stream.within(0.3..0.7);

        let mut start_s = lead_s;
        let mut reps = Vec::with_capacity(n_reps);
        for _ in 0..n_reps {
            let this_s = rep_s * stream.within(0.95..1.05);
            let moving = 1.0 - hold_part - pause_part;
            reps.push(Rep {
                start_s,
                out_s: this_s * out_part * moving,
                hold_s: this_s * hold_part,
                back_s: this_s * (1.0 - out_part) * moving,
                reach: stream.within(0.97..1.0),
            });
            start_s += this_s;
        }
        let wanted_s = start_s + rest_s - lead_s;
        let n_frames = (wanted_s.clamp(DURATION_S.0, DURATION_S.1) * FRAME_RATE_HZ as f32).round();
        Self {
            duration_s: n_frames / FRAME_RATE_HZ as f32,
            reps,
        }
    }

    /// How many repetitions.
    pub fn n_reps(&self) -> u32 {
        self.reps.len() as u32
    }

    /// Start, middle of the far end, and end of each repetition, in seconds.
    pub(crate) fn rep_times_s(&self) -> impl Iterator<Item = [f32; 3]> {
        self.reps.iter().map(|rep| {
            let hold_s = rep.start_s + rep.out_s;
            let back_s = hold_s + rep.hold_s;
            [rep.start_s, hold_s + rep.hold_s / 2.0, back_s + rep.back_s]
        })
    }

    /// How many frames.
    pub fn n_frames(&self) -> u32 {
        (self.duration_s * FRAME_RATE_HZ as f32).round() as u32
    }

    /// The phase at a moment: 0 at the start position, 1 at the far end of the hard part.
    pub fn phase_at(&self, t_s: f32) -> f32 {
        self.reps
            .iter()
            .map(|rep| {
                let t = t_s - rep.start_s;
                let back_from = rep.out_s + rep.hold_s;
                let out = smoothstep(0.0, rep.out_s, t);
                let back = smoothstep(back_from, back_from + rep.back_s, t);
                rep.reach * (1.0 - (1.0 - (out - back)).max(0.0).powf(LINGER))
            })
            .fold(0.0, f32::max)
    }
}
