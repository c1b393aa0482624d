//! What to do about inputs that failed: the command that mends it, for each kind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wo_record::{Failure, Name, code};

/// The tool that takes frames from videos.
const EXTRACTOR: &str = "wo-extract";

/// A hint for each kind of failure. `folder` is the folder of frames that they are from, if any; `word` is a path as a shell
/// reads it.
pub fn cures(
    failures: &[Failure],
    folder: Option<&Path>,
    word: impl Fn(&Path) -> String,
) -> Vec<String> {
    let is_conflict = |it: &&Failure| it.code == code::LABEL_CONFLICT;
    let conflicts: Vec<&Failure> = failures.iter().filter(is_conflict).collect();
    let of_videos = failures
        .iter()
        .filter(|it| it.tool == EXTRACTOR && !is_conflict(it));
    let (gone, there): (Vec<&Failure>, Vec<&Failure>) = of_videos
        .filter(|it| it.path.is_some())
        .partition(|it| it.path.as_ref().is_some_and(|path| is_gone(path.as_path())));
    let of_frames: Vec<&Failure> = failures
        .iter()
        .filter(|it| it.code == code::BAD_IMAGE && it.tool != EXTRACTOR)
        .collect();
    let command = |failures: &[&Failure], flag: &str| {
        let frames = folder?;
        let videos = roots(failures)
            .iter()
            .map(|it| word(it))
            .collect::<Vec<_>>();
        Some(format!(
            "wo-extract {} --out {}{flag} > /dev/null",
            videos.join(" "),
            word(frames)
        ))
    };
    let again = "the same command again";
    let mut hints = Vec::new();
    if !gone.is_empty() {
        hints.push(match command(&gone, " --prune") {
            Some(command) => format!("of files that are gone, this removes the errors: {command}"),
            None => format!("of files that are gone there is no error when you run {again}"),
        });
    }
    if !there.is_empty() {
        hints.push(match command(&there, " --retry-failed") {
            Some(command) => {
                format!("once the files are mended, this tries them again: {command}")
            }
            None => format!("mend or remove the files, and run {again}"),
        });
    }
    if !of_frames.is_empty() {
        hints.push(match command(&of_frames, "") {
            Some(command) => format!("this looks at the videos and their frames again: {command}"),
            None => format!("mend the pictures, and run {again}"),
        });
    }
    if !conflicts.is_empty() {
        hints.push(match command(&conflicts, " --prune") {
            Some(command) => format!("remove one of the two videos, then: {command}"),
            None => format!("remove one of the two videos, and run {again}"),
        });
    }
    hints
}

/// What failed, each input with its reason; bad lines that were skipped come last.
pub fn failed_inputs(failures: &[Failure], n_skipped_lines: u64) -> Vec<(String, String)> {
    let name = |it: &Failure| match (&it.path, &it.video_id) {
        (Some(path), _) => path.to_string(),
        (None, Some(id)) => format!("video {id}"),
        (None, None) => format!("an input of {}", it.tool),
    };
    let inputs = failures.iter().map(|it| (name(it), it.what.clone()));
    let lines = match n_skipped_lines {
        0 => None,
        1 => Some("1 line".to_owned()),
        n => Some(format!("{n} lines")),
    };
    let lines = lines.map(|lines| (lines, "not records".to_owned()));
    inputs.chain(lines).collect()
}

/// The folder of frames that an input is of, if any: one that is given, or that of a `records.ndjson`.
pub fn folder_of_frames(directory: Option<&Path>, records: Option<&Path>) -> Option<PathBuf> {
    let of_records = || {
        let records = records.filter(|it| it.file_name() == Some("records.ndjson".as_ref()))?;
        records.parent()
    };
    let folder = directory.or_else(of_records)?;
    let is_here = folder.as_os_str().is_empty();
    Some(if is_here { Path::new(".") } else { folder }.to_owned())
}

/// Whether the name leads nowhere any more.
fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err()
}

/// The folders that hold the videos' `<exercise>/<label>/`, so that they are labelled by their places as before; of a folder
/// that is gone, the nearest one that is there.
fn roots(failures: &[&Failure]) -> BTreeSet<PathBuf> {
    let paths = failures.iter().filter_map(|it| it.path.as_ref());
    let roots = paths.map(|path| {
        let path = path.as_path();
        let folders = || path.ancestors().skip(1);
        let is_label = |folder: &&Path| {
            let name = folder.file_name().map(|it| it.to_string_lossy());
            name.is_some_and(|name| Name::label(&name).is_known_label())
        };
        let root = folders()
            .find(is_label)
            .and_then(|label| label.parent()?.parent())
            .or_else(|| folders().nth(2))
            .or_else(|| path.parent());
        let root = root.filter(|it| !it.as_os_str().is_empty());
        let mut there = root.unwrap_or(Path::new(".")).ancestors();
        let there = there.find(|it| it.is_dir()).unwrap_or(Path::new("."));
        there.to_owned()
    });
    let mut roots: BTreeSet<PathBuf> = roots.collect();
    if roots.is_empty() {
        roots.insert(PathBuf::from("."));
    }
    roots
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn failure(tool: &str, code: &str, path: &Path) -> Failure {
        Failure {
            code: code.to_owned(),
            what: String::new(),
            tool: tool.to_owned(),
            path: Some(path.to_owned().into()),
            video_id: None,
        }
    }

    #[test]
    fn each_kind_has_its_command() {
        let dir = tempfile::tempdir().expect("a folder");
        let label = dir.path().join("squat/bad_form");
        fs::create_dir_all(label.join("deep")).expect("a folder");
        fs::write(label.join("deep/there.mp4"), "x").expect("a file");
        let failures = [
            failure(EXTRACTOR, code::DECODE, &label.join("gone.mp4")),
            failure(EXTRACTOR, code::DECODE, &label.join("deep/there.mp4")),
            failure("wo-train", code::LABEL_CONFLICT, &label.join("a.mp4")),
        ];
        let word = |it: &Path| match it.strip_prefix(dir.path()) {
            Ok(rest) if rest.as_os_str().is_empty() => "VIDEOS".to_owned(),
            _ => it.display().to_string(),
        };
        assert_eq!(
            cures(&failures, Some(Path::new("f")), word),
            [
                "of files that are gone, this removes the errors: wo-extract VIDEOS --out f --prune > /dev/null",
                "once the files are mended, this tries them again: wo-extract VIDEOS --out f --retry-failed > /dev/null",
                "remove one of the two videos, then: wo-extract VIDEOS --out f --prune > /dev/null",
            ]
        );
        let of_pipe = cures(&failures[..1], None, word);
        assert_eq!(of_pipe.len(), 1);
        assert!(of_pipe[0].contains("the same command again"), "{of_pipe:?}");
        assert!(cures(&[], None, word).is_empty());
    }
}
