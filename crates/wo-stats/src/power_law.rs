//! An inverse power law: what a score does as there is more to learn from (Cortes et al. 1994; Hestness et al. 2017, arXiv
//! 1712.00409).

/// Rates that are looked at. At the lowest, ten times as many videos leave 98 % of what is lacking; at the highest, twice as
/// many leave a thirtieth.
pub(crate) const RATES: (f64, f64) = (0.01, 5.0);
/// Rates that are tried before the best is looked for between its neighbours.
const N_RATES: usize = 120;
/// Golden sections of an interval: each takes 38 % away.
const N_SECTIONS: usize = 60;

/// `limit - drop · n^-rate`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// The score of endless data, between 0 and 1.
    pub limit: f64,
    /// How far the score of one video lies below; not negative.
    pub drop: f64,
    /// How fast what is lacking shrinks, between 0.01 and 5.
    pub rate: f64,
}

/// A score that was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeenScore {
    /// How many videos it was reached with.
    pub n_videos: f64,
    /// The score, between 0 and 1.
    pub score: f64,
    /// How much it counts: one over its variance.
    pub weight: f64,
}

impl PowerLaw {
    /// The law with the least weighted squares. `None` where there are no three sizes, and where a number of videos, a score
    /// or a weight is none.
    pub fn fit(seen: &[SeenScore]) -> Option<Self> {
        let is_valid = |s: &SeenScore| {
            s.n_videos > 0.0 && s.n_videos.is_finite() && s.score.is_finite() && s.weight > 0.0
        };
        let mut sizes: Vec<f64> = seen.iter().map(|s| s.n_videos).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        if sizes.len() < 3 || !seen.iter().all(is_valid) {
            return None;
        }
        let rates = rates(N_RATES);
        let losses = rates.iter().map(|rate| Self::at_rate(seen, *rate).1);
        let (best, _) = losses
            .enumerate()
            .reduce(|best, next| if next.1 < best.1 { next } else { best })?;
        let low = rates.get(best.saturating_sub(1)).or(rates.first())?;
        let high = rates.get(best + 1).or(rates.last())?;
        let rate = golden_section(*low, *high, |rate| Self::at_rate(seen, rate).1);
        Some(Self::at_rate(seen, rate).0)
    }

    /// The best law of this rate, and its weighted squares.
    pub(crate) fn at_rate(seen: &[SeenScore], rate: f64) -> (Self, f64) {
        let mut sums = Sums::default();
        for s in seen {
            sums.add(s.n_videos.powf(-rate), s.score, s.weight);
        }
        sums.law(rate)
    }

    /// The score that it expects of so many videos.
    pub fn at(&self, n_videos: f64) -> f64 {
        self.limit - self.drop * n_videos.powf(-self.rate)
    }
}

/// Weighted sums over scores `y` and powers `x` of their numbers of videos: all that least squares need.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    w: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    pub(crate) fn add(&mut self, x: f64, y: f64, weight: f64) {
        self.w += weight;
        self.x += weight * x;
        self.y += weight * y;
        self.xx += weight * x * x;
        self.xy += weight * x * y;
        self.yy += weight * y * y;
    }

    /// The law with the least squares, and these. Of two numbers in bounds that is the best one within, or the best one on an
    /// edge.
    pub(crate) fn law(&self, rate: f64) -> (PowerLaw, f64) {
        let Self {
            w, x, y, xx, xy, ..
        } = *self;
        let determinant = w * xx - x * x;
        let within = (
            (y * xx - x * xy) / determinant,
            (x * y - w * xy) / determinant,
        );
        let at_limit = |limit: f64| (limit, ((limit * x - xy) / xx).max(0.0));
        let flat = ((y / w).clamp(0.0, 1.0), 0.0);
        let (limit, drop) = if (0.0..=1.0).contains(&within.0) && within.1 >= 0.0 {
            within
        } else {
            let edges = [at_limit(1.0), at_limit(0.0), flat];
            let better = |a, b| {
                if self.squares(b) < self.squares(a) {
                    b
                } else {
                    a
                }
            };
            edges.into_iter().reduce(better).unwrap_or(flat)
        };
        (PowerLaw { limit, drop, rate }, self.squares((limit, drop)))
    }

    fn squares(&self, (limit, drop): (f64, f64)) -> f64 {
        let Self {
            w,
            x,
            y,
            xx,
            xy,
            yy,
        } = *self;
        yy - 2.0 * limit * y + 2.0 * drop * xy + limit * limit * w - 2.0 * limit * drop * x
            + drop * drop * xx
    }
}

/// So many rates, each as many times the one before.
pub(crate) fn rates(n: usize) -> Vec<f64> {
    let ratio = RATES.1 / RATES.0;
    let last = n.saturating_sub(1).max(1) as f64;
    (0..n)
        .map(|place| RATES.0 * ratio.powf(place as f64 / last))
        .collect()
}

/// Where a function that falls and then rises is least (Kiefer 1953).
fn golden_section(mut low: f64, mut high: f64, value: impl Fn(f64) -> f64) -> f64 {
    let part = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..N_SECTIONS {
        let (left, right) = (high - part * (high - low), low + part * (high - low));
        if value(left) < value(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(points: &[(f64, f64)]) -> Vec<SeenScore> {
        let of = |&(n_videos, score)| SeenScore {
            n_videos,
            score,
            weight: 1.0,
        };
        points.iter().map(of).collect()
    }

    #[test]
    fn the_law_that_made_the_scores_is_found() {
        let law = PowerLaw {
            limit: 0.95,
            drop: 0.6,
            rate: 0.7,
        };
        let points = [3.0, 5.0, 10.0, 20.0, 40.0].map(|n| (n, law.at(n)));
        let found = PowerLaw::fit(&seen(&points)).unwrap();
        assert!((found.limit - 0.95).abs() < 1e-4, "{found:?}");
        assert!((found.rate - 0.7).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn the_bounds_hold() {
        // A line that rises through 1, and scores that fall.
        let line = PowerLaw::fit(&seen(&[(1.0, 0.2), (2.0, 0.6), (3.0, 1.0)])).unwrap();
        assert!(line.limit <= 1.0 && line.at(1000.0) <= 1.0, "{line:?}");
        let fall = PowerLaw::fit(&seen(&[(1.0, 0.8), (2.0, 0.7), (4.0, 0.6)])).unwrap();
        assert!(fall.drop.abs() < 1e-12 && (fall.limit - 0.7).abs() < 1e-9);
        assert_eq!(PowerLaw::fit(&seen(&[(1.0, 0.8), (2.0, 0.7)])), None);
        assert_eq!(
            PowerLaw::fit(&seen(&[(1.0, 0.8), (2.0, f64::NAN), (3.0, 0.5)])),
            None
        );
    }
}
