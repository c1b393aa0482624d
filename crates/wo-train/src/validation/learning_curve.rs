//! The learning curve: what more videos would bring. Linear heads on the base model are fitted to samples of the
//! training groups and validated.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use wo_clip::Split;
use wo_clip::tch::Tensor;
use wo_record::{CurvePoint, LearningCurve, Name, Refit};
use wo_stats::{Interval, numbered};

use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Hyperparameters;
use crate::run::Fitted;
use crate::validation::base_features::{BaseFeatures, PROBE_LR, balanced_weights};
use crate::validation::metrics::{Validation, judge, summarise};
use crate::validation::probe::{self, Videos};

/// Fractions of the training groups. Smaller ones are sampled several times; the whole only once.
const PARTS: [f64; 5] = [0.2, 0.33, 0.5, 0.7, 1.0];
const N_REPEATS: usize = 8;
/// A sample that lacks some exercise and label is drawn again, up to this many times.
const N_DRAWS: usize = 20;
/// A common guideline: the balanced accuracy to expect with this many videos per label of an exercise.
const GUIDELINE: [(f64, f64); 3] = [(10.0, 0.70), (30.0, 0.85), (100.0, 0.92)];
/// Half the width of a 95 % interval, in standard errors.
const HALF_WIDTH: f64 = 1.96;

/// Fits heads to samples of the training videos of `dataset`, and extrapolates to other numbers of videos. `None` where
/// the groups are too few for three sizes, and without validation videos.
pub(crate) fn learning_curve(
    dataset: &Dataset,
    fitted: &Fitted,
    hyper: &Hyperparameters,
) -> Option<LearningCurve> {
    let base = fitted.base.as_ref()?;
    let held_out = &dataset.of(Split::Validation);
    let train = dataset.of(Split::Train);
    let parts = parts(&train, hyper.seed);
    let reached: Vec<Validation> = parts
        .iter()
        .map(|part| reached(dataset, &train, held_out, base, hyper, &part.places))
        .collect();
    // The last one is fitted to all.
    let test_error = test_error(reached.last()?.interval?);
    let refits: Vec<Refit> = parts
        .iter()
        .zip(&reached)
        .map(|(part, reached)| Refit {
            videos_a_class: part.videos_a_class,
            value: reached.balanced_accuracy,
        })
        .collect();
    let seen: Vec<wo_stats::Refit> = refits
        .iter()
        .map(|it| wo_stats::Refit {
            n_videos: it.videos_a_class,
            score: it.value,
        })
        .collect();
    let curve = wo_stats::LearningCurve::fit(&seen, test_error, hyper.seed)?;
    let expected = |(videos_a_class, guideline): (f64, f64)| {
        let interval = curve.interval_at(videos_a_class);
        CurvePoint {
            videos_a_class,
            value: Some(curve.best.at(videos_a_class)),
            low: interval.map(|it| it.low),
            high: interval.map(|it| it.high),
            guideline: Some(guideline),
        }
    };
    let (_, n_groups) = numbered(held_out.iter().map(|it| &it.video.group));
    Some(LearningCurve {
        method: "linear_probe".to_owned(),
        expected: GUIDELINE.map(expected).to_vec(),
        refits,
        test_error,
        n: held_out.len() as u64,
        n_groups: n_groups as u64,
    })
}

/// The standard error of the validation metric, from its interval. That has a width even where all groups agree.
fn test_error(ends: Interval) -> f64 {
    (ends.high - ends.low) / (2.0 * HALF_WIDTH)
}

/// The expected balanced accuracy as a sentence.
pub(crate) fn in_words(curve: &LearningCurve) -> String {
    let number = |it: Option<f64>| it.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}"));
    let expected = curve.expected.iter().map(|it| {
        let [value, low, high] = [it.value, it.low, it.high].map(number);
        format!("{:.0}: {value} [{low}, {high}]", it.videos_a_class)
    });
    format!(
        "expected balanced accuracy of a linear head on the base model, by videos per label of an exercise: {}",
        expected.collect::<Vec<_>>().join(", ")
    )
}

/// A sample of the training videos.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    /// Videos per label of an exercise, on average over all samples of this size.
    videos_a_class: f64,
    /// Their indices among the training videos.
    places: Vec<usize>,
}

/// Samples of growing sizes, each of whole groups, and all videos last.
fn parts(train: &[&Example], seed: u64) -> Vec<Part> {
    let (groups, n_groups) = numbered(train.iter().map(|it| &it.video.group));
    let class = |place: &usize| train.get(*place).map(|it| class_of(it));
    let all: Vec<usize> = (0..train.len()).collect();
    let classes: BTreeSet<_> = all.iter().map(class).collect();
    let mut sizes = PARTS
        .map(|part| (part * n_groups as f64).round() as usize)
        .to_vec();
    sizes.retain(|size| *size > 0);
    sizes.dedup();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n_groups).collect();
    let n_videos = train.iter().filter(|it| !it.is_part).count();
    let mut parts = Vec::new();
    for size in sizes {
        let n_repeats = if size == n_groups { 1 } else { N_REPEATS };
        for _ in 0..n_repeats {
            let drawn = (0..N_DRAWS).find_map(|_| {
                order.shuffle(&mut random);
                let chosen: BTreeSet<usize> = order.iter().take(size).copied().collect();
                let is_in =
                    |place: &usize| groups.get(*place).is_some_and(|it| chosen.contains(it));
                let places: Vec<usize> = all.iter().copied().filter(is_in).collect();
                let shown: BTreeSet<_> = places.iter().map(class).collect();
                (shown == classes).then_some(places)
            });
            parts.extend(drawn.map(|places| Part {
                videos_a_class: (n_videos * size) as f64 / (n_groups * classes.len()) as f64,
                places,
            }));
        }
    }
    parts
}

