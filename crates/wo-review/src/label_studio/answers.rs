//! What a person's answers say of a frame.

use wo_record::{BAD_FORM, Name};

use super::labels::Labels;
use super::questions::Questions;
use super::quote::{flag, short};
use super::task::Answers;
use crate::args::Role;
use crate::store::Change;

/// What the answers come to.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) change: Change,
    /// Faults beside another label than bad form, which say nothing.
    pub(super) contrary: Vec<Name>,
}

/// What the answers of one person say. An error is about all of them, with what to do about it.
pub(super) fn said(
    answers: &Answers,
    questions: &Questions,
    labels: &mut Labels,
) -> Result<Said, String> {
    let mut said = Said::default();
    let change = &mut said.change;
    // The label with the question that it answers.
    let mut label: Option<(Name, &str)> = None;
    for answer in &answers.list {
        let Some((role, sureness)) = questions.role_of(answer) else {
            continue;
        };
        let question = answer.question.as_str();
        match role {
            Role::Label => {
                for value in answer.texts.iter().filter(|text| !text.trim().is_empty()) {
                    let Some(new) = labels.of_answer(question, value, sureness) else {
                        continue;
                    };
                    match &label {
                        Some((old, other)) if *old != new => {
                            return Err(two_labels((old, other), (&new, question)));
                        }
                        _ => label = Some((new, question)),
                    }
                }
            }
            Role::Faults => {
                let faults = change.faults.get_or_insert_default();
                for text in &answer.texts {
                    let fault = Name::new(text);
                    if fault.is_empty() && !text.trim().is_empty() {
                        return Err(format!(
                            "the fault `{}` has no letters; give that choice a name in Label Studio",
                            short(text)
                        ));
                    }
                    faults.push(fault);
                }
            }
            Role::Description => add(&mut change.description, &answer.texts, " "),
            Role::Note => add(&mut change.note, &answer.texts, "\n"),
            Role::Nothing => {}
        }
    }
    if let Some((label, _)) = label {
        if label.as_str() != BAD_FORM {
            said.contrary = change.faults.take().unwrap_or_default();
        }
        change.label = Some(label.as_str().to_owned());
    }
    change.check()?;
    Ok(said)
}

fn two_labels(old: (&Name, &str), new: (&Name, &str)) -> String {
    let ((old, old_question), (new, new_question)) = (old, new);
    if old_question == new_question {
        format!(
            "`{old_question}` has several choices, {old} and {new}, and a frame has one label; leave one there, or {} if they are faults",
            flag("--question", old_question, "faults")
        )
    } else {
        format!(
            "`{old_question}` says {old} and `{new_question}` says {new}; {} leaves the other one out",
            flag("--question", new_question, "nothing")
        )
    }
}

/// Texts of several questions that ask for the same are one text.
fn add(text: &mut Option<String>, parts: &[String], between: &str) {
    let parts = text.take().into_iter().chain(parts.iter().cloned());
    let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
    *text = Some(parts.join(between));
}
