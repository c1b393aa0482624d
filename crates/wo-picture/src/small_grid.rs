//! The middle square of an image, averaged to a few pixels, and how its brightness changes from one to the next.

use image::RgbImage;

/// Keeps ratios finite.
const LEAST: f64 = 1e-6;
/// Logarithms of ratios far below this say the same: nothing is there.
const LEAST_RATIO: f64 = 0.003;
/// The logarithm of a sum of squares over a square begins here.
const LEAST_PEAK: f64 = 0.01;
const N_DIRECTIONS: usize = 12;

/// The logarithm of a part over a whole.
fn log_ratio(part: f64, whole: f64, least: f64) -> f64 {
    (part / (whole + LEAST) + least).ln()
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len().max(1) as f64
}

/// The number that this share of the others is below; 0 where there is none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len() as f64) as usize;
    sorted.get(place).copied().unwrap_or(0.0)
}

/// Brightness on a square grid.
pub(crate) struct SmallGrid {
    side: usize,
    levels: Vec<f64>,
    /// The larger of the steps to the left and to the upper neighbour, in order.
    steps: Vec<f64>,
}

impl SmallGrid {
    /// The middle square at `side` pixels, or fewer where the image has fewer.
    pub(crate) fn of(image: &RgbImage, side: usize) -> Self {
        let (side, levels) = averaged(image, side);
        let mut this = Self {
            side,
            levels,
            steps: Vec::new(),
        };
        let sizes = this.pairs().map(|(x, y)| x.abs().max(y.abs()));
        this.steps = sizes.collect();
        this.steps.sort_by(f64::total_cmp);
        this
    }

    /// The share of places darker or brighter than these levels.
    pub(crate) fn share_outside(&self, darkest: f64, brightest: f64) -> f64 {
        let outside = |level: &&f64| **level < darkest || **level > brightest;
        self.levels.iter().filter(outside).count() as f64 / self.levels.len().max(1) as f64
    }

    /// The usual step as a part of the mean brightness.
    pub(crate) fn usual_step(&self) -> f64 {
        quantile(&self.steps, 0.5) / (mean(&self.levels) + LEAST)
    }

    /// The same as a logarithm.
    pub(crate) fn log_usual_step(&self) -> f64 {
        (self.usual_step() + LEAST_RATIO).ln()
    }

    /// The step that `share` of the steps are below, over the mean step.
    pub(crate) fn log_step_over_mean(&self, share: f64) -> f64 {
        log_ratio(quantile(&self.steps, share), mean(&self.steps), LEAST_RATIO)
    }

    /// How far the largest steps stand out: the mean square over the square of the mean.
    pub(crate) fn log_peak(&self) -> f64 {
        let square =
            self.steps.iter().map(|it| it * it).sum::<f64>() / self.steps.len().max(1) as f64;
        (square / (mean(&self.steps).powi(2) + 1e-9) + LEAST_PEAK).ln()
    }

    /// How evenly the steps point in all directions: the entropy of their directions, weighted by their length.
    pub(crate) fn direction_entropy(&self) -> f64 {
        let mut weights = [0.0; N_DIRECTIONS];
        for (x, y) in self.pairs() {
            let turn = (y.atan2(x) + std::f64::consts::PI) / std::f64::consts::TAU;
            let bin = (turn * N_DIRECTIONS as f64) as usize;
            weights[bin.min(N_DIRECTIONS - 1)] += x.hypot(y);
        }
        let total = weights.iter().sum::<f64>() + 1e-9;
        let entropy = |weight: &f64| {
            let share = weight / total;
            -share * (share + 1e-9).ln()
        };
        weights.iter().map(entropy).sum()
    }

    /// The mean bend over the mean step.
    pub(crate) fn log_bend_over_step(&self) -> f64 {
        log_ratio(mean(&self.bends()), mean(&self.steps), LEAST_PEAK)
    }

