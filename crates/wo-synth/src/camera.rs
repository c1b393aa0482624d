//! Where the camera stands, and the lens that puts points of the gym into the picture.

use crate::catalog::Exercise;
use crate::random::{Stream, Wobble};
use crate::vector::{Vec3, vec3};

/// The sides that a lift is filmed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Angle {
    /// From the front; a bench press from the feet.
    Front,
    /// Between.
    Oblique,
    /// From the side.
    Side,
}

impl Angle {
    const ALL: [Self; 3] = [Self::Front, Self::Oblique, Self::Side];

    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Oblique => "oblique",
            Self::Side => "side",
        }
    }

    /// Degrees from the front. Never straight: then a fault would be wholly invisible. Knees that cave and a bar that
    /// tilts vanish from the side first, a bar that drifts from the front.
    pub fn range_deg(self, exercise: Exercise) -> std::ops::Range<f32> {
        let across = matches!(exercise, Exercise::Squat | Exercise::BenchPress);
        match self {
            Self::Front => (if across { 12.0 } else { 18.0 })..32.0,
            Self::Oblique => 35.0..58.0,
            Self::Side => 60.0..(if across { 67.0 } else { 76.0 }),
        }
    }
}

/// A camera on a stand or in a hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Names the seed and the camera.
    pub id: String,
    /// The side.
    pub angle: Angle,
    /// Degrees from the front: positive on the lifter's left, negative on the right.
    pub azimuth_deg: f32,
    /// Degrees above the level of the lifter's middle, before what the exercise adds.
    pub elevation_deg: f32,
    /// Distance to the lifter's middle in metres.
    pub distance_m: f32,
    /// How much of the central square the whole action fills.
    pub fill: f32,
    /// How far the hand moves, as a part of the square.
    pub shake: f32,
    /// How it moves: across and down.
    pub wobbles: [Wobble; 2],
}

impl Camera {
    pub(crate) fn new(id: String, exercise: Exercise, stream: &mut Stream) -> Self {
        let angle = stream.pick(&Angle::ALL);
        let side = stream.pick(&[1.0, -1.0]);
        Self {
            id,
            angle,
            azimuth_deg: side * stream.within(angle.range_deg(exercise)),
            elevation_deg: stream.within(4.0..15.0),
            distance_m: stream.within(3.4..4.6),
            fill: stream.within(0.86..0.95),
            shake: stream.within(0.0..0.008),
            wobbles: [Wobble::new(stream), Wobble::new(stream)],
        }
    }
}

/// A point in the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Pixels from the left.
    pub x: f32,
    /// Pixels from the top.
    pub y: f32,
    /// Metres from the camera, along its view.
    pub depth: f32,
}

/// A perspective lens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lens {
    eye: Vec3,
    right: Vec3,
    up: Vec3,
    forward: Vec3,
    /// Pixels at depth 1.
    focal_px: f32,
    centre_px: (f32, f32),
}

/// Nothing nearer than this is drawn, in metres.
pub(crate) const NEAR_M: f32 = 0.3;

impl Lens {
    /// A lens of focal length 1 at this place, which looks at `target`.
    pub(crate) fn towards(
        target: Vec3,
        azimuth_deg: f32,
        elevation_deg: f32,
        distance_m: f32,
    ) -> Self {
        let (sin_a, cos_a) = azimuth_deg.to_radians().sin_cos();
        let (sin_e, cos_e) = elevation_deg.to_radians().sin_cos();
        let back = vec3(sin_a * cos_e, sin_e, cos_a * cos_e);
        let forward = -back;
        let right = forward.cross(vec3(0.0, 1.0, 0.0)).unit();
        Self {
            eye: target + back * distance_m,
            right,
            up: right.cross(forward),
            forward,
            focal_px: 1.0,
            centre_px: (0.0, 0.0),
        }
    }

    /// The same view with all `points` in the middle of a picture of this size, filling a part of its central square.
    pub(crate) fn fitted(self, points: &[Vec3], width_px: f32, height_px: f32, fill: f32) -> Self {
        let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for &point in points {
            let spot = self.project(point);
            low = (low.0.min(spot.x), low.1.min(spot.y));
            high = (high.0.max(spot.x), high.1.max(spot.y));
        }
        let largest = (high.0 - low.0).max(high.1 - low.1).max(1e-3);
        let focal_px = self.focal_px * fill * width_px.min(height_px) / largest;
        Self {
            focal_px,
            centre_px: (
                width_px * 0.5 - focal_px * (low.0 + high.0) * 0.5,
                height_px * 0.5 - focal_px * (low.1 + high.1) * 0.5,
            ),
            ..self
        }
    }

    /// The same view moved in the picture.
    pub(crate) fn moved(self, x_px: f32, y_px: f32) -> Self {
        Self {
            centre_px: (self.centre_px.0 + x_px, self.centre_px.1 + y_px),
            ..self
        }
    }

    /// Where a point is in the picture.
    pub fn project(&self, point: Vec3) -> Spot {
        let from_eye = point - self.eye;
        let depth = from_eye.dot(self.forward).max(NEAR_M);
        Spot {
            x: self.centre_px.0 + self.focal_px * from_eye.dot(self.right) / depth,
            y: self.centre_px.1 - self.focal_px * from_eye.dot(self.up) / depth,
            depth,
        }
    }

    /// How many pixels a metre is at a depth.
    pub(crate) fn pixels_at(&self, depth: f32) -> f32 {
        self.focal_px / depth
    }

    /// Where the camera stands.
    pub(crate) fn eye(&self) -> Vec3 {
        self.eye
    }

    /// The level direction from the camera to what it films, and the level direction to the right of the picture.
    pub(crate) fn level_axes(&self) -> (Vec3, Vec3) {
        (vec3(self.forward.x, 0.0, self.forward.z).unit(), self.right)
    }

    /// The light comes from this direction, given in the picture: right, up, towards the camera.
    pub(crate) fn seen_from(&self, right: f32, up: f32, towards: f32) -> Vec3 {
        (self.right * right + self.up * up - self.forward * towards).unit()
    }
}
