//! Captions as the text tower reads them. It truncates long texts, so that captions which only differ at their end are
//! equal to it.

use std::collections::{BTreeMap, BTreeSet};

use wo_cli::{Error, Exit, message};
use wo_clip::{Class, Split};
use wo_input::{ClassText, ClassTexts, Tokenizer};

use crate::data::dataset::Dataset;

/// Examples per message; of more only the number is given.
const MAX_NAMED: usize = 5;
/// Characters of a caption that are shown.
const MAX_SHOWN: usize = 100;

/// Captions that are joined for a class that has none of its own.
const MAX_JOINED: usize = 4;

/// Reports captions that are truncated, shared between classes, or unused.
pub(crate) fn warn(dataset: &Dataset, tokenizer: &Tokenizer) -> anyhow::Result<()> {
    warn_of_unread(dataset);
    let texts = ClassTexts::read(tokenizer, &dataset.captions)?;
    warn_of_cut(&dataset.classes, &texts, tokenizer.n_positions());
    if first_equal(&dataset.classes, &texts).is_none() {
        warn_of_shared(&dataset.classes, &texts);
    }
    Ok(())
}

/// Keeps only the captions that no other class has, since a shared caption would be its own negative.
///
/// A caption that two labels share is dropped from both; a class without another caption is an error. Classes that
/// differ only in faults may share captions. Then a class with other captions drops the shared ones, and a class
/// without others joins its captions into one.
pub(crate) fn settle(dataset: &mut Dataset, tokenizer: &Tokenizer) -> anyhow::Result<()> {
    let Dataset {
        classes, captions, ..
    } = dataset;
    let read = |captions: &[Vec<String>]| ClassTexts::read(tokenizer, captions);
    let texts = read(captions)?;
    if let Some((class, other)) = first_equal(classes, &texts) {
        return Err(equal_captions(classes, &texts, class, other));
    }
    for (class, captions) in captions.iter_mut().enumerate() {
        *captions = texts_of(within_label(classes, &texts, class));
    }
    let texts = read(captions)?;
    for (class, captions) in captions.iter_mut().enumerate() {
        let own = texts_of(texts.own(class));
        if !own.is_empty() {
            *captions = own;
        }
    }
    let texts = read(captions)?;
    for (class, captions) in captions.iter_mut().enumerate() {
        if texts.own(class).is_empty() && captions.len() > 1 {
            captions.truncate(MAX_JOINED);
            *captions = vec![captions.join("; ")];
        }
    }
    let texts = read(captions)?;
    match texts.equal_classes() {
        Some((class, other)) => Err(equal_captions(classes, &texts, class, other)),
        None => Ok(()),
    }
}

/// The captions of a class that no other label has, without duplicates as the model reads them.
fn within_label<'a>(classes: &[Class], texts: &'a ClassTexts, class: usize) -> Vec<&'a ClassText> {
    let label = |class: usize| classes.get(class).map(|it| (&it.exercise, &it.label));
    let is_within = |text: &&ClassText| {
        let others = texts.others_with(text, class);
        others.into_iter().all(|other| label(other) == label(class))
    };
    let mut seen = BTreeSet::new();
    let within = texts.of(class).iter().filter(is_within);
    within.filter(|text| seen.insert(&text.read.ids)).collect()
}

fn texts_of(texts: Vec<&ClassText>) -> Vec<String> {
    texts.into_iter().map(|text| text.text.clone()).collect()
}

/// The first two classes that no caption distinguishes: all captions of one also belong to other labels, or both have
/// the same.
fn first_equal(classes: &[Class], texts: &ClassTexts) -> Option<(usize, usize)> {
    let mut seen: BTreeMap<BTreeSet<&Vec<u32>>, usize> = BTreeMap::new();
    for class in 0..classes.len() {
        if within_label(classes, texts, class).is_empty() {
            return texts.most_like(class).map(|other| (class, other));
        }
        let ids = texts.of(class).iter().map(|text| &text.read.ids).collect();
        if let Some(other) = seen.insert(ids, class) {
            return Some((class, other));
        }
    }
    None
}

