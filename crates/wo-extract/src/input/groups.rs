//! Reads `groups.csv`: the person, source and camera angle of each video.

mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use wo_cli::shell_word;
use wo_folder::GROUPS;
use wo_record::same_id;

use crate::input::keys::Keys;
use crate::input::labels::label_folder;
use crate::input::paths::shown;
use table::{Table, table_in};

/// How many folders above a file are looked in for its table at least: `<root>/<exercise>/<label>/file` needs three.
const N_LEVELS: usize = 3;

/// The tables met so far, by folder; each is read once.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    tables: HashMap<PathBuf, Option<Table>>,
    /// The uppermost folders that were looked in.
    tops: BTreeSet<PathBuf>,
    /// Each id by what its spellings have in common, as it was spelt first.
    ids: HashMap<String, String>,
    /// All spellings of an id that has several.
    spellings: BTreeMap<String, BTreeSet<String>>,
}

impl Groups {
    /// The keys of the absolute path `file`. The nearest table wins; what it leaves open, one further up may say.
    pub(crate) fn keys_of(&mut self, file: &Path, root: Option<&Path>) -> anyhow::Result<Keys> {
        let folders: Vec<&Path> = file
            .ancestors()
            .skip(1)
            .take(n_levels(file, root))
            .collect();
        self.tops
            .extend(folders.last().map(|top| (*top).to_owned()));
        let mut keys = Keys::default();
        for folder in folders {
            if let Some(found) = self.table(folder)?.and_then(|table| table.keys_of(file)) {
                keys.fill_from(found);
            }
        }
        Ok(keys)
    }

    /// Whether the file is one of the tables that were read.
    pub(crate) fn has_read(&self, path: &Path) -> bool {
        self.tables
            .values()
            .flatten()
            .any(|table| table.path() == path)
    }

    /// An id as it was spelt first. Case, accents and spaces make no other person.
    fn one_spelling(&mut self, id: String, kind: &str) -> String {
        let same = format!("{kind}:{}", same_id(&id));
        let first = self.ids.entry(same.clone()).or_insert_with(|| id.clone());
        if *first != id {
            let spellings = self.spellings.entry(same).or_default();
            spellings.extend([first.clone(), id]);
        }
        first.clone()
    }

    /// Reports rows and tables that have no effect, when all videos were seen.
    pub(crate) fn say_troubles(&self) {
        let mut tables: Vec<&Table> = self.tables.values().flatten().collect();
        tables.sort_by(|a, b| a.path().cmp(b.path()));
        for table in tables {
            table.say_unmet();
        }
        for top in &self.tops {
            self.say_unread_above(top);
        }
        for spellings in self.spellings.values() {
            let spellings = spellings.iter().map(|id| format!("\"{id}\""));
            wo_cli::warn!(
                "{GROUPS}: {} count as one id", wo_cli::named(spellings);
                "spell an id in one way; give another person or source another id"
            );
        }
    }

    /// Warns about a table above all folders that are searched.
    fn say_unread_above(&self, top: &Path) {
        let Some(above) = top
            .parent()
            .filter(|above| !self.tables.contains_key(*above))
        else {
            return;
        };
        let Some(unread) = table_in(above) else {
            return;
        };
        let meant = top.join(GROUPS);
        let (from, to) = (shown(&unread), shown(&meant));
        let cure = if meant.exists() {
            format!("add its rows to {to}")
        } else {
            let word = |path: &str| shell_word(Path::new(path));
            format!("mv {} {}", word(&from), word(&to))
        };
        wo_cli::warn!(
            "{from}: not read, since it lies above {}, where the search for tables ends",
            shown(top);
            "{cure}"
        );
    }

    fn table(&mut self, folder: &Path) -> anyhow::Result<Option<&Table>> {
        if !self.tables.contains_key(folder) {
            let mut table = table::open(folder)?;
            for keys in table.iter_mut().flat_map(Table::keys_in_order) {
                let person = keys.person_id.take();
                keys.person_id = person.map(|id| self.one_spelling(id, "person"));
                let source = keys.source_id.take();
                keys.source_id = source.map(|id| self.one_spelling(id, "source"));
            }
            self.tables.insert(folder.to_owned(), table);
        }
        Ok(self.tables.get(folder).and_then(Option::as_ref))
    }
}

