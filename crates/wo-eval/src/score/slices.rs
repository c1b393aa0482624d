//! Slices: accuracy of parts of the videos, by any field of their records.

use std::collections::{BTreeMap, BTreeSet};

use wo_stats::Metric;

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::key::Scope;
use crate::score::measurement::{Measurement, worst_first};
use crate::score::scoring_task::label_metric;

/// The default fields.
pub(crate) const USUAL: [&str; 7] = [
    "exercise",
    "angle",
    "source_id",
    "person_id",
    "resolution",
    "lighting",
    "duration",
];
/// Slices with fewer videos are dropped.
const MIN_VIDEOS: usize = 3;
/// A number with more values is sliced by quarters.
const MAX_VALUES: usize = 4;
/// The field that is called `duration` here.
const DURATION: &str = "duration";

/// Accuracy of each slice, lowest first. `duration` stands for the length. Numbers are sliced by quarters.
pub(crate) fn slices(
    videos: &[&Prediction],
    space: &LabelSpace,
    fields: &[String],
    seed: u64,
) -> Vec<Measurement> {
    let mut scores: Vec<Measurement> = fields
        .iter()
        .flat_map(|field| {
            parts(videos, field)
                .into_iter()
                .filter(|(_, part)| is_told(part, videos))
                .filter_map(|(word, part)| {
                    // Balanced accuracy would need both labels in each part.
                    let predicted = part.into_iter().map(|video| (video, video.top.label));
                    let (field, value) = (field.clone(), word);
                    let scope = Scope::Part { field, value };
                    label_metric(predicted, Metric::Accuracy, scope, space, seed)
                })
                .collect::<Vec<_>>()
        })
        .collect();
    worst_first(&mut scores);
    scores
}

/// Why fields give no slices.
pub(crate) fn without_slices(videos: &[&Prediction], fields: &[String]) -> Vec<String> {
    let why = |field: &String| {
        let parts = parts(videos, field);
        if parts.values().any(|part| is_told(part, videos)) {
            return None;
        }
        Some(match parts.keys().next() {
            None => format!(
                "no video has the field {field}; {}",
                fields_in_words(videos)
            ),
            Some(word) if parts.len() == 1 => {
                format!("no slices by {field}: it is {word} wherever it is known")
            }
            Some(_) => format!("no slices by {field}: no value of it has {MIN_VIDEOS} videos"),
        })
    };
    fields.iter().filter_map(why).collect()
}

fn is_told(part: &[&Prediction], videos: &[&Prediction]) -> bool {
    part.len() >= MIN_VIDEOS && part.len() < videos.len()
}

fn fields_in_words(videos: &[&Prediction]) -> String {
    let fields: BTreeSet<&str> = videos
        .iter()
        .flat_map(|it| it.facts.fields.keys().map(String::as_str))
        .collect();
    if fields.is_empty() {
        return "they have none".to_owned();
    }
    let fields: Vec<&str> = fields.into_iter().collect();
    format!("they have {}", fields.join(", "))
}

fn parts<'a>(videos: &[&'a Prediction], field: &str) -> BTreeMap<String, Vec<&'a Prediction>> {
    let mut parts: BTreeMap<String, Vec<&Prediction>> = BTreeMap::new();
    let numbers: Vec<Option<f64>> = videos.iter().map(|it| number(it, field)).collect();
    let distinct: BTreeSet<u64> = numbers.iter().flatten().map(|it| it.to_bits()).collect();
    let is_many = distinct.len() > MAX_VALUES || (field == DURATION && !distinct.is_empty());
    let names = if field == DURATION {
        ["shortest", "second", "third", "longest"]
    } else {
        ["lowest", "second", "third", "highest"]
    };
    let quarters = is_many.then(|| quarters(&numbers, names));
    for (place, video) in videos.iter().enumerate() {
        let word = match &quarters {
            Some(quarters) => quarters.get(place).cloned().flatten(),
            None => video.facts.fields.get(field).cloned(),
        };
        if let Some(word) = word {
            parts.entry(word).or_default().push(video);
        }
    }
    parts
}

