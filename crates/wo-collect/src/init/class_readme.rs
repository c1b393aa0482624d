//! The page in the folder of each class: what its videos should show, and where to find some.

use wo_label::Captions;
use wo_record::{BAD_FORM, GOOD_FORM, Name, UNCLEAR};

/// Channels that teach an exercise, to be looked for by their names.
const TUTORIALS: [(&str, &str); 5] = [
    (
        "squat",
        "Squat University, Alan Thrall, Juggernaut Training Systems",
    ),
    ("deadlift", "Alan Thrall, Barbell Medicine, Calgary Barbell"),
    (
        "bench_press",
        "Jeff Nippard, Juggernaut Training Systems, Calgary Barbell",
    ),
    ("barbell_row", "Jeff Nippard, Alan Thrall, Buff Dudes"),
    (
        "overhead_press",
        "Starting Strength, Alan Thrall, Barbell Medicine",
    ),
];
/// Channels that teach many exercises.
const OTHER_TUTORIALS: &str = "Jeff Nippard, Buff Dudes, Renaissance Periodization";
/// Channels that show common mistakes.
const MISTAKES: &str = "Squat University, ATHLEAN-X, Mind Pump TV";

const PAGE: &str = include_str!("../../assets/class.md");
const GOOD: &str = include_str!("../../assets/good_form.md");
const BAD: &str = include_str!("../../assets/bad_form.md");
const NOT_SURE: &str = include_str!("../../assets/unclear.md");

/// The files of the three classes of an exercise, from the folder of videos.
pub(crate) fn class_files(exercise: &Name) -> Vec<(String, String)> {
    let labels = [GOOD_FORM, BAD_FORM, UNCLEAR];
    let files = labels.map(|label| {
        let folder = format!("{exercise}/{label}");
        let page = page(exercise, label);
        [
            (format!("{folder}/.gitkeep"), String::new()),
            (format!("{folder}/README.md"), page),
        ]
    });
    files.into_iter().flatten().collect()
}

fn page(exercise: &Name, label: &str) -> String {
    let words = exercise.words();
    let known = TUTORIALS
        .iter()
        .find(|(name, _)| *name == exercise.as_str());
    let tutorials = known.map_or(OTHER_TUTORIALS, |(_, channels)| channels);
    let start = match label {
        GOOD_FORM => GOOD,
        BAD_FORM => BAD,
        _ => NOT_SURE,
    };
    let captions = Captions::embedded();
    let faults = captions.faults_of(exercise);
    let faults = faults
        .iter()
        .map(|fault| format!("- `{fault}`: {}\n", fault.words()));
    let faults: String = faults.collect();
    let none = "- none has words yet; a name of your own, such as `too_fast`, works as well\n";
    let faults = if faults.is_empty() { none } else { &faults };
    format!("{start}\n{PAGE}")
        .replace("{exercise}", exercise.as_str())
        .replace("{words}", &words)
        .replace("{Words}", &capitalised(&words))
        .replace("{label}", label)
        .replace("{tutorials}", tutorials)
        .replace("{mistakes}", MISTAKES)
        .replace("{faults}\n", faults)
}

fn capitalised(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_faults_of_its_exercise() {
        let page = page(&Name::new("squat"), BAD_FORM);
        assert!(page.starts_with("# Squat, bad form\n"), "{page}");
        assert!(page.contains("- `knees_cave`: knees cave\n"));
        let files = class_files(&Name::new("push up"));
        assert_eq!(files.len(), 6);
        assert_eq!(files[3].0, "push_up/bad_form/README.md");
        assert!(files[3].1.contains("none has words yet") && files[3].1.contains("push up"));
    }
}
