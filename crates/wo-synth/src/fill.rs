//! Fills polygons with one colour or with a gradient of three, to the bit as tiny-skia's low-precision pipeline does it.
//!
//! What is unusual, such as a polygon that leaves the picture, is left to tiny-skia.

use tiny_skia::{Color, FillRule, Paint, PathBuilder, PixmapMut, Shader, Transform};

use crate::pixel::Pixel;
use crate::scan::{Bounds, Scanner};

/// Bytes of a pixel.
const N_CHANNELS: usize = 4;
/// Gradients between points that are nearer than this have one colour (`DEGENERATE_THRESHOLD` of tiny-skia).
const SHORTEST: f32 = 1.0 / (1 << 15) as f32;

/// A colour in the order of its bytes.
type Bytes = [u8; N_CHANNELS];

/// What a polygon is filled with.
#[derive(Debug, Clone)]
pub(crate) enum Filling {
    /// One colour.
    Flat(Color),
    /// A gradient between two points, the third colour half way.
    Gradient {
        from: Pixel,
        to: Pixel,
        stops: [Color; 3],
    },
}

/// Fills a polygon. `shader` is what tiny-skia fills it with where it must.
pub(crate) fn fill(
    canvas: &mut PixmapMut<'_>,
    scanner: &mut Scanner,
    corners: &[Pixel],
    filling: &Filling,
    shader: impl FnOnce() -> Shader<'static>,
) {
    let bounds = Bounds::inside(corners, canvas.width(), canvas.height());
    let colours = Colours::of(filling);
    let (Some(bounds), Some(colours)) = (bounds, colours) else {
        fill_by_skia(canvas, corners, shader());
        return;
    };
    let stride = canvas.width() as usize * N_CHANNELS;
    let left = bounds.left as usize;
    let data = canvas.data_mut();
    scanner.scan(corners, bounds, |y, row| {
        let start = y * stride + left * N_CHANNELS;
        let pixels = &mut data[start..start + row.len() * N_CHANNELS];
        let (pixels, _) = pixels.as_chunks_mut::<N_CHANNELS>();
        match &colours {
            Colours::Flat(colour) => blend(pixels, row, |_| *colour),
            Colours::Gradient(gradient) => {
                let line = gradient.line(left, y);
                blend(pixels, row, |x| line.at(x));
            }
        }
    });
}

fn blend(pixels: &mut [Bytes], row: &[u8], colour: impl Fn(usize) -> Bytes) {
    for (x, (pixel, &cover)) in pixels.iter_mut().zip(row).enumerate() {
        match cover {
            0 => {}
            255 => *pixel = colour(x),
            cover => {
                let cover = u16::from(cover);
                for (channel, new) in pixel.iter_mut().zip(colour(x)) {
                    let sum = u16::from(*channel) * (255 - cover) + u16::from(new) * cover;
                    *channel = ((sum + 255) >> 8) as u8;
                }
            }
        }
    }
}

enum Colours {
    Flat(Bytes),
    Gradient(Gradient),
}

impl Colours {
    /// `None` of what is not opaque, or not a gradient that is told from one colour.
    fn of(filling: &Filling) -> Option<Self> {
        match filling {
            Filling::Flat(colour) if colour.is_opaque() => {
                let rounded = |channel: f32| (channel * 255.0 + 0.5) as u8;
                let [red, green, blue] = channels(*colour);
                Some(Self::Flat([
                    rounded(red),
                    rounded(green),
                    rounded(blue),
                    255,
                ]))
            }
            Filling::Flat(_) => None,
            Filling::Gradient { from, to, stops } => {
                let is_opaque = stops.iter().all(Color::is_opaque);
                let gradient = Gradient::of(*from, *to, stops);
                gradient.filter(|_| is_opaque).map(Self::Gradient)
            }
        }
    }
}

fn channels(colour: Color) -> [f32; 3] {
    [colour.red(), colour.green(), colour.blue()]
}

/// A colour is `bias + factor * t` between two stops, with `t` from 0 to 1 along the gradient.
struct Gradient {
    to_unit: Transform,
    /// Where each part begins, and its colour.
    parts: Vec<(f32, Part)>,
}

#[derive(Clone, Copy)]
struct Part {
    factor: [f32; 3],
    bias: [f32; 3],
}

impl Part {
    fn constant(bias: [f32; 3]) -> Self {
        Self {
            factor: [0.0; 3],
            bias,
        }
    }
}

impl Gradient {
    fn of(from: Pixel, to: Pixel, stops: &[Color; 3]) -> Option<Self> {
        let (x, y) = (to.0 - from.0, to.1 - from.1);
        let length = (x * x + y * y).sqrt();
        if !length.is_finite() || length <= SHORTEST {
            return None;
        }
        let inverse = 1.0 / length;
        let (sin, cos) = (-(y * inverse), x * inverse);
        let (tx, ty) = from;
        let cos_inverse = 1.0 - cos;
        let turned = Transform::from_row(
            cos,
            sin,
            -sin,
            cos,
            sin * ty + cos_inverse * tx,
            -sin * tx + cos_inverse * ty,
        );
        let to_unit = turned.post_translate(-tx, -ty).post_scale(inverse, inverse);
        if !to_unit.is_finite() || to_unit.is_identity() {
            return None;
        }
        // Stops of one colour at an end are one stop.
        let first = usize::from(stops[0] == stops[1]);
        let last = if stops[1] == stops[2] { 1 } else { 2 };
        let mut start = if first == 0 { 0.0 } else { 0.5 };
        let mut colour = channels(stops[first]);
        let mut parts = vec![(0.0, Part::constant(colour))];
        for (stop, end) in [(1, 0.5), (2, 1.0)] {
            if stop <= first || stop > last {
                continue;
            }
            let next = channels(stops[stop]);
            let factor = [0, 1, 2].map(|i| (next[i] - colour[i]) / (end - start));
            let bias = [0, 1, 2].map(|i| colour[i] - factor[i] * start);
            parts.push((start, Part { factor, bias }));
            (start, colour) = (end, next);
        }
        parts.push((start, Part::constant(colour)));
        Some(Self { to_unit, parts })
    }

