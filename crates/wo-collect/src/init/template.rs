//! The files of a folder to begin with.

use wo_record::Name;
use wo_settings::Settings;

use super::class_readme::class_files;
use crate::{groups_table, sources};

/// The exercises that have words in the captions table.
const EXERCISES: [&str; 5] = [
    "squat",
    "deadlift",
    "bench_press",
    "barbell_row",
    "overhead_press",
];

/// All files, from the folder, with their texts.
pub(super) fn files() -> Vec<(String, String)> {
    let fixed = [
        ("README.md", include_str!("../../assets/README.md")),
        (".gitignore", include_str!("../../assets/gitignore")),
        (Settings::FILE, Settings::TEMPLATE),
        ("data/sources.csv", sources::TEMPLATE),
        (
            "data/captions.toml",
            include_str!("../../assets/captions.toml"),
        ),
        ("data/training_data/groups.csv", groups_table::TEMPLATE),
        ("models/.gitkeep", ""),
        ("sample_videos/.gitkeep", ""),
    ];
    let fixed = fixed.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let classes = EXERCISES.into_iter().map(Name::new);
    let classes = classes.flat_map(|exercise| class_files(&exercise));
    let classes = classes.map(|(path, text)| (format!("data/training_data/{path}"), text));
    fixed.into_iter().chain(classes).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_class_has_a_folder_and_each_page_wraps() {
        let files = files();
        let paths: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths.len(), files.len());
        for exercise in EXERCISES {
            for label in ["good_form", "bad_form", "unclear"] {
                for file in [".gitkeep", "README.md"] {
                    let path = format!("data/training_data/{exercise}/{label}/{file}");
                    assert!(paths.contains(path.as_str()), "{path}");
                }
            }
        }
        for (path, text) in &files {
            let is_page = std::path::Path::new(path.as_str()).extension() == Some("md".as_ref());
            let may_be_wide = |line: &str| line.starts_with('|');
            let is_wide = |line: &&str| line.chars().count() > 100 && !may_be_wide(line);
            let wide = text.lines().find(is_wide);
            assert!(!is_page || wide.is_none(), "{path}: {wide:?}");
            assert!(!text.contains('{'), "{path}: a blank is left");
        }
    }

    #[test]
    fn the_captions_table_changes_nothing() {
        let text = include_str!("../../assets/captions.toml");
        let captions = wo_label::Captions::parse(text).unwrap();
        assert_eq!(captions.difference(), None);
    }
}