/// In how many folders above a file its table is looked for: up to that of the exercises, however deep faults are, and up to
/// the folder that was given.
fn n_levels(file: &Path, root: Option<&Path>) -> usize {
    let up_to = |folder: &Path| file.ancestors().skip(1).position(|it| it == folder);
    let of_root = root.and_then(up_to).map_or(0, |place| place + 1);
    let of_exercises = label_folder(file)
        .and_then(up_to)
        .map_or(0, |place| place + N_LEVELS);
    of_root.max(of_exercises).max(N_LEVELS)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn keys(person: Option<&str>, source: Option<&str>) -> Keys {
        Keys {
            person_id: person.map(str::to_owned),
            source_id: source.map(str::to_owned),
            angle: None,
        }
    }

    /// A folder with these videos and a table.
    pub(super) fn folder(videos: &[&str], table: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for video in videos {
            let path = dir.path().join(video);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::write(dir.path().join(GROUPS), table).unwrap();
        dir
    }

    fn of(dir: &Path, video: &str) -> Keys {
        let mut groups = Groups::default();
        groups.keys_of(&dir.join(video), Some(dir)).unwrap()
    }

    #[test]
    fn rows_are_read_with_extra_columns_and_empty_cells() {
        let table =
            "note,path,person_id,source_id,angle\nx, squat/a.mp4 ,p1,gym,Side\n,./b.mp4,,s2,\n";
        let dir = folder(&["squat/a.mp4", "b.mp4"], table);
        let from_the_side = Keys {
            angle: Some("side".into()),
            ..keys(Some("p1"), Some("gym"))
        };
        assert_eq!(of(dir.path(), "squat/a.mp4"), from_the_side);
        assert_eq!(of(dir.path(), "b.mp4"), keys(None, Some("s2")));
    }

    #[test]
    fn every_spelling_of_a_path_and_of_a_header_is_taken() {
        let video = "squat/good_form/Mu\u{308}ller 01.mp4";
        let absolute = folder(&[video], "path\n");
        let full = absolute.path().join(video);
        for spelt in [
            "squat/good_form/M\u{fc}ller 01.mp4",
            "./squat/good_form/Mu\u{308}ller 01.mp4",
            "squat\\good_form\\Mu\u{308}ller 01.mp4",
            "Squat/Good_Form/M\u{fc}LLER 01.MP4",
            "squat/good_form/M\u{fc}ller 01",
            "M\u{fc}ller 01.mp4",
            "m\u{fc}ller 01",
        ] {
            for header in ["path,person_id", "Path,PERSON", "video;person"] {
                let row = if header.contains(';') {
                    format!("{spelt};anna")
                } else {
                    format!("{spelt},anna")
                };
                let dir = folder(
                    &[video, "squat/good_form/x.jpg"],
                    &format!("{header}\n{row}\n"),
                );
                assert_eq!(
                    of(dir.path(), video),
                    keys(Some("anna"), None),
                    "{spelt} {header}"
                );
            }
        }
        fs::write(
            absolute.path().join(GROUPS),
            format!("path,person\n{},anna\n", full.display()),
        )
        .unwrap();
        assert_eq!(of(absolute.path(), video), keys(Some("anna"), None));
    }

    #[test]
    fn one_person_has_one_id_however_it_is_spelt() {
        let table =
            "path,person_id\na.mp4,Anna M\u{fc}ller\nb.mp4,anna_muller\nc.mp4,ANNA MU\u{308}LLER\n";
        let dir = folder(&["a.mp4", "b.mp4", "c.mp4"], table);
        let mut groups = Groups::default();
        for video in ["a.mp4", "b.mp4", "c.mp4"] {
            let found = groups.keys_of(&dir.path().join(video), None).unwrap();
            assert_eq!(found, keys(Some("Anna M\u{fc}ller"), None), "{video}");
        }
        assert_eq!(
            groups.spellings.values().map(BTreeSet::len).sum::<usize>(),
            3
        );
    }

    #[test]
    fn the_nearest_table_wins_and_one_above_fills_up() {
        let dir = folder(
            &["squat/bad_form/a.mp4"],
            "path,person_id,source_id\nsquat/bad_form/a.mp4,far,gym\n",
        );
        let label = dir.path().join("squat/bad_form");
        fs::write(
            label.join(GROUPS),
            "path,person_id,source_id\na.mp4,near,\n",
        )
        .unwrap();
        let mut groups = Groups::default();
        assert_eq!(
            groups.keys_of(&label.join("a.mp4"), None).unwrap(),
            keys(Some("near"), Some("gym"))
        );
        assert_eq!(
            groups
                .keys_of(&label.join("b.mp4"), Some(dir.path()))
                .unwrap(),
            Keys::default()
        );
    }
}
