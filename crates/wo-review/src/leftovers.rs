//! What a killed run had begun to write, and nobody will finish.

use std::fs;
use std::path::Path;

use crate::folder::{RECORDS, TRASH};

/// Takes it away. Only for who holds the folder's lock: nobody else is writing then.
pub(crate) fn remove(dir: &Path) {
    for dir in [dir.to_owned(), dir.join(TRASH)] {
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_str().is_some_and(is_leftover)
                && let Err(e) = fs::remove_file(entry.path())
            {
                wo_cli::info!("{}: {e}", entry.path().display());
            }
        }
    }
}

/// True for names that `AtomicWriteFile` gives files before they appear: a dot, the name to be, a dot, six letters.
fn is_leftover(name: &str) -> bool {
    let Some((before, letters)) = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once('.'))
    else {
        return false;
    };
    (before == RECORDS || Path::new(before).extension() == Some("csv".as_ref()))
        && letters.len() == 6
        && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_were_begun_are_leftovers() {
        assert!(is_leftover(".records.ndjson.pzx1hs") && is_leftover(".squat_bad_form.csv.a1B2c3"));
        for name in [
            "records.ndjson",
            ".notes.txt.abcdef",
            ".wo-extract.ndjson",
            ".a.csv.abc",
            "reviews.ndjson",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
    }
}
