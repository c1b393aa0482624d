//! Whether intervals and gates keep what they promise with few groups, by simulation. Each setting draws groups whose own
//! accuracy varies around a known truth. `WO_FULL=1` runs all settings and prints the table of docs/experiments.

use std::fmt;
use std::thread;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_record::Group;
use wo_stats::{Bootstrap, GroupedConfusions, Interval, Metric, Sample};

/// How many videos a group has.
#[derive(Debug, Clone, Copy)]
enum Sizes {
    Eight,
    /// 1 to 30.
    Uneven,
    /// 1 to 8.
    UpToEight,
    /// 8, and one group has 60 % of all videos.
    Dominated,
}

/// One world to draw evaluations from.
#[derive(Debug, Clone, Copy)]
struct World {
    n_groups: usize,
    sizes: Sizes,
    /// Of both labels.
    accuracy: f64,
    /// How much more accurate the other predictor is.
    gain: f64,
    /// Of two videos of one group.
    correlation: f64,
    /// The share of bad form.
    prevalence: f64,
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Eight => "8",
            Self::Uneven => "1-30",
            Self::UpToEight => "1-8",
            Self::Dominated => "one 60 %",
        })
    }
}

fn is_full() -> bool {
    std::env::var_os("WO_FULL").is_some()
}

/// A gamma variate (Marsaglia & Tsang 2000).
fn gamma(random: &mut impl Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        let uniform: f64 = random.random();
        return gamma(random, shape + 1.0) * uniform.powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let (a, b): (f64, f64) = (random.random(), random.random());
        let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        let v = (1.0 + c * normal).powi(3);
        let uniform: f64 = random.random();
        if v > 0.0 && uniform.max(1e-300).ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// The accuracy of one group around the mean of all.
fn group_accuracy(random: &mut impl Rng, mean: f64, correlation: f64) -> f64 {
    if mean >= 1.0 {
        return 1.0;
    }
    let size = (1.0 - correlation) / correlation;
    let (right, wrong) = (
        gamma(random, mean * size),
        gamma(random, (1.0 - mean) * size),
    );
    if right + wrong > 0.0 {
        right / (right + wrong)
    } else {
        f64::from(u8::from(random.random_bool(mean)))
    }
}

impl World {
    fn size(&self, random: &mut impl Rng, group: usize) -> usize {
        match self.sizes {
            Sizes::Uneven => random.random_range(1..=30),
            Sizes::UpToEight => random.random_range(1..=8),
            Sizes::Dominated if group == 0 => 8 * (self.n_groups - 1) * 3 / 2,
            Sizes::Eight | Sizes::Dominated => 8,
        }
    }

    /// The videos of an evaluation: by group, the label and what two predictors say. Half of the videos are judged alike.
    fn draw(&self, random: &mut impl Rng) -> Vec<(usize, usize, [usize; 2])> {
        let mut videos = Vec::new();
        for group in 0..self.n_groups {
            let mut of_labels = |mean: f64| -> [f64; 2] {
                [0, 1].map(|_| group_accuracy(random, mean, self.correlation))
            };
            let first = of_labels(self.accuracy + self.gain);
            let second = of_labels(self.accuracy);
            for _ in 0..self.size(random, group) {
                let truth = usize::from(random.random_bool(self.prevalence));
                let luck: f64 = random.random();
                let is_shared = self.gain.abs() < 1e-9 && random.random_bool(0.5);
                let other: f64 = if is_shared { luck } else { random.random() };
                let base = if is_shared { second } else { first };
                let is_right = [luck < base[truth], other < second[truth]];
                let predicted = is_right.map(|it| if it { truth } else { 1 - truth });
                videos.push((group, truth, predicted));
            }
        }
        videos
    }

    /// The intervals of balanced accuracy of the first predictor, and of how much it is above the second.
    fn evaluate(&self, random: &mut impl Rng, seed: u64) -> (Option<Interval>, Option<Interval>) {
        let groups: Vec<Group> = (0..self.n_groups)
            .map(|group| Group::of_video_id(&format!("{group:03}")))
            .collect();
        let videos = self.draw(random);
        let samples: Vec<Sample<'_>> = videos
            .iter()
            .map(|(group, truth, predicted)| Sample {
                group: &groups[*group],
                truth: *truth,
                predicted: predicted.to_vec(),
            })
            .collect();
        let bootstrap = Bootstrap {
            n_rounds: if is_full() { 1000 } else { 300 },
            ..Bootstrap::new(seed)
        };
        let confusions = GroupedConfusions::new(&samples, 2);
        let compared = confusions.compare(&[Metric::BalancedAccuracy], &bootstrap);
        (
            compared.scores[0][0].intervals.interval,
            compared.gains[1][0].intervals.interval,
        )
    }
}

/// What came of the draws of some worlds.
#[derive(Debug, Default)]
struct Tally {
    n: usize,
    n_withheld: usize,
    n_covered: usize,
    n_low_above: usize,
    width: f64,
}

impl Tally {
    fn add(&mut self, interval: Option<Interval>, truth: f64) {
        let Some(interval) = interval else {
            self.n_withheld += 1;
            return;
        };
        self.n += 1;
        self.n_covered += usize::from((interval.low..=interval.high).contains(&truth));
        self.n_low_above += usize::from(interval.low > truth);
        self.width += interval.high - interval.low;
    }

    fn share(&self, n: usize) -> f64 {
        n as f64 / self.n.max(1) as f64
    }
}

/// The worlds of a row of the table: two correlations and two prevalences.
fn worlds(n_groups: usize, sizes: Sizes, accuracy: f64, gain: f64) -> Vec<World> {
    let mut worlds = Vec::new();
    for correlation in [0.3, 0.6] {
        for prevalence in [0.2, 0.5] {
            worlds.push(World {
                n_groups,
                sizes,
                accuracy,
                gain,
                correlation,
                prevalence,
            });
        }
    }
    worlds
}

/// Runs `each` on every world in a thread of its own, with `n` draws.
fn over<T: Send>(worlds: &[World], n: u64, each: impl Fn(&World, u64, u64) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let each = &each;
        let running: Vec<_> = (0..)
            .zip(worlds)
            .map(|(seed, world)| scope.spawn(move || each(world, seed, n)))
            .collect();
        running
            .into_iter()
            .map(|it| it.join().expect("a thread that draws"))
            .collect()
    })
}

