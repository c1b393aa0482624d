//! `groups.csv`: which person and which source a video is of, which a split keeps together, and from where it was filmed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use wo_cli::{Exit, ExitWith};
use wo_folder::{Columns, Files, GROUPS, Place, Sheet, most_alike};
use wo_record::{Name, same_id};

use crate::sources::{is_image_name, is_media_name};

/// How many folders above a file may hold its table: `<root>/<exercise>/<label>/file` needs three.
const N_LEVELS: usize = 3;
/// Of what is wrong, so many examples are named.
const N_NAMED: usize = 5;
/// The columns.
const COLUMNS: Columns = Columns {
    key: &[
        "path",
        "video",
        "video_path",
        "file",
        "file_name",
        "filename",
    ],
    others: &[
        &["person_id", "person"],
        &["source_id", "source"],
        &["angle"],
    ],
    hint: "the first line is path,person_id,source_id",
};

/// What a table says of a video.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Who is in the video.
    pub(crate) person_id: Option<String>,
    /// Where it came from.
    pub(crate) source_id: Option<String>,
    /// From where it was filmed.
    pub(crate) angle: Option<Name>,
}

/// One table.
#[derive(Debug)]
struct Table {
    path: PathBuf,
    files: Files,
    /// By the key of the video, with the line.
    rows: HashMap<PathBuf, (u64, Keys)>,
    /// Rows that name no video: line and path.
    unmet: Vec<(u64, String)>,
    n_rows: usize,
}

/// The tables met so far, by folder; each is read once.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    tables: HashMap<PathBuf, Option<Table>>,
    /// Each id by what its spellings have in common, as it was spelt first.
    ids: HashMap<String, String>,
    /// All spellings of an id that has several.
    spellings: BTreeMap<String, BTreeSet<String>>,
}

impl Groups {
    /// The keys of the absolute path `file`. The nearest table wins; what it leaves open, one further up may say.
    pub(crate) fn keys_of(&mut self, file: &Path, root: Option<&Path>) -> anyhow::Result<Keys> {
        let mut folders: Vec<&Path> = file.ancestors().skip(1).take(N_LEVELS).collect();
        folders.extend(root.filter(|root| !folders.contains(root)));
        let mut keys = Keys::default();
        for folder in folders {
            let Some(table) = self.table(folder)? else {
                continue;
            };
            let Some((_, found)) = table.rows.get(&table.files.key(file)) else {
                continue;
            };
            keys.person_id = keys.person_id.or_else(|| found.person_id.clone());
            keys.source_id = keys.source_id.or_else(|| found.source_id.clone());
            keys.angle = keys.angle.or_else(|| found.angle.clone());
        }
        Ok(keys)
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

    /// Says what of the tables is not in force, when all videos in `roots` were met.
    pub(crate) fn say_troubles(&self, roots: &[PathBuf]) {
        let mut tables: Vec<&Table> = self.tables.values().flatten().collect();
        tables.sort_by(|a, b| a.path.cmp(&b.path));
        for table in tables {
            let folder = table.path.parent().unwrap_or(&table.path);
            // A row of a video that was not asked for is no mistake.
            if roots.iter().any(|root| folder.starts_with(root)) {
                table.say_unmet();
            }
        }
        for spellings in self.spellings.values() {
            let spellings: Vec<String> = spellings.iter().map(|id| format!("\"{id}\"")).collect();
            wo_cli::warn!(
                "{GROUPS}: {} are taken for one\nhint: spell an id in one way; give another person or source another id",
                spellings.join(", ")
            );
        }
    }

    fn table(&mut self, folder: &Path) -> anyhow::Result<Option<&Table>> {
        if !self.tables.contains_key(folder) {
            let mut table = open(folder)?;
            for keys in table.iter_mut().flat_map(Table::keys_in_order) {
                keys.person_id = keys
                    .person_id
                    .take()
                    .map(|id| self.one_spelling(id, "person"));
                keys.source_id = keys
                    .source_id
                    .take()
                    .map(|id| self.one_spelling(id, "source"));
            }
            self.tables.insert(folder.to_owned(), table);
        }
        Ok(self.tables.get(folder).and_then(Option::as_ref))
    }
}

impl Table {
    fn keys_in_order(&mut self) -> Vec<&mut Keys> {
        let mut rows: Vec<&mut (u64, Keys)> = self.rows.values_mut().collect();
        rows.sort_by_key(|(line, _)| *line);
        rows.into_iter().map(|(_, keys)| keys).collect()
    }

