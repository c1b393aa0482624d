//! Makes the folders of a new exercise, and the entry of the captions table to fill in.

use std::fs;
use std::io::ErrorKind;

use anyhow::Context;
use wo_cli::{Error, Exit, ExitWith, Outcome, read_text, write_file};
use wo_label::{Captions, MissingEntry, MissingWords, toml_key};
use wo_record::{BAD_FORM, GOOD_FORM, Name};

use crate::cli::config::AddExerciseConfig;
use crate::init::make_exercise;

/// Longer names are a mistake, and too long for names of folders.
const MAX_NAME: usize = 60;

/// Runs `wo-collect add-exercise`.
pub(crate) fn add(config: &AddExerciseConfig) -> anyhow::Result<Outcome> {
    let (name, file) = (&name_of(&config.name)?, config.captions.display());
    let what = || format!("read {file}");
    let text = match read_text(&config.captions) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(what).exit_with(Exit::Io),
    };
    let captions = Captions::parse(&text)
        .map_err(|error| Error::of_lines(&error.to_string()))
        .with_context(what)
        .exit_with(Exit::Usage)?;
    if captions.exercises().any(|known| known == name) {
        wo_cli::bail!(
            Exit::Usage,
            "the captions table has the exercise {name} already";
            "change its words in {file}; the folders of an exercise are made by hand or by wo-collect init"
        );
    }
    let known: Vec<Name> = captions.exercises().cloned().collect();
    let text = with_entry(text, &captions, name);
    Captions::parse(&text)
        .with_context(|| format!("add {name} to {file}"))
        .exit_with(Exit::Usage)?;
    // The folders first: a run that is killed in between can be given again.
    make_exercise(&config.videos, name)?;
    if let Some(folder) = config.captions.parent() {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    write_file(&config.captions, text.as_bytes())
        .with_context(|| format!("write {file}"))
        .exit_with(Exit::Io)?;
    if let Some(near) = wo_label::nearest(name.as_str(), known.iter().map(Name::as_str)) {
        wo_cli::warn!(
            "{name} is a new exercise beside {near}";
            "if {near} is meant, remove {}/{name}, and the entry of {name} from {file}", config.videos.display()
        );
    }
    wo_cli::say!(
        "{}/{name} is there for videos; say in {file} what good and bad form of it look like",
        config.videos.display()
    );
    Ok(Outcome::Done)
}

/// The name that somebody wrote: words, and what stands between words.
fn name_of(written: &str) -> anyhow::Result<Name> {
    let name = Name::new(written);
    let is_part = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_';
    if name.is_empty() || name.as_str().len() > MAX_NAME {
        wo_cli::bail!(
            Exit::Usage,
            "this is no name of an exercise";
            "take letters, digits and underscores, such as lunge"
        );
    }
    if !written.trim().chars().all(is_part) {
        wo_cli::bail!(
            Exit::Usage,
            "{written} is no name of an exercise: it has other signs than letters, digits and underscores";
            "if {name} is meant: wo-collect add-exercise {name}"
        );
    }
    Ok(name)
}

/// The table with an entry of sample words at its end.
fn with_entry(mut text: String, captions: &Captions, name: &Name) -> String {
    let missing = [GOOD_FORM, BAD_FORM].map(|label| MissingWords {
        exercise: name.clone(),
        what: MissingEntry::Label(Name::label(label)),
    });
    if !text.is_empty() {
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
    let words = name.words();
    let entries = captions.entries_for(&missing);
    let entry = format!(
        "# Sample words: say what {words} looks like.\n{entries}\n# A fault, by the name that its videos have:\n\
         # [exercises.{}.faults.too_fast]\n\
         # observations = [\"what it looks like\"]\n",
        toml_key(name)
    );
    text + &entry
}
