//! Whether the shortcut audit cries wolf, and whether it finds what is planted, by simulation. `WO_FULL=1` runs all rows and
//! prints the tables of docs/experiments.

use std::fmt;
use std::thread;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_stats::{
    Audit, AuditData, AuditOutcome, AuditScope, Bootstrap, Compared, MIN_PERMUTATIONS,
    ProbeFeatures, audit, folds,
};

/// A quiet audit may warn so often.
const MOST_FALSE_ALARMS: f64 = 0.015;
/// Places of the probes.
const DURATION: usize = 0;
const EXERCISE: usize = 4;

/// How many groups there are, and how many videos each has.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sizes {
    TwelveUneven,
    TwentySmall,
    TwelveDominated,
    TwentyFourPairs,
    Sixty,
}

/// What is planted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Planted {
    Nothing,
    /// Bad ones are longer by so many standard deviations.
    Duration(f64),
    /// In one of four sources alone.
    DurationInOneSource(f64),
    /// Longer is bad in one exercise and good in the other.
    DurationEachWay(f64),
    /// One exercise is nearly always bad, and the model knows that alone.
    Exercise,
    /// One exercise is longer and more often bad, and the model knows form.
    LongerAndMoreOftenBad,
}

/// What evaluations are like.
#[derive(Debug, Clone, Copy)]
struct World {
    sizes: Sizes,
    /// How far labels of a group are alike.
    correlation: f64,
    n_exercises: usize,
    planted: Planted,
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::TwelveUneven => "12 of 1-30",
            Self::TwentySmall => "20 of 1-4",
            Self::TwelveDominated => "12, one of half",
            Self::TwentyFourPairs => "24 of 2",
            Self::Sixty => "60 of 1-8",
        })
    }
}

fn is_full() -> bool {
    std::env::var_os("WO_FULL").is_some()
}

/// A number around 0 with variance 1: twelve uniform ones.
fn noise(random: &mut impl Rng) -> f64 {
    (0..12).map(|_| random.random_range(0.0..1.0)).sum::<f64>() - 6.0
}

/// Videos as an audit takes them.
struct Videos {
    groups: Vec<usize>,
    exercises: Vec<usize>,
    sources: Vec<usize>,
    truth: Vec<usize>,
}

impl World {
    fn sizes(&self, random: &mut impl Rng) -> Vec<usize> {
        match self.sizes {
            Sizes::TwelveUneven => (0..12).map(|_| random.random_range(1..=30)).collect(),
            Sizes::TwentySmall => (0..20).map(|_| random.random_range(1..=4)).collect(),
            Sizes::TwelveDominated => (0..12).map(|it| if it == 0 { 88 } else { 8 }).collect(),
            Sizes::TwentyFourPairs => vec![2; 24],
            Sizes::Sixty => (0..60).map(|_| random.random_range(1..=8)).collect(),
        }
    }

    /// How often an exercise is bad.
    fn prevalence(&self, exercise: usize) -> f64 {
        let mostly = if exercise == 0 { 1.0 } else { -1.0 };
        match self.planted {
            Planted::Exercise => 0.5 + 0.45 * mostly,
            Planted::LongerAndMoreOftenBad => 0.5 + 0.2 * mostly,
            _ => 0.5,
        }
    }

    /// Of a group a part of the videos has the group's own label, and the rest one by chance.
    fn draw(&self, random: &mut impl Rng) -> Videos {
        let mut videos = Videos {
            groups: Vec::new(),
            exercises: Vec::new(),
            sources: Vec::new(),
            truth: Vec::new(),
        };
        for (group, size) in self.sizes(random).into_iter().enumerate() {
            let own: f64 = random.random();
            let source = random.random_range(0..4);
            for _ in 0..size {
                let exercise = random.random_range(0..self.n_exercises);
                let is_own = random.random_bool(self.correlation.sqrt());
                let luck: f64 = if is_own { own } else { random.random() };
                videos.groups.push(group);
                videos.exercises.push(exercise);
                videos.sources.push(source);
                videos
                    .truth
                    .push(usize::from(luck < self.prevalence(exercise)));
            }
        }
        videos
    }

    fn shortcut(&self, videos: &Videos, video: usize) -> f64 {
        let (label, exercise) = (videos.truth[video] as f64, videos.exercises[video]);
        match self.planted {
            Planted::Duration(strength) => strength * label,
            Planted::DurationInOneSource(strength) if videos.sources[video] == 0 => {
                strength * label
            }
            Planted::DurationEachWay(strength) if exercise == 0 => strength * label,
            Planted::DurationEachWay(strength) => -strength * label,
            Planted::LongerAndMoreOftenBad => 3.0 * f64::from(u8::from(exercise == 0)),
            _ => 0.0,
        }
    }

