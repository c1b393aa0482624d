//! A workspace made by hand, with all that the tools leave of videos of Anna and of Ben.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wo_label::Chain;
use wo_record::Review;
use wo_testkit::{TempDir, stream, tempdir};

/// A video, and the two frames that were taken of it.
pub(crate) struct Film {
    pub(crate) path: &'static str,
    pub(crate) person: &'static str,
    pub(crate) source: &'static str,
    pub(crate) address: &'static str,
    pub(crate) split: &'static str,
}

/// Anna in two gyms, Ben in one of them. Her group is called after her, and he is in it, since he shares her gym.
pub(crate) const FILMS: [Film; 3] = [
    Film {
        path: "squat/good_form/anna_1.mp4",
        person: "Anna",
        source: "gym west",
        address: "https://tube.example/watch?v=anna1",
        split: "train",
    },
    Film {
        path: "squat/bad_form/anna/knees cave 2.mp4",
        person: "anna",
        source: "annas garage",
        address: "https://tube.example/watch?v=anna2",
        split: "validation",
    },
    Film {
        path: "squat/bad_form/ben_1.mp4",
        person: "Ben",
        source: "Gym West",
        address: "https://tube.example/watch?v=ben1",
        split: "test",
    },
];

impl Film {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        format!("the bytes of {}", self.path)
            .repeat(40)
            .into_bytes()
    }

    pub(crate) fn id(&self) -> String {
        blake3::hash(&self.bytes()).to_hex().to_string()
    }

    pub(crate) fn is_of_anna(&self) -> bool {
        self.person.eq_ignore_ascii_case("anna")
    }

    pub(crate) fn image(&self, index: u32) -> Vec<u8> {
        format!("frame {index} of {}", self.path)
            .repeat(20)
            .into_bytes()
    }

    fn image_path(&self, index: u32) -> String {
        let folder = if self.path.contains("good") {
            "good"
        } else {
            "bad"
        };
        format!(
            "frames_squat_{folder}/{}_{index:03}_0000000.jpg",
            &self.id()[..16]
        )
    }

    /// A perceptual hash that only its frames have.
    pub(crate) fn hash(&self) -> String {
        self.id()[20..36].to_owned()
    }

    pub(crate) fn keys(&self) -> [String; 2] {
        let source = self.source.to_lowercase().replace(' ', "");
        [
            format!("person:{}", self.person.to_lowercase()),
            format!("source:{source}"),
        ]
    }

    fn label(&self) -> &str {
        self.path.split('/').nth(1).expect("a label")
    }
}

