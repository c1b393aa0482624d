//! Erases reviews of forgotten videos from a log: each keeps its place, so that all other lines can still be checked.

use std::path::Path;

use wo_cli::{Exit, error};
use wo_folder::LOG_CURE;
use wo_label::{Chain, LogLine, erased};

use crate::forget::edit::Edit;
use crate::forget::search::Search;
use crate::forget::traces::Traces;

/// The log without what was said of forgotten videos.
pub(crate) fn edited(
    path: &Path,
    bytes: &[u8],
    traces: &Traces,
    search: &Search,
) -> anyhow::Result<Edit> {
    let mut chain = Chain::default();
    let mut new = Vec::with_capacity(bytes.len());
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let mut rest = bytes.len();
    for line in lines {
        let text = std::str::from_utf8(line).ok();
        let Some(text) = text.and_then(|text| text.strip_suffix('\n')) else {
            break;
        };
        match chain.follow(text) {
            Ok(LogLine::Review(review)) if is_theirs(&review, text, traces, search) => {
                new.extend_from_slice(erased(&review)?.as_bytes());
            }
            Ok(_) => new.extend_from_slice(line),
            Err(_) if rest == line.len() => break,
            Err(error) => {
                return Err(error!(
                    Exit::Integrity,
                    "{}:{}: {error}", path.display(), chain.n_lines() + 1;
                    "{LOG_CURE}"
                )
                .into());
            }
        }
        rest -= line.len();
    }
    // What a crash cut off was never acknowledged.
    let torn = bytes.get(bytes.len() - rest..).unwrap_or_default();
    if !search.is_in(torn) {
        new.extend_from_slice(torn);
    }
    Ok(Edit::of((new != bytes).then_some(new)))
}

fn is_theirs(review: &wo_record::Review, text: &str, traces: &Traces, search: &Search) -> bool {
    traces.videos.contains_key(&review.video_id) || search.is_in(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use wo_record::Review;

    use super::*;

    fn log(ids: &[&str]) -> Vec<u8> {
        let mut chain = Chain::default();
        let lines = ids.iter().map(|id| {
            let json = serde_json::json!({
                "sequence": 0, "at": "2026-03-01T09:30:00Z", "reviewer": "zoe", "decision": 1, "n_reviews": 1,
                "video_id": id, "index": 0, "old": {}, "new": {"note": format!("note of {id}")}, "previous": "",
            });
            let mut review: Review = serde_json::from_value(json).unwrap();
            chain.seal(&mut review).unwrap()
        });
        lines.collect::<String>().into_bytes()
    }

    fn left(bytes: &[u8]) -> anyhow::Result<Option<String>> {
        let traces = Traces {
            videos: [("gone".to_owned(), "forgotten-7-1".to_owned())].into(),
            ..Traces::default()
        };
        let search = Search::of(&traces).unwrap();
        Ok(match edited(Path::new("log"), bytes, &traces, &search)? {
            Edit::Replace(new) => Some(String::from_utf8(new).unwrap()),
            _ => None,
        })
    }

    #[test]
    fn what_was_said_is_erased_and_the_log_still_follows() {
        let bytes = log(&["a", "gone", "b", "gone"]);
        let text = left(&bytes).unwrap().unwrap();
        assert!(
            !text.contains("gone") && text.contains("note of b"),
            "{text}"
        );
        let mut chain = Chain::default();
        let n_erased = text
            .lines()
            .filter(|line| matches!(chain.follow(line).unwrap(), LogLine::Erased(_)));
        assert_eq!(n_erased.count(), 2);
        // Once more changes nothing.
        assert_eq!(left(text.as_bytes()).unwrap(), None);
        assert_eq!(left(&log(&["a"])).unwrap(), None);
    }

    #[test]
    fn half_a_line_of_theirs_goes_and_damage_is_refused() {
        let bytes = log(&["a", "gone"]);
        let text = left(&bytes[..bytes.len() - 9]).unwrap().unwrap();
        assert_eq!(text.as_bytes(), log(&["a"]));
        let half = &log(&["a", "b"])[..bytes.len() - 20];
        assert_eq!(left(half).unwrap(), None);
        let changed = String::from_utf8(log(&["a", "b"]))
            .unwrap()
            .replace("note of a", "note of c");
        assert!(left(changed.as_bytes()).is_err());
    }
}
