//! The posterior of a mean success rate, from the successes of groups, on a grid.
//!
//! The successes of a group are beta-binomial (Skellam 1948): each group has a rate of its own, drawn from a beta
//! distribution with mean μ, and ρ is the correlation of two samples of one group. Both are unknown. ρ has a prior of its
//! own, so a few groups that agree are no proof that all groups do.

use statrs::function::beta::beta_reg;
use statrs::function::gamma::ln_gamma;

/// Cells of μ. One grid of them is too coarse for much data, so a second one covers where the posterior is.
const N_MEANS: usize = 120;
/// Points of ρ.
const N_CORRELATIONS: usize = 24;
/// The grid of μ reaches so far in log-odds; the outer cells go on to 0 and 1.
const MAX_LOG_ODDS: f64 = 9.0;
/// The second grid covers the cells that hold all but this mass.
const IGNORED_MASS: f64 = 1e-6;
/// Groups up to this size are counted sample by sample, larger ones with the gamma function.
const MAX_COUNTED: u64 = 256;
/// Products are turned into logarithms before they leave this range.
const PRODUCT_RANGE: std::ops::Range<f64> = 1e-250..1e250;

/// Successes and samples of groups, in the form that the likelihood needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct GroupCounts {
    /// At `j`: how many groups have more than `j` successes, failures and samples.
    successes: Vec<u32>,
    failures: Vec<u32>,
    samples: Vec<u32>,
    /// Successes and samples of groups that are too large for that.
    large: Vec<(f64, f64)>,
}

/// A beta distribution: what is known before the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BetaPrior {
    pub(super) alpha: f64,
    pub(super) beta: f64,
}

/// The prior density of ρ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CorrelationPrior {
    /// The same everywhere.
    Uniform,
    /// Proportional to ρ: Beta(2, 1).
    Rising,
}

/// A distribution over cells, uniform inside each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Posterior {
    /// One more than there are cells.
    edges: Vec<f64>,
    /// The mass of each cell; together 1.
    masses: Vec<f64>,
}

/// The likelihood on a grid.
struct Grid {
    /// Log-odds of the edges of the cells of μ.
    edges: Vec<f64>,
    /// The points of ρ.
    correlations: Vec<f64>,
    /// Relative to its maximum, by μ, then ρ.
    likelihood: Vec<f64>,
}

impl GroupCounts {
    /// Counts `(successes, samples)` of groups.
    pub(super) fn new(groups: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut counts = Self::default();
        for (successes, samples) in groups {
            if samples > MAX_COUNTED {
                counts.large.push((successes as f64, samples as f64));
                continue;
            }
            let failures = samples.saturating_sub(successes);
            for (tails, n) in [
                (&mut counts.successes, successes as usize),
                (&mut counts.failures, failures as usize),
                (&mut counts.samples, samples as usize),
            ] {
                if tails.len() < n {
                    tails.resize(n, 0);
                }
                tails.iter_mut().take(n).for_each(|tail| *tail += 1);
            }
        }
        counts
    }

    /// The posterior of μ under each of `priors`.
    pub(super) fn posteriors<const N: usize>(
        &self,
        priors: [BetaPrior; N],
        correlation: CorrelationPrior,
    ) -> [Posterior; N] {
        let coarse = self.grid((-MAX_LOG_ODDS, MAX_LOG_ODDS), (0.0, 1.0));
        let (mut means, mut correlations) = ((N_MEANS, 0), (N_CORRELATIONS, 0));
        for prior in priors {
            let joint = coarse.joint(prior, correlation);
            means = joined(means, support(&by_mean(&joint)));
            correlations = joined(correlations, support(&by_correlation(&joint)));
        }
        let edge = |cell: usize| coarse.edges.get(cell).copied().unwrap_or(MAX_LOG_ODDS);
        let share = |point: usize| point as f64 / N_CORRELATIONS as f64;
        let fine = self.grid(
            (edge(means.0), edge(means.1)),
            (share(correlations.0), share(correlations.1)),
        );
        priors.map(|prior| Posterior {
            edges: fine.edges.iter().map(|edge| rate(*edge)).collect(),
            masses: by_mean(&fine.joint(prior, correlation)),
        })
    }

    fn grid(&self, log_odds: (f64, f64), correlation: (f64, f64)) -> Grid {
        let between = |ends: (f64, f64), share: f64| ends.0 + (ends.1 - ends.0) * share;
        let edges: Vec<f64> = (0..=N_MEANS)
            .map(|cell| between(log_odds, cell as f64 / N_MEANS as f64))
            .collect();
        let correlations: Vec<f64> = (0..N_CORRELATIONS)
            .map(|point| between(correlation, (point as f64 + 0.5) / N_CORRELATIONS as f64))
            .collect();
        let middles = edges
            .iter()
            .zip(edges.iter().skip(1))
            .map(|(from, to)| expit(f64::midpoint(*from, *to)));
        let mut likelihood: Vec<f64> = middles
            .flat_map(|mean| correlations.iter().map(move |rho| (mean, *rho)))
            .map(|(mean, rho)| self.ln_likelihood(mean, rho))
            .collect();
        let maximum = likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for value in &mut likelihood {
            *value = (*value - maximum).exp();
        }
        Grid {
            edges,
            correlations,
            likelihood,
        }
    }

