//! A set of pixels of a small image.

use image::{GrayImage, Luma};

/// True or false for each pixel of a small image. Positions are shares of its sides, so that it fits images of any size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: usize,
    height: usize,
    bits: Vec<bool>,
}

/// A rectangle, in shares of the image sides from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// The right edge.
    pub right: f64,
    /// The lower edge.
    pub bottom: f64,
}

impl Bounds {
    /// Its area as a share of the image.
    pub fn share(&self) -> f64 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }

    /// Whether it contains a position.
    pub fn contains(&self, u: f64, v: f64) -> bool {
        (self.left..self.right).contains(&u) && (self.top..self.bottom).contains(&v)
    }
}

impl Mask {
    /// A mask of the pixels for which `is_set`.
    pub fn from_fn(width: usize, height: usize, is_set: impl Fn(usize, usize) -> bool) -> Self {
        let bits = (0..width * height).map(|i| is_set(i % width, i / width));
        Self {
            width,
            height,
            bits: bits.collect(),
        }
    }

    pub(crate) fn new(width: usize, height: usize, bits: Vec<bool>) -> Self {
        debug_assert_eq!(bits.len(), width * height);
        Self {
            width,
            height,
            bits,
        }
    }

    /// Width and height in pixels of the mask.
    pub fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Whether a pixel is set; false outside.
    pub fn at(&self, x: usize, y: usize) -> bool {
        x < self.width && self.bits.get(y * self.width + x).is_some_and(|&bit| bit)
    }

    /// Whether the pixel at a position in shares of the sides is set; false outside.
    pub fn contains(&self, u: f64, v: f64) -> bool {
        let pixel = |part: f64, side: usize| {
            (0.0..1.0)
                .contains(&part)
                .then_some((part * side as f64) as usize)
        };
        match (pixel(u, self.width), pixel(v, self.height)) {
            (Some(x), Some(y)) => self.at(x, y),
            _ => false,
        }
    }

    /// The share of the image that is set.
    pub fn share(&self) -> f64 {
        self.n_meant() as f64 / self.bits.len().max(1) as f64
    }

    /// The smallest rectangle around all set pixels.
    pub fn bounds(&self) -> Option<Bounds> {
        let columns = || (0..self.width).filter(|&x| (0..self.height).any(|y| self.at(x, y)));
        let lines = || (0..self.height).filter(|&y| (0..self.width).any(|x| self.at(x, y)));
        let part = |at: usize, side: usize| at as f64 / side as f64;
        Some(Bounds {
            left: part(columns().next()?, self.width),
            top: part(lines().next()?, self.height),
            right: part(columns().next_back()? + 1, self.width),
            bottom: part(lines().next_back()? + 1, self.height),
        })
    }

    /// Set pixels in white and others in black, as large as the mask.
    pub fn image(&self) -> GrayImage {
        GrayImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            Luma([if self.at(x as usize, y as usize) {
                255
            } else {
                0
            }])
        })
    }

    pub(crate) fn n_meant(&self) -> usize {
        self.bits.iter().filter(|&&bit| bit).count()
    }

    /// All pixels up to `radius` from a set one, in a square.
    pub(crate) fn dilated(&self, radius: usize) -> Self {
        let along = |bits: &[bool], n: usize, step: usize, start: usize, to: &mut [bool]| {
            let mut last = None;
            // Forward, then backward: the distance to the nearest one on either side.
            for i in 0..n {
                last = if bits[start + i * step] {
                    Some(i)
                } else {
                    last
                };
                to[start + i * step] |= last.is_some_and(|last| i - last <= radius);
            }
            last = None;
            for i in (0..n).rev() {
                last = if bits[start + i * step] {
                    Some(i)
                } else {
                    last
                };
                to[start + i * step] |= last.is_some_and(|last| last - i <= radius);
            }
        };
        let mut across = vec![false; self.bits.len()];
        (0..self.height)
            .for_each(|y| along(&self.bits, self.width, 1, y * self.width, &mut across));
        let mut both = vec![false; self.bits.len()];
        (0..self.width).for_each(|x| along(&across, self.height, self.width, x, &mut both));
        Self::new(self.width, self.height, both)
    }

    /// With gaps of up to twice `radius` closed.
    pub(crate) fn closed(&self, radius: usize) -> Self {
        // In a wider frame, or what comes near the edge of the image would stick to it.
        let (width, height) = (self.width + 2 * radius, self.height + 2 * radius);
        let wide = Self::from_fn(width, height, |x, y| {
            x >= radius && y >= radius && self.at(x - radius, y - radius)
        });
        let closed = wide.dilated(radius).inverted().dilated(radius).inverted();
        Self::from_fn(self.width, self.height, |x, y| {
            closed.at(x + radius, y + radius)
        })
    }

    /// Fills holes: sets all pixels that the edge of the image cannot reach without crossing a set one.
    pub(crate) fn filled(&self) -> Self {
        let outside = self.inverted().components();
        let bits = (0..self.bits.len()).map(|index| {
            self.bits[index] || {
                let component = outside.numbers[index];
                !outside.touches_edge.get(component).is_some_and(|&it| it)
            }
        });
        Self::new(self.width, self.height, bits.collect())
    }

    /// Sets all pixels between two set pixels of one column: a body stands between its head and feet.
    pub(crate) fn upright(&self) -> Self {
        let span = |x: usize| {
            let mut lines = (0..self.height).filter(|&y| self.at(x, y));
            let first = lines.next()?;
            Some(first..=lines.next_back().unwrap_or(first))
        };
        let spans: Vec<_> = (0..self.width).map(span).collect();
        Self::from_fn(self.width, self.height, |x, y| {
            spans[x].as_ref().is_some_and(|span| span.contains(&y))
        })
    }

    fn inverted(&self) -> Self {
        let bits = self.bits.iter().map(|bit| !bit).collect();
        Self::new(self.width, self.height, bits)
    }

    /// The connected parts of the set pixels; pixels are joined along their edges.
    pub(crate) fn components(&self) -> Components {
        let mut numbers = vec![Components::NONE; self.bits.len()];
        let mut touches_edge = Vec::new();
        for start in 0..self.bits.len() {
            if !self.bits[start] || numbers[start] != Components::NONE {
                continue;
            }
            let number = touches_edge.len();
            let mut touches = false;
            let mut open = vec![start];
            numbers[start] = number;
            while let Some(index) = open.pop() {
                let (x, y) = (index % self.width, index / self.width);
                touches |= x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height;
                let neighbours = [
                    (x > 0).then(|| index - 1),
                    (x + 1 < self.width).then_some(index + 1),
                    (y > 0).then(|| index - self.width),
                    (y + 1 < self.height).then_some(index + self.width),
                ];
                for next in neighbours.into_iter().flatten() {
                    if self.bits[next] && numbers[next] == Components::NONE {
                        numbers[next] = number;
                        open.push(next);
                    }
                }
            }
            touches_edge.push(touches);
        }
        Components {
            numbers,
            touches_edge,
        }
    }
}

