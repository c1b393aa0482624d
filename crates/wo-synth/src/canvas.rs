//! Shapes with simple light: tapered limbs, hulls and boxes, painted far to near with tiny-skia.

use tiny_skia::{
    Color, GradientStop, LinearGradient, PixmapMut, Point, Shader, SpreadMode, Transform,
};

use crate::camera::{Lens, Spot};
use crate::colour::Rgb;
use crate::fill::{Filling, fill};
use crate::pixel::Pixel;
use crate::scan::Scanner;
use crate::vector::Vec3;

/// Where light comes from, and how much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Light {
    /// Unit vector towards the lamp.
    pub(crate) towards: Vec3,
    /// Colour and brightness of all light.
    pub(crate) tint: Rgb,
    /// The part that comes from everywhere.
    pub(crate) ambient: f32,
}

impl Light {
    /// What a surface of this colour that faces `normal` looks like.
    pub(crate) fn on(&self, colour: Rgb, normal: Vec3) -> Rgb {
        let direct = (1.30 - self.ambient) * normal.dot(self.towards).max(0.0);
        colour.lit(self.tint).scaled(self.ambient + direct)
    }
}

/// The colours across a rounded part, from one edge to the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shade {
    from: Pixel,
    to: Pixel,
    stops: [Rgb; 3],
}

impl Shade {
    /// One colour all over.
    pub(crate) fn flat(colour: Rgb) -> Self {
        Self {
            from: (0.0, 0.0),
            to: (0.0, 0.0),
            stops: [colour; 3],
        }
    }

    /// A round part of this colour along `a`, `b`, with its half widths in pixels.
    pub(crate) fn round(
        light: &Light,
        lens: &Lens,
        colour: Rgb,
        (a, b): (Vec3, Vec3),
        half_px: f32,
    ) -> Self {
        let middle = a.lerp(b, 0.5);
        let view = (lens.eye() - middle).unit();
        let along = (b - a).unit();
        let edge = along.cross(view);
        if edge.length() < 0.05 {
            // Seen end on: a disc.
            return Self::flat(light.on(colour, view));
        }
        let edge = edge.unit();
        let towards_view = edge.cross(along);
        let spot = lens.project(middle);
        let side = lens.project(middle + edge * 0.1);
        let (dx, dy) = (side.x - spot.x, side.y - spot.y);
        let length = dx.hypot(dy).max(1e-3);
        let (dx, dy) = (dx / length * half_px, dy / length * half_px);
        Self {
            from: (spot.x + dx, spot.y + dy),
            to: (spot.x - dx, spot.y - dy),
            stops: [
                light.on(colour, edge.lerp(towards_view, 0.25).unit()),
                light.on(colour, towards_view),
                light.on(colour, (-edge).lerp(towards_view, 0.25).unit()),
            ],
        }
    }

    fn filling(&self) -> Filling {
        if self.from == self.to {
            return Filling::Flat(self.stops[1].skia(1.0));
        }
        Filling::Gradient {
            from: self.from,
            to: self.to,
            stops: self.stops.map(|stop| stop.skia(1.0)),
        }
    }
}

/// A filling as tiny-skia has it.
pub(crate) fn shader_of(filling: &Filling) -> Shader<'static> {
    let (from, to, stops) = match filling {
        Filling::Flat(colour) => return Shader::SolidColor(*colour),
        Filling::Gradient { from, to, stops } => (from, to, stops),
    };
    let stop = |at: f32, i: usize| GradientStop::new(at, stops[i]);
    LinearGradient::new(
        Point::from_xy(from.0, from.1),
        Point::from_xy(to.0, to.1),
        vec![stop(0.0, 0), stop(0.5, 1), stop(1.0, 2)],
        SpreadMode::Pad,
        Transform::identity(),
    )
    .unwrap_or(Shader::SolidColor(stops[1]))
}

/// Corners of a closed shape and how to fill it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    corners: Vec<Pixel>,
    shade: Shade,
}

/// Pieces that are painted together, all outlines first.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Metres from the camera; the far parts are painted first.
    pub(crate) depth: f32,
    pub(crate) pieces: Vec<Piece>,
    /// A dark rim that tells the part from what is behind, in pixels.
    pub(crate) rim_px: f32,
}

