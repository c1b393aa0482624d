//! The captions table: what good form and each fault of an exercise look like, in words.
//!
//! It says what can be seen and invents nothing: of an exercise or a fault that is not in the table it says the name.

use std::collections::BTreeMap;

use serde::Deserialize;
use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

/// How many faults one description names. With more, CLIP's 77 tokens would cut the end off.
const MAX_FAULTS_SAID: usize = 2;

/// Descriptions by exercise, label and faults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Captions {
    phrasings: Phrasings,
    exercises: BTreeMap<Name, Exercise>,
}

/// Templates with `{exercise}`, `{observations}`, `{issues}` and `{label}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phrasings {
    good: Vec<String>,
    bad: Vec<String>,
    bad_without_issue: Vec<String>,
    plain: Vec<String>,
    unclear: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exercise {
    good: Vec<String>,
    #[serde(default)]
    faults: BTreeMap<Name, Fault>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    observations: Vec<String>,
    issue: Option<String>,
}

/// Why a captions table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaptionsError {
    /// It is no TOML, or a field is missing or not known.
    #[error("{0}")]
    Toml(String),
    /// It would give descriptions with holes.
    #[error("{place}: {what}")]
    Content {
        /// Where in the table.
        place: String,
        /// What is wrong there.
        what: String,
    },
}

impl Captions {
    /// The table that is built in: `data/captions.toml`.
    pub fn embedded() -> Self {
        Self::parse(include_str!("../../../data/captions.toml"))
            .expect("a test parses the shipped table")
    }

    /// Reads a table and checks that each description that it can give is whole.
    pub fn parse(text: &str) -> Result<Self, CaptionsError> {
        let captions: Self = toml::from_str(text)
            .map_err(|e| CaptionsError::Toml(e.to_string().trim_end().to_owned()))?;
        captions.phrasings.check()?;
        for (exercise, entry) in &captions.exercises {
            check_list(&format!("exercises.{exercise}.good"), &entry.good)?;
            for (fault, entry) in &entry.faults {
                let place = format!("exercises.{exercise}.faults.{fault}");
                check_list(&place, &entry.observations)?;
            }
        }
        Ok(captions)
    }

    /// The exercises of the table.
    pub fn exercises(&self) -> impl Iterator<Item = &Name> {
        self.exercises.keys()
    }

    /// The faults of `exercise`; none where the table does not know it.
    pub fn faults_of(&self, exercise: &Name) -> Vec<&Name> {
        self.exercises
            .get(exercise)
            .map_or_else(Vec::new, |entry| entry.faults.keys().collect())
    }

    /// The description of a class, in the phrasing that `choice_hash` falls on; see [`choice_hash`].
    pub fn describe(
        &self,
        exercise: &Name,
        label: &Name,
        faults: &[Name],
        choice_hash: u64,
    ) -> String {
        let mut phrasings = self.all_phrasings(exercise, label, faults);
        let chosen = choice_hash % phrasings.len() as u64;
        phrasings.swap_remove(chosen as usize)
    }

    /// All phrasings of a class, at least one. Faults count only with the label `bad_form`, in any order.
    pub fn all_phrasings(&self, exercise: &Name, label: &Name, faults: &[Name]) -> Vec<String> {
        let plain = Seen::default();
        let (templates, seen) = match label.as_str() {
            GOOD_FORM => match self.exercises.get(exercise) {
                Some(entry) => (&self.phrasings.good, Seen::of_good_form(entry)),
                None => (&self.phrasings.plain, plain),
            },
            BAD_FORM => {
                let seen = Seen::of_faults(self.exercises.get(exercise), faults);
                match (seen.observations.is_empty(), seen.issues.is_empty()) {
                    (true, _) => (&self.phrasings.plain, plain),
                    (false, true) => (&self.phrasings.bad_without_issue, seen),
                    (false, false) => (&self.phrasings.bad, seen),
                }
            }
            UNCLEAR => (&self.phrasings.unclear, plain),
            _ => (&self.phrasings.plain, plain),
        };
        let n_phrasings = seen
            .observations
            .iter()
            .map(Vec::len)
            .chain([templates.len()])
            .max();
        let mut all: Vec<String> = Vec::new();
        for (i, template) in templates
            .iter()
            .cycle()
            .take(n_phrasings.unwrap_or(1))
            .enumerate()
        {
            let text = template
                .replace("{observations}", &seen.observations_said(i))
                .replace("{issues}", &seen.issues.join(" and "))
                .replace("{label}", &label.words())
                .replace("{exercise}", &exercise.words());
            all.push(text);
        }
        all
    }
}

