//! What each shortcut probe sees of the videos.

use std::collections::BTreeMap;

use wo_record::{Probe, same_id};
use wo_stats::{Compared, ProbeFeatures};

use crate::judge::facts::{Facts, RepetitionTimes};
use crate::judge::prediction::Prediction;

/// Distinct values of a field that get a feature, most frequent first.
const MAX_WORDS: usize = 32;
/// Padding takes the place of the duration where so many of the videos have known repetitions: of the others nothing is
/// probed.
const MOSTLY: f64 = 0.9;

/// A probe's features of each video.
type Rows = Vec<Vec<f64>>;

/// The probes whose features vary among these videos.
pub(super) fn probes(videos: &[&Prediction]) -> Vec<(Probe, ProbeFeatures)> {
    let rows =
        |of: &dyn Fn(&Prediction) -> Vec<f64>| -> Rows { videos.iter().map(|it| of(it)).collect() };
    let length = |it: &Prediction| vec![it.duration_ms.map_or(f64::NAN, f64::ln_1p)];
    let mut container = rows(&|it| it.facts.container.clone());
    let formats = one_hot(videos.iter().map(|it| it.facts.format.as_str()));
    for (row, format) in container.iter_mut().zip(formats) {
        row.extend(format);
    }
    let exercise = |it: &&Prediction| {
        it.true_exercise()
            .map_or(String::new(), |it| it.to_string())
    };
    let exercises: Vec<String> = videos.iter().map(exercise).collect();
    let sources: Vec<String> = videos.iter().map(|it| source_key(it)).collect();
    let region = |of: fn(&Prediction) -> Option<&Vec<f64>>| -> Rows {
        let width = videos.iter().find_map(|it| of(it)).map_or(0, Vec::len);
        let unknown = vec![f64::NAN; width];
        let row = |it: &&Prediction| of(it).cloned().unwrap_or_else(|| unknown.clone());
        videos.iter().map(row).collect()
    };
    let (time, time_rows) = if knows_repetitions(videos) {
        (Probe::Padding, times(videos, |it| it.padding_ms))
    } else {
        (Probe::Duration, rows(&length))
    };
    let all = [
        (time, time_rows),
        (
            Probe::Exercise,
            one_hot(exercises.iter().map(String::as_str)),
        ),
        (Probe::Container, container),
        (Probe::Source, one_hot(sources.iter().map(String::as_str))),
        (Probe::Quality, rows(&|it| quality_features(&it.facts))),
        (
            Probe::Background,
            region(|it| it.regions.as_ref()?.background.as_ref()),
        ),
        (
            Probe::FirstFrame,
            region(|it| Some(&it.regions.as_ref()?.first_frame)),
        ),
        (
            Probe::Appearance,
            region(|it| it.regions.as_ref()?.appearance.as_ref()),
        ),
    ];
    let varying = all.into_iter().filter(|(_, rows)| varies(rows));
    varying
        .map(|(probe, rows)| with_features(probe, rows))
        .collect()
}

/// The probe of the tempo, where repetitions are known: it may see form.
pub(super) fn tempo_probe(videos: &[&Prediction]) -> Option<(Probe, ProbeFeatures)> {
    let rows = times(videos, |it| it.tempo_ms);
    let is_there = knows_repetitions(videos) && varies(&rows);
    is_there.then(|| with_features(Probe::Tempo, rows))
}

/// Where the video came from, as a person wrote it; empty if that is not known.
pub(super) fn source(video: &Prediction) -> &str {
    let source = video.facts.fields.get("source_id");
    source.map_or("", String::as_str)
}

/// The same for all spellings.
pub(super) fn source_key(video: &Prediction) -> String {
    match video.provenance.source() {
        Some(source) => source.to_string(),
        None => same_id(source(video)),
    }
}

fn with_features(probe: Probe, rows: Rows) -> (Probe, ProbeFeatures) {
    let compared = match probe {
        Probe::Exercise => Compared::Exercises,
        _ => Compared::WithinExercises,
    };
    (probe, ProbeFeatures { rows, compared })
}

fn knows_repetitions(videos: &[&Prediction]) -> bool {
    let n_known = videos.iter().filter(|it| it.facts.times.is_some()).count();
    n_known > 0 && n_known as f64 >= MOSTLY * videos.len() as f64
}

fn times(videos: &[&Prediction], of: impl Fn(&RepetitionTimes) -> f64) -> Rows {
    let row = |it: &&Prediction| {
        vec![
            it.facts
                .times
                .as_ref()
                .map_or(f64::NAN, |it| of(it).ln_1p()),
        ]
    };
    videos.iter().map(row).collect()
}

/// Sharpness, whose logarithm is closer to normal, brightness and contrast. Not motion, which is the lifter's: half a squat
/// moves less.
fn quality_features(facts: &Facts) -> Vec<f64> {
    let numbers = [
        facts.sharpness.map(f64::ln_1p),
        facts.brightness,
        facts.contrast,
    ];
    numbers.map(|it| it.unwrap_or(f64::NAN)).to_vec()
}

/// Whether anything differs between videos.
fn varies(rows: &Rows) -> bool {
    let n_columns = rows.first().map_or(0, Vec::len);
    (0..n_columns).any(|column| {
        let mut known = rows
            .iter()
            .filter_map(|row| row.get(column).copied())
            .filter(|number| number.is_finite());
        let first = known.next();
        first.is_some_and(|first| known.any(|number| number.to_bits() != first.to_bits()))
    })
}

fn one_hot<'a>(words: impl Iterator<Item = &'a str>) -> Rows {
    let words: Vec<&str> = words.collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in &words {
        *counts.entry(word).or_default() += 1;
    }
    let mut frequent: Vec<(&str, usize)> = counts.into_iter().collect();
    frequent.sort_by_key(|&(word, n)| (std::cmp::Reverse(n), word));
    frequent.truncate(MAX_WORDS);
    words
        .iter()
        .map(|word| {
            let is_it = |(other, _): &(&str, usize)| f64::from(u8::from(word == other));
            frequent.iter().map(is_it).collect()
        })
        .collect()
}
