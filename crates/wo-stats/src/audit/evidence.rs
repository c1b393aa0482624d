//! How much each probe stands out from what it reaches where labels say nothing.

use std::panic::resume_unwind;
use std::thread;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::data::{AuditData, AuditScope, Part, ProbeFeatures};
use super::held_out::{Judged, Labels, judged};
use super::permutation::{Moves, permuted};

/// Scores of a few tens of videos differ by more than this, or not at all.
const LEAST_DEVIATION: f64 = 1e-6;
/// One normal number stands out by more in 1 of 100 cases. Probes that vary little would make a lower bar.
const LEAST_BAR: f64 = 2.33;
/// More threads wait for memory.
const MAX_THREADS: usize = 8;

/// What probes say, and how they do on labels as they are and on permuted ones.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    /// For each probe what it says of each scope.
    pub(super) judged: Vec<Vec<Judged>>,
    /// For each probe and scope how much it stands out.
    standing_out: Vec<Vec<f64>>,
    /// For each permutation how much the probe does that stands out most.
    most: Vec<f64>,
    /// How many permutations leave all labels as they are: nothing can stand out of those.
    n_unchanged: usize,
}

/// Where the scores of one probe lie, over all permutations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// The deviation is that of scores above the mean, as if those below lay as far from it: out of fold, luck is more often
    /// bad than good.
    pub(super) fn of(scores: &[f64]) -> Self {
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        let above: Vec<f64> = scores.iter().map(|it| it - mean).collect();
        let squares: f64 = above.iter().filter(|it| **it > 0.0).map(|it| it * it).sum();
        Self {
            mean,
            // Over all: one score that is far above the rest must not be its own yardstick.
            deviation: (2.0 * squares / scores.len().max(1) as f64)
                .sqrt()
                .max(LEAST_DEVIATION),
        }
    }

    pub(super) fn standing_out(self, score: f64) -> f64 {
        (score - self.mean) / self.deviation
    }
}

impl Evidence {
    /// Fits all probes to the labels and `n_permutations` times to permuted ones. Refits are needed: what is said out of fold
    /// depends on the labels of all other folds, so that probes that know nothing come out above chance far more often than a
    /// test of their predictions alone would have it.
    pub(super) fn gather(
        data: &AuditData<'_>,
        probes: &[ProbeFeatures],
        families: &[(AuditScope, Vec<Part>)],
        n_permutations: usize,
        seed: u64,
    ) -> Self {
        let truth = Labels {
            within_exercises: data.truth.to_vec(),
            within_sources: data.truth.to_vec(),
            anywhere: data.truth.to_vec(),
        };
        let judged: Vec<Vec<Judged>> = probes
            .iter()
            .map(|probe| judged(probe, &truth, data, families))
            .collect();
        let score = |it: &Judged| it.score(data.truth);
        let observed: Vec<Option<f64>> = judged.iter().flatten().map(score).collect();
        let mut scores = vec![observed];
        let permuted = all_permuted(data, probes, families, n_permutations, seed);
        let n_unchanged = permuted.iter().filter(|it| it.is_unchanged).count();
        scores.extend(permuted.into_iter().map(|it| it.scores));
        let scales = scales(&scores);
        let standing_out = |scores: &Vec<Option<f64>>| -> Vec<f64> {
            let each = scores.iter().zip(&scales);
            // A probe that always says the same never varies, and never stands out.
            each.map(|(score, scale)| score.map_or(f64::NEG_INFINITY, |it| scale.standing_out(it)))
                .collect()
        };
        let mut all = scores.iter().map(standing_out);
        let mut observed = all.next().unwrap_or_default().into_iter();
        let of_probe = |it: &Vec<Judged>| observed.by_ref().take(it.len()).collect();
        Self {
            standing_out: judged.iter().map(of_probe).collect(),
            most: all
                .map(|it| it.into_iter().fold(f64::NEG_INFINITY, f64::max))
                .collect(),
            judged,
            n_unchanged,
        }
    }

    /// How probable it is that any probe in any scope stands out as much where labels say nothing: corrected for how many
    /// there are (Westfall & Young 1993, single-step max-T).
    pub(super) fn p_value(&self, probe: usize, scope: usize) -> Option<f64> {
        let here = self.standing_out.get(probe)?.get(scope)?;
        let n_as_much = self.most.iter().filter(|most| *most >= here).count();
        // The labels as they are count as one permutation of them.
        (!self.most.is_empty()).then(|| (n_as_much + 1) as f64 / (self.most.len() + 1) as f64)
    }

    pub(super) fn n_permutations(&self) -> usize {
        self.most.len()
    }

    /// How much a probe must stand out to be found: more than any does in all but so many of the permutations. `None` where
    /// even that is as probable as `level`, or more: labels of few groups can change places in few ways.
    pub(super) fn bar(&self, level: f64) -> Option<f64> {
        let n = self.most.len() + 1;
        if (self.n_unchanged + 1) as f64 > level * n as f64 + 1e-9 {
            return None;
        }
        let n_above = ((level * n as f64) + 1e-9).floor() as usize;
        let mut most = self.most.clone();
        most.sort_by(|a, b| b.total_cmp(a));
        let bar = most.get(n_above.checked_sub(1)?).copied()?;
        Some(bar.max(LEAST_BAR))
    }
}

/// Over labels as they are and as they are permuted, which without a shortcut are alike.
fn scales(scores: &[Vec<Option<f64>>]) -> Vec<Scale> {
    let n_scores = scores.first().map_or(0, Vec::len);
    let of = |place: usize| {
        let known = scores.iter().filter_map(|scores| *scores.get(place)?);
        Scale::of(&known.collect::<Vec<f64>>())
    };
    (0..n_scores).map(of).collect()
}

/// What came of one permutation.
struct OnPermuted {
    scores: Vec<Option<f64>>,
    /// Whether it left all labels as they are.
    is_unchanged: bool,
}

/// The scores of all probes and scopes on each permutation; the same on any number of threads.
fn all_permuted(
    data: &AuditData<'_>,
    probes: &[ProbeFeatures],
    families: &[(AuditScope, Vec<Part>)],
    n_permutations: usize,
    seed: u64,
) -> Vec<OnPermuted> {
    let one = |number: usize| -> OnPermuted {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number as u64);
        let labels = Labels {
            within_exercises: permuted(&mut random, data, Moves::WithinExercises),
            within_sources: permuted(&mut random, data, Moves::WithinSources),
            anywhere: permuted(&mut random, data, Moves::Anywhere),
        };
        let of_probe = |probe: &ProbeFeatures| {
            let judged = judged(probe, &labels, data, families);
            let score = |it: &Judged| it.score(labels.of(probe.compared, it.scope));
            judged.iter().map(score).collect::<Vec<_>>()
        };
        OnPermuted {
            scores: probes.iter().flat_map(of_probe).collect(),
            is_unchanged: labels.within_exercises == data.truth,
        }
    };
    let n_threads = thread::available_parallelism().map_or(1, |it| it.get().min(MAX_THREADS));
    let numbers: Vec<usize> = (0..n_permutations).collect();
    let pieces = numbers.chunks(n_permutations.div_ceil(n_threads).max(1));
    thread::scope(|threads| {
        let one = &one;
        let running: Vec<_> = pieces
            .map(|piece| threads.spawn(move || piece.iter().map(|it| one(*it)).collect::<Vec<_>>()))
            .collect();
        let ended = running.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .flat_map(|it| it.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