/// What decides between the phrasings of a class: the video alone, so that its frames agree and a run repeats.
pub fn choice_hash(video_id: &str) -> u64 {
    let mut first = [0; 8];
    blake3::Hasher::new()
        .update(video_id.as_bytes())
        .finalize_xof()
        .fill(&mut first);
    u64::from_le_bytes(first)
}

/// What a description says beside the exercise.
#[derive(Default)]
struct Seen {
    /// For each thing that is seen, the ways to say it.
    observations: Vec<Vec<String>>,
    issues: Vec<String>,
}

impl Seen {
    fn of_good_form(entry: &Exercise) -> Self {
        Self {
            observations: vec![entry.good.clone()],
            issues: Vec::new(),
        }
    }

    /// In the order of the names, so that one set of faults is one class.
    fn of_faults(entry: Option<&Exercise>, faults: &[Name]) -> Self {
        let mut names: Vec<&Name> = faults.iter().filter(|name| !name.is_empty()).collect();
        names.sort();
        names.dedup();
        let mut seen = Self::default();
        for name in names.into_iter().take(MAX_FAULTS_SAID) {
            match entry.and_then(|entry| entry.faults.get(name)) {
                Some(fault) => {
                    seen.observations.push(fault.observations.clone());
                    seen.issues.extend(fault.issue.clone());
                }
                None => seen.observations.push(vec![name.words()]),
            }
        }
        seen
    }

    fn observations_said(&self, i: usize) -> String {
        let said: Vec<&str> = self
            .observations
            .iter()
            .filter_map(|ways| ways.iter().cycle().nth(i))
            .map(String::as_str)
            .collect();
        said.join(" and ")
    }
}

impl Phrasings {
    fn check(&self) -> Result<(), CaptionsError> {
        check_templates(
            "phrasings.good",
            &self.good,
            &["{exercise}", "{observations}"],
        )?;
        check_templates(
            "phrasings.bad",
            &self.bad,
            &["{exercise}", "{observations}", "{issues}"],
        )?;
        check_templates(
            "phrasings.bad_without_issue",
            &self.bad_without_issue,
            &["{exercise}", "{observations}"],
        )?;
        check_templates("phrasings.plain", &self.plain, &["{exercise}", "{label}"])?;
        check_templates("phrasings.unclear", &self.unclear, &["{exercise}"])
    }
}

/// Each template holds each of `blanks`, and no other.
fn check_templates(
    place: &str,
    templates: &[String],
    blanks: &[&str],
) -> Result<(), CaptionsError> {
    check_list(place, templates)?;
    for template in templates {
        let mut rest = template.clone();
        for blank in blanks {
            if !rest.contains(blank) {
                return Err(content(place, format!("a template lacks {blank}")));
            }
            rest = rest.replace(blank, "");
        }
        if rest.contains(['{', '}']) {
            return Err(content(
                place,
                "a template has a blank that is not filled in here",
            ));
        }
    }
    Ok(())
}

fn check_list(place: &str, list: &[String]) -> Result<(), CaptionsError> {
    if list.is_empty() {
        return Err(content(place, "the list is empty"));
    }
    if list.iter().any(|text| text.trim().is_empty()) {
        return Err(content(place, "a text is empty"));
    }
    Ok(())
}