    fn say_unmet(&self) {
        if self.unmet.is_empty() {
            return;
        }
        let paths = self.files.paths();
        let videos = || {
            let names = paths.iter().map(String::as_str);
            names.filter(|path| is_media_name(Path::new(path)))
        };
        let named: String = self
            .unmet
            .iter()
            .take(N_NAMED)
            .map(|(line, path)| {
                let near = most_alike(path, videos());
                let near = near.map_or_else(String::new, |it| format!(" (the nearest is {it})"));
                format!("\n  line {line}: {path}{near}")
            })
            .collect();
        let more = if self.unmet.len() > N_NAMED {
            "\n  …"
        } else {
            ""
        };
        wo_cli::warn!(
            "{}: {} of {} rows name no video, so they change nothing:{named}{more}\nhint: write the path from the folder of {GROUPS}, such as squat/good_form/anna_01.mp4",
            self.path.display(),
            self.unmet.len(),
            self.n_rows
        );
    }
}

/// The table of a folder, under its name in any case.
fn table_in(folder: &Path) -> io::Result<Option<PathBuf>> {
    let plain = folder.join(GROUPS);
    if plain.is_file() {
        return Ok(Some(plain));
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Whoever may not read a folder's names may still read a file in it.
        Err(_) => return Ok(None),
    };
    let is_table = |name: &OsStr| name.to_string_lossy().eq_ignore_ascii_case(GROUPS);
    let mut names = entries.flatten().map(|entry| entry.file_name());
    Ok(names
        .find(|name| is_table(name))
        .map(|name| folder.join(name)))
}

fn open(folder: &Path) -> anyhow::Result<Option<Table>> {
    let Some(path) = table_in(folder)? else {
        return Ok(None);
    };
    let what = || format!("read {}", path.display());
    let bytes = fs::read(&path).with_context(what).exit_with(Exit::Io)?;
    let table = parse(&path, &bytes).with_context(what);
    Ok(Some(table.exit_with(Exit::Integrity)?))
}

fn parse(path: &Path, bytes: &[u8]) -> anyhow::Result<Table> {
    let sheet = Sheet::parse(bytes, &COLUMNS)?;
    for (column, meant) in sheet.misspelt(&COLUMNS) {
        wo_cli::warn!(
            "{}: the column `{column}` is not read\nhint: if it should be, rename it to `{meant}`",
            path.display()
        );
    }
    let videos =
        Files::of(Place::of(Some(path))?)?.only(|path| is_media_name(path) && !is_image_name(path));
    let files = Files::of(Place::of(Some(path))?)?.only(is_media_name);
    let columns = COLUMNS.others.iter().map(|names| sheet.column(names));
    let [person, source, angle] = [0, 1, 2].map(|it| columns.clone().nth(it).flatten());
    let path_column = sheet.column(COLUMNS.key);
    let mut table = Table {
        path: path.to_owned(),
        rows: HashMap::new(),
        unmet: Vec::new(),
        n_rows: sheet.rows.len(),
        files,
    };
    for row in &sheet.rows {
        let line = row.line;
        let cell = |column: Option<usize>| {
            let text = column.and_then(|column| row.cells.get(column));
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let written = cell(path_column).ok_or_else(|| anyhow!("line {line}: no path"))?;
        let keys = Keys {
            person_id: cell(person),
            source_id: cell(source),
            angle: cell(angle).map(|it| Name::new(&it)),
        };
        let meant = Some(videos.meant(&written)).filter(|meant| meant.is_there);
        let meant = meant.unwrap_or_else(|| table.files.meant(&written));
        if !meant.is_there {
            table.unmet.push((line, written.clone()));
        }
        match table.rows.get(&meant.key) {
            Some((first, other)) if !other.agrees(&keys) => {
                return Err(anyhow!(
                    "line {line}: {written} is listed twice, with different keys: see line {first}"
                ));
            }
            Some(_) => {}
            None => {
                table.rows.insert(meant.key, (line, keys));
            }
        }
    }
    Ok(table)
}

impl Keys {
    /// Whether two rows of one video say the same, however it is spelt.
    fn agrees(&self, other: &Self) -> bool {
        let same = |one: &Option<String>, other: &Option<String>| {
            one.as_deref().map(same_id) == other.as_deref().map(same_id)
        };
        same(&self.person_id, &other.person_id)
            && same(&self.source_id, &other.source_id)
            && self.angle == other.angle
    }

    /// Whether two files of one content may both be meant: what is said of one may be left open of the other.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| {
            one.as_deref()
                .zip(other.as_deref())
                .is_some_and(|(a, b)| same_id(a) != same_id(b))
        };
        differ(&self.person_id, &other.person_id) || differ(&self.source_id, &other.source_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(person: Option<&str>, source: Option<&str>) -> Keys {
        Keys {
            person_id: person.map(str::to_owned),
            source_id: source.map(str::to_owned),
            angle: None,
        }
    }

    /// A folder with these videos and a table.
    fn folder(videos: &[&str], table: &str) -> tempfile::TempDir {
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
    fn a_bad_table_names_the_line() {
        for (text, expected) in [
            ("clip,person_id\na,b\n", "line 1"),
            ("path,person_id,source_id\na.mp4,p,s\nb.mp4,p\n", "line 3"),
            ("path,person_id,source_id\na.mp4,p,s\n,p,s\n", "line 3"),
            ("path,person_id,source_id\na.mp4,p,s\na.mp4,q,s\n", "line 3"),
            ("path,person_id\na.mp4,p\n.\\A.mp4,q\n", "see line 2"),
        ] {
            let dir = folder(&["a.mp4", "b.mp4"], text);
            let message = format!("{:#}", open(dir.path()).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn rows_of_no_video_are_known() {
        let table = "path,person_id\na.mp4,p\nsquat/b.mp4,q\n0.mp4,r\n";
        let dir = folder(&["a.mp4", "x/0.mp4", "y/0.mp4"], table);
        let read = open(dir.path()).unwrap().unwrap();
        let unmet: Vec<&str> = read.unmet.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(unmet, ["squat/b.mp4", "0.mp4"]);
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
