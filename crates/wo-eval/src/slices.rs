//! Where the model is weakest: figures of parts of the videos, by any field of their records.

use std::collections::BTreeMap;

use wo_record::Score;
use wo_stats::Figure;

use crate::answers::Answers;
use crate::prediction::Prediction;
use crate::question::label_figure;

/// What is sliced by where nothing else is asked for.
pub(crate) const USUAL: [&str; 6] = [
    "exercise",
    "angle",
    "source_id",
    "resolution",
    "lighting",
    "duration",
];
/// Parts with fewer videos are not told apart.
const MIN_VIDEOS: usize = 3;

/// Accuracy of each part that is not all of them, the worst first. `fields` are names of fields; `duration` stands for
/// quarters by length.
pub(crate) fn slices(
    videos: &[&Prediction],
    answers: &Answers,
    fields: &[String],
    seed: u64,
) -> Vec<Score> {
    let mut scores: Vec<Score> = fields
        .iter()
        .flat_map(|field| {
            parts(videos, field)
                .into_iter()
                .filter(|(_, part)| part.len() >= MIN_VIDEOS && part.len() < videos.len())
                .filter_map(|(word, part)| {
                    // Balanced accuracy would need both labels in each part.
                    let said = part.into_iter().map(|video| (video, video.call.label));
                    let scope = format!("{field}={word}");
                    label_figure(said, Figure::Accuracy, scope, answers, seed)
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let value = |score: &Score| score.value.unwrap_or(f64::INFINITY);
    scores.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.scope.cmp(&b.scope)));
    scores
}

fn parts<'a>(videos: &[&'a Prediction], field: &str) -> BTreeMap<String, Vec<&'a Prediction>> {
    let mut parts: BTreeMap<String, Vec<&Prediction>> = BTreeMap::new();
    let quarters = (field == "duration").then(|| quarters(videos));
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

/// The quarter of each video by its length.
fn quarters(videos: &[&Prediction]) -> Vec<Option<String>> {
    let mut lengths: Vec<f64> = videos.iter().filter_map(|it| it.duration_ms).collect();
    lengths.sort_by(f64::total_cmp);
    let ends: Vec<f64> = (1..4)
        .filter_map(|quarter| lengths.get(lengths.len() * quarter / 4).copied())
        .collect();
    let names = ["shortest", "second", "third", "longest"];
    videos
        .iter()
        .map(|it| {
            let length = it.duration_ms?;
            let quarter = ends.iter().filter(|end| length >= **end).count();
            names.get(quarter).map(|name| format!("{name} quarter"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::classes;
    use crate::evaluation::tests::squat;

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
        let answers = Answers::new(&classes());
        let fields = ["lighting", "duration", "ghost"].map(str::to_owned);
        let scores = slices(&videos, &answers, &fields, 0);
        assert_eq!(scores[0].scope, "lighting=dark");
        assert_eq!((scores[0].value, scores[0].n), (Some(0.0), 4));
        assert_eq!(scores.last().map(|it| it.value), Some(Some(1.0)));
        assert_eq!(scores.len(), 2 + 4);
    }
}