/// The field as a number.
fn number(video: &Prediction, field: &str) -> Option<f64> {
    if field == DURATION {
        return video.duration_ms;
    }
    video.facts.numbers.get(field).copied()
}

/// The quarter of each number.
fn quarters(numbers: &[Option<f64>], names: [&str; 4]) -> Vec<Option<String>> {
    let mut sorted: Vec<f64> = numbers.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let ends: Vec<f64> = (1..4)
        .filter_map(|quarter| sorted.get(sorted.len() * quarter / 4).copied())
        .collect();
    let name = |number: f64| {
        let quarter = ends.iter().filter(|end| number >= **end).count();
        names.get(quarter).map(|name| format!("{name} quarter"))
    };
    numbers.iter().map(|number| name((*number)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, squat};

    #[test]
    fn the_worst_part_comes_first() {
        let videos: Vec<Prediction> = (0..12)
            .map(|person| {
                let is_dark = person % 3 == 0;
                let mut video = squat(person, 0, usize::from(is_dark), 1000.0 + person as f64);
                let lighting = if is_dark { "dark" } else { "bright" };
                let fields = &mut video.facts.fields;
                fields.insert("lighting".to_owned(), lighting.to_owned());
                video
            })
            .collect();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let space = LabelSpace::new(&classes());
        let fields = ["lighting", "duration", "ghost"].map(str::to_owned);
        let scores = slices(&videos, &space, &fields, 0);
        assert_eq!(scores[0].key.scope.to_string(), "lighting=dark");
        assert_eq!((scores[0].value, scores[0].n), (Some(0.0), 4));
        assert_eq!(scores.last().map(|it| it.value), Some(Some(1.0)));
        assert_eq!(scores.len(), 2 + 4);
    }

    #[test]
    fn numbers_are_told_by_quarters_unless_they_are_few() {
        let videos: Vec<Prediction> = (0..12)
            .map(|person| {
                let mut video = squat(person, 0, 0, 1000.0);
                for (field, number) in [("size_bytes", person), ("rotation_deg", person % 2 * 90)] {
                    let facts = &mut video.facts;
                    facts.fields.insert(field.to_owned(), number.to_string());
                    facts.numbers.insert(field.to_owned(), number as f64);
                }
                video
            })
            .collect();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let fields = ["size_bytes", "rotation_deg"].map(str::to_owned);
        let scores = slices(&videos, &LabelSpace::new(&classes()), &fields, 0);
        let scopes: Vec<(String, u64)> = scores
            .iter()
            .map(|it| (it.key.scope.to_string(), it.n))
            .collect();
        assert_eq!(
            scopes,
            [
                ("rotation_deg=0".to_owned(), 6),
                ("rotation_deg=90".to_owned(), 6),
                ("size_bytes=highest quarter".to_owned(), 3),
                ("size_bytes=lowest quarter".to_owned(), 3),
                ("size_bytes=second quarter".to_owned(), 3),
                ("size_bytes=third quarter".to_owned(), 3),
            ]
        );
        // Three of three right is no proof.
        assert!(scores[2].low.is_some_and(|low| low < 0.5), "{scores:?}");
    }

    #[test]
    fn why_a_field_gives_no_slice_is_said() {
        let videos: Vec<Prediction> = (0..6)
            .map(|person| {
                let mut video = squat(person, 0, 0, 1000.0);
                let fields = [
                    ("codec", "h264".to_owned()),
                    ("person_id", format!("p{person}")),
                    ("gym", (person % 2).to_string()),
                ];
                let fields = fields.map(|(field, word)| (field.to_owned(), word));
                video.facts.fields.extend(fields);
                video
            })
            .collect();
        let videos: Vec<&Prediction> = videos.iter().collect();
        let asked = ["codec", "person_id", "gym", "ghost"].map(str::to_owned);
        assert_eq!(
            without_slices(&videos, &asked),
            [
                "no slices by codec: it is h264 wherever it is known",
                "no slices by person_id: no value of it has 3 videos",
                "no video has the field ghost; they have codec, gym, person_id",
            ]
        );
    }
}
