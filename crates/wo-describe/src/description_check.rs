//! Warnings about the descriptions of a stream, given once at the end: missing words, too long, shared by two classes.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use wo_cli::message;
use wo_label::{CLIP_TOKENS, Captions, MissingEntry, MissingWords, least_clip_tokens};
use wo_record::{BAD_FORM, Frame, UNCLEAR};

use crate::class_words::{ClassWords, Classes};

/// At most this many examples of a kind are named; the rest is counted.
const MAX_NAMED: usize = 5;
/// At most this many characters of a description are shown.
const MAX_SHOWN: usize = 100;

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct DescriptionCheck {
    n_without_exercise: u64,
    /// Missing words, with the number of frames and the description of the first one.
    wordless: BTreeMap<MissingWords, (u64, String)>,
    /// Descriptions that are too long for CLIP, with the numbers of frames and tokens.
    long: BTreeMap<String, (u64, usize)>,
    n_replaced: u64,
    first_replaced: Option<String>,
    /// By hash of a description. There may be as many as frames.
    texts: HashMap<u64, Text>,
    /// Two classes that share a description, with the number of frames of the second and the first such description.
    shared: BTreeMap<(usize, usize), (u64, String)>,
}

/// What is known of a description.
#[derive(Debug, Clone, Copy)]
struct Text {
    /// The class that had it first.
    class: usize,
    /// Whether CLIP reads all of it.
    is_short: bool,
}

impl DescriptionCheck {
    /// Checks a frame as it is written. `own` is the description by a person that was replaced, if any; `words` is what the
    /// table says of its class.
    pub(crate) fn look(&mut self, frame: &Frame, own: Option<String>, words: Option<&ClassWords>) {
        if let Some(own) = own.filter(|own| frame.description.as_ref() != Some(own)) {
            self.n_replaced += 1;
            self.first_replaced.get_or_insert(own);
        }
        let Some(label) = &frame.label else { return };
        if frame.exercise.is_none() {
            self.n_without_exercise += u64::from(frame.description.is_none());
        }
        let Some((description, words)) = frame.description.as_ref().zip(words) else {
            return;
        };
        self.look_for_words(words, description);
        let mut hasher = DefaultHasher::new();
        description.hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.texts.get(&hash).copied();
        let is_short = known.is_some_and(|text| text.is_short) || self.is_short(description);
        // Nothing is trained on unclear frames.
        if label.as_str() == UNCLEAR {
            return;
        }
        let class = words.class;
        match known {
            None => {
                self.texts.insert(hash, Text { class, is_short });
            }
            Some(first) if first.class != class => {
                let pair = self.shared.entry((first.class, class));
                pair.or_insert_with(|| (0, description.to_owned())).0 += 1;
            }
            Some(_) => {}
        }
    }

    /// Prints all warnings. Missing words belong into `captions_file`.
    pub(crate) fn warn(&self, classes: &Classes, captions: &Captions, captions_file: &Path) {
        if self.n_without_exercise > 0 {
            wo_cli::warn!(
                "{} {} no exercise and therefore no description",
                wo_cli::count(self.n_without_exercise, "labelled frame"),
                wo_cli::verb(self.n_without_exercise, "has", "have");
                "put the videos into folders EXERCISE/LABEL"
            );
        }
        self.warn_of_missing_words(captions, captions_file);
        self.warn_of_replaced();
        self.warn_of_long();
        self.warn_of_shared(classes);
    }

    /// Counts missing words if the description comes from the table.
    fn look_for_words(&mut self, words: &ClassWords, description: &String) {
        if words.missing.is_empty() || !words.phrasings.contains(description) {
            return;
        }
        for wordless in &words.missing {
            let of_it = self.wordless.entry(wordless.clone());
            of_it.or_insert_with(|| (0, description.clone())).0 += 1;
        }
    }

