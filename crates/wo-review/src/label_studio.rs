//! Tasks of Label Studio: written with what holds now, read back as reviews.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::BufReader;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wo_cli::{Exit, ExitWith, Outcome, count};
use wo_record::{BAD_FORM, GOOD_FORM, Judgement, Name, Review, UNCLEAR};

use crate::args::Import;
use crate::decision::Change;
use crate::export::kept;
use crate::store::Store;

/// A picture and what people said of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    data: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation>,
    /// What nobody has decided yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    predictions: Vec<Annotation>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Annotation {
    result: Vec<Answer>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    completed_by: Value,
    #[serde(default, skip_serializing)]
    was_cancelled: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    #[serde(default)]
    from_name: String,
    #[serde(default)]
    to_name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    value: Value,
}

/// Label Studio serves pictures of the folder that it was told of under this address.
const LOCAL_FILES: &str = "/data/local-files/?d=";

/// One task for each frame.
pub(crate) fn tasks(store: &Store) -> Vec<Task> {
    let answer = |name: &str, kind: &str, value: Value| Answer {
        from_name: name.to_owned(),
        to_name: "image".to_owned(),
        kind: kind.to_owned(),
        value,
    };
    let tasks = kept(store).filter_map(|(id, frame, judgement)| {
        let video = store.folder.video_of(frame)?;
        let path = frame.path.as_ref()?.to_str()?;
        let mut result = Vec::new();
        if let Some(label) = &judgement.label {
            result.push(answer("label", "choices", json!({"choices": [label]})));
        }
        if !judgement.faults.is_empty() {
            result.push(answer(
                "faults",
                "choices",
                json!({"choices": judgement.faults}),
            ));
        }
        if let Some(text) = &judgement.description {
            result.push(answer("description", "textarea", json!({"text": [text]})));
        }
        if let Some(text) = &judgement.note {
            result.push(answer("note", "textarea", json!({"text": [text]})));
        }
        let said = vec![Annotation {
            result,
            completed_by: Value::Null,
            was_cancelled: false,
        }];
        let (annotations, predictions) = if store.is_judged(id) {
            (said, Vec::new())
        } else {
            (Vec::new(), said)
        };
        Some(Task {
            data: json!({
                "image": format!("{LOCAL_FILES}{path}"),
                "path": path,
                "video_id": video.id,
                "index": frame.index,
                "exercise": frame.exercise,
            }),
            annotations,
            predictions,
        })
    });
    tasks.collect()
}

/// Reads tasks and writes what they say into the log, as far as it is new. One decision for each person.
pub(crate) fn import(store: &mut Store, args: &Import) -> anyhow::Result<Outcome> {
    let name = args.file.display();
    let file = File::open(&args.file)
        .with_context(|| format!("open {name}"))
        .exit_with(Exit::Io)?;
    let tasks: Vec<Task> = serde_json::from_reader(BufReader::new(file))
        .with_context(|| format!("{name}: not what Label Studio exports as JSON"))
        .exit_with(Exit::Integrity)?;
    let by_path: HashMap<String, u32> = (0..)
        .zip(&store.folder.frames)
        .filter_map(|(id, frame)| Some((frame.path.as_ref()?.to_str()?.to_owned(), id)))
        .collect();
    let labels = labels_of(store);
    let mut n_unmet = 0;
    let mut said = Vec::new();
    for task in &tasks {
        let Some(id) = frame_of(task, store, &by_path) else {
            n_unmet += 1;
            continue;
        };
        for annotation in task
            .annotations
            .iter()
            .filter(|annotation| !annotation.was_cancelled)
        {
            let change = change_of(annotation, &labels);
            change
                .check()
                .map_err(anyhow::Error::msg)
                .with_context(|| format!("{name}: frame {id}"))?;
            said.push((reviewer_of(annotation, &args.reviewer), id, change));
        }
    }
    let n_written = write(store, said, &args.reviewer)?;
    let (tasks, reviews) = (count(tasks.len(), "task"), count(n_written, "new review"));
    wo_cli::say!("{name}: {tasks}, {reviews}");
    if n_unmet > 0 {
        wo_cli::warn!(
            "{} about no frame of {}",
            count(n_unmet, "task"),
            args.folder.display()
        );
    }
    Ok(Outcome::from_failures(n_unmet))
}

