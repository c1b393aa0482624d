//! Exercises, labels and faults that the captions table has no words for.

use std::collections::BTreeMap;
use std::path::Path;

use wo_cli::{count, verb};
use wo_label::{Captions, faults_in_path};
use wo_record::{BAD_FORM, Name};

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule};
use crate::check::rules::misspelt;
use crate::cli::config::CheckConfig;

const NO_WORDS: Rule = Rule {
    code: "no_words",
    action: "write words into captions.toml",
    weight: 14.0,
};

const NO_FAULT: Rule = Rule {
    code: "no_fault",
    action: "name faults in folders",
    weight: 4.0,
};

pub(super) fn of(config: &CheckConfig, collection: &Collection) -> anyhow::Result<Vec<Found>> {
    let flag = &config.captions;
    let captions = flag.load(Captions::parse, Captions::embedded, |_| None)?;
    let mut wordless: BTreeMap<&Name, Vec<&CheckedVideo>> = BTreeMap::new();
    let mut faultless: BTreeMap<&Name, Vec<&CheckedVideo>> = BTreeMap::new();
    for video in &collection.videos {
        let Some((exercise, label)) = video.class() else {
            continue;
        };
        let known = captions.faults_of(exercise);
        let faults = match label.as_str() {
            BAD_FORM => faults_in_path(Path::new(&video.path), label, &known),
            _ => Vec::new(),
        };
        if captions.missing_words(exercise, label, &faults).is_empty() {
            continue;
        }
        let is_known = captions.exercises().any(|it| it == exercise);
        let of = if is_known && label.as_str() == BAD_FORM {
            &mut faultless
        } else {
            &mut wordless
        };
        of.entry(exercise).or_default().push(video);
    }
    let file = flag.file().display().to_string();
    let wordless = wordless
        .iter()
        .map(|(exercise, videos)| no_words(exercise, videos, &file));
    let faultless = faultless.iter().map(|(exercise, videos)| {
        let fault = captions.faults_of(exercise).first().copied();
        no_fault(exercise, videos, fault, &file)
    });
    let misspelt = misspelt::of(&captions, collection);
    Ok(misspelt
        .into_iter()
        .chain(wordless)
        .chain(faultless)
        .collect())
}

fn no_words(exercise: &Name, videos: &[&CheckedVideo], file: &str) -> Found {
    let what = format!(
        "{}: the captions table has no words for what {} {} to show, so a model would learn names alone",
        exercise.words(),
        count(videos.len(), "video"),
        verb(videos.len(), "is", "are")
    );
    let hint = format!(
        "wo-collect add-exercise {exercise} writes the entry into {file}; fill in what is to be seen"
    );
    NO_WORDS
        .mend(what)
        .exercise(exercise)
        .videos(videos)
        .hint(hint)
}

fn no_fault(exercise: &Name, videos: &[&CheckedVideo], fault: Option<&Name>, file: &str) -> Found {
    let what = format!(
        "{}: {} of bad form {} no fault, and a verdict can name only what is named here",
        exercise.words(),
        count(videos.len(), "video"),
        verb(videos.len(), "names", "name")
    );
    let hint = match fault {
        Some(fault) => {
            format!("a folder below bad_form names it, such as {exercise}/bad_form/{fault}")
        }
        None => format!("write faults of {exercise} into {file}"),
    };
    NO_FAULT
        .note(what)
        .exercise(exercise)
        .label(BAD_FORM)
        .videos(videos)
        .hint(hint)
}