    /// Whether CLIP reads all of a description. One that is too long is counted.
    fn is_short(&mut self, description: &str) -> bool {
        let n_tokens = least_clip_tokens(description);
        if n_tokens > CLIP_TOKENS {
            let entry = self.long.entry(description.to_owned());
            entry.or_insert((0, n_tokens)).0 += 1;
        }
        n_tokens <= CLIP_TOKENS
    }

    fn warn_of_missing_words(&self, captions: &Captions, captions_file: &Path) {
        let entries = || captions.entries_for(self.wordless.keys());
        for (number, (wordless, (n, description))) in self.wordless.iter().enumerate() {
            let exercise = &wordless.exercise;
            let what = match &wordless.what {
                MissingEntry::Fault(fault) => format!("the fault {fault} of {exercise}"),
                MissingEntry::Label(label) if label.as_str() == BAD_FORM => {
                    format!("bad_form of {exercise} where no file name or CSV names a fault")
                }
                MissingEntry::Label(label) => format!("{label} of {exercise}"),
            };
            let meant = captions.suggestion_for(wordless);
            let meant = meant.map_or_else(String::new, |near| format!(" (is {near} meant?)"));
            let frames = frames(*n);
            let effect = match &wordless.what {
                MissingEntry::Fault(_) => format!("{frames} only by its name"),
                MissingEntry::Label(_) => {
                    format!("{frames} as \"{description}\", which teaches a model nothing")
                }
            };
            let message = message!(
                "the captions table has no words for {what}{meant}: it describes {effect}"
            );
            // All of them are added at once, which the last one says.
            let message = if number + 1 == self.wordless.len() {
                let file = captions_file.display();
                let hint = format!(
                    "add this to the end of {file}, and replace the samples by what your videos show:"
                );
                message.hint(hint).block(entries().trim_end())
            } else {
                message
            };
            wo_cli::warn_line(&message);
        }
    }

    fn warn_of_replaced(&self) {
        if let Some(first) = &self.first_replaced {
            wo_cli::warn!(
                "{} lost a description that no captions table makes; the first one was \"{}\"",
                frames(self.n_replaced),
                shown(first);
                "put your own descriptions into a CSV (--csv); they win over the captions table"
            );
        }
    }

    fn warn_of_long(&self) {
        if self.long.is_empty() {
            return;
        }
        let n_frames = self.long.values().map(|(n, _)| n).sum();
        let named = self.long.iter().take(MAX_NAMED);
        let named = named.map(|(description, (n, n_tokens))| {
            let (frames, shown) = (frames(*n), shown(description));
            format!("{frames}, at least {n_tokens} tokens: \"{shown}\"")
        });
        let message = message!(
            "the descriptions of {} are longer than the {CLIP_TOKENS} tokens that CLIP reads; the rest is cut off",
            frames(n_frames);
            "describe in fewer than 50 words what is visible, the most important first"
        );
        wo_cli::warn_line(&message.items(named.chain(more(self.long.len()))));
    }

    fn warn_of_shared(&self, classes: &Classes) {
        if self.shared.is_empty() {
            return;
        }
        let named = self.shared.iter().take(MAX_NAMED);
        let named = named.filter_map(|(&(first, second), (n, description))| {
            let (first, second) = (classes.get(first)?, classes.get(second)?);
            let (frames, shown) = (frames(*n), shown(description));
            Some(format!(
                "{second} shares descriptions with {first} in {frames}, such as \"{shown}\""
            ))
        });
        let message = message!(
            "two classes share a description, so a model cannot tell them apart by it:";
            "reword one of them; an empty cell of a CSV is filled from the captions table"
        );
        wo_cli::warn_line(&message.items(named.chain(more(self.shared.len()))));
    }
}

fn frames(n: u64) -> String {
    match n {
        1 => "1 frame".to_owned(),
        n => format!("{n} frames"),
    }
}

fn more(n: usize) -> Option<String> {
    match n.checked_sub(MAX_NAMED) {
        None | Some(0) => None,
        Some(n_more) => Some(format!("and {n_more} more")),
    }
}

/// The start of a long text.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