    /// Σ ln B(k + μS, n − k + (1 − μ)S) − ln B(μS, (1 − μ)S) with S = (1 − ρ)/ρ.
    fn ln_likelihood(&self, mean: f64, correlation: f64) -> f64 {
        let size = (1.0 - correlation) / correlation;
        let (a, b) = (mean * size, (1.0 - mean) * size);
        let counted = ln_rising(&self.successes, a) + ln_rising(&self.failures, b)
            - ln_rising(&self.samples, size);
        let large = self.large.iter().map(|(k, n)| {
            ln_gamma(k + a) - ln_gamma(a) + ln_gamma(n - k + b) - ln_gamma(b) - ln_gamma(n + size)
                + ln_gamma(size)
        });
        counted + large.sum::<f64>()
    }
}

impl Grid {
    /// The posterior mass by μ, then ρ.
    fn joint(&self, prior: BetaPrior, correlation: CorrelationPrior) -> Vec<f64> {
        let below: Vec<f64> = self
            .edges
            .iter()
            .map(|edge| match rate(*edge) {
                rate if rate <= 0.0 || rate >= 1.0 => rate,
                rate => beta_reg(prior.alpha, prior.beta, rate),
            })
            .collect();
        let priors = below.iter().zip(below.iter().skip(1)).map(|(a, b)| b - a);
        let rows = self.likelihood.chunks(N_CORRELATIONS);
        let mut joint: Vec<f64> = rows
            .zip(priors)
            .flat_map(|(row, prior)| {
                let cells = row.iter().zip(&self.correlations);
                cells.map(move |(likelihood, rho)| likelihood * prior * correlation.density(*rho))
            })
            .collect();
        let total: f64 = joint.iter().sum();
        for mass in &mut joint {
            *mass /= total;
        }
        joint
    }
}

impl CorrelationPrior {
    fn density(self, rho: f64) -> f64 {
        match self {
            Self::Uniform => 1.0,
            Self::Rising => rho,
        }
    }
}

impl Posterior {
    /// The rate below which lies `share` of the mass.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let mut below = 0.0;
        for (mass, from, to) in self.cells() {
            if below + mass >= share {
                let part = if mass > 0.0 {
                    (share - below) / mass
                } else {
                    0.0
                };
                return from + part * (to - from);
            }
            below += mass;
        }
        self.edges.last().copied().unwrap_or(1.0)
    }

    /// The mass below a rate.
    pub(super) fn mass_below(&self, rate: f64) -> f64 {
        self.cells()
            .map(|(mass, from, to)| mass * ((rate - from) / (to - from)).clamp(0.0, 1.0))
            .sum()
    }

    /// Mass and ends of each cell.
    pub(super) fn cells(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let ends = self.edges.iter().zip(self.edges.iter().skip(1));
        let masses = self.masses.iter();
        masses
            .zip(ends)
            .map(|(mass, (from, to))| (*mass, *from, *to))
    }
}

/// Σ count_j ln(from + j): of all groups the logarithm of Γ(k + from)/Γ(from).
fn ln_rising(counts: &[u32], from: f64) -> f64 {
    let (mut sum, mut product, mut count) = (0.0, 1.0_f64, 0);
    for (j, next) in counts.iter().enumerate() {
        // Neighbours with one count share a logarithm, which is what takes the time.
        if *next != count || !PRODUCT_RANGE.contains(&product) {
            sum += f64::from(count) * product.ln();
            (product, count) = (1.0, *next);
        }
        product *= from + j as f64;
    }
    sum + f64::from(count) * product.ln()
}

fn by_mean(joint: &[f64]) -> Vec<f64> {
    joint
        .chunks(N_CORRELATIONS)
        .map(|row| row.iter().sum())
        .collect()
}

fn by_correlation(joint: &[f64]) -> Vec<f64> {
    let column = |point: usize| joint.iter().skip(point).step_by(N_CORRELATIONS).sum();
    (0..N_CORRELATIONS).map(column).collect()
}

/// The edges between which lies almost all of the mass, and one cell more on both sides.
fn support(masses: &[f64]) -> (usize, usize) {
    let n_below = |masses: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        masses
            .take_while(|mass| {
                sum += **mass;
                sum < IGNORED_MASS / 2.0
            })
            .count()
    };
    let first = n_below(&mut masses.iter());
    let last = masses
        .len()
        .saturating_sub(n_below(&mut masses.iter().rev()));
    (first.saturating_sub(1), (last + 1).min(masses.len()))
}

fn joined(one: (usize, usize), other: (usize, usize)) -> (usize, usize) {
    (one.0.min(other.0), one.1.max(other.1))
}

fn expit(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The rate at an edge: the outermost ones are 0 and 1.
fn rate(log_odds: f64) -> f64 {
    if log_odds <= -MAX_LOG_ODDS {
        0.0
    } else if log_odds >= MAX_LOG_ODDS {
        1.0
    } else {
        expit(log_odds)
    }
}
