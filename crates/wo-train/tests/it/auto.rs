//! `--init auto`: what the videos look like decides, and what cannot be had is said everywhere.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use wo_testkit::hub::{Hostility, Server};
use wo_testkit::{Run, TempDir, Tool, stream, tempdir};

use crate::looks::{drawn, photographed};
use crate::{records, tool};

pub(crate) const REPOSITORY: &str = "openai/clip-vit-base-patch32";
/// The revision in which the repository has safetensors.
const REVISION: &str = "refs/pr/15";
const CAUTION: &str = "the base model has only seen drawn lifters";

/// A run of a second that writes the model `m`.
pub(crate) const QUICK: [&str; 11] = [
    "--epochs",
    "1",
    "--method",
    "probe",
    "--validation",
    "0.3",
    "--test",
    "0",
    "-j1",
    "--output",
    "m",
];

/// A user's disk, and a Hub whose model is a small one with random weights.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) hub: Server,
}

pub(crate) fn commit() -> String {
    "0a".repeat(20)
}

/// The files of a small CLIP with random weights, as `wo-train` writes them.
fn small_clip() -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempdir().expect("a folder");
    let model = folder.path().join("clip");
    let run = tool()
        .args([
            "--init",
            "scratch:tiny",
            "--epochs",
            "1",
            "--validation",
            "0",
            "--test",
            "0",
            "-j1",
        ])
        .arg("--output")
        .arg(&model)
        .stdin(stream(&drawn(8)))
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    let names = [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "preprocessor_config.json",
    ];
    names
        .map(|name| (name, fs::read(model.join(name)).expect("written")))
        .into()
}