/// Coverage of one row, of balanced accuracy and of its difference.
fn coverage(n_groups: usize, sizes: Sizes, accuracy: f64, gain: f64, n: u64) -> [Tally; 2] {
    let tallies = over(
        &worlds(n_groups, sizes, accuracy, gain),
        n,
        |world, seed, n| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let mut tallies = [Tally::default(), Tally::default()];
            for draw in 0..n {
                let (score, difference) = world.evaluate(&mut random, draw);
                tallies[0].add(score, world.accuracy + world.gain);
                tallies[1].add(difference, world.gain);
            }
            tallies
        },
    );
    let mut sums = [Tally::default(), Tally::default()];
    for tally in tallies {
        for (sum, tally) in sums.iter_mut().zip(tally) {
            sum.n += tally.n;
            sum.n_withheld += tally.n_withheld;
            sum.n_covered += tally.n_covered;
            sum.n_low_above += tally.n_low_above;
            sum.width += tally.width;
        }
    }
    sums
}

/// At least so much of what is promised as 0.95, and low ends above the truth at most so often.
const LEAST_COVERAGE: f64 = 0.93;
const MOST_LOW_ABOVE: f64 = 0.04;

#[test]
fn intervals_hold_with_few_groups() {
    let rows: Vec<(usize, Sizes)> = if is_full() {
        let of = |sizes| [6, 10, 20, 50].map(move |n| (n, sizes));
        let mut rows: Vec<_> = of(Sizes::Eight)
            .into_iter()
            .chain(of(Sizes::Uneven))
            .collect();
        rows.extend([(20, Sizes::Dominated), (50, Sizes::Dominated)]);
        rows
    } else {
        vec![(6, Sizes::Eight), (20, Sizes::Dominated)]
    };
    let accuracies: &[f64] = if is_full() {
        &[0.6, 0.8, 0.95, 0.99]
    } else {
        &[0.8, 0.95]
    };
    let n = if is_full() { 100 } else { 12 };
    eprintln!("groups sizes    accuracy  coverage  low above  width  withheld");
    for (n_groups, sizes) in rows {
        for &accuracy in accuracies {
            let [score, _] = coverage(n_groups, sizes, accuracy, 0.0, n);
            let covered = score.share(score.n_covered);
            let above = score.share(score.n_low_above);
            eprintln!(
                "{n_groups:>6} {sizes:<8} {accuracy:>8}  {covered:>8.3}  {above:>9.3}  {:>5.2}  {:>8}",
                score.width / score.n.max(1) as f64,
                score.n_withheld
            );
            assert!(
                covered >= LEAST_COVERAGE,
                "{n_groups} {sizes} {accuracy}: {covered}"
            );
            assert!(
                above <= MOST_LOW_ABOVE,
                "{n_groups} {sizes} {accuracy}: {above}"
            );
        }
    }
}

