//! The bar with its plates, the bench and the shadows on the floor, as parts for the canvas.

use tiny_skia::PixmapMut;

use crate::camera::Lens;
use crate::canvas::{Light, Part, Piece, Shade, fill_flat};
use crate::catalog::Exercise;
use crate::colour::{Rgb, rgb};
use crate::figure::SHADOW;
use crate::pixel::Pixel;
use crate::pose::{PAD_HALF_WIDTH, PAD_TOP};
use crate::random::Stream;
use crate::skeleton::{Bar, SIDES, Skeleton};
use crate::vector::{Vec3, vec3};

/// The loading of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Radius of the largest plates in metres.
    pub plate_m: f32,
    /// From the middle of the bar to the inner side of the plates.
    pub inner_m: f32,
    /// Thickness of all plates of a side together.
    pub thickness_m: f32,
    /// Colour of the outer plate.
    pub plate: Rgb,
    /// Colour of the steel.
    pub steel: Rgb,
    /// Colour of the pad of a bench.
    pub pad: Rgb,
}

/// Radius of the bar; thicker than in a gym (0.014), so that it can be seen in a small picture.
const BAR_RADIUS: f32 = 0.019;
/// The sleeve beyond the plates.
const SLEEVE: f32 = 0.09;
/// Corners of a plate.
const ROUND: usize = 24;

const PLATES: [Rgb; 6] = [
    rgb(0.14, 0.14, 0.15),
    rgb(0.20, 0.21, 0.22),
    rgb(0.70, 0.13, 0.13),
    rgb(0.13, 0.25, 0.60),
    rgb(0.85, 0.68, 0.12),
    rgb(0.12, 0.45, 0.25),
];

/// Where the plates are at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plates {
    /// On the floor, so they have one size.
    OnFloor,
    /// In the hands or a rack.
    InTheAir,
}

impl Plates {
    pub(crate) fn of(exercise: Exercise) -> Self {
        match exercise {
            Exercise::Deadlift => Self::OnFloor,
            _ => Self::InTheAir,
        }
    }
}

impl Load {
    /// A load with plates of a kind.
    pub(crate) fn new(stream: &mut Stream, plates: Plates) -> Self {
        let free_m = stream.within(0.12..0.185);
        Self {
            plate_m: match plates {
                Plates::OnFloor => crate::pose::FULL_PLATE,
                Plates::InTheAir => free_m,
            },
            inner_m: stream.within(0.60..0.66),
            thickness_m: stream.within(0.05..0.10),
            plate: stream.pick(&PLATES),
            steel: rgb(0.66, 0.67, 0.70).scaled(stream.within(0.8..1.1)),
            pad: stream.pick(&[
                rgb(0.12, 0.12, 0.13),
                rgb(0.45, 0.10, 0.12),
                rgb(0.15, 0.20, 0.35),
            ]),
        }
    }

    /// From the middle of the bar to the outer side of the plates.
    pub fn outer_m(&self) -> f32 {
        self.inner_m + self.thickness_m
    }
}

/// Draws equipment through one lens.
pub(crate) struct Outfitter<'a> {
    pub(crate) lens: &'a Lens,
    pub(crate) light: &'a Light,
    pub(crate) load: &'a Load,
    pub(crate) rim_px: f32,
}

