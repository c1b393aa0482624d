//! Whether it is known who is in the videos, and whether there are several people in each class.

use std::collections::BTreeSet;

use wo_cli::{count, named, verb};
use wo_record::{BAD_FORM, Coverage, GOOD_FORM};

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule, shown};

/// With fewer persons in a class one of them counts for much of what is measured.
const FEW_PERSONS: u64 = 4;

const ONE_PERSON: Rule = Rule {
    code: "one_person",
    action: "film other people",
    weight: 28.0,
};
const FEW: Rule = Rule {
    code: "few_persons",
    action: "film other people",
    weight: 4.0,
};
const NO_GROUP: Rule = Rule {
    code: "no_group",
    action: "write into groups.csv who is in which video",
    weight: 18.0,
};
const NO_PERSON: Rule = Rule {
    code: "no_person",
    action: "write into groups.csv who is in which video",
    weight: 3.0,
};
const NO_VIDEO: Rule = Rule {
    code: "row_without_video",
    action: "mend rows of groups.csv",
    weight: 8.0,
};
const ONE_ANGLE: Rule = Rule {
    code: "one_angle",
    action: "film from other angles",
    weight: 1.0,
};

pub(super) fn of(collection: &Collection, coverage: &[Coverage]) -> Vec<Found> {
    let mut found: Vec<Found> = coverage
        .iter()
        .filter(|it| [GOOD_FORM, BAD_FORM].contains(&it.label.as_str()))
        .flat_map(|line| of_class(collection, line))
        .collect();
    let without = |is_it: &dyn Fn(&CheckedVideo) -> bool| -> Vec<&CheckedVideo> {
        collection.videos.iter().filter(|it| is_it(it)).collect()
    };
    let alone = without(&|it| it.person.is_none() && it.source.is_none());
    if !alone.is_empty() {
        let n = alone.len();
        let what = format!(
            "of {} nobody wrote down who is in {} and where {} filmed, so the same person may be on both sides of a split: {}",
            count(n, "video"),
            verb(n, "it", "them"),
            verb(n, "it was", "they were"),
            shown(&alone)
        );
        let hint = "add rows to groups.csv: path,person_id,source_id,angle";
        found.push(NO_GROUP.mend(what).videos(&alone).hint(hint));
    }
    let nobody = without(&|it| it.person.is_none() && it.source.is_some());
    if !nobody.is_empty() {
        let what = format!(
            "of {} the source is known and the person is not",
            count(nobody.len(), "video")
        );
        let hint = "a person in two gyms is one person only if groups.csv says so";
        found.push(NO_PERSON.note(what).videos(&nobody).hint(hint));
    }
    found.extend(rows_without_video(collection));
    found
}

fn of_class(collection: &Collection, line: &Coverage) -> Vec<Found> {
    let videos = collection.videos.iter();
    let videos = videos.filter(|it| it.is_of(&line.exercise, line.label.as_str()));
    let videos: Vec<&CheckedVideo> = videos.collect();
    let class = format!("{} {}", line.exercise.words(), line.label.words());
    let mut found = Vec::new();
    let is_known = line.n_without_person == 0 && videos.len() > 1;
    let persons: BTreeSet<&str> = videos
        .iter()
        .filter_map(|it| it.person.as_deref())
        .collect();
    if line.n_persons == 1 && is_known {
        let person = named(persons.into_iter().take(1));
        let what = format!(
            "all {} of {class} show {person}: a model would learn the person instead of the form",
            count(videos.len(), "video")
        );
        found.push(
            ONE_PERSON
                .mend(what)
                .videos(&videos)
                .hint("film three other people or more doing it"),
        );
    } else if is_known && line.n_persons < FEW_PERSONS {
        let what = format!(
            "{class} shows only {}: {}",
            count(line.n_persons, "person"),
            named(persons)
        );
        found.push(
            FEW.note(what)
                .videos(&videos)
                .hint("film people who are not there yet"),
        );
    }
    if let ([angle], true) = (line.angles.as_slice(), videos.len() > 1) {
        let what = format!("{class} is filmed from one angle only: {angle}");
        found.push(
            ONE_ANGLE
                .note(what)
                .videos(&videos)
                .hint("film from the front, the side and between"),
        );
    }
    let about = |it: Found| it.exercise(&line.exercise).label(line.label.as_str());
    found.into_iter().map(about).collect()
}

fn rows_without_video(collection: &Collection) -> Option<Found> {
    let rows = collection.groups.iter().flat_map(|table| {
        let unmet = table.rows.iter().filter(|row| !row.is_there);
        unmet.map(|row| format!("{}:{} {}", table.path.display(), row.line, row.written))
    });
    let rows: Vec<String> = rows.collect();
    let n = rows.len();
    (n > 0).then(|| {
        let what = format!(
            "{} {} no video: {}",
            count(n, "row"),
            verb(n, "names", "name"),
            named(&rows)
        );
        let hint = "write the path from the folder of the table, such as squat/good_form/anna_01.mp4, or delete the row";
        NO_VIDEO.mend(what).n(n).hint(hint)
    })
}
