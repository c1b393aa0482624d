//! The answers of one person as a change to a frame.

use wo_record::{BAD_FORM, Name};

use super::labels::Labels;
use super::questions::Questions;
use super::quote::{flag, short};
use super::role::Role;
use super::task::{Answers, Person};
use crate::store::Change;

/// The change that the answers ask for.
#[derive(Debug, Default)]
pub(super) struct AnsweredChange {
    pub(super) change: Change,
    /// Faults with another label than bad form, which are ignored.
    pub(super) contrary: Vec<Name>,
}

/// Reads the answers of one person. An error rejects all of them and says what to do.
pub(super) fn answered_change(
    answers: &Answers,
    questions: &Questions,
    labels: &mut Labels,
) -> Result<AnsweredChange, String> {
    refuse_long(answers.by.as_ref())?;
    let mut answered = AnsweredChange::default();
    let change = &mut answered.change;
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
                            "the fault `{}` has no letters; rename that choice in Label Studio",
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
            answered.contrary = change.faults.take().unwrap_or_default();
        }
        change.label = Some(label.as_str().to_owned());
    }
    change.check()?;
    Ok(answered)
}

fn refuse_long(person: Option<&Person>) -> Result<(), String> {
    match person {
        Some(Person::Name(name)) if name.len() > Name::MAX_BYTES => Err(format!(
            "the name of the person `{}` has {} bytes, at most {} are allowed; shorten it in the file",
            short(name),
            name.len(),
            Name::MAX_BYTES
        )),
        _ => Ok(()),
    }
}

fn two_labels(old: (&Name, &str), new: (&Name, &str)) -> String {
    let ((old, old_question), (new, new_question)) = (old, new);
    if old_question == new_question {
        format!(
            "`{old_question}` has two choices, {old} and {new}, but a frame has one label; keep one, or use {} if they are faults",
            flag("--question", old_question, "faults")
        )
    } else {
        format!(
            "`{old_question}` says {old} and `{new_question}` says {new}; {} ignores the second",
            flag("--question", new_question, "nothing")
        )
    }
}

/// Joins the texts of several questions with one meaning.
fn add(text: &mut Option<String>, parts: &[String], between: &str) {
    let parts = text.take().into_iter().chain(parts.iter().cloned());
    let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
    *text = Some(parts.join(between));
}
