//! The figures beside their baselines.

use wo_record::Score;
use wo_report::{Baseline, Figure, FigureBlock, Figures};

use crate::evaluation::{ALL, EXERCISE, LABEL, MODEL, VIDEO, gain_over};
use crate::findings::Findings;
use crate::page::estimate;
use crate::tally::Tally;

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
        blocks.push(FigureBlock { title, figures });
    }
    if !findings.faults.is_empty() {
        blocks.push(FigureBlock {
            title: "Faults, by name".to_owned(),
            figures: findings
                .faults
                .iter()
                .map(|it| figure(findings, it))
                .collect(),
        });
    }
    Figures {
        n_videos: main.n,
        n_groups: main.n_groups,
        warnings: tally.warnings(),
        blocks,
    }
}

fn figure(findings: &Findings, score: &Score) -> Figure {
    let class = score.class.as_ref();
    let n_classes = findings
        .held_out
        .confusions
        .iter()
        .find(|it| it.task == score.task && it.unit == VIDEO)
        .map_or(2, |it| it.classes.len().max(1));
    let others = findings.held_out.scores.iter().filter(|it| {
        it.by != MODEL
            && class.is_none()
            && it.task == score.task
            && it.unit == VIDEO
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
        name: match class {
            Some(class) => format!("{} of {class}", score.name.replace('_', " ")),
            None => score.name.replace('_', " "),
        },
        model: estimate(score),
        chance: match score.name.as_str() {
            "balanced_accuracy" => Some(1.0 / n_classes as f64),
            "roc_auc" => Some(0.5),
            _ => None,
        },
        n_videos: score.n,
        n_groups: score.n_groups,
        smallest_difference: score.detectable,
        baselines: baselines.collect(),
    }
}