    /// A duration, a file, a source and a look that whole groups share, and the exercise.
    fn probes(&self, videos: &Videos, random: &mut impl Rng) -> Vec<ProbeFeatures> {
        let n = videos.truth.len();
        let n_groups = videos.groups.last().map_or(0, |last| last + 1);
        let duration = (0..n).map(|it| vec![noise(random) + self.shortcut(videos, it)]);
        let duration = duration.collect();
        let files: Vec<f64> = (0..n_groups).map(|_| noise(random)).collect();
        let looks: Vec<Vec<f64>> = (0..n_groups)
            .map(|_| (0..6).map(|_| noise(random)).collect())
            .collect();
        let of_group =
            |of: &dyn Fn(usize) -> Vec<f64>| videos.groups.iter().map(|it| of(*it)).collect();
        let one_hot = |numbers: &[usize], n: usize| -> Vec<Vec<f64>> {
            let row = |it: &usize| {
                (0..n)
                    .map(|other| f64::from(u8::from(*it == other)))
                    .collect()
            };
            numbers.iter().map(row).collect()
        };
        let within = [
            duration,
            of_group(&|group| vec![files[group]]),
            one_hot(&videos.sources, 4),
            of_group(&|group| looks[group].clone()),
        ];
        let within = within.map(|rows| ProbeFeatures {
            rows,
            compared: Compared::WithinExercises,
        });
        let mut probes = Vec::from(within);
        if self.n_exercises > 1 {
            probes.push(ProbeFeatures {
                rows: one_hot(&videos.exercises, self.n_exercises),
                compared: Compared::Exercises,
            });
        }
        probes
    }

    /// An audit of one draw; `None` where labels are too few to be audited.
    fn audit(&self, random: &mut impl Rng) -> Option<Audit> {
        let videos = self.draw(random);
        let probes = self.probes(&videos, random);
        let is_right = |_: &usize| random.random_bool(0.9);
        let predicted: Vec<usize> = videos
            .truth
            .iter()
            .map(is_right)
            .enumerate()
            .map(|(video, is_right)| match self.planted {
                Planted::Exercise => usize::from(videos.exercises[video] == 0),
                _ if is_right => videos.truth[video],
                _ => 1 - videos.truth[video],
            })
            .collect();
        let folds = folds(&videos.groups, &videos.truth, 5, 1)?;
        let data = AuditData {
            groups: &videos.groups,
            persons: &videos.groups,
            truth: &videos.truth,
            predicted: &predicted,
            exercises: &videos.exercises,
            sources: &videos.sources,
            folds: &folds,
            folds_of_persons: &folds,
            n_classes: 2,
        };
        let bootstrap = Bootstrap {
            n_rounds: 200,
            ..Bootstrap::new(1)
        };
        audit(&data, &probes, MIN_PERMUTATIONS, &bootstrap)
    }

    /// Of `n` draws, shared among threads; each has numbers of its own, so that the result is the same on any machine.
    fn audits(&self, n: usize, seed: u64) -> Vec<Audit> {
        let of_draw = |draw: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(draw as u64);
            loop {
                if let Some(audit) = self.audit(&mut random) {
                    return audit;
                }
            }
        };
        let n_threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let of_thread = |first: usize| {
                scope.spawn(move || {
                    (first..n)
                        .step_by(n_threads)
                        .map(of_draw)
                        .collect::<Vec<_>>()
                })
            };
            let running: Vec<_> = (0..n_threads).map(of_thread).collect();
            let of_threads = running.into_iter().map(|it| it.join().expect("draws"));
            of_threads.flatten().collect()
        })
    }
}

fn share(audits: &[Audit], is_so: impl Fn(&Audit) -> bool) -> f64 {
    audits.iter().filter(|it| is_so(it)).count() as f64 / audits.len().max(1) as f64
}

fn is_found(audit: &Audit) -> bool {
    audit.verdict >= AuditOutcome::Warn
}

