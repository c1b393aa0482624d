//! A skeleton with flesh and clothes, as parts for the canvas.

use crate::camera::Lens;
use crate::canvas::{Light, Part, Piece, Shade};
use crate::colour::{Rgb, rgb};
use crate::person::{Body, Hair, Look, Person};
use crate::pixel::Pixel;
use crate::skeleton::{N_SPINE, Skeleton};
use crate::vector::{Vec3, vec3};

/// Half widths of the trunk at the points of the spine, in metres, for girth 1.
const TRUNK_WIDTHS: [f32; N_SPINE] = [0.165, 0.140, 0.148, 0.172, 0.120];
/// Half depths of the same.
const TRUNK_DEPTHS: [f32; N_SPINE] = [0.118, 0.105, 0.110, 0.120, 0.085];
/// Radii in metres for girth 1.
const DELTOID: f32 = 0.062;
const ELBOW: f32 = 0.043;
const WRIST: f32 = 0.029;
const FIST: f32 = 0.046;
const HIP: f32 = 0.096;
const KNEE: f32 = 0.060;
const CALF: f32 = 0.060;
const ANKLE: f32 = 0.040;
const HEEL: f32 = 0.042;
const TOE: f32 = 0.034;
const NECK: f32 = 0.056;
/// Corners of a cross-section of the trunk or the head.
const RING: usize = 12;

