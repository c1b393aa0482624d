//! Two models, or two files of predictions, on the same videos: paired differences over groups, and a gate.

pub(crate) mod difference;
mod differences;
mod gate;
mod pairs;
mod sides;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use wo_cli::{IgnoreBrokenPipe, Outcome};
use wo_clip::Precision;
use wo_input::{cures, failed_inputs};
use wo_record::{Failure, Gate, Producer, Record};
use wo_stats::Bootstrap;

use crate::cli::config::CompareConfig;
use crate::compare::differences::differences;
use crate::compare::gate::Compared;
use crate::compare::pairs::{SameVideos, reject_seen, same_videos};
use crate::compare::sides::{Sides, sides_of};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::render::text::comparison::comparison_table;
use crate::score::gate::{Terms, warn_of_shut};
use crate::score::independence::independence;
use crate::session::finished::warn_of_limits;
use crate::session::log::begin;

/// Compares, and checks the gate if there is one.
pub(crate) fn compare(
    config: &CompareConfig,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    // The answer of a gate is the exit code, whoever reads the records.
    let output = &mut *IgnoreBrokenPipe::beside(config.gate.as_ref(), output);
    let paths: [&Path; 2] = config.sides.each_ref().map(PathBuf::as_path);
    let Sides {
        predicted,
        upstream,
        failures,
        trained_on,
        precision,
        n_skipped,
        ..
    } = sides_of(config, input)?;
    let (space, predicted) = among_all(predicted);
    reject_seen(&predicted, paths)?;
    let SameVideos {
        sides: [candidate, champion],
        n_apart,
    } = same_videos(predicted)?;
    let compared: Vec<&Prediction> = candidate.iter().collect();
    let known = independence(&compared, &trained_on);
    warn_of_limits(&known);
    if let Some(terms) = &config.gate {
        terms.check_classes(&space)?;
    }
    let bootstrap = Bootstrap::with_confidence(config.confidence, config.seed);
    let comparisons = differences(&candidate, &champion, &space, bootstrap);
    let gate = config.gate.as_ref().map(|terms| {
        let compared = Compared {
            sides: [&candidate, &champion],
            space: &space,
            comparisons: &comparisons,
            few_groups: config.few_groups,
            n_apart,
            n_ungrouped: known.n_ungrouped as usize,
        };
        compared.gate(terms, config.seed)
    });
    warn_of_estimates(config.gate.as_ref());
    if config.shows_table {
        let table = comparison_table(paths, &comparisons, gate.as_ref(), &known);
        output.write_all(table.as_bytes())?;
    } else {
        let records = comparisons
            .iter()
            .map(|it| Record::Comparison(it.record.clone()));
        let records = std::iter::once(Record::Independence(known)).chain(records);
        let records: Vec<Record> = records.chain(gate.clone().map(Record::Gate)).collect();
        write(output, &upstream, precision, &failures, &records)?;
    }
    warn_of_shut(gate.as_ref());
    Ok(match gate {
        Some(Gate { passed: false, .. }) => Outcome::No,
        _ => outcome(config, &failures, n_skipped),
    })
}

/// The predictions of both among the labels and exercises of both.
fn among_all(predicted: [(LabelSpace, Vec<Prediction>); 2]) -> (LabelSpace, [Vec<Prediction>; 2]) {
    let [(of_candidate, _), (of_champion, _)] = &predicted;
    let space = LabelSpace::union(of_candidate, of_champion);
    let predicted = predicted.map(|(own, predictions)| {
        let predictions = predictions.into_iter();
        predictions.map(|it| it.among(&own, &space)).collect()
    });
    (space, predicted)
}

/// Lists the inputs that failed, as the last lines of the run.
fn outcome(config: &CompareConfig, failures: &[Failure], n_skipped: u64) -> Outcome {
    let inputs = failed_inputs(failures, n_skipped);
    if !inputs.is_empty() {
        let folder = config.source.folder_of_frames();
        let cures = cures(failures, folder.as_deref(), wo_cli::shell_word);
        wo_cli::warn_line(&wo_cli::failed(&inputs, cures));
    }
    Outcome::from_failures(inputs.len() as u64)
}

/// Warns of a condition on two estimates: of two equal models it prefers either by chance.
fn warn_of_estimates(terms: Option<&Terms>) {
    if let Some(term) = terms.and_then(Terms::without_interval) {
        wo_cli::warn!(
            "\"{term}\" compares estimates without their uncertainty, so that a worse model may pass by chance";
            "a condition on the interval of the difference is safer: difference.balanced_accuracy.low>=-0.02"
        );
    }
}

fn write(
    output: &mut dyn Write,
    upstream: &[Producer],
    precision: Precision,
    failures: &[Failure],
    records: &[Record],
) -> anyhow::Result<()> {
    let mut writer = begin(output, upstream, precision, failures)?;
    for record in records {
        writer.record(record)?;
    }
    writer.end()?;
    Ok(())
}

#[cfg(test)]
mod tests;