#[test]
fn the_audit_is_quiet_where_nothing_is_planted() {
    let uneven = [Sizes::TwelveUneven, Sizes::TwentySmall];
    let rows: Vec<(Sizes, f64, usize)> = if is_full() {
        let mut rows = Vec::new();
        for correlation in [1.0, 0.5, 0.0] {
            rows.extend(uneven.map(|sizes| (sizes, correlation, 1)));
        }
        rows.push((Sizes::TwelveDominated, 1.0, 1));
        rows.push((Sizes::TwentyFourPairs, 0.5, 1));
        rows.push((Sizes::Sixty, 0.5, 2));
        rows
    } else {
        vec![(Sizes::TwelveUneven, 1.0, 1), (Sizes::TwentySmall, 1.0, 1)]
    };
    eprintln!("groups           alike exercises  draws  found  cannot tell  detectable");
    for (sizes, correlation, n_exercises) in rows {
        // Labels that are alike in a group are what raises false alarms where groups differ in size.
        let n = match (is_full(), uneven.contains(&sizes) && correlation > 0.0) {
            (true, true) => 400,
            (true, false) => 100,
            (false, _) => 20,
        };
        let world = World {
            sizes,
            correlation,
            n_exercises,
            planted: Planted::Nothing,
        };
        let audits = world.audits(n, 7);
        let found = share(&audits, is_found);
        let cannot_tell = share(&audits, |it| it.verdict == AuditOutcome::CannotTell);
        let mut detectable: Vec<f64> = audits
            .iter()
            .map(|it| it.detectable.unwrap_or(1.0))
            .collect();
        detectable.sort_by(f64::total_cmp);
        eprintln!(
            "{sizes:<16} {correlation:>5} {n_exercises:>9}  {n:>5}  {found:>5.3}  {cannot_tell:>11.2}  {:>10.2}",
            detectable[n / 2]
        );
        // Of twenty draws one may be found by luck.
        let most = MOST_FALSE_ALARMS.max(1.0 / n as f64);
        assert!(found <= most, "{sizes} {correlation}: {found}");
    }
}

#[test]
fn the_audit_finds_what_is_planted() {
    let rows: [(Planted, Sizes, usize, f64); 6] = [
        (Planted::Duration(1.0), Sizes::Sixty, 1, 0.9),
        (Planted::Duration(2.0), Sizes::TwentyFourPairs, 1, 0.8),
        (Planted::Duration(2.0), Sizes::TwelveUneven, 1, 0.8),
        (Planted::DurationEachWay(1.5), Sizes::Sixty, 2, 0.8),
        (Planted::DurationInOneSource(3.0), Sizes::Sixty, 1, 0.8),
        (Planted::Exercise, Sizes::Sixty, 2, 0.9),
    ];
    let n = if is_full() { 50 } else { 5 };
    eprintln!("planted                     groups            found  fail  in a part");
    for (planted, sizes, n_exercises, least) in rows {
        let world = World {
            sizes,
            correlation: 0.2,
            n_exercises,
            planted,
        };
        let audits = world.audits(n, 8);
        let probe = if planted == Planted::Exercise {
            EXERCISE
        } else {
            DURATION
        };
        let of_probe = |audit: &Audit| {
            let mut of_probe = audit.probes.iter().filter(|it| it.probe == probe);
            of_probe.any(|it| it.verdict >= AuditOutcome::Warn)
        };
        let found = share(&audits, of_probe);
        let fails = share(&audits, |it| it.verdict == AuditOutcome::Fail);
        let in_part = share(&audits, |it| {
            it.probes.iter().any(|it| it.scope != AuditScope::All)
        });
        eprintln!(
            "{:<27} {sizes:<16} {found:>5.2} {fails:>5.2} {in_part:>9.2}",
            format!("{planted:?}")
        );
        let least = if is_full() { least } else { 0.6 };
        assert!(found >= least, "{planted:?} {sizes}: {found}");
    }
}

#[test]
fn an_exercise_that_is_longer_and_more_often_bad_is_no_shortcut_of_the_length() {
    let world = World {
        sizes: Sizes::Sixty,
        correlation: 0.2,
        n_exercises: 2,
        planted: Planted::LongerAndMoreOftenBad,
    };
    let n = if is_full() { 50 } else { 5 };
    let audits = world.audits(n, 9);
    let by_length = share(&audits, |it| {
        it.probes[DURATION].verdict >= AuditOutcome::Warn
    });
    let fails = share(&audits, |it| it.verdict == AuditOutcome::Fail);
    eprintln!("longer and more often bad: duration found {by_length}, fails {fails}");
    assert!(by_length <= 0.05, "{by_length}");
    assert!(fails < 1e-9, "{fails}");
}