/// Draws one person through one lens.
pub(crate) struct Painter<'a> {
    lens: &'a Lens,
    light: &'a Light,
    body: &'a Body,
    look: &'a Look,
    /// Width of the dark rim of all parts.
    rim_px: f32,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(lens: &'a Lens, light: &'a Light, person: &'a Person, rim_px: f32) -> Self {
        Self {
            lens,
            light,
            body: &person.body,
            look: &person.look,
            rim_px,
        }
    }

    /// All parts of the body.
    pub(crate) fn parts(&self, skeleton: &Skeleton) -> Vec<Part> {
        let mut parts = vec![self.pelvis(skeleton), self.torso(skeleton)];
        for side in [0, 1] {
            self.leg(skeleton, side, &mut parts);
            self.arm(skeleton, side, &mut parts);
        }
        parts.push(self.neck(skeleton));
        self.head(skeleton, &mut parts);
        parts
    }

    fn pixels(&self, point: Vec3) -> Pixel {
        let spot = self.lens.project(point);
        (spot.x, spot.y)
    }

    fn depth(&self, point: Vec3) -> f32 {
        self.lens.project(point).depth
    }

    fn limb(&self, a: Vec3, b: Vec3, radii: (f32, f32), colour: Rgb) -> Piece {
        let (spot_a, spot_b) = (self.lens.project(a), self.lens.project(b));
        let girth = self.body.girth;
        let px = (
            self.lens.pixels_at(spot_a.depth) * radii.0 * girth,
            self.lens.pixels_at(spot_b.depth) * radii.1 * girth,
        );
        let shade = Shade::round(self.light, self.lens, colour, (a, b), px.0.max(px.1));
        Piece::limb(spot_a, spot_b, px, shade)
    }

    fn part(&self, depth: f32, pieces: Vec<Piece>) -> Part {
        Part {
            depth,
            pieces,
            rim_px: self.rim_px,
        }
    }

    /// The outline of the trunk at a point of the spine.
    fn ring(&self, skeleton: &Skeleton, i: usize) -> impl Iterator<Item = Pixel> + '_ {
        let waist = if i == 1 || i == 2 {
            self.body.waist
        } else {
            1.0
        };
        let centre = skeleton.spine.points[i];
        let across = vec3(TRUNK_WIDTHS[i] * self.body.girth * waist, 0.0, 0.0);
        let front = skeleton.spine.fronts[i] * (TRUNK_DEPTHS[i] * self.body.girth * waist);
        (0..RING).map(move |k| {
            let (sin, cos) = (k as f32 / RING as f32 * std::f32::consts::TAU).sin_cos();
            self.pixels(centre + across * cos + front * sin)
        })
    }

    fn trunk_piece(&self, skeleton: &Skeleton, i: usize, colour: Rgb) -> Piece {
        let points = self
            .ring(skeleton, i)
            .chain(self.ring(skeleton, i + 1))
            .collect();
        let ends = (skeleton.spine.points[i], skeleton.spine.points[i + 1]);
        let half_px = self.lens.pixels_at(self.depth(ends.0)) * TRUNK_WIDTHS[i] * self.body.girth;
        Piece::hull(
            points,
            Shade::round(self.light, self.lens, colour, ends, half_px),
        )
    }

    fn pelvis(&self, skeleton: &Skeleton) -> Part {
        let seat = self.limb(
            skeleton.hips[0],
            skeleton.hips[1],
            (HIP * 1.05, HIP * 1.05),
            self.look.bottoms,
        );
        let pieces = vec![seat, self.trunk_piece(skeleton, 0, self.look.bottoms)];
        self.part(
            self.depth(skeleton.spine.points[0].lerp(skeleton.spine.points[1], 0.5)),
            pieces,
        )
    }

    fn torso(&self, skeleton: &Skeleton) -> Part {
        let mut pieces: Vec<Piece> = (1..N_SPINE - 1)
            .map(|i| self.trunk_piece(skeleton, i, self.look.shirt))
            .collect();
        let [left, right] = skeleton.shoulders;
        pieces.push(self.limb(left, right, (DELTOID, DELTOID), self.look.shirt));
        if let Some(colour) = self.look.belt {
            let points = self
                .ring(skeleton, 1)
                .chain(self.belt_top(skeleton))
                .collect();
            let ends = (skeleton.spine.points[0], skeleton.spine.points[1]);
            let half_px =
                self.lens.pixels_at(self.depth(ends.1)) * TRUNK_WIDTHS[1] * self.body.girth;
            pieces.push(Piece::hull(
                points,
                Shade::round(self.light, self.lens, colour, ends, half_px),
            ));
        }
        self.part(
            self.depth(skeleton.spine.points[2].lerp(skeleton.spine.points[3], 0.3)),
            pieces,
        )
    }

    /// The upper edge of a belt: a hand above the first joint of the spine.
    fn belt_top(&self, skeleton: &Skeleton) -> impl Iterator<Item = Pixel> + '_ {
        let up = (skeleton.spine.points[2] - skeleton.spine.points[1]).unit() * 0.09;
        let centre = skeleton.spine.points[1] + up;
        let size = self.body.girth * self.body.waist * 1.03;
        let across = vec3(TRUNK_WIDTHS[1] * size, 0.0, 0.0);
        let front = skeleton.spine.fronts[1] * (TRUNK_DEPTHS[1] * size);
        (0..RING).map(move |k| {
            let (sin, cos) = (k as f32 / RING as f32 * std::f32::consts::TAU).sin_cos();
            self.pixels(centre + across * cos + front * sin)
        })
    }

    fn leg(&self, skeleton: &Skeleton, side: usize, parts: &mut Vec<Part>) {
        let (hip, knee, ankle) = (
            skeleton.hips[side],
            skeleton.knees[side],
            skeleton.ankles[side],
        );
        let look = self.look;
        let thigh_colour = if look.bottoms_length > 1.0 {
            look.bottoms
        } else {
            look.skin
        };
        let mut thigh = vec![self.limb(hip, knee, (HIP, KNEE), thigh_colour)];
        if look.bottoms_length <= 1.0 {
            let hem = hip.lerp(knee, look.bottoms_length);
            let hem_radius = HIP + (KNEE - HIP) * look.bottoms_length + 0.012;
            thigh.push(self.limb(hip, hem, (HIP, hem_radius), look.bottoms));
        }
        parts.push(self.part(self.depth(hip.lerp(knee, 0.5)), thigh));

        let calf = knee.lerp(ankle, 0.3);
        let shank_colour = if look.bottoms_length > 1.0 {
            look.bottoms
        } else {
            look.skin
        };
        let sock = knee.lerp(ankle, 0.72);
        let shank = vec![
            self.limb(calf, ankle, (CALF, ANKLE), shank_colour),
            self.limb(knee, calf, (KNEE, CALF), shank_colour),
            self.limb(sock, ankle, (ANKLE * 1.15, ANKLE), look.socks),
        ];
        parts.push(self.part(self.depth(knee.lerp(ankle, 0.5)), shank));

        let (heel, toe) = (skeleton.heels[side], skeleton.toes[side]);
        let shoe = vec![
            self.limb(ankle, heel, (ANKLE, HEEL), look.shoes),
            self.limb(heel, toe, (HEEL, TOE), look.shoes),
            self.limb(ankle, toe, (ANKLE, TOE), look.shoes),
        ];
        parts.push(self.part(self.depth(ankle), shoe));
    }

    fn arm(&self, skeleton: &Skeleton, side: usize, parts: &mut Vec<Part>) {
        let (shoulder, elbow, hand) = (
            skeleton.shoulders[side],
            skeleton.elbows[side],
            skeleton.hands[side],
        );
        let look = self.look;
        let long = look.sleeve > 1.0;
        let arm_colour = if long { look.shirt } else { look.skin };
        let mut upper = vec![self.limb(shoulder, elbow, (DELTOID, ELBOW), arm_colour)];
        if look.sleeve > 0.0 && !long {
            let hem = shoulder.lerp(elbow, look.sleeve);
            upper.push(self.limb(
                shoulder,
                hem,
                (DELTOID, (DELTOID + ELBOW) * 0.5 + 0.008),
                look.shirt,
            ));
        }
        parts.push(self.part(self.depth(shoulder.lerp(elbow, 0.5)), upper));
        let forearm = vec![
            self.limb(elbow, hand, (ELBOW, WRIST), arm_colour),
            self.limb(hand, hand, (FIST, FIST), look.skin),
        ];
        // The fist closes round the bar, so the forearm goes over it.
        parts.push(self.part(self.depth(elbow.lerp(hand, 0.6)) - 0.03, forearm));
    }

    fn neck(&self, skeleton: &Skeleton) -> Part {
        let top = skeleton.spine.top();
        let piece = self.limb(
            top,
            skeleton.head,
            (NECK, NECK * 0.9),
            self.look.skin.scaled(0.92),
        );
        self.part(self.depth(top.lerp(skeleton.head, 0.4)), vec![piece])
    }

    fn head(&self, skeleton: &Skeleton, parts: &mut Vec<Part>) {
        let (centre, crown, face) = (skeleton.head, skeleton.crown, skeleton.face);
        let half_height = self.body.head * 1.05;
        let depth = self.depth(centre);
        let (skin, hair) = self.skull(skeleton, half_height);
        let towards = face.dot((self.lens.eye() - centre).unit());
        let half_px = self.lens.pixels_at(depth) * half_height * 0.8;
        let shade = |colour: Rgb| {
            Shade::round(
                self.light,
                self.lens,
                colour,
                (centre, centre + crown),
                half_px,
            )
        };
        let nose = centre + face * (half_height * 0.92) - crown * (half_height * 0.15);
        let features = [
            Piece::hull(skin, shade(self.look.skin)),
            self.limb(nose, nose, (0.018, 0.018), self.look.skin.scaled(0.86)),
        ];
        let hair_piece = Piece::hull(hair, shade(self.look.hair_colour));
        // What faces the camera is painted last.
        let mut pieces: Vec<Piece> = features.into_iter().collect();
        if self.look.hair != Hair::None {
            pieces.insert(if towards > 0.0 { 0 } else { 2 }, hair_piece);
            if towards > 0.0 {
                self.fringe(skeleton, half_height, &mut pieces);
            }
        }
        if self.look.hair == Hair::Bun {
            let bun = centre - face * (half_height * 0.95) + crown * (half_height * 0.45);
            let at = if towards > 0.0 { 0 } else { pieces.len() };
            pieces.insert(
                at,
                self.limb(bun, bun, (0.045, 0.045), self.look.hair_colour),
            );
        }
        parts.push(self.part(depth - 0.02, pieces));
    }

    /// The points of the skin and of the hair.
    fn skull(&self, skeleton: &Skeleton, half_height: f32) -> (Vec<Pixel>, Vec<Pixel>) {
        let (centre, crown, face) = (skeleton.head, skeleton.crown, skeleton.face);
        // A skull is narrower than high and deeper than wide.
        let (across, deep) = (
            vec3(half_height * 0.70, 0.0, 0.0),
            face * (half_height * 0.86),
        );
        let (mut skin, mut hair) = (Vec::new(), Vec::new());
        let (brow, back) = match self.look.hair {
            Hair::None => (2.0, 2.0),
            Hair::Short | Hair::Bun => (0.45, 0.15),
            Hair::Long => (0.45, -0.65),
            Hair::Cap => (0.35, 0.30),
        };
        for ring in 0..7 {
            let (height, width) = (std::f32::consts::PI * (ring as f32 + 0.25) / 6.5).sin_cos();
            let (width, height) = (height, width);
            for k in 0..RING {
                let (sin, cos) = (k as f32 / RING as f32 * std::f32::consts::TAU).sin_cos();
                let forward = sin * width;
                let point =
                    across * (cos * width) + deep * forward + crown * (half_height * height);
                let covered = height > brow || (forward < 0.25 && height > back);
                if covered {
                    hair.push(self.pixels(centre + point * 1.09));
                }
                if !covered || height < brow {
                    skin.push(self.pixels(centre + point));
                }
            }
        }
        (skin, hair)
    }

    /// The hair, or the cap with its peak, above the forehead.
    fn fringe(&self, skeleton: &Skeleton, half_height: f32, pieces: &mut Vec<Piece>) {
        let (centre, crown, face) = (skeleton.head, skeleton.crown, skeleton.face);
        let forehead = centre + crown * (half_height * 0.80);
        let side = vec3(half_height * 0.42, 0.0, 0.0);
        pieces.push(self.limb(
            forehead - side,
            forehead + side,
            (0.036, 0.036),
            self.look.hair_colour,
        ));
        if self.look.hair == Hair::Cap {
            let peak = centre + crown * (half_height * 0.55) + face * (half_height * 1.35);
            pieces.push(self.limb(
                peak - side * 0.6,
                peak + side * 0.6,
                (0.016, 0.016),
                self.look.hair_colour,
            ));
        }
    }
}

/// The colour of contact shadows on the floor.
pub(crate) const SHADOW: Rgb = rgb(0.03, 0.03, 0.04);
