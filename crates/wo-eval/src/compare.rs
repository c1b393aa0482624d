//! Two models, or two files of predictions, on the same videos: paired differences over groups, and a gate.

pub(crate) mod difference;
mod differences;
mod pairs;
mod sides;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use wo_cli::Outcome;
use wo_input::{cures, failed_inputs};
use wo_record::{Failure, Gate, Producer, Record, Writer};

use crate::cli::config::{AnalysisConfig, CompareConfig};
use crate::compare::difference::Difference;
use crate::compare::differences::differences;
use crate::compare::pairs::{reject_seen, same_videos};
use crate::compare::sides::{Sides, sides_of};
use crate::findings::{Findings, Model};
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::render::text::comparison::comparison_table;
use crate::score::gate::Terms;
use crate::score::independence::independence;
use crate::session::finished::warn_of_limits;

/// Compares, and checks the gate if there is one.
pub(crate) fn compare(
    config: &CompareConfig,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let paths: [&Path; 2] = config.sides.each_ref().map(PathBuf::as_path);
    let Sides {
        predicted,
        upstream,
        failures,
        n_skipped,
        ..
    } = sides_of(config, input)?;
    let [(of_candidate, _), (of_champion, _)] = &predicted;
    let space = LabelSpace::union(of_candidate, of_champion);
    let predicted = predicted.map(|(own, predictions)| -> Vec<Prediction> {
        let predictions = predictions.into_iter();
        predictions.map(|it| it.among(&own, &space)).collect()
    });
    reject_seen(&predicted, paths)?;
    let [candidate, champion] = same_videos(predicted)?;
    let compared: Vec<&Prediction> = candidate.iter().collect();
    warn_of_limits(&independence(&compared, &[]));
    if let Some(terms) = &config.gate {
        terms.check_classes(&space)?;
    }
    let comparisons = differences(&candidate, &champion, &space, config.seed);
    let terms = config.gate.as_ref();
    let gate = terms.map(|terms| gate(terms, [&candidate, &champion], &space, config.seed));
    if config.shows_table {
        output.write_all(comparison_table(paths, &comparisons, gate.as_ref()).as_bytes())?;
    } else {
        write(output, &upstream, &failures, &comparisons, gate.as_ref())?;
    }
    let terms = gate.iter().flat_map(|it| &it.terms);
    for why in terms.filter_map(|it| it.why.as_ref()) {
        wo_cli::warn!("{why}");
    }
    Ok(if let Some(Gate { passed: false, .. }) = gate {
        Outcome::No
    } else {
        let inputs = failed_inputs(&failures, n_skipped);
        if !inputs.is_empty() {
            let folder = config.source.folder_of_frames();
            let cures = cures(&failures, folder.as_deref(), wo_cli::shell_word);
            wo_cli::warn!("{}", wo_cli::failed(&inputs, &cures));
        }
        Outcome::from_failures(inputs.len() as u64)
    })
}

/// Checks the conditions on the metrics of both.
fn gate(terms: &Terms, sides: [&Vec<Prediction>; 2], space: &LabelSpace, seed: u64) -> Gate {
    let [new, old] = sides.map(|predictions| {
        let model = Model {
            space,
            trust: None,
            learning_curve: None,
            videos: &[],
            for_baselines: &[],
        };
        let analysis = AnalysisConfig {
            seed,
            ..AnalysisConfig::default()
        };
        Findings::of(predictions, model, &analysis)
    });
    terms.judge(|metric| new.known(metric), |metric| old.known(metric))
}

fn write(
    output: &mut dyn Write,
    upstream: &[Producer],
    failures: &[Failure],
    comparisons: &[Difference],
    gate: Option<&Gate>,
) -> anyhow::Result<()> {
    let (tool, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let mut writer = Writer::begin(output, tool, version, upstream)?;
    for failure in failures {
        writer.failure(failure.clone())?;
    }
    for comparison in comparisons {
        writer.record(&Record::Comparison(comparison.record.clone()))?;
    }
    if let Some(gate) = gate {
        writer.record(&Record::Gate(gate.clone()))?;
    }
    writer.end()?;
    Ok(())
}

#[cfg(test)]
mod tests;
