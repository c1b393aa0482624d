//! Faults named in the path of a video, such as `squat/bad_form/knees_cave/003.mp4`.

use std::path::{Component, Path};

use wo_record::Name;

/// The `known` faults in a path: those in the file name, else those in the nearest folder with one, up to the folder of the
/// `label`. Only whole words match. If two names overlap, the longer one counts.
pub fn faults_in_path(path: &Path, label: &Name, known: &[&Name]) -> Vec<Name> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let in_stem = stem.map_or_else(Vec::new, |stem| faults_in_words(&stem, known));
    if !in_stem.is_empty() {
        return in_stem;
    }
    let folders = path
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
    let folders: Vec<_> = folders.collect();
    // Without such a folder the label came from elsewhere, and the folders may be about anything.
    let Some(of_label) = folders
        .iter()
        .rposition(|folder| Name::label(folder) == *label)
    else {
        return Vec::new();
    };
    let below = folders.iter().skip(of_label + 1).rev();
    below
        .map(|folder| faults_in_words(folder, known))
        .find(|faults| !faults.is_empty())
        .unwrap_or_default()
}

/// The `known` names that are whole words of `text`, in its order.
pub fn faults_in_words(text: &str, known: &[&Name]) -> Vec<Name> {
    let text = Name::new(text);
    // A number behind the last word is a count: `knees_cave2` is the second video of `knees_cave`.
    let words: Vec<&str> = text
        .as_str()
        .split('_')
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .collect();
    let mut found = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let rest = words.get(i..).unwrap_or_default();
        let starts_here = |name: &&&Name| rest.starts_with(&split(name));
        match known
            .iter()
            .filter(starts_here)
            .max_by_key(|name| split(name).len())
        {
            Some(name) => {
                i += split(name).len();
                if !found.contains(*name) {
                    found.push((*name).clone());
                }
            }
            None => i += 1,
        }
    }
    found
}

fn split(name: &Name) -> Vec<&str> {
    name.as_str().split('_').collect()
}

#[cfg(test)]
mod tests {
    use wo_record::BAD_FORM;

    use super::*;

    fn check(path: &str, expected: &[&str]) {
        let names: Vec<Name> = ["knees_cave", "bar_drifts", "bar_drifts_away", "jerking"]
            .map(Name::new)
            .to_vec();
        let known: Vec<&Name> = names.iter().collect();
        let found = faults_in_path(Path::new(path), &Name::new(BAD_FORM), &known);
        let found: Vec<&str> = found.iter().map(Name::as_str).collect();
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn the_file_name_names_a_fault() {
        check("squat/bad_form/knees_cave_003.mp4", &["knees_cave"]);
        check("squat/bad_form/2024 Knees-Cave 3.mp4", &["knees_cave"]);
        check("squat/bad_form/knees_cave2.mp4", &["knees_cave"]);
        check("knees_cave.mp4", &["knees_cave"]);
        check(
            "squat/bad_form/anna_jerking_knees_cave.mp4",
            &["jerking", "knees_cave"],
        );
    }

    #[test]
    fn the_longest_name_wins() {
        check(
            "deadlift/bad_form/bar_drifts_away_1.mp4",
            &["bar_drifts_away"],
        );
        check("deadlift/bad_form/bar_drifts_1.mp4", &["bar_drifts"]);
    }

    #[test]
    fn only_whole_words_count() {
        check("squat/bad_form/knees_caved_003.mp4", &[]);
        check("squat/bad_form/unjerking.mp4", &[]);
        check("squat/bad_form/knees.mp4", &[]);
        check("squat/bad_form/.mp4", &[]);
    }

    #[test]
    fn a_folder_below_the_label_names_a_fault() {
        check("squat/bad_form/knees_cave/x.mp4", &["knees_cave"]);
        check("squat/Bad Form/knees cave/2024/x.mp4", &["knees_cave"]);
        check("squat/bad/knees_cave/jerking/x.mp4", &["jerking"]);
        check("squat/bad_form/knees_cave/jerking.mp4", &["jerking"]);
    }

    #[test]
    fn a_folder_above_the_label_says_nothing() {
        check("knees_cave/bad_form/x.mp4", &[]);
        check("knees_cave/x.mp4", &[]);
        check("bad_form/knees_cave/bad_form/x.mp4", &[]);
    }
}
