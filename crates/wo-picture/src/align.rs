//! How far the camera moved between two frames, across and down. Rotation and zoom are not estimated.

/// The farthest shift that is tried, as a share of the long side.
const FARTHEST: f64 = 0.1;
/// The long side at which every shift is tried; larger frames only refine what was found at half their size.
const COARSE: usize = 48;
/// Differences count up to this many levels: a lifter who has moved must not outweigh the wall that has not.
const CAP: f32 = 12.0;
/// Radius in pixels of the surroundings whose mean is taken off, so that a change of light is no difference.
const RADIUS: usize = 4;
/// A shift must be better than none by this share: a wall without texture fits everywhere.
const BETTER: f32 = 0.97;

/// Where in another frame is what one frame shows, in pixels to the right and down.
pub(crate) type Offset = (isize, isize);

/// A frame as the search sees it: luma without its slow changes, at falling sizes.
#[derive(Debug)]
pub(crate) struct Pyramid {
    /// From the largest to the smallest.
    levels: Vec<Plane>,
}

#[derive(Debug)]
struct Plane {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Pyramid {
    /// Takes the luma of a frame, line by line.
    pub(crate) fn new(width: usize, height: usize, luma: Vec<f32>) -> Self {
        let mut plane = Plane {
            width,
            height,
            values: luma,
        };
        let mut levels = vec![plane.without_slow_changes()];
        while plane.width.max(plane.height) > COARSE {
            plane = plane.halved();
            levels.push(plane.without_slow_changes());
        }
        Self { levels }
    }

    /// Where in `other`, of the same size, is what this frame shows.
    pub(crate) fn offset_in(&self, other: &Self) -> Offset {
        let mut found: Offset = (0, 0);
        let mut reach = None;
        for (mine, theirs) in self.levels.iter().zip(&other.levels).rev() {
            let around = (2 * found.0, 2 * found.1);
            let far = (mine.width.max(mine.height) as f64 * FARTHEST).ceil() as isize;
            found = mine.best(theirs, around, reach.unwrap_or(far));
            reach = Some(1);
        }
        found
    }
}

impl Plane {
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let at = |x: usize, y: usize| {
            self.values[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
        };
        let values = (0..width * height).map(|index| {
            let (x, y) = (2 * (index % width), 2 * (index / width));
            (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0
        });
        Self {
            width,
            height,
            values: values.collect(),
        }
    }

    fn without_slow_changes(&self) -> Self {
        let mean = box_mean(&self.values, self.width, self.height, RADIUS);
        let values = self.values.iter().zip(&mean).map(|(v, m)| v - m);
        Self {
            values: values.collect(),
            ..*self
        }
    }

    /// The best of the offsets up to `reach` from `around`, on either axis.
    fn best(&self, other: &Self, around: Offset, reach: isize) -> Offset {
        let mut best = (self.cost(other, around), around);
        let mut tried: Vec<Offset> = (-reach..=reach)
            .flat_map(|y| (-reach..=reach).map(move |x| (around.0 + x, around.1 + y)))
            .collect();
        // Near ones first, so that of equals the nearest is taken.
        tried.sort_by_key(|&(x, y)| ((x - around.0).pow(2) + (y - around.1).pow(2), y, x));
        let still = self.cost(other, (0, 0)) * BETTER;
        for offset in tried {
            let cost = self.cost(other, offset);
            if cost < best.0 && (cost < still || offset == (0, 0)) {
                best = (cost, offset);
            }
        }
        best.1
    }

    /// The mean difference where both planes have pixels, capped at [`CAP`].
    fn cost(&self, other: &Self, (dx, dy): Offset) -> f32 {
        let overlap = |side: usize, d: isize| {
            let gone = d.unsigned_abs().min(side);
            if d < 0 { gone..side } else { 0..side - gone }
        };
        let (columns, lines) = (overlap(self.width, dx), overlap(self.height, dy));
        if columns.is_empty() || lines.is_empty() {
            return CAP;
        }
        let n = columns.len() * lines.len();
        let moved = |at: usize, d: isize| at.saturating_add_signed(d);
        let mut sum = 0.0;
        for y in lines {
            let mine = &self.values[y * self.width..][columns.clone()];
            let from = moved(y, dy) * self.width + moved(columns.start, dx);
            let theirs = &other.values[from..from + columns.len()];
            let pairs = mine.iter().zip(theirs);
            sum += pairs.map(|(a, b)| (a - b).abs().min(CAP)).sum::<f32>();
        }
        sum / n as f32
    }
}

/// The mean over the square of `2 * radius + 1` pixels around each pixel, as far as it is in the image.
pub(crate) fn box_mean(values: &[f32], width: usize, height: usize, radius: usize) -> Vec<f32> {
    let along = |values: &[f32], n: usize, step: usize, start: usize, to: &mut [f32]| {
        let mut sums = Vec::with_capacity(n + 1);
        let mut sum = 0.0f64;
        sums.push(sum);
        for i in 0..n {
            sum += f64::from(values[start + i * step]);
            sums.push(sum);
        }
        for i in 0..n {
            let (from, end) = (i.saturating_sub(radius), (i + radius + 1).min(n));
            to[start + i * step] = ((sums[end] - sums[from]) / (end - from) as f64) as f32;
        }
    };
    let mut across = vec![0.0; values.len()];
    (0..height).for_each(|y| along(values, width, 1, y * width, &mut across));
    let mut both = vec![0.0; values.len()];
    (0..width).for_each(|x| along(&across, height, width, x, &mut both));
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wall of patches, seen by a camera that has moved.
    fn wall(dx: isize, dy: isize, light: f32) -> Pyramid {
        let (width, height) = (150, 90);
        let luma = (0..width * height).map(|i| {
            let (x, y) = (
                (i % width) as isize - dx + 500,
                (i / width) as isize - dy + 500,
            );
            let patch =
                ((x / 11) * (x / 11) * 31 + (y / 13) * (y / 13) * 57 + (x / 11) * (y / 13)) % 97;
            light * (40.0 + patch as f32)
        });
        Pyramid::new(width, height, luma.collect())
    }

    #[test]
    fn shifts_are_found_in_another_light() {
        for (dx, dy) in [(0, 0), (1, 0), (-3, 2), (9, -7), (-12, 4)] {
            let offset = wall(0, 0, 1.0).offset_in(&wall(dx, dy, 1.2));
            assert_eq!(offset, (dx, dy));
        }
    }

    #[test]
    fn what_has_no_texture_has_not_moved() {
        let flat = |level: f32| Pyramid::new(60, 200, vec![level; 60 * 200]);
        assert_eq!(flat(10.0).offset_in(&flat(200.0)), (0, 0));
        let dot = |level: f32| Pyramid::new(1, 1, vec![level]);
        assert_eq!(dot(1.0).offset_in(&dot(9.0)), (0, 0));
    }

    #[test]
    fn a_mean_of_a_box_is_cut_at_the_edge() {
        assert_eq!(box_mean(&[1.0, 2.0, 6.0], 3, 1, 1), [1.5, 3.0, 4.0]);
        assert_eq!(box_mean(&[1.0, 2.0, 6.0], 1, 3, 9), [3.0, 3.0, 3.0]);
    }
}