fn content(place: &str, what: impl Into<String>) -> CaptionsError {
    CaptionsError::Content {
        place: place.to_owned(),
        what: what.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn within_an_exercise_no_observation_is_said_of_two_faults() {
        for (exercise, entry) in &Captions::embedded().exercises {
            let mut owner = BTreeMap::new();
            for (fault, entry) in &entry.faults {
                for text in entry.observations.iter().chain(&entry.issue) {
                    assert_eq!(owner.insert(text, fault), None, "{exercise}: {text}");
                }
            }
        }
    }

    fn check(exercise: &str, label: &str, faults: &[&str], expected: &str) {
        let faults: Vec<Name> = faults.iter().map(|&fault| Name::new(fault)).collect();
        let text =
            Captions::embedded().describe(&Name::new(exercise), &Name::new(label), &faults, 0);
        assert_eq!(text, expected);
    }

    #[test]
    fn the_first_phrasing_is_the_template_of_the_readme() {
        check(
            "squat",
            "good_form",
            &[],
            "squat good form with knees tracking over the toes, chest up, hips below the knees",
        );
        check(
            "squat",
            "bad_form",
            &["knees_cave"],
            "squat bad form with knees collapsing inward over the feet, knee valgus",
        );
        let both = "squat bad form with knees collapsing inward over the feet and hips well above the knees at the \
                    bottom, knee valgus and insufficient depth";
        check("squat", "bad_form", &["knees_cave", "shallow_depth"], both);
        check(
            "squat",
            "bad_form",
            &["shallow_depth", "knees_cave", "knees_cave"],
            both,
        );
    }

    #[test]
    fn what_the_table_does_not_know_is_not_invented() {
        check("squat", "bad_form", &[], "squat bad form");
        check("hip_thrust", "good_form", &[], "hip thrust good form");
        check("hip_thrust", "bad_form", &[], "hip thrust bad form");
        check(
            "hip_thrust",
            "bad_form",
            &["chin_up"],
            "hip thrust bad form with chin up",
        );
        check(
            "squat",
            "bad_form",
            &["left_knee_wobble"],
            "squat bad form with left knee wobble",
        );
        check("squat", "unclear", &["knees_cave"], "squat, form unclear");
        check("squat", "warm_up", &[], "squat warm up");
    }

    #[test]
    fn the_phrasing_depends_on_the_video_and_all_come_up() {
        let captions = Captions::embedded();
        let (squat, good) = (Name::new("squat"), Name::new(GOOD_FORM));
        let of = |video: &str| captions.describe(&squat, &good, &[], choice_hash(video));
        assert_eq!(of("a"), of("a"));
        let seen: BTreeSet<String> = (0..64).map(|i| of(&format!("video {i}"))).collect();
        assert_eq!(
            seen,
            captions
                .all_phrasings(&squat, &good, &[])
                .into_iter()
                .collect()
        );
        // Pinned: a new version of the tool must not describe old videos anew.
        assert_eq!(choice_hash("a"), 0x53a4_69d9_dd2f_7617);
    }

    #[test]
    fn a_table_with_holes_is_refused() {
        let shipped = include_str!("../../../data/captions.toml");
        let broken = |from: &str, to: &str| {
            assert!(shipped.contains(from), "{from}");
            Captions::parse(&shipped.replacen(from, to, 1))
                .expect_err(to)
                .to_string()
        };
        assert_eq!(
            broken(
                "\"{exercise} with {observations}\"",
                "\"{exercise} with {observation}\""
            ),
            "phrasings.good: a template lacks {observations}"
        );
        assert_eq!(
            broken("\"{exercise}, form unclear\"", "\"{exercise} {issues}\""),
            "phrasings.unclear: a template has a blank that is not filled in here"
        );
        assert_eq!(
            broken("plain = [\"{exercise} {label}\"]", "plain = []"),
            "phrasings.plain: the list is empty"
        );
        assert_eq!(
            broken("\"knees collapsing inward over the feet\"", "\" \""),
            "exercises.squat.faults.knees_cave: a text is empty"
        );
        assert!(broken("issue = \"knee valgus\"", "isue = \"x\"").contains("unknown field `isue`"));
    }
}
