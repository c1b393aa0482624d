//! A run over predictions that are there already, without a model.

use std::io::{BufRead, Write};
use std::path::Path;

use wo_clip::Precision;

use crate::cli::config::EvaluateConfig;
use crate::findings::{Findings, Model};
use crate::input::frame_looks::FrameLooks;
use crate::input::predictions_file::PredictionsFile;
use crate::render::contact_sheet::ContactSheet;
use crate::render::sentences::excluded;
use crate::render::text::report;
use crate::render::worst::Worst;
use crate::score::tally::Tally;
use crate::session::finished::{Finished, nothing_left, warn_of_limits};
use crate::session::log::begin;

/// Scores the predictions of a file and writes all records.
pub(crate) fn score_predictions(
    config: &EvaluateConfig,
    path: &Path,
    input: &mut dyn BufRead,
    records: &mut dyn Write,
) -> anyhow::Result<Finished> {
    let analysis = &config.analysis;
    let looks = analysis.needs_regions().then(|| FrameLooks::of(path));
    let file = PredictionsFile::read_with(path, input, &config.reading, looks)?;
    if let Some(terms) = &analysis.fail_under {
        terms.check_classes(&file.space)?;
    }
    let mut writer = begin(records, &file.upstream, Precision::Fp32, &file.failures)?;
    writer.caution(file.caution.as_deref());
    let failures = file.failures;
    let n_all = file.predictions.len();
    let mut scored = file.predictions;
    scored.retain(|it| config.allow_seen || !it.seen);
    let mut tally = Tally {
        n_repeated: file.n_repeated,
        n_of_seen_groups: file.n_of_seen_groups,
        n_excluded_as_seen: (n_all - scored.len()) as u64,
        ..Tally::default()
    };
    for prediction in &scored {
        tally.count(prediction);
    }
    for warning in excluded::warnings(&tally) {
        wo_cli::warn!("{warning}");
    }
    if scored.is_empty() {
        nothing_left()?;
    }
    scored.retain(|it| it.truth().is_some());
    let model = Model {
        space: &file.space,
        trust: None,
        learning_curve: None,
        videos: &[],
        for_baselines: &file.others,
    };
    let mut findings = Findings::of(&scored, model, analysis);
    findings.caution = file.caution;
    warn_of_limits(&findings.independence);
    findings.warn_of_missing();
    findings.write(&mut writer)?;
    writer.end()?;
    let name = path.display().to_string();
    let table = report(&name, &findings, &file.space.exercises, &tally);
    Ok(Finished {
        table,
        sheet: ContactSheet::new(0, analysis.seed),
        findings,
        worst: Worst::default(),
        tally,
        manifest: None,
        failures,
        n_skipped: 0,
    })
}
