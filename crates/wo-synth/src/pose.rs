//! Technique and phase to joints. Each exercise is a file; `outline.rs` has what they share: feet, legs, arms, head.

mod bench_press;
mod outline;
mod overhead_press;
mod pull;
mod squat;

use crate::catalog::Exercise;
use crate::person::Body;
use crate::skeleton::Skeleton;
use crate::technique::Technique;

pub(crate) use bench_press::{PAD_HALF_WIDTH, PAD_TOP};
pub use outline::FULL_PLATE;

/// The joints at a phase: 0 is the start position, 1 the far end of the hard part.
pub fn pose(exercise: Exercise, body: &Body, technique: &Technique, phase: f32) -> Skeleton {
    let outline = match exercise {
        Exercise::Squat => squat::outline(body, technique, phase),
        Exercise::Deadlift => pull::deadlift(body, technique, phase),
        Exercise::BarbellRow => pull::row(body, technique, phase),
        Exercise::BenchPress => bench_press::outline(body, technique, phase),
        Exercise::OverheadPress => overhead_press::outline(body, technique, phase),
    };
    outline.skeleton(body)
}
