//! Corners of an image that are found again after it was mirrored, cropped, scaled or coded anew, each with a descriptor of
//! what is around it.

use image::GrayImage;
use image::imageops::{FilterType, resize};

use crate::align::box_mean;

/// The images are searched at these sides, so that a crop by a third still has corners of the same size.
const SIDES: [u32; 3] = [192, 160, 133];
/// Levels across which a corner counts.
const LEAST_EDGE: f32 = 50.0;
/// Corners are this many pixels apart at least.
const APART: usize = 4;
/// Corners keep this distance from the edge, so that their surroundings are in the image.
const MARGIN: usize = 14;
/// A descriptor compares cells at these distances from the corner along each axis, the same to both sides.
const OFFSETS: [isize; 8] = [-13, -9, -6, -2, 2, 6, 9, 13];
/// Each comparison has its mirror image in the other half of the descriptor.
const N_COMPARED: usize = 64;
/// Corners are one if they lie so near (of 255) and their descriptors differ in so few bits.
const SAME_PLACE: u8 = 5;
const SAME_BITS: u32 = 28;

/// A corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// Where it is, from 0 at the left or top to 255.
    pub(super) x: u8,
    pub(super) y: u8,
    /// Which of two cells is the brighter one, for 64 pairs and for the mirror images of the pairs.
    pub(super) bits: [u64; 2],
}

impl Point {
    /// The point of the mirrored image.
    pub(super) fn mirrored(self) -> Self {
        let [pairs, mirrored] = self.bits;
        Self {
            x: u8::MAX - self.x,
            bits: [mirrored, pairs],
            ..self
        }
    }

    /// In how many bits the descriptors differ.
    pub(super) fn distance(&self, other: &Self) -> u32 {
        let [a, b] = self.bits;
        let [c, d] = other.bits;
        (a ^ c).count_ones() + (b ^ d).count_ones()
    }
}

/// Adds the strongest `n` corners of a square image that are not in `points` yet.
pub(super) fn add_points(points: &mut Vec<Point>, image: &GrayImage, n: usize) {
    let known = points.len();
    for side in SIDES {
        let scaled = resize(image, side, side, FilterType::Triangle);
        let levels: Vec<f32> = scaled.iter().map(|level| f32::from(*level)).collect();
        let side = side as usize;
        let smooth = box_mean(&levels, side, side, 2);
        let part = n * side * side / (SIDES[0] * SIDES[0]) as usize;
        for (x, y) in corners(&levels, side).into_iter().take(part.max(1)) {
            let place = |at: usize| ((at as f32 + 0.5) / side as f32 * 255.0).round() as u8;
            let point = Point {
                x: place(x),
                y: place(y),
                bits: descriptor(&smooth, side, x, y),
            };
            let is_same = |other: &Point| {
                let is_near = other.x.abs_diff(point.x) <= SAME_PLACE
                    && other.y.abs_diff(point.y) <= SAME_PLACE;
                is_near && other.distance(&point) <= SAME_BITS
            };
            if !points.iter().take(known).any(is_same) {
                points.push(point);
            }
        }
    }
}

/// Corners, the strongest first: where the smaller eigenvalue of the gradients' products is largest (Shi and Tomasi, 1994).
fn corners(levels: &[f32], side: usize) -> Vec<(usize, usize)> {
    let at = |x: usize, y: usize| levels.get(y * side + x).copied().unwrap_or(0.0);
    let mut products = [(); 3].map(|()| vec![0.0f32; side * side]);
    for y in 1..side.saturating_sub(1) {
        for x in 1..side - 1 {
            let column = |x: usize| at(x, y - 1) + 2.0 * at(x, y) + at(x, y + 1);
            let line = |y: usize| at(x - 1, y) + 2.0 * at(x, y) + at(x + 1, y);
            let (across, down) = (column(x + 1) - column(x - 1), line(y + 1) - line(y - 1));
            for (sum, value) in
                products
                    .iter_mut()
                    .zip([across * across, across * down, down * down])
            {
                sum[y * side + x] = value;
            }
        }
    }
    let [xx, xy, yy] = products.map(|it| box_mean(&it, side, side, 2));
    let strengths: Vec<f32> = (0..side * side)
        .map(|i| {
            let (half, apart) = (f32::midpoint(xx[i], yy[i]), (xx[i] - yy[i]) / 2.0);
            half - (apart * apart + xy[i] * xy[i]).sqrt()
        })
        .collect();
    let mut found = Vec::new();
    for y in MARGIN..side.saturating_sub(MARGIN) {
        for x in MARGIN..side - MARGIN {
            let strength = strengths[y * side + x];
            let lines = || {
                (y - APART..=y + APART)
                    .map(|y| &strengths[y * side + x - APART..=y * side + x + APART])
            };
            if strength > LEAST_EDGE && lines().all(|line| line.iter().all(|it| *it <= strength)) {
                found.push((strength, x, y));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, x, y)| (x, y)).collect()
}

/// Compares pairs of cells around a corner (Calonder et al., BRIEF, 2010).
fn descriptor(smooth: &[f32], side: usize, x: usize, y: usize) -> [u64; 2] {
    let at = |column: usize, line: usize| {
        let x = x.saturating_add_signed(OFFSETS[column]);
        let y = y.saturating_add_signed(OFFSETS[line]);
        smooth.get(y * side + x).copied().unwrap_or(0.0)
    };
    let last = OFFSETS.len() - 1;
    let mut bits = [0; 2];
    for ([a, b], [c, d]) in pairs() {
        let [pair, mirrored] = &mut bits;
        *pair = *pair << 1 | u64::from(at(a, b) > at(c, d));
        *mirrored = *mirrored << 1 | u64::from(at(last - a, b) > at(last - c, d));
    }
    bits
}

/// The pairs of cells that are compared, by column and line: random ones, the same in all versions, since descriptors are
/// stored.
fn pairs() -> impl Iterator<Item = ([usize; 2], [usize; 2])> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut cell = move || {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        [(state >> 61) as usize, (state >> 58 & 7) as usize]
    };
    std::iter::repeat_with(move || (cell(), cell()))
        .filter(|(one, other)| one != other)
        .take(N_COMPARED)
}
