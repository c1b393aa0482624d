//! The figures beside their baselines.

use wo_cli::count;
use wo_record::Score;
use wo_report::{Baseline, Figure, FigureBlock, Figures};

use crate::findings::Findings;
use crate::render::html::estimate::estimate;
use crate::render::sentences::excluded;
use crate::score::key::{ALL, EXERCISE, FRAME, LABEL, MODEL, VIDEO, gain_over};
use crate::score::tally::Tally;
use crate::score::worst_group::{WORST_GROUP, worst_kind};

pub(super) fn figures(findings: &Findings, main: &Score, tally: &Tally) -> Figures {
    let mut blocks = Vec::new();
    let mut scopes: Vec<(&str, String)> = Vec::new();
    for score in &findings.held_out.scores {
        let key = (score.task.as_str(), score.scope.clone());
        if score.unit == VIDEO && !scopes.contains(&key) {
            scopes.push(key);
        }
    }
    for (task, scope) in scopes {
        let of_block: Vec<&Score> = findings
            .held_out
            .scores
            .iter()
            .filter(|it| it.task == task && it.scope == scope && it.unit == VIDEO && it.by == MODEL)
            .filter(|it| !it.name.contains("_over_"))
            .filter(|it| task == LABEL || it.class.is_none())
            // Of each exercise the main figure; all are in the records.
            .filter(|it| scope == ALL || it.name == "balanced_accuracy")
            .collect();
        let title = match (task, scope.as_str()) {
            (LABEL, ALL) => "Form, all exercises".to_owned(),
            (LABEL, scope) => format!("Form, {}", scope.replace('_', " ")),
            (EXERCISE, ALL) => "Which exercise it is".to_owned(),
            (_, scope) => scope.to_owned(),
        };
        let figures = of_block.iter().map(|it| figure(findings, it)).collect();
        blocks.push(FigureBlock {
            title,
            unit: "videos".to_owned(),
            figures,
        });
    }
    if !findings.faults.is_empty() {
        blocks.push(FigureBlock {
            title: "Faults, by name".to_owned(),
            unit: "videos".to_owned(),
            figures: findings
                .faults
                .iter()
                .map(|it| figure(findings, it))
                .collect(),
        });
    }
    blocks.extend(of_frames(findings));
    Figures {
        n_videos: main.n,
        n_groups: main.n_groups,
        warnings: warnings(findings, tally),
        blocks,
    }
}

/// What the figures do not carry.
fn warnings(findings: &Findings, tally: &Tally) -> Vec<String> {
    let refused = (tally.n_refused > 0).then(|| {
        format!(
            "{} refused, and in no figure: the model was trained or chosen on others of their group, or on the same pictures.",
            count(tally.n_refused, "video")
        )
    });
    let seen = (tally.n_seen > 0).then(|| {
        format!(
            "{} that the model has seen in training, and in no figure of this page.",
            count(tally.n_seen, "video")
        )
    });
    let missing = findings.missing.iter().map(|why| {
        let mut letters = why.chars();
        let first = letters.next().map(|it| it.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), letters.as_str())
    });
    let left_out = refused.into_iter().chain(seen);
    left_out
        .chain(excluded::warnings(tally))
        .chain(missing)
        .collect()
}

/// What is right of single frames; absent where only videos were judged.
fn of_frames(findings: &Findings) -> Option<FigureBlock> {
    let is_shown = |it: &&Score| {
        let is_main = matches!(it.name.as_str(), "balanced_accuracy" | "accuracy");
        is_main && it.unit == FRAME && it.scope == ALL && it.by == MODEL
    };
    let scores = findings.held_out.scores.iter().filter(is_shown);
    let figures: Vec<Figure> = scores
        .map(|it| {
            let of = if it.task == LABEL { "form" } else { "exercise" };
            let mut figure = figure(findings, it);
            figure.name = format!("{of}: {}", figure.name);
            figure
        })
        .collect();
    (!figures.is_empty()).then(|| FigureBlock {
        title: "Frames, each judged on its own (one may show nothing of what its video shows)"
            .to_owned(),
        unit: "frames".to_owned(),
        figures,
    })
}

fn figure(findings: &Findings, score: &Score) -> Figure {
    let class = score.class.as_ref();
    let others = findings.held_out.scores.iter().filter(|it| {
        it.by != MODEL
            && class.is_none()
            && it.task == score.task
            && it.unit == score.unit
            && it.scope == score.scope
            && it.name == score.name
            && it.class == score.class
    });
    let baselines = others.map(|it| Baseline {
        name: it.by.replace('_', " "),
        estimate: estimate(it),
        lead: (score.name == "balanced_accuracy")
            .then(|| {
                findings.held_out.score(
                    &score.task,
                    MODEL,
                    VIDEO,
                    &score.scope,
                    &gain_over(&it.by),
                    None,
                )
            })
            .flatten()
            .map(estimate),
    });
    Figure {
        name: name(findings, score),
        model: estimate(score),
        chance: match score.name.as_str() {
            "balanced_accuracy" => findings.held_out.chance(&score.task, &score.scope),
            "roc_auc" => Some(0.5),
            _ => None,
        },
        n_videos: score.n,
        n_groups: score.n_groups,
        smallest_difference: score.detectable,
        baselines: baselines.collect(),
    }
}

/// `recall of bad form`; of the worst exercise and label, which they are.
fn name(findings: &Findings, score: &Score) -> String {
    let name = score.name.replace('_', " ");
    if score.name == WORST_GROUP {
        let kind = worst_kind(&findings.held_out, &score.scope);
        let kind = kind.map_or_else(String::new, |it| format!(" ({it})"));
        return format!("recall of the exercise and label told worst{kind}");
    }
    match &score.class {
        Some(class) => format!("{name} of {}", class.words()),
        None => name,
    }
}
