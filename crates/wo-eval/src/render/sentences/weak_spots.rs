//! Of which exercises and labels the model is not shown to be better than chance, and of which labels there are too few
//! groups to say.

use wo_record::Name;
use wo_stats::{MIN_GROUPS, are_too_few};

use crate::render::format::shown;
use crate::score::evaluation::Evaluation;
use crate::score::key::Scope;
use crate::score::weak_spots::{WeakSpot, WeakSpots};

/// `bad form in deadlift: recall 0.45 [0.20, 0.71], where chance gives 0.50`.
pub(crate) fn in_words(spot: &WeakSpot<'_>) -> String {
    let what = match (spot.label, spot.exercise) {
        (Some(label), Some(exercise)) => format!("{} in {}", label.words(), exercise.words()),
        (Some(name), None) | (None, Some(name)) => name.words(),
        (None, None) => "all videos".to_owned(),
    };
    let metric = spot.label.map_or("balanced accuracy", |_| "recall");
    format!(
        "{what}: {metric} {}, where chance gives {:.2}",
        shown(Some(spot.score)),
        spot.chance
    )
}

/// Exercises of which nothing is known.
pub(crate) fn unknown(weak: &WeakSpots<'_>) -> Option<String> {
    let names: Vec<String> = weak.unknown.iter().map(|it| it.words()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Nothing is known of {}: one of the labels is of fewer than two groups.",
            names.join(", ")
        )
    })
}

/// `too few independent groups (effective: 2.7 with bad form)`; `None` where the scarcest label has enough.
pub(crate) fn too_few_groups(evaluation: &Evaluation, scope: &Scope) -> Option<String> {
    let (label, recall): (&Name, _) = evaluation.scarcest_label(scope)?;
    are_too_few(recall.n_effective).then(|| {
        format!(
            "too few independent groups (effective: {:.1} with {}; {MIN_GROUPS} are needed)",
            // Rounded down: 9.96 is not 10.
            (10.0 * recall.n_effective).floor() / 10.0,
            label.words()
        )
    })
}
