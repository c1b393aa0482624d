//! The back squat: the bar on the upper back stays over the middle of the foot.

use super::outline::{Feet, Outline, hip_over_feet, hips_of};
use crate::catalog::Fault;
use crate::person::Body;
use crate::skeleton::{Bar, SIDES, Spine, bend, facing};
use crate::technique::Technique;
use crate::vector::{Vec3, lerp, smoothstep, vec3};

/// The middle of the foot in front of the ankle, in metres.
const MIDFOOT_Z: f32 = 0.06;
/// From the base of the neck back to the bar.
const BAR_BEHIND: f32 = 0.075;
/// From the base of the neck down to the bar.
const BAR_BELOW: f32 = 0.03;
/// The most that a trunk leans in good form, degrees.
const MOST_LEAN_DEG: f32 = 46.0;

pub(super) fn outline(body: &Body, technique: &Technique, phase: f32) -> Outline {
    let stance_half = body.hip_half * lerp(1.9, 2.8, technique.stance);
    let feet = Feet::new(body, stance_half, 0.0, technique.toe_out_deg);

    let deepest_deg = technique.or_fault(
        104.0 + 7.0 * technique.depth,
        Fault::ShallowDepth,
        55.0,
        36.0,
    );
    let thigh_deg = lerp(4.0, deepest_deg, phase);
    // Who stops high bends the knees first and leaves the hips behind.
    let shank_most_deg = technique.or_fault(
        31.0 + 3.0 * technique.knee_travel,
        Fault::ShallowDepth,
        30.0,
        26.0,
    ) - technique.amount(Fault::ChestCollapses, 9.0, 13.0);
    let shank_deg = lerp(3.0, shank_most_deg, phase);
    let mut base = hip_over_feet(body, shank_deg, thigh_deg, stance_half - body.hip_half);

    // The lean that brings the bar over the middle of the foot.
    let balance = ((MIDFOOT_Z + BAR_BEHIND - base.z) / body.trunk).clamp(-0.1, 0.95);
    let good_deg = (balance.asin().to_degrees() + 3.0 * technique.lean).min(MOST_LEAN_DEG);
    let collapse = smoothstep(0.05, 0.65, phase);
    let lean_deg = good_deg + collapse * technique.amount(Fault::ChestCollapses, 27.0, 36.0);
    // A folded trunk would tip over forward; the hips go back a little against it.
    base.z -= collapse * technique.amount(Fault::ChestCollapses, 0.03, 0.05);
    let flexion_deg =
        technique.spine_deg + collapse * technique.amount(Fault::ChestCollapses, 22.0, 34.0);
    let spine = Spine::new(base, body.trunk, lean_deg, flexion_deg);

    let top_deg = lean_deg + flexion_deg * 0.5;
    let back = facing(top_deg) * -BAR_BEHIND;
    let bar = Bar {
        centre: spine.top() + back - spine.top_direction() * BAR_BELOW,
        axis: vec3(1.0, 0.0, 0.0),
    };
    let cave = smoothstep(0.06, 0.5, phase) * technique.amount(Fault::KneesCave, 0.125, 0.19);
    let hips = hips_of(body, base);
    Outline {
        spine,
        feet,
        knee_poles: [0, 1].map(|i| knee_pole(body, hips[i], &feet, i, cave)),
        bar,
        grip_half: body.shoulder_half + lerp(0.17, 0.27, technique.grip),
        elbow_poles: SIDES.map(|side| vec3(side * 0.25, -0.8, -0.6)),
        neck_deg: top_deg * 0.75 + 6.0,
        head_deg: top_deg * 0.45 - technique.gaze_deg,
    }
}

/// Where the knee of side `i` has to point to be over the toes, or `cave` metres further in.
fn knee_pole(body: &Body, hip: Vec3, feet: &Feet, i: usize, cave: f32) -> Vec3 {
    /// How far a bent knee goes forward along the foot: a factor on the shank.
    const FORWARD: f32 = 0.35;
    /// Half the width of a knee; knees that meet go no further.
    const HALF_KNEE: f32 = 0.045;
    let pole = |degrees: f32| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        vec3(SIDES[i] * sin, 0.0, cos)
    };
    let outward =
        |pole: Vec3| SIDES[i] * bend(hip, feet.ankles[i], body.thigh, body.shank, pole).0.x;
    let over_toes = feet.ankles[i] + feet.directions[i] * (FORWARD * body.shank);
    let wanted = (SIDES[i] * over_toes.x - cave).max(HALF_KNEE);
    let (mut in_deg, mut out_deg) = (-85.0, 70.0);
    // Halving 155 degrees so often leaves far less than can be seen.
    for _ in 0..14 {
        let middle = (in_deg + out_deg) * 0.5;
        if outward(pole(middle)) > wanted {
            out_deg = middle;
        } else {
            in_deg = middle;
        }
    }
    pole(in_deg)
}
