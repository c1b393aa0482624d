//! Takes forgotten videos out of what a model knows of itself, `wo.json`.
//!
//! An entry stays for each of them, so that the record is true about how many videos the model was trained on, but nothing
//! in it says which: the id, the person and the group are random tokens, and what its frames are recognised by is gone. That
//! such a video does not come back unnoticed is for the deny list of the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::forget::search::Search;
use crate::forget::traces::Traces;

/// The field that says that something was taken out.
const REDACTED: &str = "redacted";
/// What begins the id of a video that was taken out.
const TOKEN: &str = "forgotten-";
/// What is known of a video besides its class and its split.
const PERSONAL: [&str; 4] = ["hashes", "fingerprint", "duration_ms", "angle"];

/// What a manifest says of what was taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redacted {
    /// The day of the last time.
    pub(crate) at: String,
    /// How many videos.
    pub(crate) n_videos: u64,
    /// BLAKE3 of the files that were changed, as they were before the first time: who keeps hashes of a model knows it
    /// again.
    pub(crate) files: BTreeMap<String, String>,
}

/// Whether a model was trained or chosen on forgotten videos, before or after they were taken out.
pub(crate) fn is_trained_on(manifest: &Value, traces: &Traces) -> bool {
    videos(manifest).any(|video| {
        let is_seen = video.get("split").and_then(Value::as_str) != Some("test");
        is_seen && (is_theirs(video, traces) || is_token(video))
    })
}

/// Whether something was taken out of it already.
pub(crate) fn is_redacted(manifest: &Value) -> bool {
    manifest.get(REDACTED).is_some()
}

/// The manifest without traces; `None` where it has none. `files` are the hashes of the files that change.
pub(crate) fn redacted(
    text: &str,
    traces: &Traces,
    search: &Search,
    at: &str,
    files: impl FnOnce() -> anyhow::Result<BTreeMap<String, String>>,
) -> anyhow::Result<Option<String>> {
    let Ok(mut manifest) = serde_json::from_str::<Value>(text) else {
        return Ok(search.replaced(text));
    };
    let has_theirs = videos(&manifest).any(|video| is_theirs(video, traces));
    if !has_theirs && !search.is_in(text.as_bytes()) {
        return Ok(None);
    }
    let mut n_videos = 0;
    let list = manifest.get_mut("videos").and_then(Value::as_array_mut);
    for video in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        if is_theirs(video, traces) {
            for field in PERSONAL {
                video.remove(field);
            }
            n_videos += 1;
        }
    }
    let before = manifest.get(REDACTED).cloned();
    let before: Option<Redacted> = before.and_then(|it| serde_json::from_value(it).ok());
    let note = Redacted {
        at: at.to_owned(),
        n_videos: n_videos + before.as_ref().map_or(0, |it| it.n_videos),
        files: match before {
            Some(before) => before.files,
            None => files()?,
        },
    };
    if let Some(fields) = manifest.as_object_mut() {
        fields.insert(REDACTED.to_owned(), serde_json::to_value(note)?);
    }
    let text = format!("{manifest:#}\n");
    Ok(Some(search.replaced(&text).unwrap_or(text)))
}

fn videos(manifest: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let list = manifest.get("videos").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn is_theirs(video: &Map<String, Value>, traces: &Traces) -> bool {
    let id = video.get("video_id").and_then(Value::as_str);
    id.is_some_and(|id| traces.videos.contains_key(id))
}

fn is_token(video: &Map<String, Value>) -> bool {
    let id = video.get("video_id").and_then(Value::as_str);
    id.is_some_and(|id| id.starts_with(TOKEN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn traces() -> (Traces, Search) {
        let traces = Traces {
            id: "7".to_owned(),
            videos: [("a".repeat(64), "forgotten-7-1".to_owned())].into(),
            keys: [("person:anna".to_owned(), "person:forgotten-7-1".to_owned())].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        (traces, search)
    }

    fn manifest() -> Value {
        json!({"version": "1", "metrics": {"x": 0.1}, "videos": [
            {"video_id": "a".repeat(64), "group": "person:anna", "keys": ["person:anna", "source:gym"], "split": "train",
             "exercise": "squat", "label": "bad_form", "duration_ms": 4200.0, "hashes": ["0011"], "fingerprint": "x"},
            {"video_id": "b", "group": "person:anna", "keys": ["source:gym"], "split": "test", "duration_ms": 1.5},
        ]})
    }

    #[test]
    fn who_it_was_goes_and_how_many_there_were_stays() {
        let (traces, search) = traces();
        let files = || Ok(BTreeMap::from([("wo.json".to_owned(), "ff".to_owned())]));
        let text = redacted(
            &manifest().to_string(),
            &traces,
            &search,
            "2026-12-01",
            files,
        );
        let text = text.unwrap().unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let token = "person:forgotten-7-1";
        let expected = json!([
            {"video_id": "forgotten-7-1", "group": token, "keys": [token, "source:gym"], "split": "train",
             "exercise": "squat", "label": "bad_form"},
            {"video_id": "b", "group": token, "keys": ["source:gym"], "split": "test", "duration_ms": 1.5},
        ]);
        assert_eq!(value["videos"], expected);
        assert_eq!(
            value["redacted"],
            json!({"at": "2026-12-01", "n_videos": 1, "files": {"wo.json": "ff"}})
        );
        assert_eq!(value["metrics"], json!({"x": 0.1}));
        // Once more changes nothing, and another takedown keeps the first hashes.
        let again = redacted(&text, &traces, &search, "2027-01-01", || panic!("known"));
        assert_eq!(again.unwrap(), None);
        let other = Traces {
            id: "8".to_owned(),
            videos: [("b".to_owned(), "forgotten-8-1".to_owned())].into(),
            ..Traces::default()
        };
        let search = Search::of(&other).unwrap();
        let again = redacted(&text, &other, &search, "2027-01-01", || panic!("known"));
        let value: Value = serde_json::from_str(&again.unwrap().unwrap()).unwrap();
        assert_eq!(
            value["redacted"],
            json!({"at": "2027-01-01", "n_videos": 2, "files": {"wo.json": "ff"}})
        );
    }

    #[test]
    fn who_was_only_held_out_did_not_teach() {
        let (traces, _) = traces();
        assert!(is_trained_on(&manifest(), &traces));
        let held_out = Traces {
            videos: [("b".to_owned(), String::new())].into(),
            ..Traces::default()
        };
        assert!(!is_trained_on(&manifest(), &held_out));
        let before = json!({"videos": [{"video_id": "forgotten-1-1", "split": "validation"}]});
        assert!(is_trained_on(&before, &Traces::default()));
    }
}
