//! What tells the label without a look at the form: a gym where everybody trains badly, an angle that only good form is
//! filmed from.

use std::collections::{BTreeMap, BTreeSet};

use wo_cli::named;
use wo_record::{BAD_FORM, GOOD_FORM, Name};

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule};

/// Where a label comes from more sources than this, none of them stands for the label.
const FEW: usize = 2;

/// What may tell the label.
struct Attribute {
    rule: Rule,
    of: fn(&CheckedVideo) -> Option<(String, String)>,
    /// `is from`, `is filmed from`.
    is: &'static str,
    hint: &'static str,
    /// Whether it must be mended, or is usual and good to know.
    level: fn(&Rule, String) -> Found,
}

const ATTRIBUTES: [Attribute; 3] = [
    Attribute {
        rule: Rule {
            code: "source_tells_label",
            action: "collect both labels from one source",
            weight: 32.0,
        },
        of: |video| video.source_key().zip(video.source.clone()),
        is: "is from",
        hint: "collect good and bad form in the same gym and from the same channel, so that the room does not give the label away",
        level: Rule::mend,
    },
    Attribute {
        rule: Rule {
            code: "angle_tells_label",
            action: "film both labels from the same angles",
            weight: 30.0,
        },
        of: |video| {
            let angle = video.angle.as_ref().map(Name::to_string)?;
            Some((angle.clone(), angle))
        },
        is: "is filmed from",
        hint: "film good and bad form from the same angles",
        level: Rule::mend,
    },
    Attribute {
        rule: Rule {
            code: "person_tells_label",
            action: "film people doing it both ways",
            weight: 6.0,
        },
        of: |video| video.person_key().zip(video.person.clone()),
        is: "shows",
        hint: "film people who do it well doing it badly on purpose, and those who learn it when they have learnt it",
        level: Rule::note,
    },
];

pub(super) fn of(collection: &Collection) -> Vec<Found> {
    let exercises = collection.exercises.iter();
    let pairs = exercises.flat_map(|exercise| ATTRIBUTES.iter().map(move |it| (exercise, it)));
    pairs
        .filter_map(|(exercise, it)| it.found(exercise, collection))
        .collect()
}

impl Attribute {
    fn found(&self, exercise: &Name, collection: &Collection) -> Option<Found> {
        let of_label = |label: &str| -> (Vec<&CheckedVideo>, BTreeMap<String, String>) {
            let videos = collection
                .videos
                .iter()
                .filter(|it| it.is_of(exercise, label));
            let videos: Vec<&CheckedVideo> = videos.collect();
            let values = videos.iter().filter_map(|it| (self.of)(it)).collect();
            (videos, values)
        };
        let (good, good_values) = of_label(GOOD_FORM);
        let (bad, bad_values) = of_label(BAD_FORM);
        let is_known = good.iter().chain(&bad).all(|it| (self.of)(it).is_some());
        let keys = |values: &BTreeMap<String, String>| -> BTreeSet<String> {
            values.keys().cloned().collect()
        };
        let is_apart = keys(&good_values).is_disjoint(&keys(&bad_values));
        let fewest = good_values.len().min(bad_values.len());
        if good.len() < 2 || bad.len() < 2 || !is_known || !is_apart || fewest == 0 || fewest > FEW
        {
            return None;
        }
        let what = format!(
            "{}: all bad form {is} {}, and all good form {is} {}: that tells the label without a look at the form",
            exercise.words(),
            named(bad_values.values()),
            named(good_values.values()),
            is = self.is
        );
        let videos: Vec<&CheckedVideo> = good.into_iter().chain(bad).collect();
        Some(
            (self.level)(&self.rule, what)
                .exercise(exercise)
                .videos(&videos)
                .hint(self.hint),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes that are found of videos, each with its label, person, source and angle.
    fn codes(videos: &[(&str, &str, &str, &str)]) -> Vec<String> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let video = |(label, person, source, angle): &(&str, &str, &str, &str)| CheckedVideo {
            exercise: Some("squat".into()),
            label: Some(Name::label(label)),
            person: text(person),
            source: text(source),
            angle: text(angle).as_deref().map(Name::new),
            ..CheckedVideo::default()
        };
        let collection = Collection {
            videos: videos.iter().map(video).collect(),
            exercises: ["squat".into()].into(),
            ..Collection::default()
        };
        of(&collection)
            .into_iter()
            .map(|it| it.finding.code)
            .collect()
    }

    #[test]
    fn what_only_one_label_has_is_named() {
        let all = codes(&[
            ("good", "anna", "west", "side"),
            ("good", "ben", "West", "side"),
            ("bad", "carl", "east", "front"),
            ("bad", "dora", "east", "front"),
        ]);
        assert_eq!(
            all,
            [
                "source_tells_label",
                "angle_tells_label",
                "person_tells_label"
            ]
        );
        let mixed = codes(&[
            ("good", "anna", "west", "side"),
            ("good", "ben", "east", ""),
            ("bad", "anna", "east", "front"),
            ("bad", "dora", "east", "front"),
        ]);
        assert!(mixed.is_empty(), "{mixed:?}");
    }

    #[test]
    fn many_channels_for_each_label_are_none() {
        let videos = ["1", "2", "3", "4", "5", "6"];
        let videos = videos.map(|it| (if it < "4" { "good" } else { "bad" }, "", it, ""));
        assert!(codes(&videos).is_empty());
        assert!(
            codes(&[("good", "", "a", ""), ("bad", "", "b", "")]).is_empty(),
            "too few to tell"
        );
    }
}
