//! A confusion matrix as a table, or as a list of mistakes if it is too wide.

use wo_record::Name;

use crate::render::text::layout::{GAP, WIDTH, table, titled};
use crate::score::evaluation::ConfusionMatrix;

/// How many kinds of mistakes are listed if the confusion matrix is too wide.
const MAX_MISTAKES: usize = 10;

/// Whether a confusion matrix fits the width of a table.
pub(crate) fn fits(confusion: &ConfusionMatrix) -> bool {
    let gap = usize::from(GAP);
    let columns = confusion
        .classes
        .iter()
        .map(|class| class.as_str().chars().count() + gap);
    let longest = columns.clone().max().unwrap_or(0);
    columns.sum::<usize>() + longest <= usize::from(WIDTH)
}

/// The matrix under a title.
pub(crate) fn matrix(confusion: &ConfusionMatrix, title: &str) -> String {
    let mut header = vec![""];
    header.extend(confusion.classes.iter().map(Name::as_str));
    let mut table = table(&header);
    for (class, counts) in confusion.classes.iter().zip(&confusion.counts) {
        let counts = counts.iter().map(u64::to_string);
        table.add_row(std::iter::once(class.to_string()).chain(counts));
    }
    titled(title, &table)
}

/// The most frequent mistakes.
pub(crate) fn mistakes(confusion: &ConfusionMatrix) -> String {
    let classes = || confusion.classes.iter();
    let of_row = |(truth, counts)| {
        classes()
            .zip(counts)
            .map(move |(predicted, n): (_, &u64)| (*n, truth, predicted))
    };
    let mut pairs: Vec<_> = classes().zip(&confusion.counts).flat_map(of_row).collect();
    pairs.retain(|(n, truth, predicted)| *n > 0 && truth != predicted);
    // The sort is stable: equally frequent ones stay in the order of the classes.
    pairs.sort_by_key(|(n, _, _)| std::cmp::Reverse(*n));
    let n_pairs = pairs.len();
    let mut table = table(&["true", "taken for", "videos"]);
    for (n, truth, predicted) in pairs.into_iter().take(MAX_MISTAKES) {
        table.add_row([truth.to_string(), predicted.to_string(), n.to_string()]);
    }
    let task = confusion.task.as_str().to_uppercase();
    if n_pairs == 0 {
        return format!("{task}: no mistakes.");
    }
    let shown = n_pairs.min(MAX_MISTAKES);
    titled(
        &format!(
            "{task}, the {shown} most frequent mistakes of {n_pairs} kinds (the records have all)"
        ),
        &table,
    )
}
