//! The overhead press: from the front of the shoulders to over the middle of the foot.

use super::outline::{Feet, Outline, flat_reach, hip_over_feet, level_bar};
use crate::catalog::Fault;
use crate::person::Body;
use crate::skeleton::{SIDES, Spine};
use crate::technique::Technique;
use crate::vector::{lerp, smoothstep, vec3};

/// A bar that rests on the front of the shoulders, in front of the shoulder joints.
const RACK_Z: f32 = 0.13;
/// Its height over the shoulder joints.
const RACK_Y: f32 = 0.03;

pub(super) fn outline(body: &Body, technique: &Technique, phase: f32) -> Outline {
    let stance_half = body.hip_half * lerp(1.2, 2.0, technique.stance);
    let feet = Feet::new(body, stance_half, 0.0, technique.toe_out_deg * 0.7);
    let grip_half = body.shoulder_half + lerp(0.05, 0.13, technique.grip);
    let reach = flat_reach(body, grip_half);

    let effort = lerp(0.6, 1.0, smoothstep(0.0, 0.4, phase));
    let arch_deg = technique.amount(Fault::BackArches, 44.0, 64.0) * effort;
    let mut base = hip_over_feet(body, 2.0, 3.0, stance_half - body.hip_half);
    base.z += 0.035 + technique.amount(Fault::BackArches, 0.11, 0.16) * effort;
    base.y -= technique.amount(Fault::BackArches, 0.015, 0.03) * effort;
    let lean_deg = 1.0 + 2.0 * technique.lean - 0.42 * arch_deg;
    let flexion_deg = technique.spine_deg * 0.6 - arch_deg;
    let spine = Spine::new(base, body.trunk, lean_deg, flexion_deg);
    let shoulder = spine.shoulders(body)[0];

    let drift =
        technique.amount(Fault::BarDriftsForward, 0.20, 0.30) * smoothstep(-0.35, 0.45, phase);
    let rack_z = shoulder.z + RACK_Z + 0.3 * drift;
    // Past the face the bar comes back over the shoulders, or over the feet where these are behind.
    let over_z = shoulder.z.max(-0.04) + 0.015 * technique.bar_path + drift;
    let bar_z = lerp(rack_z, over_z, smoothstep(0.35, 0.95, phase)).max(rack_z * (1.0 - phase));
    let out = bar_z - shoulder.z;
    let highest = (reach * reach - out * out).max(0.01).sqrt() * 0.99;
    let pressed = phase * technique.or_fault(1.0, Fault::PartialLockout, 0.52, 0.38);
    let bar_y = shoulder.y + lerp(RACK_Y, highest, pressed).min(highest);

    let opened = smoothstep(0.2, 0.8, pressed);
    let top_deg = lean_deg + flexion_deg * 0.5;
    Outline {
        spine,
        feet,
        knee_poles: feet.directions,
        bar: level_bar(bar_y, bar_z),
        grip_half,
        elbow_poles: SIDES.map(|side| {
            vec3(
                side * lerp(0.25, 0.9, opened),
                lerp(-0.8, -0.35, opened),
                0.45,
            )
        }),
        neck_deg: top_deg * 0.6 - 2.0,
        head_deg: top_deg * 0.5 - technique.gaze_deg * 0.6 - 3.0,
    }
}
