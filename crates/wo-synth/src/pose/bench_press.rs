//! The bench press: the lifter lies with the head towards -z and the feet towards +z; phase 1 is the bar at the chest.

use super::outline::{Feet, Outline, flat_reach};
use crate::catalog::Fault;
use crate::person::Body;
use crate::skeleton::{Bar, SIDES, Spine};
use crate::technique::Technique;
use crate::vector::{Vec3, lerp, smoothstep, vec3};

/// Height of the pad's upper side, in metres.
pub(crate) const PAD_TOP: f32 = 0.42;
/// Half the width of the pad, in metres.
pub(crate) const PAD_HALF_WIDTH: f32 = 0.14;
/// Half the depth of a trunk of girth 1, in metres.
const TRUNK_DEPTH: f32 = 0.115;

pub(super) fn outline(body: &Body, technique: &Technique, phase: f32) -> Outline {
    let spine = lying_spine(body, technique, phase);
    let shoulder = spine.shoulders(body)[0];
    let grip_half = body.shoulder_half + lerp(0.13, 0.21, technique.grip);
    let reach = flat_reach(body, grip_half) * 0.99;

    let flared = technique.has(Fault::ElbowsFlared);
    // Tucked elbows bring the bar to the lower chest, flared ones to the neck.
    let touch_z = shoulder.z
        + if flared {
            technique.amount(Fault::ElbowsFlared, 0.02, -0.03)
        } else {
            0.15 + 0.025 * technique.bar_path
        };
    let touch_y = shoulder.y + TRUNK_DEPTH * body.girth.min(1.05) + 0.03;
    let start = vec3(0.0, shoulder.y + reach, shoulder.z + 0.02);
    let mut centre = start.lerp(vec3(0.0, touch_y, touch_z), phase);

    let tilt_deg = technique.amount(Fault::UnevenBar, 15.0, 24.0)
        * lerp(0.6, 1.0, smoothstep(0.0, 0.3, phase));
    let (sin, cos) = (technique.high_side * tilt_deg).to_radians().sin_cos();
    // The high hand cannot pass the reach of its arm, the low one not the chest.
    centre.y += grip_half * sin.abs() * lerp(-0.95, 0.75, phase);

    let pole = if flared {
        vec3(0.9, -0.3, -0.06)
    } else {
        vec3(0.36, -0.75, 0.62 + 0.1 * technique.tuck)
    };
    let stance_half = lerp(0.24, 0.31, technique.stance);
    let feet = Feet::new(body, stance_half, body.thigh * 0.72, technique.toe_out_deg);
    Outline {
        spine,
        feet,
        knee_poles: SIDES.map(|side| vec3(side * 0.35, 0.8, 0.5)),
        bar: Bar {
            centre,
            axis: vec3(cos, sin, 0.0),
        },
        grip_half,
        elbow_poles: SIDES.map(|side| vec3(side * pole.x, pole.y, pole.z)),
        neck_deg: -92.0,
        head_deg: -92.0,
    }
}

/// Shoulders and hips on the pad with the natural arch between; hips that lift turn about the shoulders.
fn lying_spine(body: &Body, technique: &Technique, phase: f32) -> Spine {
    let lift = technique.amount(Fault::HipsLift, 0.15, 0.22)
        * lerp(0.55, 1.0, smoothstep(0.0, 0.35, phase));
    let flexion_deg = -(20.0 + technique.spine_deg) - lift * 170.0;
    let chord = Spine::chord(body.trunk, flexion_deg);
    let depth = TRUNK_DEPTH * body.girth;
    let sine = (lift / chord).min(0.9);
    // The shoulders stay where they are.
    let base = Vec3 {
        x: 0.0,
        y: PAD_TOP + depth + lift,
        z: -body.trunk * 0.98 + chord * (1.0 - sine * sine).sqrt(),
    };
    Spine::new(
        base,
        body.trunk,
        -90.0 - sine.asin().to_degrees(),
        flexion_deg,
    )
}
