//! The meaning of each question. A first pass reads all answers, so that a question means the same in all tasks.

use std::collections::{BTreeMap, HashMap};

use wo_cli::{count, verb};

use super::labels::Labels;
use super::quote::flag;
use super::role::{Role, Sureness, role_by_name, words};
use super::task::{Answer, AnswerKind};

/// At most this many questions are read.
const MAX_QUESTIONS: usize = 1000;

/// A question and its role from the command line.
pub(super) type Given = (String, Option<Role>);

/// All questions of a file.
#[derive(Debug, Default)]
pub(super) struct Survey {
    seen: BTreeMap<String, QuestionAnswers>,
    n_beyond: u64,
}

#[derive(Debug)]
struct QuestionAnswers {
    kind: AnswerKind,
    n_answers: u64,
    /// The number of answers that are known labels.
    n_labels: u64,
}

/// The role of each question.
#[derive(Debug, Default)]
pub(super) struct Questions {
    roles: HashMap<String, (Role, Sureness)>,
}

impl Survey {
    /// Counts an answer.
    pub(super) fn meet(&mut self, answer: &Answer, labels: &Labels) {
        if self.seen.len() >= MAX_QUESTIONS && !self.seen.contains_key(&answer.question) {
            self.n_beyond += 1;
            return;
        }
        let seen = self
            .seen
            .entry(answer.question.clone())
            .or_insert_with(|| QuestionAnswers {
                kind: answer.kind.clone(),
                n_answers: 0,
                n_labels: 0,
            });
        seen.n_answers += 1;
        // A list is always an answer.
        if seen.kind == AnswerKind::Plain && answer.kind != AnswerKind::Plain {
            seen.kind = answer.kind.clone();
        }
        let is_label = |text: &String| labels.known(text).is_some();
        seen.n_labels += u64::from(!answer.texts.is_empty() && answer.texts.iter().all(is_label));
    }

    /// Assigns roles, and reports which answers are not imported and how to import them. Also returns their number.
    pub(super) fn questions(&self, given: &[Given], file: &str) -> (Questions, u64) {
        let mut questions = Questions::default();
        for (name, role) in given {
            let Some(seen) = self.seen.get(name) else {
                let all = wo_cli::named(self.questions_seen().map(|(name, _)| name));
                wo_cli::warn!("{file}: there is no question `{name}`; the questions are: {all}");
                continue;
            };
            let role = role.unwrap_or_else(|| seen.likely_role());
            questions.add(name, role, Sureness::Said);
        }
        for (name, seen) in &self.seen {
            if !questions.roles.contains_key(name)
                && let Some(role) = role_by_name(name, &seen.kind)
            {
                questions.add(name, role, Sureness::Said);
            }
        }
        let ambiguous = self.guess(&mut questions, file);
        let n_left = self.say_left(&questions, &ambiguous, file);
        (questions, n_left + self.n_beyond)
    }

    /// Guesses the label and the description if only one question fits.
    fn guess<'a>(&'a self, questions: &mut Questions, file: &str) -> Vec<&'a str> {
        let mut ambiguous = Vec::new();
        for role in [Role::Label, Role::Description] {
            if questions.roles.values().any(|(other, _)| *other == role) {
                continue;
            }
            let left = self.seen.iter();
            let left = left.filter(|(name, _)| !questions.roles.contains_key(*name));
            let can: Vec<_> = left.filter(|(_, seen)| seen.can_be(role)).collect();
            match can.as_slice() {
                [] => {}
                [(name, seen)] => {
                    let n = count(seen.n_answers, "answer");
                    let what = words(role);
                    wo_cli::say!("{file}: the question `{name}` ({n}) is read as {what}");
                    questions.add(name, role, Sureness::Guessed);
                }
                several => ambiguous.extend(several.iter().map(|(name, _)| name.as_str())),
            }
        }
        ambiguous
    }

    fn say_left(&self, questions: &Questions, ambiguous: &[&str], file: &str) -> u64 {
        let mut n_left = 0;
        let left = self
            .questions_seen()
            .filter(|(name, _)| !questions.roles.contains_key(*name));
        for (name, seen) in left {
            n_left += seen.n_answers;
            let holds = format!(
                "{file}: the question `{name}` has {}; none is imported",
                count(seen.n_answers, "answer")
            );
            let flag = |role: &str| flag("--question", name, role);
            let nothing = flag("nothing");
            if let AnswerKind::Other(kind) = &seen.kind {
                wo_cli::warn!(
                    "{holds}: `{kind}` is not supported";
                    "{nothing} ignores them silently"
                );
                continue;
            }
            let why = if ambiguous.contains(&name.as_str()) {
                ": several questions fit"
            } else {
                ""
            };
            let (likely, other) = (seen.likely_role(), seen.other_role());
            wo_cli::warn!(
                "{holds}{why}";
                "{} reads it as {}, {} as {}; {nothing} ignores it",
                flag(likely.word()),
                words(likely),
                flag(other.word()),
                words(other)
            );
        }
        if self.n_beyond > 0 {
            let n = count(self.n_beyond, "answer");
            wo_cli::warn!("{file}: {n} to questions after the first {MAX_QUESTIONS} are not read");
        }
        let data = self.seen.iter();
        let data = data.filter(|(name, seen)| {
            !seen.is_question() && !questions.roles.contains_key(name.as_str())
        });
        let data: Vec<&String> = data.map(|(name, _)| name).collect();
        if let Some(first) = data.first() {
            wo_cli::warn!(
                "{file}: {} of its tasks {} read as data, not as answers",
                wo_cli::named(data.iter().map(|name| format!("`{name}`"))),
                verb(data.len(), "is", "are");
                "{} reads one as an answer", flag("--question", first, "note")
            );
        }
        n_left
    }

    fn questions_seen(&self) -> impl Iterator<Item = (&String, &QuestionAnswers)> {
        self.seen.iter().filter(|(_, seen)| seen.is_question())
    }
}

impl QuestionAnswers {
    /// Whether it is a question for sure. A text of JSON_MIN may be data.
    fn is_question(&self) -> bool {
        self.kind != AnswerKind::Plain || self.n_labels > 0
    }

    fn can_be(&self, role: Role) -> bool {
        match (&self.kind, role) {
            (AnswerKind::Choices, Role::Label) => self.n_labels > 0,
            (AnswerKind::Plain, Role::Label) => self.n_labels == self.n_answers,
            (AnswerKind::Text, Role::Description) => true,
            _ => false,
        }
    }

    fn likely_role(&self) -> Role {
        match self.kind {
            AnswerKind::Choices => Role::Label,
            AnswerKind::Plain if self.n_labels > 0 => Role::Label,
            AnswerKind::Plain | AnswerKind::Text => Role::Description,
            AnswerKind::Other(_) => Role::Nothing,
        }
    }

    fn other_role(&self) -> Role {
        match self.likely_role() {
            Role::Label => Role::Faults,
            _ => Role::Note,
        }
    }
}

impl Questions {
    fn add(&mut self, name: &str, role: Role, sureness: Sureness) {
        self.roles.insert(name.to_owned(), (role, sureness));
    }

    /// The role of an answer. `None` if it is ignored.
    pub(super) fn role_of(&self, answer: &Answer) -> Option<(Role, Sureness)> {
        let (role, sureness) = *self.roles.get(&answer.question)?;
        (role != Role::Nothing && !matches!(answer.kind, AnswerKind::Other(_)))
            .then_some((role, sureness))
    }
}
