//! The text report. It shows what the records have, with the caveats in words.

pub(crate) mod comparison;
mod conclusions;
mod confusion;
pub(crate) mod gate;
pub(crate) mod layout;
mod scores;
mod sections;

use wo_record::Name;

use crate::findings::Findings;
use crate::render::format::plain;
use crate::render::sentences::base_model::caution_in_words;
use crate::render::sentences::{excluded, independence};
use crate::render::text::conclusions::conclusions;
use crate::render::text::layout::lines;
use crate::render::text::scores::ScoreReport;
use crate::render::text::sections::sections;
use crate::score::key::Whole;
use crate::score::tally::Tally;

/// The legend.
const LEGEND: &str = "[low, high] is the 95 % confidence interval over whole groups (people, sources). It holds with \
    few groups, and is absent where a class has fewer than two. ± is the difference that so many groups detect in \
    four of five evaluations. - is undefined. duration_only is fitted to other videos, mostly those of the training; the shortcut \
    probe duration to folds of these videos.";

/// The report of an evaluation. `exercises` are those of the model.
pub(crate) fn report(
    model: &str,
    findings: &Findings,
    exercises: &[Name],
    tally: &Tally,
) -> String {
    let Findings { held_out, seen, .. } = findings;
    let caution = findings.caution.as_deref();
    let caution = caution.map(|it| format!("CAUTION: {}.", caution_in_words(it)));
    let model = format!("Model {}", plain(model));
    let mut blocks = Vec::new();
    if held_out.scores().is_empty() {
        blocks.push(lines(&[format!(
            "{model}: there is no held-out labelled video to score."
        )]));
    } else {
        let metrics = ScoreReport {
            evaluation: held_out,
            whole: Whole::HeldOut,
            exercises,
        };
        let known = &findings.independence;
        let size = match independence::unknown(known) {
            None => format!("on {}, held out from training", metrics.size()),
            Some(unknown) => format!("{unknown}: {}", metrics.size()),
        };
        let head = [model, size].into_iter().chain(caution.clone());
        blocks.push(lines(&head.collect::<Vec<_>>()));
        blocks.extend(metrics.main_form());
        blocks.push(lines(&conclusions(&metrics, known)));
        blocks.extend(metrics.details());
        blocks.extend(sections(findings));
    }
    if !seen.scores().is_empty() {
        let metrics = ScoreReport {
            evaluation: seen,
            whole: Whole::Seen,
            exercises,
        };
        let head = [
            format!(
                "SEEN VIDEOS: {} that the model was trained or chosen on.",
                metrics.size()
            ),
            "These metrics do not say how good it is on new videos.".to_owned(),
        ];
        blocks.push(lines(&head.into_iter().chain(caution).collect::<Vec<_>>()));
        blocks.extend(metrics.main_form());
        blocks.extend(metrics.details());
    }
    if !held_out.scores().is_empty() || !seen.scores().is_empty() {
        blocks.push(lines(&[LEGEND.to_owned()]));
    }
    let excluded = excluded::sentences(tally);
    if !excluded.is_empty() {
        blocks.push(lines(&excluded));
    }
    blocks.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests;
