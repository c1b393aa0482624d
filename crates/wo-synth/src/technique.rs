//! How somebody lifts: the natural variance of good form, and at most one fault with its size.
//!
//! The variance is drawn from a stream that does not know the label; only [`Flaw`] does.

use crate::catalog::Fault;
use crate::random::Stream;
use crate::vector::lerp;

/// A fault and how large it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flaw {
    /// Which one.
    pub fault: Fault,
    /// From 0, plain to see, to 1, gross.
    pub size: f32,
}

/// The way one person does one exercise in one video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Technique {
    /// Half the distance of the ankles over half the distance of the hips, minus 1.
    pub stance: f32,
    /// How far the toes and knees point outward, in degrees.
    pub toe_out_deg: f32,
    /// Half the distance of the hands beyond the shoulders, in metres.
    pub grip: f32,
    /// How deep, -1 to 1 within what is good.
    pub depth: f32,
    /// How far the trunk leans, -1 to 1 within what is good.
    pub lean: f32,
    /// How far the knees go forward, -1 to 1 within what is good.
    pub knee_travel: f32,
    /// Where the bar travels, -1 to 1 within what is good.
    pub bar_path: f32,
    /// How far the elbows are tucked, -1 to 1 within what is good.
    pub tuck: f32,
    /// Degrees of flexion of the spine that are natural.
    pub spine_deg: f32,
    /// Where the eyes look: degrees up (positive) or down.
    pub gaze_deg: f32,
    /// The hand that is higher on an uneven bar: 1 is the left one, -1 the right one.
    pub high_side: f32,
    /// The fault, if any.
    pub flaw: Option<Flaw>,
}

impl Technique {
    pub(crate) fn new(stream: &mut Stream) -> Self {
        Self {
            stance: stream.within(0.0..1.0),
            toe_out_deg: stream.within(12.0..32.0),
            grip: stream.within(0.0..1.0),
            depth: stream.within(-1.0..1.0),
            lean: stream.within(-1.0..1.0),
            knee_travel: stream.within(-1.0..1.0),
            bar_path: stream.within(-1.0..1.0),
            tuck: stream.within(-1.0..1.0),
            spine_deg: stream.within(-6.0..8.0),
            gaze_deg: stream.within(-12.0..12.0),
            high_side: 1.0,
            flaw: None,
        }
    }

    /// The same lifter with this flaw.
    #[must_use = "the value is not changed in place"]
    pub fn with_flaw(self, flaw: Option<Flaw>) -> Self {
        Self { flaw, ..self }
    }

    /// The size of `fault` within its range, or 0 without it.
    pub(crate) fn amount(&self, fault: Fault, smallest: f32, largest: f32) -> f32 {
        match self.flaw {
            Some(flaw) if flaw.fault == fault => lerp(smallest, largest, flaw.size),
            _ => 0.0,
        }
    }

    /// `faulty` at the size of `fault` within its range, or `good` without it.
    pub(crate) fn or_fault(&self, good: f32, fault: Fault, smallest: f32, largest: f32) -> f32 {
        match self.flaw {
            Some(flaw) if flaw.fault == fault => lerp(smallest, largest, flaw.size),
            _ => good,
        }
    }

    /// True with this fault.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.flaw.is_some_and(|flaw| flaw.fault == fault)
    }
}
