//! The metrics beside their baselines on the page.

use wo_cli::count;
use wo_record::Predictor;
use wo_report::{Metric, MetricBlock, Metrics};

use crate::findings::Findings;
use crate::render::html::estimate::estimate;
use crate::render::sentences::excluded;
use crate::score::key::{Baseline, MetricName, Scope, ScoreKey, Task, Unit};
use crate::score::measurement::Measurement;
use crate::score::tally::Tally;
use crate::score::worst_group::worst_kind;

pub(super) fn metrics(findings: &Findings, main: &Measurement, tally: &Tally) -> Metrics {
    let mut blocks = Vec::new();
    let held_out = &findings.held_out;
    let mut scopes: Vec<(Task, &Scope)> = Vec::new();
    for score in held_out.scores() {
        let of = (score.key.task, &score.key.scope);
        if score.key.unit == Unit::Video && !scopes.contains(&of) {
            scopes.push(of);
        }
    }
    for (task, scope) in scopes {
        let is_all = *scope == Scope::HELD_OUT;
        let is_shown = |it: &ScoreKey| {
            let is_of_block = it.task == task && it.scope == *scope && it.unit == Unit::Video;
            let is_baseline =
                it.by != Predictor::Model || matches!(it.name, MetricName::GainOver(_));
            is_of_block
                && !is_baseline
                && (task == Task::Label || it.class.is_none())
                // Of each exercise the main metric; all are in the records.
                && (is_all || it.name == MetricName::BalancedAccuracy)
        };
        let of_block = held_out.scores().iter().filter(|it| is_shown(&it.key));
        let title = match (task, scope) {
            (Task::Label, Scope::Whole(_)) => "Form, all exercises".to_owned(),
            (Task::Label, scope) => format!("Form, {}", scope.to_string().replace('_', " ")),
            (Task::Exercise, Scope::Whole(_)) => "Which exercise it is".to_owned(),
            (_, scope) => scope.to_string(),
        };
        let metrics = of_block.map(|it| metric(findings, it)).collect();
        blocks.push(MetricBlock {
            title,
            unit: "videos".to_owned(),
            metrics,
        });
    }
    if !findings.faults.is_empty() {
        blocks.push(MetricBlock {
            title: "Faults, by name".to_owned(),
            unit: "videos".to_owned(),
            metrics: findings
                .faults
                .iter()
                .map(|it| metric(findings, it))
                .collect(),
        });
    }
    blocks.extend(of_frames(findings));
    Metrics {
        n_videos: main.n,
        n_groups: main.n_groups,
        warnings: warnings(findings, tally),
        blocks,
    }
}

/// Caveats that the metrics do not show.
fn warnings(findings: &Findings, tally: &Tally) -> Vec<String> {
    let refused = (tally.n_rejected > 0).then(|| {
        format!(
            "{} rejected, and in no metric: the model was trained or chosen on their group, or on the same images.",
            count(tally.n_rejected, "video")
        )
    });
    let seen = (tally.n_seen > 0).then(|| {
        format!(
            "{} seen in training, and in no metric of this page.",
            count(tally.n_seen, "video")
        )
    });
    let missing = findings.missing.iter().map(|why| {
        let mut letters = why.chars();
        let first = letters.next().map(|it| it.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), letters.as_str())
    });
    let excluded = refused.into_iter().chain(seen);
    excluded
        .chain(excluded::warnings(tally))
        .chain(missing)
        .collect()
}

/// Metrics of single frames; absent where only videos were judged.
fn of_frames(findings: &Findings) -> Option<MetricBlock> {
    let is_shown = |it: &&Measurement| {
        let ScoreKey {
            unit, scope, by, ..
        } = &it.key;
        let is_main = matches!(
            it.key.name,
            MetricName::BalancedAccuracy | MetricName::Accuracy
        );
        is_main && *unit == Unit::Frame && *scope == Scope::HELD_OUT && *by == Predictor::Model
    };
    let scores = findings.held_out.scores().iter().filter(is_shown);
    let metrics: Vec<Metric> = scores
        .map(|it| {
            let of = match it.key.task {
                Task::Label => "form",
                _ => "exercise",
            };
            let mut metric = metric(findings, it);
            metric.name = format!("{of}: {}", metric.name);
            metric
        })
        .collect();
    (!metrics.is_empty()).then(|| MetricBlock {
        title: "Frames, each judged alone (one frame may not show what its video shows)".to_owned(),
        unit: "frames".to_owned(),
        metrics,
    })
}

fn metric(findings: &Findings, score: &Measurement) -> Metric {
    let (held_out, key) = (&findings.held_out, &score.key);
    let is_main = key.name == MetricName::BalancedAccuracy;
    let baselines = Baseline::ALL.into_iter().filter_map(|baseline| {
        let of_baseline = ScoreKey {
            by: baseline.predictor(),
            ..key.clone()
        };
        let gain = ScoreKey {
            name: MetricName::GainOver(baseline),
            ..key.clone()
        };
        let its = held_out
            .score(&of_baseline)
            .filter(|_| key.class.is_none())?;
        Some(wo_report::Baseline {
            name: its.key.by.words(),
            estimate: estimate(its),
            lead: held_out.score(&gain).filter(|_| is_main).map(estimate),
        })
    });
    Metric {
        name: name(findings, score),
        model: estimate(score),
        chance: match key.name {
            MetricName::BalancedAccuracy => held_out.chance(key.task, &key.scope),
            MetricName::RocAuc => Some(0.5),
            _ => None,
        },
        n_videos: score.n,
        n_groups: score.n_groups,
        smallest_difference: score.detectable,
        baselines: baselines.collect(),
    }
}

/// `recall of bad form`; the worst group is named.
fn name(findings: &Findings, score: &Measurement) -> String {
    if let (MetricName::WorstGroupRecall, Scope::Whole(whole)) = (score.key.name, &score.key.scope)
    {
        let kind = worst_kind(&findings.held_out, *whole);
        let kind = kind.map_or_else(String::new, |it| format!(" ({it})"));
        return format!("lowest recall of an exercise and label{kind}");
    }
    let name = score.key.name.words();
    match &score.key.class {
        Some(class) => format!("{name} of {}", class.words()),
        None => name,
    }
}
