//! What our own tools wrote down of their runs: the logs of `scripts/retrain` and `last-run.json`. Nothing is lost with a
//! line of them, so a line that names somebody who is forgotten goes as a whole, whoever else it may mean.

use serde_json::Value;

use crate::forget::edit::Edit;
use crate::forget::search::Search;

/// What takes the place of a line or a text that named somebody.
const GONE: &str = "what stood here named what is forgotten";

/// A log without lines that name somebody.
pub(crate) fn edited_log(bytes: &[u8], search: &Search) -> Edit {
    let mut new = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let replaced = search.replaced(&text);
        if search.names(replaced.as_deref().unwrap_or(&text)) {
            new.extend_from_slice(GONE.as_bytes());
            new.extend_from_slice(line.strip_suffix(b"\n").map_or(b"", |_| b"\n"));
        } else if let Some(replaced) = replaced {
            new.extend_from_slice(replaced.as_bytes());
        } else {
            new.extend_from_slice(line);
        }
    }
    Edit::of((new != bytes).then_some(new))
}

/// How the last run went, without texts that name somebody.
pub(crate) fn edited_last_run(bytes: &[u8], search: &Search) -> Edit {
    let text = String::from_utf8_lossy(bytes);
    if !search.is_in(bytes) && !search.names(&text) {
        return Edit::Keep;
    }
    let Ok(mut value) = serde_json::from_slice(bytes) else {
        return Edit::Remove;
    };
    without(&mut value, search);
    Edit::Replace(format!("{value:#}\n").into_bytes())
}

fn without(value: &mut Value, search: &Search) {
    match value {
        Value::String(text) if search.names(text) || search.is_in(text.as_bytes()) => {
            GONE.clone_into(text);
        }
        Value::Array(values) => values.iter_mut().for_each(|it| without(it, search)),
        Value::Object(fields) => fields.values_mut().for_each(|it| without(it, search)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forget::traces::Traces;

    fn search() -> Search {
        let set = |text: &str| [text.to_owned()].into();
        let traces = Traces {
            id: "7".to_owned(),
            names: set("Anna"),
            paths: set("squat/good_form/anna_1.mp4"),
            ..Traces::default()
        };
        Search::of(&traces).unwrap()
    }

    #[test]
    fn a_line_that_names_somebody_goes_as_a_whole() {
        let log = "begin\nwo-models: 1 video joins groups: b.mp4 (person anna held out)\n\
                   took squat/good_form/anna_1.mp4 and squat/bad_form/ben_1.mp4\nby Anna";
        let expected =
            format!("begin\n{GONE}\ntook forgotten-7 and squat/bad_form/ben_1.mp4\n{GONE}");
        assert_eq!(
            edited_log(log.as_bytes(), &search()),
            Edit::Replace(expected.into_bytes())
        );
        for log in ["", "Joanna lifts\n", "no line end"] {
            assert_eq!(edited_log(log.as_bytes(), &search()), Edit::Keep);
        }
        let odd = b"\xff anna\n\xff\n";
        let expected = [GONE.as_bytes(), b"\n\xff\n"].concat();
        assert_eq!(edited_log(odd, &search()), Edit::Replace(expected));
    }

    #[test]
    fn a_reason_that_names_somebody_goes() {
        let note = br#"{"outcome":"failed","why":"b.mp4 (person anna held out)","exit":6}"#;
        let Edit::Replace(new) = edited_last_run(note, &search()) else {
            panic!("it changes");
        };
        let new: Value = serde_json::from_slice(&new).unwrap();
        assert_eq!(
            (&new["outcome"], &new["why"], &new["exit"]),
            (&"failed".into(), &GONE.into(), &6.into())
        );
        assert_eq!(edited_last_run(b"{\"exit\":0}", &search()), Edit::Keep);
    }
}
