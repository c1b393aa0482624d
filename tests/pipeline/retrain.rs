//! `scripts/retrain` as cron calls it, week after week, with all that goes wrong in between: kills, poison, lost disks, damaged
//! models. The model in use stays or is replaced by a better one, and the reason is in the log.

mod workspace;

use std::fs;
use std::time::{Duration, Instant};

use wo_testkit::skip;

use crate::retrain::workspace::{Labels, Workspace};
use crate::{bash, ok};

/// Kills in the everyday run, and in `verify-full`.
const N_KILLS: usize = 5;
const N_KILLS_IN_FULL: usize = 100;

/// One test, since each week stands on the one before, and drawing takes longest.
#[test]
fn the_model_in_use_is_only_ever_replaced_by_a_better_one() {
    let workspace = Workspace::draw();
    a_first_model_is_promoted_and_nothing_is_done_twice(&workspace);
    whatever_is_killed_the_next_run_ends_as_if_nothing_had_happened(&workspace);
    // Each of these takes a run or more: `just verify-full`.
    if std::env::var_os("WO_FULL").is_none() {
        return;
    }
    one_run_at_a_time(&workspace);
    a_run_that_is_asked_to_stop_goes_on_later(&workspace);
    poisoned_labels_are_refused(&workspace);
    an_emptied_class_and_a_broken_video_change_nothing(&workspace);
    a_leaked_duplicate_is_named(&workspace);
    a_damaged_or_missing_model_is_said(&workspace);
    a_full_disk_leaves_all_as_it_was(&workspace);
    a_person_goes_back(&workspace);
}

fn a_first_model_is_promoted_and_nothing_is_done_twice(workspace: &Workspace) {
    // Who labelled took good for bad, and bad for good.
    workspace.lay(Labels::Swapped);
    let run = workspace.retrain(&[
        "--on-success-cmd",
        "printf %s \"$WO_EXIT $WO_WHY\" > success",
    ]);
    assert_eq!(
        (run.code, run.said.as_str()),
        (0, ""),
        "{}",
        workspace.log()
    );
    assert_eq!(workspace.last_run()["outcome"], "promoted");
    assert!(
        workspace
            .read("success")
            .starts_with("0 balanced_accuracy>=")
    );
    assert_eq!(workspace.version(), "000001");
    let report = workspace.last_run()["report"]
        .as_str()
        .expect("a report")
        .to_owned();
    assert!(workspace.read(&report).contains("<html"));
    assert!(!workspace.path("models/.challenger").exists());
    assert!(workspace.path("models/ledger.ndjson").exists());

    let started = Instant::now();
    let again = workspace.retrain(&[]);
    assert_eq!((again.code, again.said.as_str()), (0, ""));
    assert!(
        workspace
            .log()
            .contains("nothing changed since the last finished run, which ended: promoted 000001")
    );
    assert!(started.elapsed() < Duration::from_secs(30), "at once");
    // A clock that was set back, and files that were copied without their times, change nothing of what a run reads.
    ok(
        &workspace.path("."),
        "find data -name '*.mp4' -exec touch -d 2001-01-01 {} +",
    );
    workspace.retrain(&[]);
    assert_eq!(workspace.last_run()["stage"], "fingerprint");
    assert_eq!(workspace.last_run()["outcome"], "unchanged");
}

