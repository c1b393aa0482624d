//! Takes traces out of records and other JSON values, one a line: lines about a forgotten video go, and in lines about
//! others something else takes the place of its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value};
use wo_record::{End, Record};

use crate::forget::edit::Edit;
use crate::forget::search::Search;
use crate::forget::traces::Traces;

/// Fields of a line in which another object says which video it is about, as in the notes of `wo-extract`.
const OWNERS: [&str; 3] = ["video", "failure", "frames"];
/// Fields that say which file a line is about, where no id does.
const FILES: [&str; 4] = ["path", "file", "url", "address"];

/// Writes a file of lines without traces in the place of the one that is there.
pub(crate) fn rewrite(path: &Path, traces: &Traces, search: &Search) -> anyhow::Result<()> {
    let old = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut new = wo_folder::create_spool(path)?;
    write_edited(&mut BufReader::new(old), &mut new, traces, search)
        .with_context(|| format!("write {}", path.display()))?;
    wo_folder::commit(new, path)
}

/// Writes lines without traces.
fn write_edited(
    old: &mut dyn BufRead,
    new: &mut dyn Write,
    traces: &Traces,
    search: &Search,
) -> io::Result<()> {
    let mut gone = End::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if old.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            // No record is like that, and nobody could tell whose it is.
            if !search.is_in(&line) {
                new.write_all(&line)?;
            }
            continue;
        };
        let is_end = line.len() < 400 && text.contains("\"end\"");
        if is_end && let Ok(Ok(Record::End(end))) = Record::parse(text) {
            new.write_all(without(text, &end, &gone).as_bytes())?;
            gone = End::default();
            continue;
        }
        match edited_line(text, traces, search) {
            Line::Stays => new.write_all(&line)?,
            Line::Changes(text) => new.write_all(text.as_bytes())?,
            Line::Goes => count(text, &mut gone),
        }
    }
}

/// What becomes of a line.
enum Line {
    Stays,
    Changes(String),
    Goes,
}

fn edited_line(text: &str, traces: &Traces, search: &Search) -> Line {
    let Some(changed) = search.replaced(text) else {
        return Line::Stays;
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) if !is_theirs(&fields, traces, search) => Line::Changes(changed),
        _ => Line::Goes,
    }
}

/// Whether an object is about a forgotten video, and not only names one.
pub(crate) fn is_theirs(fields: &Map<String, Value>, traces: &Traces, search: &Search) -> bool {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if text("person_id")
        .or(text("person"))
        .is_some_and(|it| traces.has_person(it))
    {
        return true;
    }
    if let Some(id) = text("video_id") {
        return traces.videos.contains_key(id);
    }
    let owners = OWNERS.iter().filter_map(|name| fields.get(*name));
    let owners = owners.filter_map(|it| it.as_object().or(it.get(0).and_then(Value::as_object)));
    let mut owners = owners.peekable();
    if owners.peek().is_some() {
        return owners.any(|it| is_theirs(it, traces, search));
    }
    let mut files = FILES.iter().filter_map(|name| text(name));
    files.any(|file| search.is_in(file.as_bytes()))
}

/// The last line of a stream, with the counts of what is left.
fn without(text: &str, end: &End, gone: &End) -> String {
    let left = End {
        n_videos: end.n_videos.saturating_sub(gone.n_videos),
        n_frames: end.n_frames.saturating_sub(gone.n_frames),
        n_errors: end.n_errors.saturating_sub(gone.n_errors),
        n_dropped: end.n_dropped.clone(),
    };
    if left == *end {
        return text.to_owned();
    }
    wo_record::Line::of_text(text.trim().to_owned())
        .and_then(|line| line.rewritten(&Record::End(left)))
        .map_or_else(|_| text.to_owned(), |text| text + "\n")
}

fn count(text: &str, gone: &mut End) {
    match Record::parse(text) {
        Ok(Ok(Record::Video(_))) => gone.n_videos += 1,
        Ok(Ok(Record::Frame(_))) => gone.n_frames += 1,
        Ok(Ok(Record::Error(_))) => gone.n_errors += 1,
        _ => {}
    }
}

