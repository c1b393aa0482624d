//! What the shortcut audit comes to, in a few sentences.

use wo_record::{Audit, AuditVerdict, Probe};

use crate::render::format::{plain, with_ends};

/// Why a length that tells the label may be none.
const MAY_BE_TEMPO: &str = "A longer video may show slower repetitions, which may be form: extract with --sample phase \
                            to tell tempo from padding.";

/// `The shortcut container reaches 40 % [10 %, 80 %] of the model's skill above chance.`
pub(crate) fn summary(all: &Audit, records: &[Audit]) -> String {
    let worst = records
        .iter()
        .find(|it| it.probe != Probe::All && is_copy(all, it));
    let name = worst.map_or_else(|| "found".to_owned(), named);
    let found = match all.verdict {
        AuditVerdict::Warn | AuditVerdict::Fail => what_is_found(all, worst, &name),
        AuditVerdict::Pass => format!("No shortcut found. {}", what_would_be_found(all)),
        _ => format!(
            "The audit cannot tell whether there is a shortcut. {}",
            what_would_be_found(all)
        ),
    };
    let better = worst.and_then(better_than_model);
    let tempo = worst
        .filter(|it| it.probe == Probe::Duration && is_found(it))
        .map(|_| MAY_BE_TEMPO.to_owned());
    [Some(found), better, tempo]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// `container`, or `container (squat)` where it is about a part of the videos.
pub(crate) fn named(audit: &Audit) -> String {
    let name = plain(&audit.probe.words());
    match audit.scope.as_str() {
        "all" => name,
        source if source.contains('=') => format!("{name} ({})", plain(source)),
        exercise => format!("{name} ({})", plain(&exercise.replace('_', " "))),
    }
}

/// What a probe came to.
pub(crate) fn outcome(verdict: &AuditVerdict) -> String {
    match verdict {
        AuditVerdict::Pass => "not found".to_owned(),
        AuditVerdict::CannotTell => "cannot tell".to_owned(),
        AuditVerdict::Warn => "found".to_owned(),
        AuditVerdict::Fail => "found: most of the skill".to_owned(),
        AuditVerdict::Information => "may be form".to_owned(),
        AuditVerdict::Other(_) => verdict.words(),
    }
}

/// The probe that does better than the model, the best of them.
pub(crate) fn better_probe(records: &[Audit]) -> Option<&Audit> {
    let better = records.iter().filter(|it| {
        it.better_than_model && it.probe != Probe::All && it.verdict != AuditVerdict::Information
    });
    better.max_by(|a, b| {
        let value = |it: &Audit| it.value.unwrap_or(0.0);
        value(a).total_cmp(&value(b))
    })
}

/// `container alone predicts the label better than the model: 0.67 [0.53, 0.79], the model 0.48.`
pub(crate) fn better_than_model(probe: &Audit) -> Option<String> {
    let model = probe.model.filter(|_| probe.better_than_model)?;
    Some(format!(
        "{} alone predicts the label better than the model: balanced accuracy {}, the model {model:.2}.",
        capital(&named(probe)),
        with_ends(probe.value, probe.low, probe.high)
    ))
}

/// Whether the sum of all probes is that of this one: its worst.
fn is_copy(all: &Audit, worst: &Audit) -> bool {
    let as_all = Audit {
        probe: Probe::All,
        detectable: all.detectable,
        detectable_in_part: all.detectable_in_part,
        ..worst.clone()
    };
    as_all == *all
}

fn is_found(audit: &Audit) -> bool {
    matches!(audit.verdict, AuditVerdict::Warn | AuditVerdict::Fail)
}

fn what_is_found(all: &Audit, worst: Option<&Audit>, name: &str) -> String {
    let percent = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{:.0} %", 100.0 * it));
    let alone = format!(
        "{} alone predicts the label better than chance: balanced accuracy {}",
        capital(name),
        with_ends(all.value, all.low, all.high)
    );
    let is_exercise = worst.is_some_and(|it| it.probe == Probe::Exercise);
    match (is_exercise, &all.verdict, all.share) {
        (true, AuditVerdict::Fail, _) => format!(
            "{alone}. Within an exercise the model is not significantly better than chance."
        ),
        (true, ..) => format!("{alone}: some exercises are more often good than others."),
        (false, _, Some(_)) => format!(
            "The shortcut {name} reaches {} [{}, {}] of the model's skill above chance.",
            percent(all.share),
            percent(all.share_low),
            percent(all.share_high)
        ),
        _ => format!("{alone}, and the model is not significantly better than chance."),
    }
}

/// How weak a shortcut may be to be found.
fn what_would_be_found(all: &Audit) -> String {
    let Some(detectable) = all.detectable else {
        return "The videos are too few, or of too few groups, to find any.".to_owned();
    };
    let part = match all.detectable_in_part {
        Some(part) => format!("one in a single exercise or source from {part:.2} on"),
        None => "one in a single exercise or source might not".to_owned(),
    };
    format!(
        "In 4 of 5 cases one that alone has balanced accuracy {detectable:.2} or more would be found; {part}."
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|it| it.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(probe: Probe, verdict: AuditVerdict) -> Audit {
        Audit {
            probe,
            scope: "all".to_owned(),
            verdict,
            value: Some(0.67),
            low: Some(0.53),
            high: Some(0.79),
            model: Some(0.8),
            better_than_model: false,
            p_value: Some(0.2),
            detectable: Some(0.72),
            detectable_in_part: None,
            share: Some(0.5),
            share_low: Some(0.1),
            share_high: Some(0.9),
            n: 40,
            n_groups: 20,
        }
    }

    fn said(probe: Audit) -> String {
        let all = Audit {
            probe: Probe::All,
            ..probe.clone()
        };
        summary(&all, &[probe, all.clone()])
    }

    #[test]
    fn not_found_says_what_would_be() {
        let text = said(audit(Probe::Container, AuditVerdict::Pass));
        let expected = "No shortcut found. In 4 of 5 cases one that alone has balanced accuracy 0.72 or more would be \
                        found; one in a single exercise or source might not.";
        assert_eq!(text, expected);
        let in_part = Audit {
            detectable_in_part: Some(0.8),
            ..audit(Probe::Container, AuditVerdict::CannotTell)
        };
        let text = said(in_part);
        assert!(text.starts_with("The audit cannot tell whether there is a shortcut."));
        assert!(
            text.ends_with("single exercise or source from 0.80 on."),
            "{text}"
        );
        let none = Audit {
            detectable: None,
            ..audit(Probe::Container, AuditVerdict::CannotTell)
        };
        assert!(said(none).ends_with("too few groups, to find any."));
    }

    #[test]
    fn a_probe_that_beats_the_model_is_named() {
        let better = Audit {
            model: Some(0.48),
            better_than_model: true,
            share: None,
            ..audit(Probe::Container, AuditVerdict::CannotTell)
        };
        let text = said(better.clone());
        let expected = "Container alone predicts the label better than the model: balanced accuracy 0.67 [0.53, 0.79], \
                        the model 0.48.";
        assert!(text.ends_with(expected), "{text}");
        let tempo = Audit {
            verdict: AuditVerdict::Information,
            probe: Probe::Tempo,
            value: Some(0.9),
            ..better.clone()
        };
        let records = [better, tempo];
        assert_eq!(
            better_probe(&records).map(|it| &it.probe),
            Some(&Probe::Container)
        );
    }

    #[test]
    fn what_is_found_is_said_of_the_part_where_it_is() {
        let text = said(Audit {
            scope: "source_id=gym".to_owned(),
            ..audit(Probe::Duration, AuditVerdict::Warn)
        });
        let expected =
            "The shortcut duration (source_id=gym) reaches 50 % [10 %, 90 %] of the model's skill";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with(MAY_BE_TEMPO), "{text}");
        let text = said(audit(Probe::Exercise, AuditVerdict::Fail));
        assert!(
            text.contains("Within an exercise the model is not"),
            "{text}"
        );
    }
}
