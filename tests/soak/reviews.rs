//! Reviews that mend labels, given to `wo-review import` as a person's answers.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::plan::Which;
use crate::tools::{of_type, output, records};
use crate::video::Video;
use crate::workspace::Workspace;

impl Workspace {
    /// Reviews all frames of wrongly filed videos.
    pub(crate) fn review(&mut self, which: Which) -> String {
        let extracted = self.extracted();
        let by_name = frames(&extracted);
        let mut tasks = Vec::new();
        let mut n_videos = 0;
        for video in self.videos.iter_mut().filter(|it| which.takes(it)) {
            let Some(frames) = by_name.get(&video.name) else {
                continue;
            };
            tasks.extend(frames.iter().map(|path| task(path, video)));
            video.is_reviewed = true;
            n_videos += 1;
        }
        if tasks.is_empty() {
            return "nothing to review".to_owned();
        }
        let path = self.tools.folder().join("tasks.json");
        fs::write(&path, Value::from(tasks).to_string()).expect("write the answers");
        let tool = self.tools.tool("wo-review").arg("import");
        let run = tool
            .arg(self.frames())
            .arg(&path)
            .args(["--reviewer", "coach"])
            .run();
        // An answer that is not taken over is no review.
        assert_eq!(run.status, 0, "wo-review import: {}", run.stderr);
        format!("{n_videos} mended by reviews")
    }

    /// What `wo-extract` wrote last.
    pub(crate) fn extracted(&self) -> Vec<Value> {
        let path = self.frames().join("records.ndjson");
        records(&fs::read_to_string(path).expect("the frames have records"))
    }

    /// The held-out videos with the labels of now.
    pub(crate) fn held_out(&self) -> String {
        let log = self.frames().join("reviews.ndjson");
        let mut describe = self.tools.tool("wo-describe");
        describe = describe.arg("data/labeled_frames/records.ndjson");
        if log.exists() {
            describe = describe.args(["--reviews", "data/labeled_frames/reviews.ndjson"]);
        }
        let described = output("wo-describe", describe.run());
        let split = self.tools.tool("wo-models");
        let split = split.args(["split", "--keep", "held-out"]);
        output("wo-models split", split.stdin(described).run())
    }
}

/// The ids of videos by the names of their files.
pub(crate) fn ids(extracted: &[Value]) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = |video: &Value| {
        let path = text(&video["path"]);
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    of_type(extracted, "video")
        .map(|video| (name(video), text(&video["video_id"])))
        .collect()
}

/// The image files of each video, by the name of its file.
fn frames(extracted: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut by_id: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for frame in of_type(extracted, "frame") {
        let path = frame["image"]["file"]["path"].as_str();
        if let (Some(id), Some(path)) = (frame["video_id"].as_str(), path) {
            by_id.entry(id).or_default().push(path.to_owned());
        }
    }
    let ids = ids(extracted);
    let of = |id: &String| by_id.remove(id.as_str()).unwrap_or_default();
    let (names, ids): (Vec<&String>, Vec<&String>) = ids.iter().unzip();
    let frames: Vec<Vec<String>> = ids.into_iter().map(of).collect();
    names.into_iter().cloned().zip(frames).collect()
}

/// What a person answers of one frame.
fn task(path: &str, video: &Video) -> Value {
    let choices = |question: &str, choice: &str| json!({"from_name": question, "to_name": "image", "type": "choices", "value": {"choices": [choice]}});
    let mut result = vec![choices("label", &video.truth)];
    result.extend(video.fault.iter().map(|fault| choices("faults", fault)));
    json!({
        "data": {"image": format!("/data/local-files/?d={path}")},
        "annotations": [{"completed_by": {"username": "coach"}, "result": result}],
    })
}