/// The connected parts of a mask.
#[derive(Debug)]
pub(crate) struct Components {
    /// For each pixel the number of its component, or [`Self::NONE`].
    pub(crate) numbers: Vec<usize>,
    /// For each component whether it reaches the edge of the image.
    touches_edge: Vec<bool>,
}

impl Components {
    /// The number of a pixel that is not set.
    pub(crate) const NONE: usize = usize::MAX;

    /// The sum of `values` over each component.
    pub(crate) fn sums(&self, values: &[f32]) -> Vec<f64> {
        let mut sums = vec![0.0; self.touches_edge.len()];
        for (&number, &value) in self.numbers.iter().zip(values) {
            if let Some(sum) = sums.get_mut(number) {
                *sum += f64::from(value);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `#` is set.
    fn mask(lines: &[&str]) -> Mask {
        Mask::from_fn(lines[0].len(), lines.len(), |x, y| {
            lines[y].as_bytes()[x] == b'#'
        })
    }

    #[test]
    fn holes_are_filled_and_bays_are_not() {
        assert_eq!(
            mask(&[".####.", ".#..#.", ".####.", ".#..#."]).filled(),
            mask(&[".####.", ".####.", ".####.", ".#..#."]),
        );
    }

    #[test]
    fn gaps_close_and_the_rest_stays() {
        assert_eq!(
            mask(&[".......", ".##.##.", ".##.##.", "......."]).closed(1),
            mask(&[".......", ".#####.", ".#####.", "......."]),
        );
        assert_eq!(
            mask(&["#.....", "......", "......"]).dilated(1),
            mask(&["##....", "##....", "......"]),
        );
    }

    #[test]
    fn a_body_has_no_gap_between_head_and_feet() {
        assert_eq!(
            mask(&["..#.", ".#..", "..#.", ".#.#"]).upright(),
            mask(&["..#.", ".##.", ".##.", ".#.#"]),
        );
    }

    #[test]
    fn components_are_joined_along_edges() {
        let components = mask(&["#.#", "##.", "..#"]).components();
        assert_eq!(components.sums(&[1.0; 9]), [3.0, 1.0, 1.0]);
    }

    #[test]
    fn places_are_parts_of_the_sides() {
        let mask = mask(&["....", ".##.", "...."]);
        let bounds = mask.bounds().unwrap();
        assert_eq!((bounds.left, bounds.right), (0.25, 0.75));
        assert!((bounds.share() - mask.share()).abs() < 1e-9);
        assert!(mask.contains(0.5, 0.5) && bounds.contains(0.5, 0.5));
        for (u, v) in [(0.1, 0.5), (1.0, 1.0), (-0.1, 0.5), (f64::NAN, 0.5)] {
            assert!(!mask.contains(u, v) && !bounds.contains(u, v));
        }
        assert_eq!(Mask::from_fn(3, 2, |_, _| false).bounds(), None);
        assert_eq!(Mask::from_fn(0, 0, |_, _| true).bounds(), None);
    }
}