    /// The usual bend over the largest ones.
    pub(crate) fn log_usual_bend(&self) -> f64 {
        let mut bends = self.bends();
        bends.sort_by(f64::total_cmp);
        log_ratio(quantile(&bends, 0.5), quantile(&bends, 0.95), LEAST_RATIO)
    }

    /// The steps of each place to the left and to the upper neighbour.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        let side = self.side;
        let places = (1..side).flat_map(move |y| (1..side).map(move |x| y * side + x));
        places.map(move |place| {
            let [here, left, above] = [place, place - 1, place - side].map(|it| self.levels[it]);
            (here - left, here - above)
        })
    }

    /// How far each place is from the mean of its four neighbours, four times.
    fn bends(&self) -> Vec<f64> {
        let side = self.side;
        let end = side.saturating_sub(1);
        let places = (1..end).flat_map(move |y| (1..end).map(move |x| y * side + x));
        let bend = |place: usize| {
            let around = [place - 1, place + 1, place - side, place + side];
            let around: f64 = around.iter().map(|&it| self.levels[it]).sum();
            (4.0 * self.levels[place] - around).abs()
        };
        places.map(bend).collect()
    }
}

/// The brightness of the middle square, averaged to `side` pixels, or as many as it has, and how many these are.
fn averaged(image: &RgbImage, side: usize) -> (usize, Vec<f64>) {
    let (left, top, width, height) = without_bars(image);
    let side = side.min(width.min(height));
    let square = width.min(height);
    let (left, top) = (left + (width - square) / 2, top + (height - square) / 2);
    let edge = |n: usize| n * square / side.max(1);
    let mut levels = Vec::with_capacity(side * side);
    for row in 0..side {
        for column in 0..side {
            let mut sum = 0_u64;
            for y in edge(row)..edge(row + 1) {
                let start = 3 * ((top + y) * image.width() as usize + left + edge(column));
                let end = 3 * ((top + y) * image.width() as usize + left + edge(column + 1));
                for rgb in image.as_raw()[start..end].chunks_exact(3) {
                    sum += brightness(rgb);
                }
            }
            let n = (edge(row + 1) - edge(row)) * (edge(column + 1) - edge(column));
            levels.push(sum as f64 / (1000 * n) as f64);
        }
    }
    (side, levels)
}

/// A thousand times the brightness.
fn brightness(rgb: &[u8]) -> u64 {
    let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u64::from);
    299 * r + 587 * g + 114 * b
}

/// A row or column is part of a bar if no more than one pixel in so many is brighter than [`DARK`].
const BRIGHT_PIXELS_OF_A_BAR: usize = 20;
const DARK: u64 = 20_000;
/// Bars that would leave less than this share of the image, in percent, are no bars.
const LEAST_LEFT: usize = 30;

/// The left, top, width and height of what black bars at the edges leave.
fn without_bars(image: &RgbImage) -> (usize, usize, usize, usize) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let is_bright = |x: usize, y: usize| {
        let start = 3 * (y * width + x);
        brightness(&image.as_raw()[start..start + 3]) >= DARK
    };
    let is_dark_row = |y: usize| {
        (0..width).filter(|&x| is_bright(x, y)).count() <= width / BRIGHT_PIXELS_OF_A_BAR
    };
    let is_dark_column = |x: usize| {
        (0..height).filter(|&y| is_bright(x, y)).count() <= height / BRIGHT_PIXELS_OF_A_BAR
    };
    let (top, rows) = between(height, is_dark_row);
    let (left, columns) = between(width, is_dark_column);
    (left, top, columns, rows)
}

/// Where what is not dark begins, and how long it is.
fn between(n: usize, is_dark: impl Fn(usize) -> bool) -> (usize, usize) {
    let before = (0..n).take_while(|&at| is_dark(at)).count();
    let after = (before..n).rev().take_while(|&at| is_dark(at)).count();
    let left = n - before - after;
    if 100 * left < LEAST_LEFT * n {
        return (0, n);
    }
    (before, left)
}