impl Piece {
    /// A limb between two spots with these radii in pixels.
    pub(crate) fn limb(a: Spot, b: Spot, radii_px: (f32, f32), shade: Shade) -> Self {
        Self {
            corners: capsule((a.x, a.y), (b.x, b.y), radii_px),
            shade,
        }
    }

    /// The convex hull of the points.
    pub(crate) fn hull(points: Vec<Pixel>, shade: Shade) -> Self {
        Self {
            corners: convex_hull(points),
            shade,
        }
    }
}

/// The outline of two circles and what lies between.
fn capsule(a: Pixel, b: Pixel, (ra, rb): (f32, f32)) -> Vec<Pixel> {
    /// Corners of each half circle: smooth at the sizes that limbs have.
    const STEPS: usize = 8;
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let distance = dx.hypot(dy);
    let (ra, rb) = (ra.max(0.4), rb.max(0.4));
    let ring = |centre: Pixel, radius: f32, from: f32, sweep: f32| {
        (0..=STEPS).map(move |i| {
            let angle = from + sweep * i as f32 / STEPS as f32;
            (
                centre.0 + radius * angle.cos(),
                centre.1 + radius * angle.sin(),
            )
        })
    };
    if distance <= (ra - rb).abs() + 1e-3 {
        let (centre, radius) = if ra > rb { (a, ra) } else { (b, rb) };
        return ring(centre, radius, 0.0, std::f32::consts::TAU).collect();
    }
    let heading = dy.atan2(dx);
    // The tangents of two circles lean towards the smaller one.
    let tangent = ((ra - rb) / distance).acos();
    let sweep = std::f32::consts::TAU - 2.0 * tangent;
    ring(a, ra, heading + tangent, sweep)
        .chain(ring(b, rb, heading - tangent, 2.0 * tangent))
        .collect()
}

/// Andrew's monotone chain.
fn convex_hull(mut points: Vec<Pixel>) -> Vec<Pixel> {
    points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let turn = |o: Pixel, a: Pixel, b: Pixel| (a.0 - o.0) * (b.1 - o.1) - (a.1 - o.1) * (b.0 - o.0);
    let chain = |points: &mut dyn Iterator<Item = Pixel>| {
        let mut chain: Vec<Pixel> = Vec::new();
        for point in points {
            while let [.., before, last] = chain[..] {
                if turn(before, last, point) > 0.0 {
                    break;
                }
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut points.iter().copied());
    hull.extend(chain(&mut points.iter().rev().copied()));
    hull
}

/// Paints the parts, far ones first.
pub(crate) fn paint(canvas: &mut PixmapMut<'_>, mut parts: Vec<Part>) {
    parts.sort_by(|a, b| b.depth.total_cmp(&a.depth));
    let mut scanner = Scanner::default();
    let mut fill = |corners: &[Pixel], filling: &Filling| {
        fill(canvas, &mut scanner, corners, filling, || {
            shader_of(filling)
        });
    };
    for part in &parts {
        if part.rim_px > 0.0 {
            for piece in &part.pieces {
                let rim = piece.shade.stops[1].scaled(0.38).skia(1.0);
                fill(&grown(&piece.corners, part.rim_px), &Filling::Flat(rim));
            }
        }
        for piece in &part.pieces {
            fill(&piece.corners, &piece.shade.filling());
        }
    }
}

/// Fills a closed shape with one colour.
pub(crate) fn fill_flat(canvas: &mut PixmapMut<'_>, corners: &[Pixel], colour: Color) {
    let filling = Filling::Flat(colour);
    fill(canvas, &mut Scanner::default(), corners, &filling, || {
        shader_of(&filling)
    });
}

/// Each corner `by_px` further from the middle of its neighbours' edge.
fn grown(corners: &[Pixel], by_px: f32) -> Vec<Pixel> {
    let n = corners.len();
    let area: f32 = (0..n)
        .map(|i| {
            let (a, b) = (corners[i], corners[(i + 1) % n]);
            a.0 * b.1 - a.1 * b.0
        })
        .sum();
    let sign = if area >= 0.0 { 1.0 } else { -1.0 };
    (0..n)
        .map(|i| {
            let (before, after) = (corners[(i + n - 1) % n], corners[(i + 1) % n]);
            let (dx, dy) = (after.0 - before.0, after.1 - before.1);
            let length = dx.hypot(dy).max(1e-3);
            let (x, y) = corners[i];
            (
                x + sign * dy / length * by_px,
                y - sign * dx / length * by_px,
            )
        })
        .collect()
}
