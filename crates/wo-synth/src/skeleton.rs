//! The joints of a lifter and the bar at one moment, and the two ways to find joints: chains and bends.

use crate::person::Body;
use crate::vector::{Vec3, vec3};

/// The lifter's left side in all pairs of joints.
pub const LEFT: usize = 0;
/// The lifter's right side.
pub const RIGHT: usize = 1;
/// The sign of x on each side.
pub(crate) const SIDES: [f32; 2] = [1.0, -1.0];

/// How many points the spine has: five ends of four stiff pieces.
pub const N_SPINE: usize = 5;

/// A spine in the plane of symmetry, from the middle of the hips to the base of the neck.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spine {
    /// The ends of the pieces, from the hips up.
    pub points: [Vec3; N_SPINE],
    /// Where the belly and chest face at each point.
    pub fronts: [Vec3; N_SPINE],
}

/// The bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Its middle.
    pub centre: Vec3,
    /// Unit vector to its end on the lifter's left.
    pub axis: Vec3,
}

/// All joints. Pairs are left, right.
// More than 12 fields: one for each joint.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields are the names of the joints")]
pub struct Skeleton {
    pub spine: Spine,
    pub hips: [Vec3; 2],
    pub knees: [Vec3; 2],
    pub ankles: [Vec3; 2],
    pub heels: [Vec3; 2],
    pub toes: [Vec3; 2],
    pub shoulders: [Vec3; 2],
    pub elbows: [Vec3; 2],
    /// The middle of the fists.
    pub hands: [Vec3; 2],
    /// The middle of the skull.
    pub head: Vec3,
    /// Where the top of the head points.
    pub crown: Vec3,
    /// Where the face looks.
    pub face: Vec3,
    pub bar: Bar,
}

/// The direction in the plane of symmetry that leans forward by this angle from straight up.
pub(crate) fn leaning(angle_deg: f32) -> Vec3 {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    vec3(0.0, cos, sin)
}

/// Where a trunk faces whose direction is `leaning(angle_deg)`.
pub(crate) fn facing(angle_deg: f32) -> Vec3 {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    vec3(0.0, -sin, cos)
}

impl Spine {
    /// A spine from `base` whose pieces lean by `lean_deg` on average and are bent forward by `flexion_deg` in all.
    pub(crate) fn new(base: Vec3, length: f32, lean_deg: f32, flexion_deg: f32) -> Self {
        let piece = length / (N_SPINE - 1) as f32;
        let angle = |i: f32| lean_deg + flexion_deg * (i / (N_SPINE - 2) as f32 - 0.5);
        let mut points = [base; N_SPINE];
        for i in 1..N_SPINE {
            points[i] = points[i - 1] + leaning(angle(i as f32 - 1.0)) * piece;
        }
        let fronts = std::array::from_fn(|i| {
            facing(angle((i as f32 - 0.5).clamp(0.0, (N_SPINE - 2) as f32)))
        });
        Self { points, fronts }
    }

    /// The straight distance from the hips to the neck of a spine that is bent so.
    pub(crate) fn chord(length: f32, flexion_deg: f32) -> f32 {
        let spine = Self::new(Vec3::default(), length, 0.0, flexion_deg);
        spine.top().length()
    }

    /// The middle of the hips.
    pub fn base(&self) -> Vec3 {
        self.points[0]
    }

    /// The base of the neck.
    pub fn top(&self) -> Vec3 {
        self.points[N_SPINE - 1]
    }

    /// The direction of the uppermost piece.
    pub fn top_direction(&self) -> Vec3 {
        (self.points[N_SPINE - 1] - self.points[N_SPINE - 2]).unit()
    }

    /// The angle between the lowest and the uppermost piece in degrees, positive where the back is round.
    pub fn flexion_deg(&self) -> f32 {
        let low = self.points[1] - self.points[0];
        let high = self.points[N_SPINE - 1] - self.points[N_SPINE - 2];
        // From y to z is a turn about +x: the cross product's x is positive where `high` leans further forward.
        let sign = if low.cross(high).x >= 0.0 { 1.0 } else { -1.0 };
        sign * low.angle_deg(high)
    }

    /// The shoulder joints: a little below the base of the neck.
    pub(crate) fn shoulders(&self, body: &Body) -> [Vec3; 2] {
        let centre = self.top() - self.top_direction() * (0.035 * body.height / 1.75);
        SIDES.map(|side| centre + vec3(side * body.shoulder_half, 0.0, 0.0))
    }
}

/// The middle joint of a limb of two pieces from `root` towards `end`, bent towards `pole`, and where its end is.
/// An end that is out of reach is pulled in.
pub(crate) fn bend(root: Vec3, end: Vec3, first: f32, second: f32, pole: Vec3) -> (Vec3, Vec3) {
    let along = (end - root).unit();
    // A limb that is quite straight has no direction to bend to; a hair less keeps the middle joint steady.
    let distance = (end - root)
        .length()
        .clamp((first - second).abs() + 1e-3, (first + second) * 0.999);
    let to_foot = (first * first - second * second + distance * distance) / (2.0 * distance);
    let height = (first * first - to_foot * to_foot).max(0.0).sqrt();
    let out = (pole - along * pole.dot(along)).unit();
    (
        root + along * to_foot + out * height,
        root + along * distance,
    )
}

/// The joint in the plane of symmetry at distance `first` from `root` and `second` from `end`, on the side of `pole`.
pub(crate) fn joint_between(root: Vec3, end: Vec3, first: f32, second: f32, pole: Vec3) -> Vec3 {
    bend(root, end, first, second, pole).0
}
