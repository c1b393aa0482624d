//! Exercises, labels and faults that the captions table has no words for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wo_label::{Captions, MissingEntry, MissingWords, faults_in_path};
use wo_record::{BAD_FORM, Name};

use crate::check::collection::Collection;
use crate::check::found::{Found, Rule};
use crate::cli::config::CheckConfig;

const NO_WORDS: Rule = Rule {
    code: "no_words",
    action: "write words into captions.toml",
    weight: 14.0,
};

pub(super) fn of(config: &CheckConfig, collection: &Collection) -> anyhow::Result<Vec<Found>> {
    let flag = &config.captions;
    let captions = flag.load(Captions::parse, Captions::embedded, |_| None)?;
    let mut missing: BTreeMap<Name, (BTreeSet<MissingWords>, usize)> = BTreeMap::new();
    for video in &collection.videos {
        let Some((exercise, label)) = video.class() else {
            continue;
        };
        let known = captions.faults_of(exercise);
        let faults = match label.as_str() {
            BAD_FORM => faults_in_path(Path::new(&video.path), label, &known),
            _ => Vec::new(),
        };
        let of_video = captions.missing_words(exercise, label, &faults);
        if !of_video.is_empty() {
            let (all, n) = missing.entry(exercise.clone()).or_default();
            all.extend(of_video);
            *n += 1;
        }
    }
    let found = missing.iter().map(|(exercise, (all, n))| {
        let whats = all.iter().map(|it| match &it.what {
            MissingEntry::Label(label) => label.words(),
            MissingEntry::Fault(fault) => format!("the fault {}", fault.words()),
        });
        let what = format!(
            "{}: the captions table has no words for {}, so that {} would be described by names alone",
            exercise.words(),
            wo_cli::named(whats),
            wo_cli::count(*n, "video")
        );
        let hint = format!(
            "wo-collect add-exercise {exercise} writes the entry into {}; fill in what is to be seen",
            flag.file().display()
        );
        NO_WORDS.mend(what).exercise(exercise).n(*n).hint(hint)
    });
    Ok(found.collect())
}
