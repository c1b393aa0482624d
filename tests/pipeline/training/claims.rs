//! What the tutorial promises of each block of commands.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::records;
use crate::training::films::{FORGOTTEN, N_PERSONS};
use crate::training::{Shown, files_below};

/// How a block begins, and what is looked at after it: in the folder that the page makes, and in what was shown.
type Claim = (&'static str, fn(&Path, &Shown));

/// One for each block, in their order.
pub(super) const CLAIMS: [Claim; 15] = [
    ("wo-collect init gym\n", a_folder_to_begin_with),
    ("wo-collect --dry-run\nwo-collect\n", videos_in_their_places),
    ("wo-extract probe ", one_consent_is_missing),
    ("wo-collect check ", nothing_is_to_be_mended),
    ("wo-extract data/training_data --out ", frames_to_look_at),
    ("wo-describe ", words_for_frames),
    ("sed -i ", arguments_of_training),
    (
        "\"$WO\"/scripts/retrain\nwo-models show\n",
        a_model_is_promoted,
    ),
    ("ls models/reports\n", a_report_to_read),
    ("wo-extract new_video.mp4 | wo-eval ", a_verdict),
    ("\"$WO\"/scripts/retrain\ntail ", nothing_has_changed),
    ("wo-eval --predictions ", lists_of_what_to_look_at),
    ("\"$WO\"/scripts/retrain || ", better_or_as_before),
    ("wo-collect add-exercise lunge\n", an_exercise_to_fill_in),
    ("wo-collect forget person:", nothing_of_them_is_left),
];

fn read(gym: &Path, name: &str) -> String {
    let path = gym.join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn last_run(gym: &Path) -> Value {
    serde_json::from_str(&read(gym, "models/last-run.json")).expect("last-run.json is JSON")
}

/// The version of the model in use.
fn in_use(gym: &Path) -> String {
    let current = fs::canonicalize(gym.join("models/current")).expect("a model is in use");
    assert!(
        current.join("config.json").is_file(),
        "models/current is no model"
    );
    let version = current.file_name().expect("a version has a name");
    version.to_string_lossy().into_owned()
}

fn a_folder_to_begin_with(gym: &Path, shown: &Shown) {
    for file in [
        "wo.toml",
        "data/sources.csv",
        "data/captions.toml",
        "data/training_data/groups.csv",
    ] {
        assert!(gym.join(file).is_file(), "no {file}");
    }
    for label in ["good_form", "bad_form", "unclear"] {
        read(gym, &format!("data/training_data/squat/{label}/README.md"));
    }
    for name in ["data", "models", "wo.toml"] {
        assert!(
            shown.stdout.lines().any(|line| line == name),
            "{}",
            shown.stdout
        );
    }
}

fn videos_in_their_places(gym: &Path, _: &Shown) {
    let videos = gym.join("data/training_data/squat");
    let count = |label: &str| {
        let files = files_below(&videos.join(label)).into_iter();
        files
            .filter(|file| file.extension().is_some_and(|it| it == "mp4"))
            .count()
    };
    let n = N_PERSONS as usize;
    assert_eq!((count("good_form"), count("bad_form")), (n, n));
    let faults = files_below(&videos.join("bad_form/knees_cave"));
    assert!(!faults.is_empty(), "faults have their folders");
    let groups = read(gym, "data/training_data/groups.csv");
    assert_eq!(groups.matches(FORGOTTEN).count(), 2, "{groups}");
    let ledger = read(gym, "data/ledger.ndjson");
    assert!(ledger.lines().count() >= 2 * n, "each video has an entry");
}

fn one_consent_is_missing(_: &Path, shown: &Shown) {
    let n = format!("{N_PERSONS} of 30");
    for part in [
        "no_consent",
        "few_videos",
        "What to do first",
        "mend these first",
        &n,
    ] {
        assert!(
            shown.stdout.contains(part),
            "no {part} in\n{}",
            shown.stdout
        );
    }
    for part in [
        "no_group",
        "no_provenance",
        "copy_in_two_classes",
        "source_tells_label",
    ] {
        assert!(!shown.stdout.contains(part), "{part} in\n{}", shown.stdout);
    }
}

fn nothing_is_to_be_mended(_: &Path, shown: &Shown) {
    assert!(!shown.stdout.contains("no_consent"), "{}", shown.stdout);
    assert!(!shown.stdout.contains("To mend"), "{}", shown.stdout);
    assert!(shown.stdout.contains("few_videos"), "{}", shown.stdout);
}

fn frames_to_look_at(gym: &Path, _: &Shown) {
    let frames = records(&read(gym, "data/labeled_frames/records.ndjson"), "frame");
    assert_eq!(
        frames.len(),
        10 * 2 * N_PERSONS as usize,
        "ten of each video"
    );
    assert!(frames.iter().all(|frame| frame["description"].is_string()));
}

fn words_for_frames(gym: &Path, shown: &Shown) {
    let mut lines = shown.stdout.lines();
    let header = lines.next().unwrap_or_default();
    assert!(
        header.starts_with("frame_path,label,description"),
        "{header}"
    );
    assert!(lines.next().is_some_and(|line| line.contains("squat")));
    let reviews = read(gym, "data/labeled_frames/reviews.ndjson");
    assert!(reviews.contains("coach"), "decisions are kept");
}

fn arguments_of_training(_: &Path, shown: &Shown) {
    assert_eq!(shown.stdout, "--method\nprobe\n--folds\n3\n");
}

fn a_model_is_promoted(gym: &Path, shown: &Shown) {
    let run = last_run(gym);
    assert_eq!(
        (run["outcome"].as_str(), run["exit"].as_u64()),
        (Some("promoted"), Some(0))
    );
    let version = in_use(gym);
    assert_eq!(run["in_use"], version);
    let of_history = format!("promoted {version}");
    for part in ["balanced_accuracy.low>0.5", "in use, whole", &of_history] {
        assert!(
            shown.stdout.contains(part),
            "no {part} in\n{}",
            shown.stdout
        );
    }
}

fn a_report_to_read(gym: &Path, shown: &Shown) {
    let name = shown
        .stdout
        .lines()
        .find(|line| Path::new(line).extension() == Some("html".as_ref()));
    let report = read(gym, &format!("models/reports/{}", name.expect("a report")));
    for part in ["does it judge form?", "What to film next"] {
        let (report, part) = (report.to_lowercase(), part.to_lowercase());
        assert!(report.contains(&part), "the report has no \"{part}\"");
    }
    assert!(shown.stdout.contains("\"promoted\""), "{}", shown.stdout);
}

fn a_verdict(gym: &Path, shown: &Shown) {
    let verdicts = records(&read(gym, "verdict.ndjson"), "verdict");
    let [verdict] = &verdicts[..] else {
        panic!("one verdict, and not {verdicts:?}");
    };
    assert_eq!(verdict["path"], "new_video.mp4");
    assert!(shown.stderr.contains("new_video.mp4: "), "{}", shown.stderr);
    let reasons = verdict["reasons"].as_array().map_or(0, Vec::len);
    match verdict["label"].as_str() {
        Some("good_form" | "bad_form") => assert_eq!(reasons, 0),
        Some("unclear") => assert!(reasons > 0, "unclear without a reason: {verdict}"),
        other => panic!("{other:?} is no label"),
    }
    // The folds have measured when the model may speak.
    assert!(!verdict.to_string().contains("no_threshold"), "{verdict}");
}

fn nothing_has_changed(gym: &Path, shown: &Shown) {
    assert!(shown.stdout.contains("nothing changed"), "{}", shown.stdout);
    assert_eq!(last_run(gym)["outcome"], "unchanged");
    let versions = fs::read_dir(gym.join("models/versions")).expect("versions");
    assert_eq!(versions.count(), 1);
    assert_eq!(last_run(gym)["in_use"], in_use(gym));
}

fn lists_of_what_to_look_at(gym: &Path, _: &Shown) {
    let suspects = read(gym, "data/suspects.ndjson");
    assert_eq!(records(&suspects, "end").len(), 1, "a whole stream");
    let queued = records(&read(gym, "data/uncertain.ndjson"), "queued");
    let first: Vec<&Value> = queued.iter().take(3).collect();
    assert_eq!(first.len(), 3);
    for (rank, frame) in (1..).zip(&first) {
        assert_eq!(frame["rank"].as_u64(), Some(rank));
        let same = first
            .iter()
            .filter(|it| it["video_id"] == frame["video_id"]);
        assert_eq!(same.count(), 1, "not two frames of one video first");
    }
}

fn better_or_as_before(gym: &Path, shown: &Shown) {
    let run = last_run(gym);
    assert_eq!(run["in_use"], in_use(gym));
    match run["outcome"].as_str() {
        // The frames that were decided are of persons who are held out, so that training is the same.
        Some("promoted" | "unchanged") => assert_eq!(run["exit"], 0),
        Some("refused") => {
            assert_eq!(run["exit"], 1);
            assert!(shown.stdout.contains("\"why\""), "{}", shown.stdout);
            assert_ne!(run["why"], "");
        }
        other => panic!("{other:?}: {run}"),
    }
}

fn an_exercise_to_fill_in(gym: &Path, shown: &Shown) {
    for label in ["good_form", "bad_form", "unclear"] {
        assert!(
            shown.stdout.lines().any(|line| line == label),
            "{}",
            shown.stdout
        );
    }
    let captions = read(gym, "data/captions.toml");
    assert!(captions.contains("exercises.lunge"), "an entry to fill in");
}

fn nothing_of_them_is_left(gym: &Path, _: &Shown) {
    for folder in ["data", "models"] {
        for file in files_below(&gym.join(folder)) {
            let bytes = fs::read(&file).expect("a file");
            let has_name = bytes
                .windows(FORGOTTEN.len())
                .any(|it| it == FORGOTTEN.as_bytes());
            assert!(!has_name, "{} names them", file.display());
        }
    }
    let rows = read(gym, "data/sources.csv").lines().count();
    assert_eq!(rows, 1 + 2 * (N_PERSONS as usize - 1));
    let films = files_below(&gym.join("data/films")).len();
    assert_eq!(
        films,
        2 * (N_PERSONS as usize - 1),
        "the files from the phone go too"
    );
    assert!(read(gym, "data/ledger.ndjson").contains("forgotten"));
    // Either the model in use was not trained on them, or a new one is in its place.
    in_use(gym);
}