/// Writes what is new; what nobody signed was said by `nobody`.
fn write(
    store: &mut Store,
    said: Vec<(Option<String>, u32, Change)>,
    nobody: &str,
) -> anyhow::Result<usize> {
    let mut by_reviewer: Vec<(u32, Vec<Review>)> = Vec::new();
    for (name, id, change) in said {
        let reviewer = store.reviewer(name.as_deref().unwrap_or(nobody));
        let Some(frame) = store.folder.frame(id) else {
            continue;
        };
        let old = store.judgement(id, frame);
        let video_id = store.folder.video_of(frame).map_or("", |video| &video.id);
        let new = change.applied_to(old, frame.exercise.as_ref(), video_id, &store.captions);
        // What that person said already, or what nobody changed, is no news.
        let is_known = store
            .entries_of(id)
            .any(|entry| entry.reviewer == reviewer && is_same(&entry.new, &new, &change));
        if is_known || change.says().is_empty() || (name.is_none() && is_same(old, &new, &change)) {
            continue;
        }
        let mut review = store.review(reviewer, frame, old.clone(), new);
        review.says = change.says();
        match by_reviewer.iter_mut().find(|(other, _)| *other == reviewer) {
            Some((_, reviews)) => reviews.push(review),
            None => by_reviewer.push((reviewer, vec![review])),
        }
    }
    let mut n_written = 0;
    for (_, reviews) in by_reviewer {
        n_written += reviews.len();
        store.append(reviews)?;
    }
    Ok(n_written)
}

/// Whether two say the same, whoever it was. A description that nobody wrote follows from the rest.
fn is_same(a: &Judgement, b: &Judgement, change: &Change) -> bool {
    (&a.label, &a.faults, &a.note) == (&b.label, &b.faults, &b.note)
        && (change.description.is_none() || a.description == b.description)
}

fn frame_of(task: &Task, store: &Store, by_path: &HashMap<String, u32>) -> Option<u32> {
    let text = |field: &str| task.data.get(field).and_then(Value::as_str);
    let index = task.data.get("index").and_then(Value::as_u64);
    if let (Some(video_id), Some(index)) = (text("video_id"), index)
        && let Some(id) = store.folder.find(video_id, u32::try_from(index).ok()?)
    {
        return Some(id);
    }
    let image = text("image")?;
    let path = text("path").or_else(|| image.split_once("?d=").map(|(_, path)| path));
    let path = path.unwrap_or(image);
    // Label Studio may put a folder of its own before the path.
    let ends = path
        .match_indices('/')
        .filter_map(|(at, _)| path.get(at + 1..));
    std::iter::once(path)
        .chain(ends)
        .find_map(|end| by_path.get(end).copied())
}

/// Who it was: some exports give only numbers.
fn reviewer_of(annotation: &Annotation, nobody: &str) -> Option<String> {
    let by = &annotation.completed_by;
    let number = by.as_u64().or_else(|| by.get("id").and_then(Value::as_u64));
    let name = by.get("email").or_else(|| by.get("username"));
    let name = name.and_then(Value::as_str).map(str::to_owned);
    name.or_else(|| number.map(|number| format!("{nobody} {number}")))
}

/// The labels that an answer may give: the usual ones and those of the folder.
fn labels_of(store: &Store) -> BTreeSet<Name> {
    let mut labels: BTreeSet<Name> = [GOOD_FORM, BAD_FORM, UNCLEAR].map(Name::new).into();
    for (id, frame) in (0..).zip(&store.folder.frames) {
        labels.extend(store.judgement(id, frame).label.clone());
    }
    labels
}

/// What an answer says. A question of any other name is taken for the label where its answer is one.
fn change_of(annotation: &Annotation, labels: &BTreeSet<Name>) -> Change {
    let mut change = Change::default();
    for answer in &annotation.result {
        let list = |field: &str| {
            let list = answer.value.get(field).and_then(Value::as_array);
            list.into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
        };
        match (answer.kind.as_str(), answer.from_name.as_str()) {
            ("choices", "faults") => {
                change.faults = Some(list("choices").into_iter().map(Name::new).collect());
            }
            ("choices", name) => {
                let choices = list("choices");
                let label = choices
                    .first()
                    .filter(|it| name == "label" || labels.contains(&Name::label(it)));
                change.label = label.map(|it| (*it).to_owned()).or(change.label);
            }
            ("textarea", "note") => change.note = Some(list("text").join("\n")),
            ("textarea", _) => change.description = Some(list("text").join(" ")),
            _ => {}
        }
    }
    change
}
