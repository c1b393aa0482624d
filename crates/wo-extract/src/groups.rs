//! `groups.csv`: which person and which source a video is of, which a split keeps together, and from where it was filmed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use wo_cli::{Exit, ExitWith};
use wo_record::Name;

/// The name of the table.
pub(crate) const FILE_NAME: &str = "groups.csv";
/// How many folders above a file may hold its table: `<root>/<exercise>/<label>/file` needs three.
const N_LEVELS: usize = 3;

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

/// Paths relative to the table's folder, and their keys.
type Table = HashMap<PathBuf, Keys>;

/// The tables met so far, by folder; each is read once.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    tables: HashMap<PathBuf, Option<Table>>,
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
            let Some(found) = file
                .strip_prefix(folder)
                .ok()
                .and_then(|path| table.get(path))
            else {
                continue;
            };
            keys.person_id = keys.person_id.or_else(|| found.person_id.clone());
            keys.source_id = keys.source_id.or_else(|| found.source_id.clone());
            keys.angle = keys.angle.or_else(|| found.angle.clone());
        }
        Ok(keys)
    }

    fn table(&mut self, folder: &Path) -> anyhow::Result<Option<&Table>> {
        if !self.tables.contains_key(folder) {
            let table = open(&folder.join(FILE_NAME))?;
            self.tables.insert(folder.to_owned(), table);
        }
        Ok(self.tables.get(folder).and_then(Option::as_ref))
    }
}

fn open(path: &Path) -> anyhow::Result<Option<Table>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(e) => return Err(e).with_context(|| format!("open {}", path.display())),
    };
    let table = parse(file)
        .with_context(|| format!("read {}", path.display()))
        .exit_with(Exit::Integrity)?;
    Ok(Some(table))
}

fn parse(input: impl Read) -> anyhow::Result<Table> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(input);
    let header = reader.byte_headers()?.clone();
    // Spreadsheets put a byte order mark in front of the first name.
    let column = |name: &str| {
        header
            .iter()
            .position(|cell| cell.strip_prefix(b"\xef\xbb\xbf").unwrap_or(cell) == name.as_bytes())
    };
    let path_column = column("path").ok_or_else(|| {
        anyhow!("line 1: no column `path`\nhint: the first line is path,person_id,source_id")
    })?;
    let [person, source, angle] = ["person_id", "source_id", "angle"].map(column);
    let mut table = Table::new();
    for row in reader.byte_records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |column: Option<usize>| -> anyhow::Result<Option<String>> {
            let Some(bytes) = column
                .and_then(|c| row.get(c))
                .filter(|bytes| !bytes.is_empty())
            else {
                return Ok(None);
            };
            let text = std::str::from_utf8(bytes).map_err(|_| anyhow!("line {line}: not UTF-8"))?;
            Ok(Some(text.to_owned()))
        };
        let keys = Keys {
            person_id: cell(person)?,
            source_id: cell(source)?,
            angle: cell(angle)?.map(|it| Name::new(&it)),
        };
        let path = row.get(path_column).filter(|path| !path.is_empty());
        let path = Path::new(OsStr::from_bytes(
            path.ok_or_else(|| anyhow!("line {line}: no path"))?,
        ));
        let path = path.strip_prefix(".").unwrap_or(path).to_owned();
        match table.get(&path) {
            Some(other) if *other != keys => {
                return Err(anyhow!(
                    "line {line}: {} is listed twice, with different keys",
                    path.display()
                ));
            }
            _ => table.insert(path, keys),
        };
    }
    Ok(table)
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

    #[test]
    fn rows_are_read_with_extra_columns_and_empty_cells() {
        let text =
            "note,path,person_id,source_id,angle\nx, squat/a.mp4 ,p1,gym,Side\n,./b.mp4,,s2,\n";
        let table = parse(text.as_bytes()).unwrap();
        let from_the_side = Keys {
            angle: Some("side".into()),
            ..keys(Some("p1"), Some("gym"))
        };
        assert_eq!(table.get(Path::new("squat/a.mp4")), Some(&from_the_side));
        assert_eq!(table.get(Path::new("b.mp4")), Some(&keys(None, Some("s2"))));
    }

    #[test]
    fn a_bad_table_names_the_line() {
        for (text, expected) in [
            ("file,person_id\na,b\n", "line 1"),
            ("path,person_id,source_id\na.mp4,p,s\nb.mp4,p\n", "line: 3"),
            ("path,person_id,source_id\na.mp4,p,s\n,p,s\n", "line 3"),
            ("path,person_id,source_id\na.mp4,p,s\na.mp4,q,s\n", "line 3"),
        ] {
            let message = format!("{:#}", parse(text.as_bytes()).unwrap_err());
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn the_nearest_table_wins_and_one_above_fills_up() {
        let dir = tempfile::tempdir().unwrap();
        let label = dir.path().join("squat/bad_form");
        std::fs::create_dir_all(&label).unwrap();
        std::fs::write(
            dir.path().join(FILE_NAME),
            "path,person_id,source_id\nsquat/bad_form/a.mp4,far,gym\n",
        )
        .unwrap();
        std::fs::write(
            label.join(FILE_NAME),
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