/// One JSON value without traces: elements of a list that are about a forgotten video go.
pub(crate) fn edited_json(bytes: &[u8], search: &Search) -> Edit {
    if !search.is_in(bytes) {
        return Edit::Keep;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Edit::Remove;
    };
    if let Ok(values) = serde_json::from_str::<Vec<Box<serde_json::value::RawValue>>>(text) {
        let left = values.iter().map(|it| it.get());
        let left: Vec<&str> = left.filter(|it| !search.is_in(it.as_bytes())).collect();
        return Edit::Replace(format!("[{}]\n", left.join(",\n")).into_bytes());
    }
    Edit::of(search.replaced(text).map(String::into_bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const GONE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn traces() -> (Traces, Search) {
        let traces = Traces {
            id: "7".to_owned(),
            videos: BTreeMap::from([(GONE.to_owned(), "forgotten-7-1".to_owned())]),
            keys: BTreeMap::from([("person:anna".to_owned(), "person:forgotten-7-1".to_owned())]),
            paths: ["squat/good_form/a.mp4".to_owned()].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        (traces, search)
    }

    fn check(before: &str, after: &str) {
        let (traces, search) = traces();
        let mut new = Vec::new();
        write_edited(&mut before.as_bytes(), &mut new, &traces, &search).unwrap();
        assert_eq!(String::from_utf8(new).unwrap(), after);
    }

    #[test]
    fn lines_of_theirs_go_and_the_counts_follow() {
        let begin =
            r#"{"type":"begin","tool":"t","version":"1","schema":"wo-record","schema_version":1}"#;
        let other =
            r#"{"type":"frame","video_id":"b","index":0,"image":{"inline":{"jpeg_base64":""}}}"#;
        let before = format!(
            "{begin}\n{{\"type\":\"video\",\"video_id\":\"{GONE}\"}}\n\
             {{\"type\":\"frame\",\"video_id\":\"{GONE}\",\"index\":0,\"image\":{{\"inline\":{{\"jpeg_base64\":\"\"}}}}}}\n\
             {other}\n{{\"type\":\"error\",\"code\":\"x\",\"what\":\"y\",\"tool\":\"t\",\"path\":\"v/squat/good_form/a.mp4\"}}\n\
             {{\"type\":\"end\",\"n_videos\":3,\"n_frames\":9,\"n_errors\":1,\"more\":1e2}}\n"
        );
        let end = r#"{"type":"end","n_videos":2,"n_frames":8,"n_errors":0,"more":1e2}"#;
        check(&before, &format!("{begin}\n{other}\n{end}\n"));
    }

    #[test]
    fn in_lines_about_others_only_the_names_go() {
        let before = format!(
            r#"{{"type":"verdict","video_id":"b","path":"b.mp4","nearest_other":{{"video_id":"{GONE}","path":"v/squat/good_form/a.mp4"}}}}"#
        );
        let after = r#"{"type":"verdict","video_id":"b","path":"b.mp4","nearest_other":{"video_id":"forgotten-7-1","path":"v/forgotten-7"}}"#;
        check(&before, after);
        check(
            r#"{"type":"prediction","video_id":"b","group":"person:anna"}"#,
            r#"{"type":"prediction","video_id":"b","group":"person:forgotten-7-1"}"#,
        );
    }

    #[test]
    fn notes_of_wo_extract_and_half_lines_go() {
        check(
            &format!(
                "{{\"has_records\":true}}\n{{\"settings\":\"s\",\"video\":{{\"video_id\":\"{GONE}\"}},\"frames\":[]}}\n"
            ),
            "{\"has_records\":true}\n",
        );
        check(
            &format!("{{\"a\":1}}\n{{\"video_id\":\"{GONE}\",\"pa"),
            "{\"a\":1}\n",
        );
    }

    #[test]
    fn of_a_list_the_elements_go() {
        let (_, search) = traces();
        let edit = edited_json(
            format!(r#"[{{"image":"{GONE}"}},{{"image":"b","x":1e2}}]"#).as_bytes(),
            &search,
        );
        assert_eq!(
            edit,
            Edit::Replace(b"[{\"image\":\"b\",\"x\":1e2}]\n".to_vec())
        );
        assert_eq!(edited_json(b"{}", &search), Edit::Keep);
        let object = edited_json(br#"{"group":"person:anna"}"#, &search);
        assert_eq!(
            object,
            Edit::Replace(br#"{"group":"person:forgotten-7-1"}"#.to_vec())
        );
    }
}
