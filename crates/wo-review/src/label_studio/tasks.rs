//! Frames as tasks of Label Studio, with what holds of them now.

use std::io::Write;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use wo_record::Judgement;

use super::address::address_of;
use crate::folder::FrameItem;
use crate::store::Store;

/// A picture and what people said of it.
#[derive(Debug, Serialize)]
struct Task {
    data: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
    /// What nobody has decided yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    predictions: Vec<Annotation>,
}

#[derive(Debug, Serialize)]
struct Annotation {
    result: Vec<Answer>,
}

#[derive(Debug, Serialize)]
struct Answer {
    from_name: &'static str,
    to_name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    value: Value,
}

impl Answer {
    fn of(from_name: &'static str, kind: &'static str, value: Value) -> Self {
        Self {
            from_name,
            to_name: "image",
            kind,
            value,
        }
    }
}

/// Writes one task for each frame that has a picture of its own.
pub(crate) fn write_tasks(store: &Store, output: &mut dyn Write) -> anyhow::Result<()> {
    let tasks = store
        .kept()
        .filter_map(|(id, frame, judgement)| task(store, id, frame, judgement));
    let mut json = serde_json::Serializer::pretty(&mut *output);
    json.collect_seq(tasks).map_err(std::io::Error::from)?;
    writeln!(output)?;
    Ok(())
}

fn task(store: &Store, id: u32, frame: &FrameItem, judgement: &Judgement) -> Option<Task> {
    let video = store.folder.video_of(frame)?;
    let path = frame.path.as_ref()?.to_str()?;
    let mut result = Vec::new();
    if let Some(label) = &judgement.label {
        let choices = json!({"choices": [label]});
        result.push(Answer::of("label", "choices", choices));
    }
    if !judgement.faults.is_empty() {
        let choices = json!({"choices": judgement.faults});
        result.push(Answer::of("faults", "choices", choices));
    }
    for (name, text) in [
        ("description", &judgement.description),
        ("note", &judgement.note),
    ] {
        if let Some(text) = text {
            result.push(Answer::of(name, "textarea", json!({"text": [text]})));
        }
    }
    let said = vec![Annotation { result }];
    let (annotations, predictions) = if store.is_judged(id) {
        (said, Vec::new())
    } else {
        (Vec::new(), said)
    };
    Some(Task {
        data: json!({
            "image": address_of(path),
            "path": path,
            "video_id": video.id,
            "index": frame.index,
            "pts_ms": frame.pts_ms,
            "exercise": frame.exercise,
        }),
        annotations,
        predictions,
    })
}
