//! The deadlift and the barbell row: straight legs and hips decide, the trunk follows from where the bar has to be.

use super::outline::{FULL_PLATE, Feet, Outline, flat_reach, hip_over_feet, level_bar};
use crate::catalog::Fault;
use crate::person::Body;
use crate::skeleton::{SIDES, Spine, joint_between, leaning};
use crate::technique::Technique;
use crate::vector::{Vec3, lerp, smoothstep, vec3};

/// A bar that brushes the shins, in front of the ankles.
const BAR_AT_SHINS_Z: f32 = 0.10;
/// The shoulder joints lie this much below the base of the neck along the spine: a factor on the trunk.
const SHOULDER_PART: f32 = 0.93;
/// Lean of the trunk at the end of a deadlift: upright, a hair back.
const LOCKED_DEG: f32 = -2.0;

pub(super) fn deadlift(body: &Body, technique: &Technique, phase: f32) -> Outline {
    let stance_half = body.hip_half * lerp(1.1, 1.7, technique.stance);
    let feet = Feet::new(body, stance_half, 0.0, technique.toe_out_deg * 0.5);
    let grip_half = body.shoulder_half + lerp(0.03, 0.10, technique.grip);
    let reach = flat_reach(body, grip_half);

    // How bent the legs are, 1 at the floor. Hips that rise first leave nothing for the legs to do.
    let (bent, bar_way) = if technique.has(Fault::HipsRiseFirst) {
        (1.0 - smoothstep(0.0, 0.38, phase), phase.powf(1.35))
    } else {
        (1.0 - phase, phase)
    };
    let thigh_most_deg =
        70.0 + 5.0 * technique.depth - technique.amount(Fault::HipsRiseFirst, 12.0, 22.0);
    let shank_most_deg =
        15.0 + 3.0 * technique.knee_travel - technique.amount(Fault::HipsRiseFirst, 4.0, 7.0);
    let spread = stance_half - body.hip_half;
    let hip_at = |bent: f32| {
        hip_over_feet(
            body,
            shank_most_deg * bent + 1.0,
            thigh_most_deg * bent + 2.0,
            spread,
        )
    };
    let base = hip_at(bent);
    let rounding = technique.amount(Fault::RoundedBack, 52.0, 74.0);
    let flexion_deg = technique.spine_deg + rounding * lerp(1.0, 0.7, smoothstep(0.4, 1.0, phase));
    let drift = technique.amount(Fault::BarDriftsAway, 0.18, 0.28);
    let drift_now = drift
        * (0.75 + 0.25 * smoothstep(0.0, 0.3, phase))
        * (1.0 - 0.45 * smoothstep(0.75, 1.0, phase));
    let near_z = BAR_AT_SHINS_Z + 0.012 * technique.bar_path;
    let bar_z = near_z + drift_now;

    // How high the bar hangs when the lifter stands.
    let end_flexion_deg = technique.spine_deg + rounding * 0.7;
    let end_chord = Spine::chord(body.trunk, end_flexion_deg) * SHOULDER_PART;
    let end_shoulder = hip_at(0.0) + leaning(LOCKED_DEG) * end_chord;
    let end_y = end_shoulder.y - hang(reach, near_z + drift * 0.55 - end_shoulder.z);
    let bar_y = lerp(FULL_PLATE, end_y, bar_way);

    let chord = Spine::chord(body.trunk, flexion_deg) * SHOULDER_PART;
    let bar_point = vec3(0.0, bar_y, bar_z);
    let shoulder = joint_between(base, bar_point, chord, reach, vec3(0.0, 0.4, 1.0));
    let trunk = shoulder - base;
    let lean_deg = trunk.z.atan2(trunk.y).to_degrees();
    let top_deg = lean_deg + flexion_deg * 0.5;
    Outline {
        spine: Spine::new(base, body.trunk, lean_deg, flexion_deg),
        feet,
        knee_poles: feet.directions,
        bar: level_bar(bar_y, bar_z),
        grip_half,
        elbow_poles: SIDES.map(|side| vec3(side * 0.4, 0.0, -1.0)),
        neck_deg: top_deg * 0.85,
        head_deg: top_deg * head_follows(technique) - technique.gaze_deg,
    }
}

/// How far a hand hangs below its shoulder when it is this far in front of it.
fn hang(reach: f32, forward: f32) -> f32 {
    (reach * reach - forward.powi(2)).max(0.01).sqrt()
}

pub(super) fn row(body: &Body, technique: &Technique, phase: f32) -> Outline {
    let stance_half = body.hip_half * lerp(1.2, 1.9, technique.stance);
    let feet = Feet::new(body, stance_half, 0.0, technique.toe_out_deg * 0.6);
    let grip_half = body.shoulder_half + lerp(0.06, 0.15, technique.grip);
    let reach = flat_reach(body, grip_half);

    let upright = technique.has(Fault::TooUpright);
    // The trunk heaves a little with each pull.
    let lean_deg = technique.or_fault(57.0 + 6.0 * technique.lean, Fault::TooUpright, 24.0, 13.0)
        - 3.0 * phase;
    let (shank_deg, thigh_deg) = if upright {
        (9.0, 20.0)
    } else {
        (13.0 + 3.0 * technique.knee_travel, 42.0)
    };
    let base = hip_over_feet(body, shank_deg, thigh_deg, stance_half - body.hip_half);
    let flexion_deg = technique.spine_deg + technique.amount(Fault::RoundedBack, 54.0, 76.0);
    let spine = Spine::new(base, body.trunk, lean_deg, flexion_deg);
    let shoulder = spine.shoulders(body)[0];

    let hang = vec3(0.0, shoulder.y - reach, shoulder.z);
    let hang = hang_back(shoulder, hang, 0.07);
    let at_belly = belly(body, &spine, technique.bar_path);
    let pulled =
        smoothstep(0.0, 1.0, phase) * technique.or_fault(1.0, Fault::ShortPull, 0.42, 0.25);
    let bar = hang.lerp(at_belly, pulled);
    let top_deg = lean_deg + flexion_deg * 0.5;
    Outline {
        spine,
        feet,
        knee_poles: feet.directions,
        bar: level_bar(bar.y, bar.z),
        grip_half,
        elbow_poles: SIDES.map(|side| {
            vec3(
                side * lerp(0.6, 0.25, technique.tuck * 0.5 + 0.5),
                0.5,
                -0.9,
            )
        }),
        neck_deg: top_deg * 0.85,
        head_deg: top_deg * head_follows(technique) - technique.gaze_deg,
    }
}

/// The point where a pulled bar touches the trunk.
fn belly(body: &Body, spine: &Spine, bar_path: f32) -> Vec3 {
    /// Half the depth of a trunk of girth 1, in metres, and the bar itself.
    const DEPTH: f32 = 0.125;
    let on_spine = spine.points[1].lerp(spine.points[2], 0.5 + 0.2 * bar_path);
    on_spine + spine.fronts[2] * (DEPTH * body.girth.min(1.05))
}

/// A hanging bar is held `back` metres nearer to the legs than plumb.
fn hang_back(shoulder: Vec3, plumb: Vec3, back: f32) -> Vec3 {
    let arm = shoulder.y - plumb.y;
    vec3(
        0.0,
        shoulder.y - (arm * arm - back * back).max(0.0).sqrt(),
        plumb.z - back,
    )
}

/// How much of the lean of the upper back the head shares: a round back lets the head hang.
fn head_follows(technique: &Technique) -> f32 {
    if technique.has(Fault::RoundedBack) {
        0.85
    } else {
        0.55
    }
}