fn whatever_is_killed_the_next_run_ends_as_if_nothing_had_happened(workspace: &Workspace) {
    workspace.lay(Labels::Right);
    let undisturbed = workspace.copied("undisturbed");
    let started = Instant::now();
    let run = undisturbed.retrain(&[]);
    let takes = started.elapsed();
    assert_eq!(run.code, 0, "{}", undisturbed.log());
    assert_eq!(undisturbed.version(), "000002", "{}", undisturbed.log());

    let is_full = std::env::var_os("WO_FULL").is_some();
    let n_kills = if is_full { N_KILLS_IN_FULL } else { N_KILLS };
    for number in 0..n_kills {
        // Spread over all stages: the golden ratio leaves no gap.
        let share = (number as f64 * 0.618_034).fract();
        workspace.kill_after(takes.mul_f64(share), number);
        let last_run = workspace.last_run();
        assert!(last_run["outcome"].is_string(), "valid at each moment");
        assert!(["000001", "000002"].contains(&&*workspace.version()));
    }
    let run = workspace.retrain(&["--wait", "60"]);
    assert_eq!(run.code, 0, "{}\n{}", run.said, workspace.log());
    assert_eq!(workspace.version(), "000002", "{}", workspace.log());
    assert_eq!(workspace.model(), undisturbed.model(), "the same bytes");
    let decisions = |it: &Workspace| {
        let history = ok(&it.path("."), "wo-models history");
        let decided = history
            .lines()
            .filter(|it| it.contains("look at") || it.contains("promoted"));
        // Without the numbers and the times: undisturbed runs write fewer entries.
        decided
            .filter_map(|it| Some(it.split_once("Z  ")?.1.to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        decisions(workspace),
        decisions(&undisturbed),
        "looks are paid for once"
    );
    let left = ok(
        &workspace.path("."),
        "find models data -name '*.part*' -o -name '.current.new'",
    );
    assert_eq!(left, "");
    let done = undisturbed.path(".").canonicalize().expect("a folder");
    fs::remove_dir_all(done).expect("room for others");
}

fn one_run_at_a_time(workspace: &Workspace) {
    let line = "exec 9>>models/.retrain.lock; flock 9; touch held; exec sleep 300";
    let mut holder = workspace.spawn("bash", &["-c", line]);
    workspace.wait_for("held");
    let started = Instant::now();
    let locked = workspace.retrain(&[
        "--on-failure-cmd",
        "touch failure",
        "--on-success-cmd",
        "touch failure",
    ]);
    assert_eq!(locked.code, 75);
    assert!(locked.said.contains("another run holds"), "{}", locked.said);
    assert!(started.elapsed() < Duration::from_secs(10), "at once");
    assert!(!workspace.path("failure").exists());
    // Who holds it is killed: the next run has the lock at once.
    holder.kill().expect("killed");
    holder.wait().expect("gone");
    assert_eq!(workspace.retrain(&["--wait", "10"]).code, 0);
}

fn a_run_that_is_asked_to_stop_goes_on_later(workspace: &Workspace) {
    workspace.lay(Labels::Poisoned);
    let mut run = workspace.start(&[]);
    workspace.wait_for("models/.challenger/training.ndjson");
    ok(&workspace.path("."), &format!("kill {}", run.id()));
    assert_eq!(
        run.wait().expect("ended").code(),
        Some(75),
        "{}",
        workspace.log()
    );
    assert_eq!(workspace.last_run()["outcome"], "stopped");
    assert_eq!(workspace.version(), "000002");
}

fn poisoned_labels_are_refused(workspace: &Workspace) {
    let command = "printf %s \"$WO_EXIT $WO_STAGE $WO_WHY\" > failure";
    let run = workspace.retrain(&[
        "--on-failure-cmd",
        command,
        "--on-success-cmd",
        "touch success2",
    ]);
    assert_eq!(run.code, 1, "{}", workspace.log());
    let why = "difference.balanced_accuracy.low>0 (";
    assert!(
        workspace
            .read("failure")
            .starts_with(&format!("1 promote {why}")),
        "{}",
        workspace.read("failure")
    );
    assert!(
        run.said.starts_with("retrain: 1 at promote: ") && run.said.lines().count() == 1,
        "{}",
        run.said
    );
    assert!(workspace.log().contains(&format!("refused: {why}")));
    assert!(!workspace.path("success2").exists());
    assert_eq!(workspace.version(), "000002");
    // The labels are mended: the new model is the one in use, and no look is paid for.
    workspace.lay(Labels::Right);
    let n_looks = |it: &Workspace| {
        ok(&it.path("."), "wo-models history")
            .matches("look at")
            .count()
    };
    let before = n_looks(workspace);
    assert_eq!(workspace.retrain(&[]).code, 0, "{}", workspace.log());
    assert_eq!(workspace.last_run()["outcome"], "unchanged");
    assert_eq!(n_looks(workspace), before);
}

fn an_emptied_class_and_a_broken_video_change_nothing(workspace: &Workspace) {
    let bad = workspace.path("data/training_data/squat/bad_form");
    let aside = workspace.path("aside");
    fs::rename(&bad, &aside).expect("moved");
    fs::create_dir(&bad).expect("an empty class");
    let run = workspace.retrain(&[]);
    assert_eq!(run.code, 1, "{}", workspace.log());
    assert!(
        workspace
            .log()
            .contains("squat/bad_form holds nothing any more"),
        "{}",
        workspace.log()
    );
    assert_eq!(workspace.version(), "000002");
    fs::remove_dir(&bad).expect("an empty class");
    fs::rename(&aside, &bad).expect("moved back");

    workspace.write(
        "data/training_data/squat/good_form/broken.mp4",
        "no video at all",
    );
    let run = workspace.retrain(&[]);
    assert_eq!(run.code, 0, "{}", workspace.log());
    assert!(
        workspace.log().contains("good_form/broken.mp4: "),
        "{}",
        workspace.log()
    );
    assert_eq!(workspace.last_run()["outcome"], "unchanged");
    assert_eq!(workspace.version(), "000002");
    fs::remove_file(workspace.path("data/training_data/squat/good_form/broken.mp4"))
        .expect("removed");
}

fn a_leaked_duplicate_is_named(workspace: &Workspace) {
    let line = "wo-describe data/labeled_frames/records.ndjson -q | wo-models split --keep SIDE -q | grep '^{\"type\":\"video\"'";
    let first = |side: &str, field: &str| {
        let videos = ok(&workspace.path("."), &line.replace("SIDE", side));
        let first = videos.lines().next().expect("a video");
        let video: serde_json::Value = serde_json::from_str(first).expect("a record");
        video[field].as_str().expect("a text").to_owned()
    };
    let (held_out, trained) = (first("held-out", "path"), first("training", "person_id"));
    // The same frames under another name, said to be of somebody who is trained on.
    let mut bytes = fs::read(workspace.path(&held_out)).expect("a video");
    bytes.extend(b"\0\0\0\x08free");
    let label = if held_out.contains("good_form") {
        "good_form"
    } else {
        "bad_form/knees_cave"
    };
    let place = format!("squat/{label}/leaked.mp4");
    fs::write(
        workspace.path(&format!("data/training_data/{place}")),
        bytes,
    )
    .expect("a video");
    let groups = workspace.read("data/training_data/groups.csv");
    workspace.write(
        "data/training_data/groups.csv",
        &format!("{groups}{place},{trained},,front\n"),
    );
    let run = workspace.retrain(&[]);
    assert_eq!(run.code, 6, "{}", workspace.log());
    assert!(
        run.said.contains("seen in training by one model only"),
        "{}",
        run.said
    );
    assert_eq!(workspace.last_run()["outcome"], "failed");
    assert_eq!(workspace.version(), "000002");
    workspace.lay(Labels::Right);
    assert_eq!(workspace.retrain(&[]).code, 0, "{}", workspace.log());
    assert_eq!(workspace.version(), "000002");
}

fn a_damaged_or_missing_model_is_said(workspace: &Workspace) {
    let weights = workspace.path("models/current/model.safetensors");
    let whole = fs::read(&weights).expect("weights");
    let mut damaged = whole.clone();
    let last = damaged.last_mut().expect("a byte");
    *last ^= 1;
    fs::write(&weights, damaged).expect("damage");
    for _ in 0..2 {
        let run = workspace.retrain(&[]);
        assert_eq!(run.code, 6, "{}", workspace.log());
        assert!(
            run.said.contains("the model in use is damaged"),
            "{}",
            run.said
        );
        assert_eq!(workspace.version(), "000002");
    }
    fs::write(&weights, whole).expect("mended");
    let versions = workspace.path("models/versions");
    let aside = workspace.path("models/aside");
    fs::rename(&versions, &aside).expect("lost");
    let run = workspace.retrain(&[]);
    assert_eq!(run.code, 6, "{}", workspace.log());
    assert!(run.said.contains("is not there"), "{}", run.said);
    fs::remove_dir_all(&versions).expect("empty");
    fs::rename(&aside, &versions).expect("found");
    assert_eq!(workspace.retrain(&[]).code, 0, "{}", workspace.log());
}

/// On a disk of its own, which a user namespace may mount.
fn a_full_disk_leaves_all_as_it_was(workspace: &Workspace) {
    let here = workspace.path(".");
    if !bash(&here, "unshare -rm true").status.success() {
        skip::not_available("the right to mount a small disk");
        return;
    }
    // With so much room left the run ends in different stages; with enough it goes through.
    let retrain = Workspace::retrain_line("small/lifting");
    let line = format!(
        "set -e; mkdir -p small; mount -t tmpfs -o size=200m none small; cp -a lifting small/; cd small/lifting
         printf '\\n# changed\\n' >> wo.toml
         for room in 0 40 400 4000; do
             rm -f ../ballast; left=$(($(df --output=avail -k . | tail -n 1) - room))
             head -c $((left * 1024)) /dev/zero > ../ballast || true
             code=0; (cd ../..; {retrain}) || code=$?
             [ $code -eq 0 ] || [ $code -eq 5 ] || {{ echo \"$room: $code\"; tail -n 20 models/logs/retrain.log; }}
             cmp -s models/current/model.safetensors ../../lifting/models/current/model.safetensors || echo \"$room: another model\"
             python3 -c 'import json; json.load(open(\"models/last-run.json\"))' || echo \"$room: last-run.json\"
         done
         rm ../ballast; (cd ../..; {retrain}); grep '\"outcome\"' models/last-run.json"
    );
    fs::write(workspace.path("../full_disk.sh"), line).expect("a script");
    let said = ok(
        &workspace.path(".."),
        "unshare -rm bash full_disk.sh 2> /dev/null",
    );
    assert_eq!(said.trim(), "\"outcome\": \"unchanged\",", "{said}");
}

fn a_person_goes_back(workspace: &Workspace) {
    ok(&workspace.path("."), "wo-models rollback");
    assert_eq!(workspace.version(), "000001");
    // Nothing changed since, and what a person took back is not promoted again by itself.
    assert_eq!(workspace.retrain(&[]).code, 0, "{}", workspace.log());
    assert_eq!(workspace.version(), "000001");
    let shown = ok(&workspace.path("."), "wo-models show");
    assert!(shown.contains("in use, whole"), "{shown}");
}
