//! Hints about inputs that failed: the command that fixes each kind of failure.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wo_folder::{RECORDS, STATE, for_each_line};
use wo_record::{Failure, Name, Record, code};

/// The tool that extracts frames.
const EXTRACTOR: &str = "wo-extract";

/// A hint for each kind of failure. `folder` is the folder of frames that they come from, if any. `word` quotes a path
/// for a shell.
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
    let command = |failures: &[&Failure], flag: &str| command_of(folder?, failures, flag, &word);
    let again = "the same command again";
    let mut hints = Vec::new();
    if !gone.is_empty() {
        hints.push(match (command(&gone, " --prune"), folder) {
            (Some(command), _) => {
                format!("of files that are gone, this removes the errors: {command}")
            }
            (None, Some(_)) => {
                "the files are not found from here: see that their disk is there, and run this in the folder in which \
                 wo-extract ran; of files that are gone it then names the command that removes the errors"
                    .to_owned()
            }
            (None, None) => {
                format!("of files that are gone there is no error when you run {again}")
            }
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

/// The command that runs wo-extract again for these failures in the folder `frames`, with `flag`.
fn command_of(
    frames: &Path,
    failures: &[&Failure],
    flag: &str,
    word: &impl Fn(&Path) -> String,
) -> Option<String> {
    let roots = roots(failures, frames);
    let videos: Vec<String> = roots.iter().map(|it| word(it)).collect();
    if videos.is_empty() {
        return None;
    }
    let (videos, folder) = (videos.join(" "), word(frames));
    Some(match flags_of(frames) {
        Some(flags) => format!("wo-extract {videos}{flags} --out {folder}{flag} > /dev/null"),
        None => unknown_command(&folder, flag),
    })
}

/// The failed inputs, each with its reason; malformed lines that were skipped come last.
pub fn failed_inputs(failures: &[Failure], n_skipped_lines: u64) -> Vec<(String, String)> {
    let name = |it: &Failure| match (&it.path, &it.video_id) {
        (Some(path), _) => path.to_string(),
        (None, Some(id)) => format!("video {id}"),
        (None, None) => format!("an input of {}", it.tool),
    };
    let inputs = failures.iter().map(|it| (name(it), it.what.clone()));
    let lines = (n_skipped_lines > 0).then(|| {
        let why = wo_cli::verb(n_skipped_lines, "no record", "no records");
        (wo_cli::count(n_skipped_lines, "line"), why.to_owned())
    });
    inputs.chain(lines).collect()
}

/// The folder of frames of an input, if any: the given one, or that of a `records.ndjson`.
pub fn folder_of_frames(directory: Option<&Path>, records: Option<&Path>) -> Option<PathBuf> {
    let of_records = || {
        let records = records.filter(|it| it.file_name() == Some("records.ndjson".as_ref()))?;
        records.parent()
    };
    let folder = directory.or_else(of_records)?;
    let is_here = folder.as_os_str().is_empty();
    Some(if is_here { Path::new(".") } else { folder }.to_owned())
}

/// Whether the file no longer exists.
fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err()
}

/// The arguments by which wo-extract retries the files and labels them by their paths as before: the folders that hold
/// `<exercise>/<label>/`. A file whose folder does not exist gives none: wo-extract would take another folder for it, and
/// count all videos as gone.
fn roots(failures: &[&Failure], frames: &Path) -> BTreeSet<PathBuf> {
    let paths = failures.iter().filter_map(|it| it.path.as_ref());
    let mut roots = BTreeSet::new();
    let mut known = None;
    for path in paths.map(wo_record::RecordPath::as_path) {
        let is_there = !is_gone(path);
        match root_of(path).filter(|root| root.is_dir()) {
            Some(root) => {
                // A relative path starts where wo-extract ran: here, if other videos are found by theirs.
                let mut is_ours = || {
                    let known = known.get_or_insert_with(|| places(frames));
                    known
                        .iter()
                        .any(|other| other.starts_with(root) && !is_gone(other))
                };
                if is_there || path.is_absolute() || is_ours() {
                    roots.insert(root.to_owned());
                }
            }
            None if is_there => {
                roots.insert(path.to_owned());
            }
            None => {}
        }
    }
    roots
}

/// The folder that holds `<exercise>/<label>/` of a file, judged by the path alone.
fn root_of(path: &Path) -> Option<&Path> {
    let folders = || path.ancestors().skip(1);
    let is_label = |folder: &&Path| {
        let name = folder.file_name().map(|it| it.to_string_lossy());
        name.is_some_and(|name| Name::label(&name).is_known_label())
    };
    let root = match folders().find(is_label) {
        Some(label) => label.parent()?.parent(),
        None => folders().nth(2),
    };
    root.filter(|it| !it.as_os_str().is_empty())
}

/// Stands for a command whose flags are unknown.
fn unknown_command(frames: &str, flag: &str) -> String {
    match flag.trim() {
        "" => format!("run wo-extract again with the flags that {frames} was made with"),
        flag => {
            format!(
                "give {flag} to the wo-extract command that made {frames}, with its other flags as they were"
            )
        }
    }
}

/// The non-default flags of the wo-extract run that made a folder of frames, each after a space. With other flags it
/// would extract all videos again. `None` if they are unknown, or differ between videos.
fn flags_of(frames: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Entry {
        flags: Option<String>,
        /// A line that is of no video.
        has_records: Option<bool>,
    }
    let mut flags = None;
    for line in BufReader::new(wo_cli::open_file(&frames.join(STATE)).ok()?).lines() {
        let entry: Entry = serde_json::from_str(&line.ok()?).ok()?;
        if entry.has_records.is_some() {
            continue;
        }
        let these = entry.flags?;
        if *flags.get_or_insert_with(|| these.clone()) != these {
            return None;
        }
    }
    flags
}

/// Where the videos of a folder of frames were.
fn places(frames: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    // An unreadable file gives no videos.
    let _ = for_each_line(&frames.join(RECORDS), |line| {
        if let Ok(Record::Video(video)) = &line.record {
            places.extend(video.path.as_ref().map(|path| path.as_path().to_owned()));
        }
        Ok(())
    });
    places
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

    /// The notes of `wo-extract` for three small frames.
    const SMALL: &str = " --frames-per-video 3 --size 128";

    /// Writes the notes of `wo-extract` into a folder.
    fn note(frames: &Path, flags: &[&str]) {
        let lines = flags
            .iter()
            .map(|it| serde_json::json!({ "flags": it, "frames": [] }).to_string() + "\n");
        let mark = "{\"has_records\":true}\n".to_owned();
        fs::write(frames.join(STATE), mark + &lines.collect::<String>()).expect("a file");
    }

    #[test]
    fn a_command_has_the_flags_that_the_folder_was_made_with() {
        let dir = tempfile::tempdir().expect("a folder");
        let flags = |flags: &[&str]| {
            note(dir.path(), flags);
            flags_of(dir.path())
        };
        assert_eq!(flags(&[""]).as_deref(), Some(""));
        assert_eq!(
            flags(&[SMALL, SMALL]).as_deref(),
            Some(" --frames-per-video 3 --size 128")
        );
        assert_eq!(flags(&[SMALL, ""]), None);
        assert_eq!(flags(&[]), None);
        let old = r#"{"settings":"of another version","frames":[]}"#;
        fs::write(dir.path().join(STATE), old).expect("a file");
        assert_eq!(flags_of(dir.path()), None);
        assert_eq!(flags_of(&dir.path().join("none")), None);
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
        let frames = dir.path().join("f");
        fs::create_dir_all(&frames).expect("a folder");
        let word = |it: &Path| match it.strip_prefix(dir.path()) {
            Ok(rest) if rest.as_os_str().is_empty() => "VIDEOS".to_owned(),
            Ok(rest) => rest.display().to_string(),
            Err(_) => it.display().to_string(),
        };
        note(&frames, &[SMALL]);
        assert_eq!(
            cures(&failures, Some(&frames), word),
            [
                "of files that are gone, this removes the errors: wo-extract VIDEOS --frames-per-video 3 --size 128 --out f --prune > /dev/null",
                "once the files are mended, this tries them again: wo-extract VIDEOS --frames-per-video 3 --size 128 --out f --retry-failed > /dev/null",
                "remove one of the two videos, then: wo-extract VIDEOS --frames-per-video 3 --size 128 --out f --prune > /dev/null",
            ]
        );
        fs::remove_file(frames.join(STATE)).expect("a file");
        assert_eq!(
            cures(&failures[..1], Some(&frames), word),
            [
                "of files that are gone, this removes the errors: give --prune to the wo-extract command that made f, with its other flags as they were"
            ]
        );
        let images = Failure {
            path: None,
            ..failure("wo-train", code::BAD_IMAGE, Path::new(""))
        };
        assert_eq!(
            cures(&[images], Some(Path::new("f")), word),
            ["mend the pictures, and run the same command again"],
            "a table alone knows no video"
        );
        let of_pipe = cures(&failures[..1], None, word);
        assert_eq!(of_pipe.len(), 1);
        assert!(of_pipe[0].contains("the same command again"), "{of_pipe:?}");
        assert!(cures(&[], None, word).is_empty());
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_stood_in_for_by_another() {
        let dir = tempfile::tempdir().expect("a folder");
        let here = std::env::current_dir().expect("a folder");
        let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
        let relative = up.join(dir.path().strip_prefix("/").expect("absolute"));
        let frames = dir.path().join("f");
        fs::create_dir_all(&frames).expect("a folder");
        note(&frames, &[""]);
        let hint = |path: &Path| {
            let failures = [failure(EXTRACTOR, code::DECODE, path)];
            let hints = cures(&failures, Some(&frames), |it| it.display().to_string());
            assert_eq!(hints.len(), 1, "{hints:?}");
            hints[0].clone()
        };
        // Neither the folder above nor the working directory is that of the videos.
        for path in [
            Path::new("v/squat/bad_form/gone.mp4"),
            Path::new("bad_form/gone.mp4"),
            Path::new("gone.mp4"),
            &dir.path().join("v/squat/bad_form/gone.mp4"),
        ] {
            let hint = hint(path);
            assert!(!hint.contains("wo-extract ."), "{hint}");
            assert!(!hint.contains("> /dev/null"), "{hint}");
        }
        // A folder of that name is another one, unless videos of the records lie in it.
        let root = relative.join("v");
        let label = root.join("squat/bad_form");
        fs::create_dir_all(&label).expect("a folder");
        let command = format!("wo-extract {} --out", root.display());
        assert!(!hint(&label.join("gone.mp4")).contains(&command));
        let video = label.join("there.mp4");
        fs::write(&video, "x").expect("a file");
        let begin =
            r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
        let record = serde_json::json!({"type": "video", "video_id": "a", "path": video});
        let end = r#"{"type":"end","n_videos":1,"n_frames":0,"n_errors":0}"#;
        let records = format!("{begin}\n{record}\n{end}\n");
        fs::write(frames.join(RECORDS), records).expect("a file");
        assert!(hint(&label.join("gone.mp4")).contains(&command));
        // A file that is there is named itself where its path is too short for more.
        assert!(hint(&relative.join("f")).contains("--retry-failed"));
    }
}