impl World {
    pub(crate) fn new() -> Self {
        let hub = Server::start();
        hub.put(REPOSITORY, REVISION, &commit(), &small_clip());
        let folder = tempdir().expect("a folder");
        Self { folder, hub }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn tool(&self) -> Tool {
        tool()
            .args(QUICK)
            .hub(&self.hub, self.at("cache"))
            .current_dir(self.folder.path())
    }

    pub(crate) fn train(&self, lines: &[String], more: &[&str]) -> Run {
        self.tool().args(more).stdin(stream(lines)).run()
    }

    fn card(&self) -> String {
        fs::read_to_string(self.at("m/README.md")).expect("a card")
    }

    fn manifest(&self) -> Value {
        let text = fs::read(self.at("m/wo.json")).expect("a model");
        serde_json::from_slice(&text).expect("JSON")
    }
}

pub(crate) fn base(run: &Run) -> Value {
    let bases = records(&run.stdout, "base");
    assert_eq!(bases.len(), 1, "{}", run.stdout);
    bases[0].clone()
}

/// Asserts that a run took the embedded model for want of the other, and says so beside every metric.
fn fell_back(world: &World, run: &Run, why: &str) {
    assert_eq!(run.status, 0, "{}", run.stderr);
    let words = format!("{REPOSITORY} cannot be had: ");
    assert!(
        run.stderr.contains(&words) && run.stderr.contains(why),
        "{}",
        run.stderr
    );
    let base = base(run);
    assert_eq!(
        (&base["init"], &base["wanted"], &base["caution"]),
        (&"tiny".into(), &REPOSITORY.into(), &"drawn_base".into())
    );
    assert!(
        base["why"].as_str().is_some_and(|it| it.contains(why)),
        "{base}"
    );
    for kind in ["metric", "score"] {
        let all = records(&run.stdout, kind);
        assert!(!all.is_empty(), "{kind}");
        for record in all {
            assert_eq!(record["caution"], "drawn_base", "{record}");
        }
    }
    // Each line with a metric, and the title of the table of baselines.
    let metrics = [
        "balanced accuracy",
        "the best baseline",
        "abstention threshold",
    ];
    // What the plan warns of is no metric.
    let lines = run.stderr.lines();
    for line in lines.filter(|line| !line.contains("too few to set an abstention threshold")) {
        if metrics.iter().any(|it| line.contains(it)) {
            assert!(line.contains(CAUTION), "{line}\nin\n{}", run.stderr);
        }
    }
    assert!(world.card().contains(CAUTION), "{}", world.card());
    assert_eq!(world.manifest()["base"]["wanted"], REPOSITORY);
    assert!(!world.at("models/models.lock").exists());
}

/// Asserts that a run took the model of the Hub, without a caution.
pub(crate) fn took_the_real_one(world: &World, run: &Run) {
    assert_eq!(run.status, 0, "{}", run.stderr);
    let base = base(run);
    assert_eq!(
        (&base["init"], &base["commit"]),
        (&REPOSITORY.into(), &commit().into())
    );
    assert!(
        base["caution"].is_null() && base["wanted"].is_null(),
        "{base}"
    );
    assert!(
        records(&run.stdout, "score")
            .iter()
            .all(|it| it["caution"].is_null())
    );
    assert!(!run.stderr.contains(CAUTION), "{}", run.stderr);
    let (card, plan) = (
        world.card(),
        format!("base model {REPOSITORY} at commit {} (auto: ", commit()),
    );
    assert!(run.stderr.contains(&plan), "{}", run.stderr);
    assert!(
        card.contains(&commit()) && card.contains("look photographed") && !card.contains(CAUTION),
        "{card}"
    );
    assert_eq!(world.manifest()["base"]["commit"], commit());
}

#[test]
fn drawn_videos_start_from_the_embedded_model_without_a_question() {
    let world = World::new();
    let run = world.train(&drawn(16), &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(world.hub.n_connections(), 0);
    let base = base(&run);
    assert_eq!(
        (&base["init"], &base["why"]),
        (&"tiny".into(), &"auto: all 16 videos look drawn".into())
    );
    assert!(base["caution"].is_null(), "{base}");
    assert!(
        run.stderr
            .contains("base model tiny (auto: all 16 videos look drawn)"),
        "{}",
        run.stderr
    );
    // The same bytes as with the model named.
    let weights = fs::read(world.at("m/model.safetensors")).expect("weights");
    let named = world.train(&drawn(16), &["--init", "tiny"]);
    assert!(
        named.stderr.contains("base model tiny (from --init)"),
        "{}",
        named.stderr
    );
    assert!(weights == fs::read(world.at("m/model.safetensors")).expect("weights"));
}

#[test]
fn photographs_fetch_the_real_model_once_and_then_find_it_in_the_cache() {
    let world = World::new();
    let planned = world.train(&photographed(16), &["--dry-run", "--offline"]);
    assert!(
        planned.stderr.contains("cannot be had"),
        "{}",
        planned.stderr
    );
    assert_eq!(world.hub.n_connections(), 0);
    let run = world.train(&photographed(16), &[]);
    took_the_real_one(&world, &run);
    let said =
        format!("all 16 videos look photographed: fetching {REPOSITORY} once (about 600 MB) into ");
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    let lock = fs::read_to_string(world.at("models/models.lock")).expect("a lock file");
    assert!(lock.contains(&commit()), "{lock}");
    let n_connections = world.hub.n_connections();
    for more in [&[][..], &["--offline"]] {
        let again = world.train(&photographed(16), more);
        took_the_real_one(&world, &again);
        assert!(!again.stderr.contains("fetching"), "{}", again.stderr);
    }
    assert_eq!(world.hub.n_connections(), n_connections);
}

#[test]
fn mixed_videos_are_counted_and_some_photographs_are_enough() {
    let world = World::new();
    let mixed = [drawn(12), photographed(16)[12 * 3..].to_vec()].concat();
    let run = world.train(&mixed, &[]);
    took_the_real_one(&world, &run);
    let words = "of 16 videos 4 look photographed and 12 drawn; a model that knows photographs learns drawings as well";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

#[test]
fn what_cannot_be_had_is_said_beside_every_metric_and_forgotten_by_the_next_run() {
    for (status, why) in [
        (401, "refuses"),
        (403, "refuses"),
        (404, "there is no revision"),
    ] {
        let world = World::new();
        world.hub.fail_with(Some(status));
        fell_back(&world, &world.train(&photographed(16), &[]), why);
        world.hub.fail_with(None);
        took_the_real_one(&world, &world.train(&photographed(16), &[]));
    }
    let world = World::new();
    fell_back(
        &world,
        &world.train(&photographed(16), &["--offline"]),
        "this run is offline",
    );
    let offline = world.tool().env("HF_HUB_OFFLINE", "1");
    fell_back(
        &world,
        &offline.stdin(stream(&photographed(16))).run(),
        "this run is offline",
    );
    assert_eq!(world.hub.n_connections(), 0);
    world.hub.fail_with(Some(500));
    fell_back(
        &world,
        &world.train(&photographed(16), &[]),
        "the Hub answers 500",
    );
    world.hub.fail_with(None);
    // More than the disk has room for.
    world.hub.be(Hostility {
        announced: Some(1 << 60),
        ..Hostility::default()
    });
    fell_back(&world, &world.train(&photographed(16), &[]), "MiB free");
    world.hub.be(Hostility::default());
    took_the_real_one(&world, &world.train(&photographed(16), &[]));
}

#[test]
fn nobody_at_the_address_of_the_hub_is_as_no_network() {
    let world = World::new();
    let run = world
        .tool()
        .env("HF_ENDPOINT", "http://127.0.0.1:9")
        .stdin(stream(&photographed(16)))
        .run();
    fell_back(&world, &run, "fetch openai/clip-vit-base-patch32");
}

#[test]
fn another_file_than_the_pinned_one_stays_an_error() {
    let world = World::new();
    took_the_real_one(&world, &world.train(&photographed(16), &[]));
    let snapshot = format!(
        "cache/models--openai--clip-vit-base-patch32/snapshots/{}",
        commit()
    );
    let weights = fs::canonicalize(world.at(&snapshot).join("model.safetensors")).expect("fetched");
    let mut bytes = fs::read(&weights).expect("weights");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&weights, &bytes).expect("written");
    for more in [&[][..], &["--offline"]] {
        let run = world.train(&photographed(16), more);
        assert_eq!((run.status, run.stdout.as_str()), (6, ""), "{}", run.stderr);
        assert!(
            run.stderr.contains("is not the file it should be"),
            "{}",
            run.stderr
        );
    }
    // The Hub sends other bytes than it names, at the first use.
    let world = World::new();
    world.hub.lie();
    let run = world.train(&photographed(16), &[]);
    assert_eq!((run.status, run.stdout.as_str()), (6, ""), "{}", run.stderr);
    assert!(!world.at("models/models.lock").exists());
}
