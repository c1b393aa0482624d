//! What the videos of a run lack, said before it starts, each with what helps.

use std::collections::{BTreeMap, BTreeSet};

use wo_cli::{Message, count, message, verb};
use wo_clip::Split;
use wo_stats::threshold::least_groups;

use crate::cli::config::ModelsConfig;
use crate::data::dataset::{Dataset, Example};
use crate::validation::fold_plan::FoldSource;

/// The most folds that are recommended: more cost more time and tell little more.
const RECOMMENDED_FOLDS: u32 = 5;

/// Labels, each with the number of its videos.
type Labels<'a> = BTreeMap<&'a str, usize>;

/// All that is lacking, as messages with hints.
pub(crate) fn warnings(
    dataset: &Dataset,
    source: FoldSource<'_>,
    models: ModelsConfig,
) -> Vec<Message> {
    let mut warnings = one_sided_exercises(dataset);
    let has_folds = models.folds.is_some();
    let folds = || source.most_folds(RECOMMENDED_FOLDS).filter(|_| !has_folds);
    warnings.extend(test_lacks(dataset, folds));
    warnings.extend(too_few_for_a_threshold(dataset, source, models, folds));
    warnings
}

/// Exercises whose training videos show one label, where those of others show more: the exercise alone gives it away.
fn one_sided_exercises(dataset: &Dataset) -> Vec<Message> {
    let train = dataset.of(Split::Train);
    let all: BTreeSet<&str> = train.iter().map(|it| it.class.label.as_str()).collect();
    let videos = dataset.examples.iter().filter(|it| !it.is_part);
    let of_all = labels_by_exercise(videos);
    let one_sided = labels_by_exercise(train.iter().copied()).into_iter().filter_map(
        |(exercise, labels)| {
            let (&label, &n) = labels.first_key_value().filter(|_| labels.len() == 1)?;
            let others = all.iter().filter(|it| **it != label).copied();
            let others: Vec<&str> = others.collect();
            let held_out = of_all.get(exercise)?.keys().find(|it| **it != label);
            let (first, rest) = (others.first()?, others.join(" and "));
            Some(match held_out {
                Some(held_out) => message!(
                    "{exercise} has {label} only among its training videos ({n}), since {exercise}/{held_out} is in other splits: the \
                     exercise alone gives the label away";
                    "add videos of more persons or sources with {exercise}/{held_out}"
                ),
                None => message!(
                    "{exercise} has {label} only ({}): nothing shows {rest} there, and the exercise alone gives the label away",
                    count(n, "training video");
                    "add videos to {exercise}/{first}, or leave {exercise} out"
                ),
            })
        },
    );
    one_sided.collect()
}

fn labels_by_exercise<'a>(
    videos: impl Iterator<Item = &'a Example>,
) -> BTreeMap<&'a str, Labels<'a>> {
    let mut by_exercise: BTreeMap<&str, Labels<'_>> = BTreeMap::new();
    for Example { class, .. } in videos {
        let labels = by_exercise.entry(class.exercise.as_str()).or_default();
        *labels.entry(class.label.as_str()).or_default() += 1;
    }
    by_exercise
}

/// A label without test videos.
fn test_lacks(dataset: &Dataset, folds: impl Fn() -> Option<u32>) -> Option<Message> {
    let labels_of = |split| -> BTreeSet<&str> {
        let videos = dataset.videos(split).into_iter();
        videos.map(|it| it.class.label.as_str()).collect()
    };
    let test = labels_of(Split::Test);
    let lacking = labels_of(Split::Train)
        .into_iter()
        .find(|it| !test.contains(it));
    let label = lacking.filter(|_| !test.is_empty())?;
    let or_folds = folds().map_or_else(String::new, |n| {
        format!(", or --folds {n}, which judges all others as well")
    });
    Some(message!(
        "the test split shows no {label}, so wo-eval will not be able to tell how good the model is at it";
        "add videos of more persons or sources with {label}{or_folds}"
    ))
}

/// Groups that cannot promise the wanted risk.
fn too_few_for_a_threshold(
    dataset: &Dataset,
    source: FoldSource<'_>,
    models: ModelsConfig,
    folds: impl Fn() -> Option<u32>,
) -> Option<Message> {
    let n_needed = least_groups(models.risk) as usize;
    let n_of_folds = source.groups().len();
    let validation = dataset.videos(Split::Validation);
    let validation: BTreeSet<_> = validation.iter().map(|it| &it.video.group).collect();
    let (n, of) = match models.folds {
        Some(_) => (n_of_folds, "beside the test split"),
        None => (validation.len(), "in the validation split"),
    };
    if n >= n_needed {
        return None;
    }
    let folds = folds().filter(|_| n_of_folds >= n_needed);
    let hint = folds.map_or_else(
        || "add videos of more persons or sources".to_owned(),
        |k| format!("--folds {k} sets one by {}", count(n_of_folds, "group")),
    );
    Some(message!(
        "{} {of} {} too few to set an abstention threshold for a risk of {:.0} %, which takes {n_needed}: wo-eval will say \
         unclear (no_threshold) to every video",
        count(n, "group"),
        verb(n, "is", "are"),
        100.0 * models.risk;
        "{hint}"
    ))
}
