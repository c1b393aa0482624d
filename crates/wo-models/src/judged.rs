//! What `wo-eval` wrote of a model: whether the gate let it pass, and what the shortcut audit found.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use wo_cli::{Exit, ensure, opened};
use wo_folder::stream_error;
use wo_record::{Audit, AuditVerdict, DEFAULT_MAX_LINE, Gate, GateTerm, Reader, Record};

use crate::event::Condition;

/// Which videos an audit of all is about.
const ALL: &str = "all";
/// The confidence of intervals that do not say theirs.
const OF_OLDER_VERSIONS: f64 = 0.95;

/// A whole stream of `wo-eval`.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    gate: Option<Gate>,
    /// The lowest confidence of the intervals of differences. Absent where there are none.
    pub(crate) confidence: Option<f64>,
    audits: Vec<Audit>,
}

impl Judged {
    /// Reads a stream, which must be whole.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = opened(File::open(path), || format!("open {}", path.display()))?;
        let mut input = BufReader::new(file);
        let mut reader = Reader::new(&mut input, DEFAULT_MAX_LINE);
        let mut judged = Self::default();
        while let Some(line) = reader
            .next_line()
            .map_err(stream_error)
            .with_context(|| path.display().to_string())?
        {
            match line.record {
                Ok(Record::Gate(gate)) => judged.gate = Some(gate),
                Ok(Record::Audit(audit)) => judged.audits.push(audit),
                Ok(Record::Comparison(comparison)) => {
                    let confidence = comparison.confidence.unwrap_or(OF_OLDER_VERSIONS);
                    let lowest = judged.confidence.unwrap_or(1.0);
                    judged.confidence = Some(lowest.min(confidence));
                }
                _ => {}
            }
        }
        Ok(judged)
    }

    /// The conditions of the gate, each with what was found.
    pub(crate) fn conditions(&self, path: &Path) -> anyhow::Result<Vec<Condition>> {
        let gate = self.gate.as_ref();
        ensure!(
            gate.is_some_and(|it| !it.terms.is_empty()),
            Exit::Integrity,
            "{} has no gate, so nothing says that the model passed one", path.display();
            "give wo-eval compare --gate, or wo-eval --fail-under"
        );
        let terms = || gate.into_iter().flat_map(|it| &it.terms);
        let is_sound = terms().all(is_sound)
            && gate.is_some_and(|it| it.passed == terms().all(|it| it.passed));
        ensure!(
            is_sound,
            Exit::Integrity,
            "{} contradicts itself: what its gate says to have passed does not follow from its numbers", path.display();
            "let wo-eval write it again"
        );
        Ok(terms()
            .map(|it| Condition {
                term: it.term.clone(),
                value: it.value,
                passed: it.passed,
                why: it.why.clone(),
            })
            .collect())
    }

    /// A shortcut that this model needs for most of its skill, and the other one does not.
    pub(crate) fn worse_audit(&self, champion: &Self) -> Option<String> {
        let failed = self.verdicts();
        let of_champion = champion.verdicts();
        let is_worse = |probe: &&String| {
            failed.get(*probe) == Some(&AuditVerdict::Fail)
                && of_champion.get(*probe) != Some(&AuditVerdict::Fail)
        };
        let probe = failed.keys().find(is_worse)?;
        Some(format!(
            "the shortcut audit is worse: {probe} alone has most of the new model's skill, and not that of the model in use"
        ))
    }

    fn verdicts(&self) -> BTreeMap<String, AuditVerdict> {
        let of_all = self.audits.iter().filter(|it| it.scope == ALL);
        let named = |it: &Audit| (it.probe.as_str().to_owned(), it.verdict.clone());
        of_all.map(named).collect()
    }
}

/// Whether a term that passed holds for its numbers. One that did not may have failed for another reason.
fn is_sound(term: &GateTerm) -> bool {
    type Holds = fn(&f64, &f64) -> bool;
    let signs: [(&str, Holds); 4] = [
        (">=", f64::ge),
        ("<=", f64::le),
        (">", f64::gt),
        ("<", f64::lt),
    ];
    let mut split = signs.into_iter().filter_map(|(sign, holds)| {
        let (_, bound) = term.term.split_once(sign)?;
        Some((bound.trim().parse().ok().or(term.bound), holds))
    });
    let Some((Some(bound), holds)) = split.next() else {
        return !term.passed;
    };
    !term.passed || term.value.is_some_and(|value| holds(&value, &bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_that_passed_holds_for_its_numbers() {
        let sound = |text: &str, value, bound, passed| {
            is_sound(&GateTerm {
                term: text.to_owned(),
                value,
                bound,
                passed,
                why: None,
            })
        };
        assert!(sound("a.low>0", Some(0.1), Some(0.0), true));
        assert!(!sound("a.low>0", Some(0.0), Some(0.0), true));
        assert!(sound("a.low>=0", Some(0.0), Some(0.0), true));
        assert!(sound("ece<=0.2", Some(0.2), Some(0.2), true));
        assert!(!sound("ece<0.2", Some(0.2), Some(0.2), true));
        // Too few groups.
        assert!(sound("a.low>0", Some(0.1), Some(0.0), false));
        assert!(!sound("a.low>0", None, Some(0.0), true));
        assert!(!sound("a", Some(0.1), Some(0.0), true));
        // The number in the term counts; where there is none, that of the record.
        assert!(!sound("a.low>0.5", Some(0.1), Some(0.0), true));
        assert!(sound(
            "accuracy>=champion.accuracy",
            Some(0.9),
            Some(0.8),
            true
        ));
    }
}
