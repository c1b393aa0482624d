//! Which part of the gym the picture shows: the whole action, good or faulty, in the central square.

use crate::camera::Lens;
use crate::catalog::{Exercise, Fault};
use crate::plan::VideoSpec;
use crate::pose::pose;
use crate::skeleton::{SIDES, Skeleton};
use crate::technique::Flaw;
use crate::vector::{Vec3, vec3};

/// A bench press is seen from above the feet, or the knees would hide it.
const BENCH_ELEVATION_DEG: f32 = 16.0;
/// Moments of a repetition that are looked at.
const PHASES: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

impl VideoSpec {
    /// The joints at a phase, without idle movement.
    pub fn skeleton_at_phase(&self, phase: f32) -> Skeleton {
        pose(self.exercise, &self.person.body, &self.technique, phase)
    }

    /// The joints at a moment.
    pub fn skeleton_at(&self, t_s: f32) -> Skeleton {
        /// Sway in units of the natural variance of the lean; about a degree.
        const SWAY: f32 = 0.25;
        /// Degrees that the gaze wanders.
        const GAZE_DEG: f32 = 3.0;
        let mut technique = self.technique;
        technique.lean += SWAY * self.idle[0].at(t_s);
        technique.gaze_deg += GAZE_DEG * self.idle[1].at(t_s);
        pose(
            self.exercise,
            &self.person.body,
            &technique,
            self.tempo.phase_at(t_s),
        )
    }

    /// The lens of the video for a picture of this size.
    pub fn lens(&self, width: u32, height: u32) -> Lens {
        let points = self.envelope();
        let (mut low, mut high) = (points[0], points[0]);
        for p in &points {
            low = vec3(low.x.min(p.x), low.y.min(p.y), low.z.min(p.z));
            high = vec3(high.x.max(p.x), high.y.max(p.y), high.z.max(p.z));
        }
        let raised = if self.exercise == Exercise::BenchPress {
            BENCH_ELEVATION_DEG
        } else {
            0.0
        };
        Lens::towards(
            low.lerp(high, 0.5),
            self.camera.azimuth_deg,
            self.camera.elevation_deg + raised,
            self.camera.distance_m,
        )
        .fitted(&points, width as f32, height as f32, self.camera.fill)
    }

    /// All that the lifter would touch with this technique, with no fault and with each at its largest:
    /// framing that followed the fault would give it away.
    fn envelope(&self) -> Vec<Vec3> {
        let flaws = self
            .exercise
            .faults()
            .map(|fault| Some(Flaw { fault, size: 1.0 }));
        let mut points = Vec::new();
        for flaw in std::iter::once(None).chain(flaws) {
            // A bar tilts to the one or the other side; its plates may leave the square.
            let tilted = flaw.is_some_and(|flaw: Flaw| flaw.fault == Fault::UnevenBar);
            let technique = self.technique.with_flaw(flaw);
            for phase in PHASES {
                let skeleton = pose(self.exercise, &self.person.body, &technique, phase);
                points.extend(extent(&skeleton, self.person.body.head));
                if !tilted {
                    points.extend(plates(&skeleton, self.load.outer_m(), self.load.plate_m));
                }
            }
        }
        points
    }
}

/// The ends of the body.
pub fn extent(skeleton: &Skeleton, head: f32) -> Vec<Vec3> {
    let mut points = vec![
        skeleton.head + skeleton.crown * (head * 1.1),
        skeleton.head + skeleton.face * head,
    ];
    for side in [0, 1] {
        let floor = |p: Vec3| vec3(p.x, 0.0, p.z);
        points.extend([
            skeleton.knees[side],
            skeleton.elbows[side],
            skeleton.hands[side],
            floor(skeleton.heels[side]),
            floor(skeleton.toes[side]),
        ]);
    }
    // The seat is behind the hip joints, and the back behind the spine.
    for i in [0, 2] {
        points.push(skeleton.spine.points[i] - skeleton.spine.fronts[i] * 0.13);
    }
    points
}

/// The corners of the plates.
pub fn plates(skeleton: &Skeleton, outer_m: f32, radius_m: f32) -> impl Iterator<Item = Vec3> {
    let bar = skeleton.bar;
    SIDES.into_iter().flat_map(move |side| {
        let centre = bar.centre + bar.axis * (side * outer_m);
        [
            (0.0, radius_m),
            (0.0, -radius_m),
            (radius_m, 0.0),
            (-radius_m, 0.0),
        ]
        .map(|(z, y)| centre + vec3(0.0, y, z))
    })
}