/// Only the most frequent captions of a class are kept.
fn warn_of_unread(dataset: &Dataset) {
    let mut all: BTreeMap<&Class, BTreeSet<&str>> = BTreeMap::new();
    for example in dataset.of(Split::Train) {
        let captions = example.captions.runs().map(|(caption, _)| caption);
        all.entry(&example.class).or_default().extend(captions);
    }
    for (class, kept) in dataset.classes.iter().zip(&dataset.captions) {
        let n_captions = all.get(class).map_or(0, BTreeSet::len);
        if n_captions > kept.len() {
            wo_cli::warn!(
                "{} has {n_captions} different captions; only the {} most frequent are used",
                name_of(class),
                kept.len()
            );
        }
    }
}

fn warn_of_cut(classes: &[Class], texts: &ClassTexts, n_positions: usize) {
    let cut = texts.cut();
    if cut.is_empty() {
        return;
    }
    let named = cut.iter().take(MAX_NAMED).map(|(class, text)| {
        let lost = text.text.get(text.read.n_bytes..).unwrap_or_default();
        let name = classes.get(*class).map(name_of).unwrap_or_default();
        format!(
            "{name}, {} tokens: \"{}\" loses \"{}\"",
            text.read.n_tokens,
            shortened(&text.text),
            shortened(lost.trim())
        )
    });
    let message = message!(
        "{} of {} captions are longer than the {n_positions} tokens that the model reads, and are truncated:",
        cut.len(),
        texts.n_texts();
        "describe what can be seen in fewer than 50 words, the most important first"
    );
    wo_cli::warn_line(&message.items(named.chain(more(cut.len()))));
}

/// The error for two classes that no caption distinguishes.
fn equal_captions(
    classes: &[Class],
    texts: &ClassTexts,
    class: usize,
    other: usize,
) -> anyhow::Error {
    let name = |class: usize| classes.get(class).map(name_of).unwrap_or_default();
    let of_class = texts.of(class);
    let examples = of_class.iter().take(MAX_NAMED).map(|text| {
        // The same tokens, perhaps from another text.
        let is_same = |it: &&ClassText| it.read.ids == text.read.ids;
        let others = texts.others_with(text, class);
        let other = if others.contains(&other) {
            Some(other)
        } else {
            others.first().copied()
        };
        let same = other.and_then(|other| Some((other, texts.of(other).iter().find(is_same)?)));
        same.map(|(other, it)| {
            let (text, it) = (&text.text, &it.text);
            format!("\"{text}\" equals \"{it}\" of {}", name(other))
        })
    });
    let examples = examples.flatten().chain(more(of_class.len()));
    let is_cut = of_class.iter().any(|text| text.read.is_cut());
    let hint = if is_cut {
        "describe the difference early, within the first 50 words"
    } else {
        "reword one of them; wo-describe fills an empty description of a CSV from the captions table"
    };
    let after_truncation = if is_cut { " after truncation" } else { "" };
    let message = message!(
        "equal_captions: {} has no caption of its own, so the model cannot distinguish it from {}: their captions are \
         equal{after_truncation}",
        name(class),
        name(other);
        "{hint}"
    );
    Error::new(Exit::Integrity, message.items(examples)).into()
}

fn warn_of_shared(classes: &[Class], texts: &ClassTexts) {
    let mut shared = BTreeMap::new();
    for class in 0..classes.len() {
        for text in texts.of(class) {
            let mut with = texts.others_with(text, class);
            if !with.is_empty() {
                with.push(class);
                with.sort_unstable();
                shared.insert(&text.read.ids, (text, with));
            }
        }
    }
    if shared.is_empty() {
        return;
    }
    let named = shared.values().take(MAX_NAMED).map(|(text, with)| {
        let with: Vec<String> = with
            .iter()
            .filter_map(|&class| classes.get(class).map(name_of))
            .collect();
        format!("\"{}\": {}", shortened(&text.text), with.join(", "))
    });
    let message = message!(
        "{} of {} captions belong to several classes, so they teach no difference between them:",
        shared.len(),
        texts.n_texts();
        "reword one of them; wo-describe fills an empty description of a CSV from the captions table"
    );
    wo_cli::warn_line(&message.items(named.chain(more(shared.len()))));
}

/// `squat/bad_form+knees_cave`.
fn name_of(class: &Class) -> String {
    let faults = class.faults.iter().map(|fault| format!("+{fault}"));
    format!(
        "{}/{}{}",
        class.exercise,
        class.label,
        faults.collect::<String>()
    )
}

fn more(n: usize) -> Option<String> {
    match n.checked_sub(MAX_NAMED) {
        Some(n_more) if n_more > 0 => Some(format!("and {n_more} more")),
        _ => None,
    }
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
