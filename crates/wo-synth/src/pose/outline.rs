//! What exercises decide, and what they share: feet, legs, arms, head.

use crate::person::Body;
use crate::skeleton::{Bar, SIDES, Skeleton, Spine, bend, facing, leaning};
use crate::vector::{Vec3, vec3};

/// Radius of a full-size plate, which fixes the height of a bar on the floor.
pub const FULL_PLATE: f32 = 0.225;

/// What an exercise decides; the joints between follow from it.
pub(super) struct Outline {
    pub(super) spine: Spine,
    pub(super) feet: Feet,
    /// Where each knee points.
    pub(super) knee_poles: [Vec3; 2],
    pub(super) bar: Bar,
    /// From the middle of the bar to each hand.
    pub(super) grip_half: f32,
    /// Where each elbow points.
    pub(super) elbow_poles: [Vec3; 2],
    /// How far the neck and the head lean forward from straight up, in degrees.
    pub(super) neck_deg: f32,
    pub(super) head_deg: f32,
}

/// Two feet flat on the floor.
#[derive(Clone, Copy)]
pub(super) struct Feet {
    pub(super) ankles: [Vec3; 2],
    pub(super) heels: [Vec3; 2],
    pub(super) toes: [Vec3; 2],
    pub(super) directions: [Vec3; 2],
}

/// Radius of a shoe: the bones of the foot lie this high.
const SOLE: f32 = 0.035;

impl Feet {
    pub(super) fn new(body: &Body, half_distance: f32, z: f32, toe_out_deg: f32) -> Self {
        let (sin, cos) = toe_out_deg.to_radians().sin_cos();
        let directions = SIDES.map(|side| vec3(side * sin, 0.0, cos));
        let ankles = SIDES.map(|side| vec3(side * half_distance, body.ankle + SOLE, z));
        let on_floor = |i: usize, forward: f32| {
            let foot = ankles[i] + directions[i] * (forward * body.foot);
            vec3(foot.x, SOLE, foot.z)
        };
        Self {
            ankles,
            heels: [on_floor(0, -0.20), on_floor(1, -0.20)],
            toes: [on_floor(0, 0.66), on_floor(1, 0.66)],
            directions,
        }
    }
}

/// The hip joints beside the base of the spine.
pub(super) fn hips_of(body: &Body, base: Vec3) -> [Vec3; 2] {
    SIDES.map(|side| base + vec3(side * body.hip_half, 0.0, 0.0))
}

/// Where the middle of the hips is with these angles of shank (forward) and thigh (back) from upright, ankles at z = 0.
/// `spread` is how far each ankle is to the side of its hip.
pub(super) fn hip_over_feet(body: &Body, shank_deg: f32, thigh_deg: f32, spread: f32) -> Vec3 {
    // Legs that stand wide reach less high.
    let narrow = (1.0 - (spread / (body.shank + body.thigh)).powi(2)).sqrt();
    let knee = vec3(0.0, body.ankle + SOLE, 0.0) + leaning(shank_deg) * (body.shank * narrow);
    knee + leaning(-thigh_deg) * (body.thigh * narrow)
}

impl Outline {
    pub(super) fn skeleton(self, body: &Body) -> Skeleton {
        let hips = hips_of(body, self.spine.base());
        let knees = [0, 1].map(|i| {
            bend(
                hips[i],
                self.feet.ankles[i],
                body.thigh,
                body.shank,
                self.knee_poles[i],
            )
            .0
        });
        let shoulders = self.spine.shoulders(body);
        let arms = [0, 1].map(|i| {
            let hand = self.bar.centre + self.bar.axis * (SIDES[i] * self.grip_half);
            bend(
                shoulders[i],
                hand,
                body.upper_arm,
                body.forearm,
                self.elbow_poles[i],
            )
        });
        let skull_base = self.spine.top() + leaning(self.neck_deg) * body.neck;
        Skeleton {
            spine: self.spine,
            hips,
            knees,
            ankles: self.feet.ankles,
            heels: self.feet.heels,
            toes: self.feet.toes,
            shoulders,
            elbows: arms.map(|(elbow, _)| elbow),
            hands: arms.map(|(_, hand)| hand),
            head: skull_base + leaning(self.head_deg) * (body.head * 0.95),
            crown: leaning(self.head_deg),
            face: facing(self.head_deg),
            bar: self.bar,
        }
    }
}

/// The reach of an arm in the plane of symmetry when the hand is this far to the side of its shoulder.
pub(super) fn flat_reach(body: &Body, grip_half: f32) -> f32 {
    let arm = (body.upper_arm + body.forearm) * 0.995;
    let sideways = grip_half - body.shoulder_half;
    (arm * arm - sideways * sideways).max(0.01).sqrt()
}

/// A level bar.
pub(super) fn level_bar(y: f32, z: f32) -> Bar {
    Bar {
        centre: vec3(0.0, y, z),
        axis: vec3(1.0, 0.0, 0.0),
    }
}
