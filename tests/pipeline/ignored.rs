//! What git keeps of the folder of videos: what people write, and no video.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn what_people_write_beside_their_videos_is_not_ignored() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(args).current_dir(folder.path()).output()
    };
    let Ok(made) = git(&["init", "--quiet"]) else {
        wo_testkit::skip::not_available("git");
        return;
    };
    assert!(made.status.success());
    fs::copy(root.join(".gitignore"), folder.path().join(".gitignore")).expect("a copy");
    let is_ignored = |path: &str| {
        let checked = git(&["check-ignore", "--quiet", path]).expect("git runs");
        checked.status.success()
    };
    let data = "data/training_data";
    for kept in [
        "data/README.md",
        "data/captions.toml",
        &format!("{data}/README.md"),
        &format!("{data}/groups.csv"),
        &format!("{data}/squat/groups.csv"),
        &format!("{data}/Groups.csv"),
        &format!("{data}/squat/GROUPS.CSV"),
        &format!("{data}/squat/README.md"),
        &format!("{data}/squat/good_form/README.md"),
        &format!("{data}/squat/bad_form/knees_cave/README.md"),
        &format!("{data}/squat/unclear/.gitkeep"),
        &format!("{data}/lunge/unclear/README.md"),
    ] {
        assert!(!is_ignored(kept), "{kept} is ignored");
    }
    for ignored in [
        &format!("{data}/a.mp4"),
        &format!("{data}/squat/unclear/a.mp4"),
        &format!("{data}/squat/bad_form/knees_cave/a.jpg"),
        "data/labeled_frames/records.ndjson",
        "data/labeled_frames/squat_good_form.csv",
        "demo/m.pt",
        "models/workout/model.safetensors",
    ] {
        assert!(is_ignored(ignored), "{ignored} is not ignored");
    }
}