#[test]
fn differences_hold_and_gates_seldom_open_by_mistake() {
    // Four looks, each at new draws: the worse one must not pass in any.
    let n_looks = 4;
    let sizes = if is_full() {
        vec![(30, Sizes::UpToEight), (60, Sizes::UpToEight)]
    } else {
        vec![(30, Sizes::UpToEight)]
    };
    let n = if is_full() { 150 } else { 6 };
    eprintln!("groups  gain   low>=-0.02 in {n_looks} looks  at once  low>0 at once  coverage");
    for (n_groups, sizes) in sizes {
        for gain in [-0.05, 0.0, 0.1] {
            let of_world = |world: &World, seed: u64, n: u64| {
                let mut random = ChaCha8Rng::seed_from_u64(100 + seed);
                let (mut n_open, mut n_at_once, mut n_above) = (0, 0, 0);
                let mut tally = Tally::default();
                for draw in 0..n {
                    let mut is_open = false;
                    for look in 0..n_looks {
                        let (_, interval) = world.evaluate(&mut random, draw * n_looks + look);
                        let low = interval.map_or(-1.0, |it| it.low);
                        is_open |= low >= -0.02;
                        n_at_once += usize::from(look == 0 && low >= -0.02);
                        n_above += usize::from(look == 0 && low > 0.0);
                        tally.add(interval, world.gain);
                    }
                    n_open += usize::from(is_open);
                }
                ([n_open, n_at_once, n_above], tally)
            };
            let found = over(&worlds(n_groups, sizes, 0.8, gain), n, of_world);
            let n_draws = (n * found.len() as u64) as f64;
            let share = |place: usize| {
                let n: usize = found.iter().map(|(counts, _)| counts[place]).sum();
                n as f64 / n_draws
            };
            let [open, at_once, above] = [0, 1, 2].map(share);
            let n_covered: usize = found.iter().map(|(_, it)| it.n_covered).sum();
            let n_intervals: usize = found.iter().map(|(_, it)| it.n).sum();
            let covered = n_covered as f64 / n_intervals as f64;
            eprintln!(
                "{n_groups:>6} {gain:>5}  {open:>24.3}  {at_once:>7.3}  {above:>13.3}  {covered:>8.3}"
            );
            assert!(covered >= LEAST_COVERAGE, "{n_groups} {gain}: {covered}");
            if gain < 0.0 {
                assert!(open <= 0.05, "{n_groups} {gain}: {open}");
            }
            if gain.abs() < 1e-9 {
                assert!(above <= 0.05, "{n_groups} {gain}: {above}");
            }
            // A gate that never opens would hold all of this.
            if gain > 0.0 && n_groups == 60 {
                assert!(at_once >= 0.6, "{n_groups} {gain}: {at_once}");
            }
        }
    }
}