    fn line(&self, left: usize, y: usize) -> Line<'_> {
        let ts = &self.to_unit;
        Line {
            parts: &self.parts,
            left,
            scale: ts.sx,
            offset: (y as f32 + 0.5) * ts.kx + ts.tx,
        }
    }
}

/// A line of a gradient.
struct Line<'a> {
    parts: &'a [(f32, Part)],
    left: usize,
    scale: f32,
    offset: f32,
}

impl Line<'_> {
    fn at(&self, x: usize) -> Bytes {
        let x = (self.left + x) as f32 + 0.5;
        let t = (x * self.scale + self.offset).clamp(0.0, 1.0);
        let (mut part, mut rest) = (0, self.parts.iter().skip(1));
        while rest.next().is_some_and(|(start, _)| t >= *start) {
            part += 1;
        }
        let Part { factor, bias } = self.parts[part].1;
        let channel = |i: usize| {
            let value = (t * factor[i] + bias[i]).clamp(0.0, 1.0);
            (value * 255.0 + 0.5) as u8
        };
        [channel(0), channel(1), channel(2), 255]
    }
}

/// Fills a polygon of any kind.
fn fill_by_skia(canvas: &mut PixmapMut<'_>, corners: &[Pixel], shader: Shader<'_>) {
    let [first, rest @ ..] = corners else { return };
    let mut builder = PathBuilder::with_capacity(corners.len() + 2, corners.len() + 1);
    builder.move_to(first.0, first.1);
    for corner in rest {
        builder.line_to(corner.0, corner.1);
    }
    builder.close();
    // A shape without area has no path; there is nothing to paint then.
    let Some(path) = builder.finish() else { return };
    let paint = Paint {
        shader,
        anti_alias: true,
        ..Paint::default()
    };
    canvas.fill_path(
        &path,
        &paint,
        FillRule::Winding,
        Transform::identity(),
        None,
    );
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tiny_skia::Pixmap;

    use super::*;
    use crate::canvas::shader_of;

    const SIZE: (u32, u32) = (97, 61);

    fn corner(random: &mut ChaCha8Rng) -> Pixel {
        // Whole and half numbers too, where edges meet and stand upright.
        let grid = [1.0, 2.0, 256.0][random.random_range(0..3)];
        let place = |length: u32, share: f32| (length as f32 * share * grid).floor() / grid;
        (
            place(SIZE.0, random.random_range(0.0..1.0)),
            place(SIZE.1, random.random_range(0.0..1.0)),
        )
    }

    fn colour(random: &mut ChaCha8Rng) -> Color {
        // Few, so that stops are often equal.
        let mut channel = || [0, 1, 77, 128, 254, 255][random.random_range(0..6)];
        Color::from_rgba8(channel(), channel(), channel(), 255)
    }

    fn filling(random: &mut ChaCha8Rng) -> Filling {
        if random.random_range(0..3) == 0 {
            return Filling::Flat(colour(random));
        }
        let first = colour(random);
        let mut stop = || {
            if random.random_range(0..3) == 0 {
                first
            } else {
                colour(random)
            }
        };
        let stops = [first, stop(), stop()];
        Filling::Gradient {
            from: corner(random),
            to: corner(random),
            stops,
        }
    }

    #[test]
    fn polygons_are_filled_as_tiny_skia_fills_them() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut scanner = Scanner::default();
        let mut ours = Pixmap::new(SIZE.0, SIZE.1).unwrap();
        ours.fill(Color::from_rgba8(90, 140, 30, 255));
        let mut theirs = ours.clone();
        let mut n_own = 0;
        for round in 0..1000 {
            let n_corners = random.random_range(3..24);
            let corners: Vec<Pixel> = (0..n_corners).map(|_| corner(&mut random)).collect();
            let filling = filling(&mut random);
            let own = Bounds::inside(&corners, SIZE.0, SIZE.1).zip(Colours::of(&filling));
            n_own += u32::from(own.is_some());
            let shader = || shader_of(&filling);
            fill(&mut ours.as_mut(), &mut scanner, &corners, &filling, shader);
            fill_by_skia(&mut theirs.as_mut(), &corners, shader_of(&filling));
            assert!(
                ours.data() == theirs.data(),
                "{round}: {corners:?} {filling:?}"
            );
        }
        assert!(n_own > 800, "{n_own}");
    }

    #[test]
    fn what_leaves_the_picture_is_left_to_tiny_skia() {
        let inside = [(1.0, 1.0), (9.0, 1.0), (9.0, 9.0)];
        assert!(Bounds::inside(&inside, 9, 9).is_some());
        assert_eq!(Bounds::inside(&inside, 8, 9), None);
        assert_eq!(Bounds::inside(&inside[..2], 9, 9), None);
        for bad in [-0.1, f32::NAN, f32::INFINITY] {
            assert_eq!(
                Bounds::inside(&[(bad, 1.0), inside[1], inside[2]], 9, 9),
                None
            );
        }
        let clear = Filling::Flat(Color::from_rgba8(1, 2, 3, 254));
        assert!(Colours::of(&clear).is_none());
    }
}