fn class_of(example: &Example) -> (&Name, &Name) {
    (&example.class.exercise, &example.class.label)
}

/// The metrics on held-out videos of a head that is fitted to some training videos.
fn reached(
    dataset: &Dataset,
    train: &[&Example],
    held_out: &[&Example],
    base: &BaseFeatures,
    hyper: &Hyperparameters,
    places: &[usize],
) -> Validation {
    let some: Vec<&Example> = places
        .iter()
        .filter_map(|it| train.get(*it).copied())
        .collect();
    let features: Vec<Tensor> = places
        .iter()
        .filter_map(|it| base.train.get(*it).map(Tensor::shallow_clone))
        .collect();
    let classes: Vec<usize> = some
        .iter()
        .filter_map(|it| dataset.class_index(&it.class))
        .collect();
    let videos = Videos {
        features: &features,
        classes: &classes,
        weights: &balanced_weights(&some),
    };
    let (captions, scale) = (&base.class_features, base.scale);
    let fitted = probe::fit(
        captions,
        scale,
        PROBE_LR,
        &videos,
        &[],
        hyper.pooling,
        |_| 0.0,
    );
    let judged = judge(&base.held_out, &fitted.head, hyper.pooling);
    summarise(&dataset.classes, held_out, &judged, hyper.seed)
}

#[cfg(test)]
mod tests {
    use wo_clip::Class;
    use wo_record::Group;

    use super::*;
    use crate::validation::metrics::tests::example;

    /// Persons with a good and a bad squat each.
    fn examples(n_persons: usize) -> Vec<Example> {
        (0..2 * n_persons)
            .map(|i| {
                let label = if i % 2 == 0 { "good_form" } else { "bad_form" };
                let class = Class {
                    exercise: "squat".into(),
                    label: label.into(),
                    faults: Vec::new(),
                };
                let mut example = example(&i.to_string(), &class);
                example.video.group = Group::of_video_id(&(i / 2).to_string());
                example
            })
            .collect()
    }

    #[test]
    fn parts_grow_and_are_of_whole_groups_with_all_classes() {
        let examples = examples(10);
        let parts = parts(&examples.iter().collect::<Vec<_>>(), 0);
        let sizes: Vec<f64> = parts.iter().map(|it| it.videos_a_class).collect();
        assert_eq!(sizes.len(), 4 * N_REPEATS + 1);
        assert!(sizes.is_sorted());
        let ends = [sizes[0], sizes[4 * N_REPEATS]].map(|size| size.round() as usize);
        assert_eq!(ends, [2, 10]);
        for part in &parts {
            let is_there = |place: usize| part.places.contains(&place);
            assert!((0..10).all(|person| is_there(2 * person) == is_there(2 * person + 1)));
        }
        assert_ne!(parts[0], parts[1], "repeats differ");
    }

    #[test]
    fn a_part_that_lacks_a_class_is_not_taken() {
        let mut examples = examples(6);
        // The one good video is of the first person.
        for example in &mut examples[2..] {
            example.class.label = "bad_form".into();
        }
        let parts = parts(&examples.iter().collect::<Vec<_>>(), 0);
        assert!(!parts.is_empty() && parts.iter().all(|part| part.places.contains(&0)));
    }

    #[test]
    fn no_mistake_does_not_prove_a_zero_error() {
        let examples = examples(10);
        let held_out: Vec<&Example> = examples.iter().collect();
        let classes = [&held_out[0].class, &held_out[1].class].map(Class::clone);
        let error = |videos: &[&Example]| {
            let of_video = |it: &&Example| {
                let is_it = |class: &Class| f64::from(u8::from(*class == it.class));
                classes.iter().map(is_it).collect()
            };
            let judged: Vec<Vec<f64>> = videos.iter().map(of_video).collect();
            let reached = summarise(&classes, videos, &judged, 0);
            assert!((reached.balanced_accuracy - 1.0).abs() < 1e-12);
            test_error(reached.interval.unwrap())
        };
        assert!(error(&held_out) > 0.02);
        assert!(
            error(&held_out[..6]) > 1.5 * error(&held_out),
            "three persons"
        );
    }

    #[test]
    fn it_says_what_is_expected() {
        let point = |videos_a_class, value| CurvePoint {
            videos_a_class,
            value,
            low: Some(0.5),
            high: None,
            guideline: None,
        };
        let curve = LearningCurve {
            method: String::new(),
            refits: Vec::new(),
            expected: vec![point(10.0, Some(0.7)), point(30.0, None)],
            test_error: 0.0,
            n: 1,
            n_groups: 1,
        };
        assert_eq!(
            in_words(&curve),
            "expected balanced accuracy of a linear head on the base model, by videos per label of an exercise: 10: 0.70 [0.50, -], \
             30: - [0.50, -]"
        );
    }
}