/// The workspace, and a folder of caches beside it.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        let workspace = Self(tempdir().expect("a folder"));
        workspace.videos();
        workspace.ledger();
        workspace.frames();
        workspace.models();
        workspace.caches();
        workspace
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.0.path().join("gym")
    }

    pub(crate) fn caches_dir(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.dir().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        fs::write(path, bytes).expect("write a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.dir().join(path).exists()
    }

    fn videos(&self) {
        let mut groups = "path,person_id,source_id,angle\n".to_owned();
        let mut sources = "url,exercise,label,person,source,licence,consent\n".to_owned();
        for film in &FILMS {
            self.write(&format!("data/training_data/{}", film.path), film.bytes());
            groups += &format!("{},{},{},side\n", film.path, film.person, film.source);
            let (url, label) = (film.address, film.label());
            sources += &format!(
                "{url},squat,{label},{},{},CC BY,\n",
                film.person, film.source
            );
        }
        groups += "squat/good_form/anna_9.mp4,anna,,\n";
        self.write("data/training_data/groups.csv", groups);
        self.write("data/sources.csv", sources);
        self.write("data/training_data/squat/good_form/anna_1.srt", "subtitles");
        self.write(
            "data/training_data/squat/good_form/anna_1.mp4.part",
            "half of it",
        );
        self.write("data/quarantine/copy.mp4", FILMS[0].bytes());
    }

    fn ledger(&self) {
        let path = self.dir().join("data/ledger.ndjson");
        let mut ledger = wo_ledger::Ledger::<Value>::open(&path).expect("a ledger");
        for film in &FILMS {
            let entry = json!({
                "kind": "fetched", "at": "2026-11-01T00:00:00Z", "address": film.address,
                "said": {"url": film.address, "exercise": "squat", "label": film.label(), "faults": [], "person": film.person,
                    "source": film.source, "angle": null, "start_s": null, "end_s": null, "licence": "CC BY", "consent": null,
                    "note": null},
                "origin": {"final_url": format!("{}&x=1", film.address), "title": format!("{} squats", film.person),
                    "uploader": format!("{} lifts", film.person), "channel": null, "uploaded": null, "licence": null},
                "file": {"path": film.path, "blake3": film.id(), "n_bytes": 3}, "tools": [],
            });
            ledger.append(entry).expect("an entry");
        }
    }

    fn records(films: &[&Film]) -> String {
        let mut lines = Vec::new();
        for film in films {
            let path = format!("data/training_data/{}", film.path);
            lines.push(json!({"type": "video", "video_id": film.id(), "path": path, "person_id": film.person,
                "source_id": film.source, "exercise": "squat", "label": film.label()}));
            for index in 0..2 {
                lines.push(Self::frame(film, index));
            }
        }
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        stream(&lines)
    }

    fn frame(film: &Film, index: u32) -> Value {
        let hash = blake3::hash(&film.image(index)).to_hex().to_string();
        json!({"type": "frame", "video_id": film.id(), "index": index, "pts_ms": 1.5, "label": film.label(),
            "image": {"file": {"path": film.image_path(index), "blake3": hash}},
            "description": format!("{} squats", film.person),
            "quality": {"sharpness": 1.0, "brightness": 0.5, "contrast": 0.2, "perceptual_hash": film.hash()}})
    }

    fn frames(&self) {
        let films: Vec<&Film> = FILMS.iter().collect();
        self.write("data/labeled_frames/records.ndjson", Self::records(&films));
        let mut state = "{\"has_records\":true}\n".to_owned();
        let mut tables = [("good_form", String::new()), ("bad_form", String::new())];
        for film in &FILMS {
            let video = json!({"video_id": film.id(), "path": format!("data/training_data/{}", film.path),
                "person_id": film.person});
            let frames = [Self::frame(film, 0), Self::frame(film, 1)];
            state += &format!(
                "{}\n",
                json!({"settings": "x", "video": video, "frames": frames, "failure": null})
            );
            for index in 0..2 {
                self.write(
                    &format!("data/labeled_frames/{}", film.image_path(index)),
                    film.image(index),
                );
            }
            let table = tables
                .iter_mut()
                .find(|it| it.0 == film.label())
                .expect("a table");
            table.1 += &format!(
                "{},{},words of {}\r\n",
                film.image_path(0),
                film.label(),
                film.person
            );
        }
        self.write("data/labeled_frames/.wo-extract.ndjson", state);
        for (label, rows) in tables {
            let table = format!("frame_path,label,description\r\n{rows}");
            self.write(&format!("data/labeled_frames/squat_{label}.csv"), table);
        }
        let trash = Self::records(&[&FILMS[1]]);
        self.write("data/labeled_frames/trash/records.ndjson", trash);
        let image = FILMS[1].image_path(1);
        self.write(
            &format!("data/labeled_frames/trash/{image}"),
            FILMS[1].image(1),
        );
        self.write(
            "data/labeled_frames/trash/squat_bad_form.csv",
            format!("frame_path,label\n{image},bad\n"),
        );
        self.write(
            "data/labeled_frames/.records.ndjson.a1B2c3",
            Self::records(&[&FILMS[0]]),
        );
        self.reviews();
        let inline = json!({"type": "frame", "video_id": FILMS[0].id(), "index": 0,
            "image": {"inline": {"jpeg_base64": STANDARD.encode(FILMS[0].image(0))}}});
        self.write("data/described.ndjson", stream(&[inline.to_string()]));
    }

    fn reviews(&self) {
        let mut chain = Chain::default();
        let mut text = String::new();
        for (film, decision, n_reviews) in [(0, 1, 1), (2, 2, 2), (1, 2, 2), (2, 4, 1)] {
            let film: &Film = &FILMS[film];
            let json = json!({"sequence": 0, "at": "2026-11-02T00:00:00Z", "reviewer": "zoe", "decision": decision,
                "n_reviews": n_reviews, "video_id": film.id(), "index": 0, "path": film.image_path(0), "old": {},
                "new": {"note": format!("{} again", film.person)}, "previous": ""});
            let mut review: Review = serde_json::from_value(json).expect("a review");
            text += &chain.seal(&mut review).expect("a line");
        }
        self.write("data/labeled_frames/reviews.ndjson", text);
        self.write(
            "data/labeled_frames/reviews.ndjson.torn",
            format!("{{\"video_id\":\"{}\",\"no", FILMS[0].id()),
        );
    }

    /// What a model that was trained on all films knows of itself.
    pub(crate) fn manifest() -> Value {
        let videos = FILMS.iter().map(|film| {
            json!({"video_id": film.id(), "group": "person:anna", "keys": film.keys(), "split": film.split,
                "exercise": "squat", "label": film.label(), "duration_ms": 4200.5, "hashes": [film.hash()],
                "fingerprint": format!("fingerprint {}", &film.id()[40..])})
        });
        json!({"version": "0.1.0", "init": "tiny", "classes": [], "prompts": [], "group_by": "both", "trust": null,
            "videos": videos.collect::<Vec<_>>(), "arguments": {"seed": 0}, "metrics": {"x": 0.1}})
    }

    fn models(&self) {
        let manifest = format!("{:#}\n", Self::manifest());
        for model in ["versions/1", "m.bak"] {
            self.write(&format!("models/{model}/wo.json"), &manifest);
            self.write(&format!("models/{model}/config.json"), "{}");
            self.write(&format!("models/{model}/README.md"), "# A judge of form\n");
        }
        let weights = self.dir().join("models/versions/1/model.safetensors");
        fs::write(&weights, sealed(&manifest)).expect("weights");
        fs::hard_link(&weights, self.dir().join("models/m.bak/model.safetensors")).expect("a link");
        std::os::unix::fs::symlink("versions/1", self.dir().join("models/current"))
            .expect("a link");
        let other = json!({"videos": [{"video_id": FILMS[2].id(), "group": "person:ben", "split": "train"}]});
        self.write("models/other/wo.json", format!("{other:#}\n"));
        let predictions: Vec<String> = FILMS
            .iter()
            .map(|film| {
                json!({"type": "prediction", "video_id": film.id(), "path": film.path, "group": "person:anna",
                    "keys": film.keys(), "joining": ["person:anna"], "labels": {"good_form": 0.5}}).to_string()
            })
            .collect();
        self.write("models/versions/1/out_of_fold.ndjson", stream(&predictions));
        let page = |film: &Film| {
            let image = STANDARD.encode(film.image(0));
            format!(
                "<html><td>{}</td><img src=\"data:image/jpeg;base64,{image}\"></html>",
                film.path
            )
        };
        self.write("models/reports/anna.html", page(&FILMS[0]));
        self.write("models/reports/2.html", page(&FILMS[0]));
        self.write("models/reports/3.html", page(&FILMS[2]));
        self.write(
            "models/reports/4.html",
            "<html><tr><td>person_id</td><td>Anna</td></tr></html>",
        );
        self.write("models/reports/sheet.png", "a contact sheet");
        let hashes = FILMS
            .iter()
            .map(|film| (format!("data/training_data/{}", film.path), film.id()));
        let hashes: serde_json::Map<String, Value> =
            hashes.map(|(path, id)| (path, Value::from(id))).collect();
        self.write("models/.hashes.json", Value::Object(hashes).to_string());
        self.write(
            "models/retrain.log",
            format!("took {} and {}\n", FILMS[0].path, FILMS[2].path),
        );
        for log in ["retrain.log", "retrain.log.1"] {
            let text = format!(
                "begin\nwo-models: b.mp4 (person anna held out)\ntook {}\n",
                FILMS[2].path
            );
            self.write(&format!("models/logs/{log}"), text);
        }
        self.write(
            "models/last-run.json",
            "{\"outcome\":\"promoted\",\"why\":\"b.mp4 (person anna held out)\"}\n",
        );
        self.model_ledger();
    }

    fn caches(&self) {
        let features = self.caches_dir().join("wo/features");
        fs::create_dir_all(&features).expect("a folder");
        let key = blake3::hash(&FILMS[0].image(0));
        fs::write(features.join("model.rows"), &key.as_bytes()[..16]).expect("a cache");
        self.write("exports/image_0.jpg", FILMS[0].image(0));
        let tasks = FILMS.iter().map(|film| json!({"data": {"image": format!("/data/local-files/?d={}", film.image_path(0))}}));
        self.write(
            "exports/tasks.json",
            Value::from(tasks.collect::<Vec<_>>()).to_string(),
        );
    }

    /// All files below everything, and their bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files_below(self.root())
    }
}

pub(crate) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            // An empty folder has a name too.
            files.push((path.clone(), Vec::new()));
            files.extend(files_below(&path));
        } else if kind.is_file() {
            files.push((path.clone(), fs::read(&path).expect("a file")));
        }
    }
    files.sort();
    files
}

/// Weights with the seal of a manifest.
fn sealed(manifest: &str) -> Vec<u8> {
    let header =
        r#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut weights = (header.len() as u64).to_le_bytes().to_vec();
    weights.extend_from_slice(header.as_bytes());
    weights.extend_from_slice(&[1, 2, 3, 4]);
    let seal = wo_seal::seal_of(manifest).expect("a seal");
    wo_seal::write_seal(&mut weights, &seal).expect("sealed");
    weights
}