impl Outfitter<'_> {
    fn pixels(&self, point: Vec3) -> Pixel {
        let spot = self.lens.project(point);
        (spot.x, spot.y)
    }

    /// The bar, in pieces so that each is sorted by its own depth, and the plates.
    pub(crate) fn bar(&self, bar: &Bar, parts: &mut Vec<Part>) {
        let ends = [-1.0, -0.5, -0.2, 0.2, 0.5, 1.0]
            .map(|part| bar.centre + bar.axis * (part * self.load.inner_m));
        for pair in ends.windows(2) {
            parts.push(self.rod(pair[0], pair[1], BAR_RADIUS, self.load.steel));
        }
        for side in SIDES {
            let inner = bar.centre + bar.axis * (side * self.load.inner_m);
            let outer = bar.centre + bar.axis * (side * self.load.outer_m());
            parts.push(self.rod(
                outer,
                outer + bar.axis * (side * SLEEVE),
                BAR_RADIUS * 1.5,
                self.load.steel,
            ));
            parts.push(self.plate(inner, outer, bar.axis));
        }
    }

    fn rod(&self, a: Vec3, b: Vec3, radius: f32, colour: Rgb) -> Part {
        let (spot_a, spot_b) = (self.lens.project(a), self.lens.project(b));
        let px = (
            (self.lens.pixels_at(spot_a.depth) * radius).max(0.7),
            (self.lens.pixels_at(spot_b.depth) * radius).max(0.7),
        );
        let shade = Shade::round(self.light, self.lens, colour, (a, b), px.0);
        Part {
            depth: f32::midpoint(spot_a.depth, spot_b.depth),
            pieces: vec![Piece::limb(spot_a, spot_b, px, shade)],
            rim_px: self.rim_px * 0.7,
        }
    }

    fn circle(&self, centre: Vec3, axis: Vec3, radius: f32) -> Vec<Pixel> {
        let up = vec3(-axis.y, axis.x, 0.0).unit();
        let across = axis.cross(up);
        (0..ROUND)
            .map(|i| {
                let (sin, cos) = (i as f32 / ROUND as f32 * std::f32::consts::TAU).sin_cos();
                self.pixels(centre + up * (sin * radius) + across * (cos * radius))
            })
            .collect()
    }

    fn plate(&self, inner: Vec3, outer: Vec3, axis: Vec3) -> Part {
        let (radius, colour) = (self.load.plate_m, self.load.plate);
        let view = (self.lens.eye() - outer).unit();
        let seen = if (outer - inner).dot(view) > 0.0 {
            outer
        } else {
            inner
        };
        let normal = if axis.dot(view) > 0.0 { axis } else { -axis };
        let mut both = self.circle(inner, axis, radius);
        both.extend(self.circle(outer, axis, radius));
        let face = self.light.on(colour, normal);
        let ring = |radius: f32, colour: Rgb| {
            Piece::hull(self.circle(seen, axis, radius), Shade::flat(colour))
        };
        Part {
            depth: self.lens.project(inner.lerp(outer, 0.5)).depth,
            pieces: vec![
                Piece::hull(
                    both,
                    Shade::flat(self.light.on(colour.scaled(0.6), vec3(0.0, 1.0, 0.0))),
                ),
                ring(radius, face),
                ring(radius * 0.84, face.scaled(0.78)),
                ring(radius * 0.52, face),
                ring(0.035, self.light.on(self.load.steel, normal)),
            ],
            rim_px: 0.0,
        }
    }

    /// The bench under a lying lifter, sorted as if just under the hips, and the two posts at its head.
    pub(crate) fn bench(&self, skeleton: &Skeleton, trunk_m: f32, parts: &mut Vec<Part>) {
        let (foot_z, head_z) = (0.14, -trunk_m - 0.34);
        let steel = self.load.steel.scaled(0.6);
        for z in [foot_z - 0.12, head_z + 0.15] {
            parts.push(self.solid(
                vec3(-0.04, 0.0, z - 0.03),
                vec3(0.04, PAD_TOP - 0.07, z + 0.03),
                steel,
            ));
            parts.push(self.solid(vec3(-0.2, 0.0, z - 0.03), vec3(0.2, 0.05, z + 0.03), steel));
        }
        let mut pad = self.solid(
            vec3(-PAD_HALF_WIDTH, PAD_TOP - 0.08, head_z),
            vec3(PAD_HALF_WIDTH, PAD_TOP, foot_z),
            self.load.pad,
        );
        let trunk = skeleton
            .spine
            .points
            .map(|point| self.lens.project(point).depth);
        pad.depth = trunk.into_iter().fold(0.0, f32::max) + 0.15;
        parts.push(pad);
        for side in SIDES {
            let x = side * 0.50;
            parts.push(self.solid(
                vec3(x - 0.03, 0.0, head_z),
                vec3(x + 0.03, 1.0, head_z + 0.06),
                steel,
            ));
        }
    }

    /// A box with its three visible faces.
    fn solid(&self, low: Vec3, high: Vec3, colour: Rgb) -> Part {
        let faces = visible_faces(self.lens, low, high);
        let pieces = faces.map(|(normal, corners)| {
            Piece::hull(corners, Shade::flat(self.light.on(colour, normal)))
        });
        Part {
            depth: self.lens.project(low.lerp(high, 0.5)).depth,
            pieces: pieces.into(),
            rim_px: self.rim_px * 0.5,
        }
    }

    /// Soft dark patches where feet, plates and bench stand over the floor.
    pub(crate) fn shadows(&self, canvas: &mut PixmapMut<'_>, skeleton: &Skeleton) {
        let bar = skeleton.bar;
        let plates = SIDES.map(|side| bar.centre + bar.axis * (side * self.load.outer_m()));
        let body = skeleton.spine.base();
        let patches = [
            (body, 0.38, 0.30),
            (plates[0], 0.10, 0.26),
            (plates[1], 0.10, 0.26),
        ];
        for (over, half_x, half_z) in patches {
            for (size, alpha) in [(1.0, 0.16), (0.75, 0.16)] {
                let corners: Vec<Pixel> = (0..ROUND)
                    .map(|i| {
                        let (sin, cos) =
                            (i as f32 / ROUND as f32 * std::f32::consts::TAU).sin_cos();
                        self.pixels(vec3(
                            over.x + cos * half_x * size,
                            0.0,
                            over.z + sin * half_z * size,
                        ))
                    })
                    .collect();
                fill_flat(canvas, &corners, SHADOW.skia(alpha));
            }
        }
    }
}

/// The three sides of an upright box that the lens sees: where each faces and its corners.
fn visible_faces(lens: &Lens, low: Vec3, high: Vec3) -> [(Vec3, Vec<Pixel>); 3] {
    let (low, high) = ([low.x, low.y, low.z], [high.x, high.y, high.z]);
    let eye = [lens.eye().x, lens.eye().y, lens.eye().z];
    [0, 1, 2].map(|axis| {
        let seen_high = eye[axis] > (low[axis] + high[axis]) * 0.5;
        let mut normal = [0.0; 3];
        normal[axis] = if seen_high { 1.0 } else { -1.0 };
        let corners =
            [(false, false), (false, true), (true, false), (true, true)].map(|(first, second)| {
                let mut corner = low;
                corner[axis] = if seen_high { high[axis] } else { low[axis] };
                for (other, at_high) in [((axis + 1) % 3, first), ((axis + 2) % 3, second)] {
                    corner[other] = if at_high { high[other] } else { low[other] };
                }
                let spot = lens.project(vec3(corner[0], corner[1], corner[2]));
                (spot.x, spot.y)
            });
        (vec3(normal[0], normal[1], normal[2]), corners.into())
    })
}
