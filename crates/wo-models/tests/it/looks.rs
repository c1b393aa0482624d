//! Looks at the held-out groups are paid for, once each.

use wo_testkit::{Run, stream};

use crate::workspace::{FAILED, PASSED, Workspace, ids, video};

/// Passes the held-out records on, which opens the second set.
fn second_set(workspace: &Workspace) -> Run {
    let split = workspace.split("held-out");
    let said = "models are judged on set 2 from now on";
    assert!(split.stderr.contains(said), "{}", split.stderr);
    split
}

/// The first look at a new set.
fn its_first_look(workspace: &Workspace) {
    let run = workspace.look();
    assert_eq!((run.status, run.stdout.as_str()), (0, "0.9875\n"));
    assert!(run.stderr.contains("7 looks of 8 left"), "{}", run.stderr);
}

#[test]
fn a_look_is_paid_for_before_it_is_taken_and_once() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    let first = workspace.look();
    assert_eq!((first.status, first.stdout.as_str()), (0, "0.9875\n"));
    assert!(
        first.stderr.contains("6 looks of 8 left"),
        "{}",
        first.stderr
    );
    // The run was killed and goes on: the same models on the same videos.
    assert_eq!(workspace.look(), first);
    assert_eq!(workspace.events("looked").len(), 2);
    // Another model, or another label of a video, is another look.
    workspace.write_model("third");
    assert!(workspace.look().stderr.contains("5 looks of 8 left"));
    let held_out = workspace.read("held-out.ndjson");
    workspace.write(
        "held-out.ndjson",
        &held_out.replacen("good_form", "bad_form", 2),
    );
    assert!(workspace.look().stderr.contains("4 looks of 8 left"));
    // Another version of a tool before is none.
    let same = workspace
        .read("held-out.ndjson")
        .replacen("0.0.0", "9.9.9", 1);
    workspace.write("held-out.ndjson", &same);
    assert!(workspace.look().stderr.contains("4 looks of 8 left"));
}

#[test]
fn what_was_refused_is_refused_again_without_a_look() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    workspace.look();
    workspace.write_comparison(FAILED);
    assert_eq!(workspace.promote(&[]).status, 1);
    let again = workspace.look();
    assert_eq!((again.status, again.stdout.as_str()), (1, ""));
    assert!(
        again.stderr.contains("refused on the same videos before"),
        "{}",
        again.stderr
    );
    assert_eq!(workspace.events("looked").len(), 2);
    assert_eq!(workspace.last_run()["outcome"], "refused");
}

#[test]
fn the_model_in_use_needs_no_look() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("first");
    let run = workspace.look();
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(workspace.last_run()["outcome"], "unchanged");
    assert_eq!(workspace.events("looked").len(), 1);
}

#[test]
fn used_up_looks_ask_for_new_persons_until_a_new_set_is_there() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    for number in 2..=8 {
        workspace.write_model(&number.to_string());
        assert_eq!(workspace.look().status, 0, "{number}");
        workspace.write_comparison(FAILED);
        assert_eq!(workspace.promote(&[]).status, 1);
    }
    workspace.write_model("9");
    let dry = workspace.run(&["look", "--dry-run", "held-out.ndjson"]);
    for run in [workspace.look(), dry] {
        assert_eq!((run.status, run.stdout.as_str()), (1, ""));
        let said = "the 8 looks at held-out set 1 are used up: film new held-out persons";
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    // Who asks for more looks gets none.
    workspace.write("wo.toml", &(workspace.read("wo.toml") + "looks = 80\n"));
    assert_eq!(workspace.look().status, 1);
    let settings = workspace.read("wo.toml").replace("looks = 80\n", "");
    workspace.write("wo.toml", &settings);

    // New persons come; those of them who are held out make the next set.
    let old = ids(&workspace.read("held-out.ndjson"));
    workspace.write_persons(80);
    let split = second_set(&workspace);
    let new = ids(&split.stdout);
    assert!(
        new.len() > 6 && new.iter().all(|it| !old.contains(it)),
        "{new:?}"
    );
    let training = ids(&workspace.split("training").stdout);
    assert!(
        old.iter().all(|it| !training.contains(it)),
        "never trained on"
    );
    its_first_look(&workspace);
}

#[test]
fn a_run_that_was_cut_off_after_the_last_look_goes_on() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    for number in 2..=7 {
        workspace.write_model(&number.to_string());
        workspace.look();
    }
    workspace.write_model("8");
    assert!(workspace.look().stderr.contains("0 looks of 8 left"));
    let dry = workspace.run(&["look", "--dry-run", "held-out.ndjson"]);
    assert_eq!(dry.status, 0, "{}", dry.stderr);
    assert_eq!(workspace.look().stdout, "0.9875\n");
    workspace.write_comparison(PASSED);
    assert_eq!(workspace.promote(&[]).status, 0);
    assert_eq!(workspace.in_use(), "8");
}

#[test]
fn too_few_groups_cost_no_look() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    // Many videos of one person are one group.
    let mut lines = Vec::new();
    for number in 0..30 {
        lines.extend(video(&format!("a{number}"), "anna", "", "bad_form"));
        lines.extend(video(
            &format!("b{number}"),
            &format!("p{number}"),
            "",
            "good_form",
        ));
    }
    workspace.write("held-out.ndjson", &stream(&lines));
    workspace.write_model("second");
    let run = workspace.look();
    assert_eq!(run.status, 1);
    let said = "bad_form comes from 1.0 independent groups, and 3 are needed";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(workspace.events("looked").len(), 1);
    workspace.write("held-out.ndjson", &stream::<&str>(&[]));
    assert!(workspace.look().stderr.contains("fewer than two labels"));
}

#[test]
fn an_alpha_without_meaning_is_refused() {
    let workspace = Workspace::with_persons();
    workspace.write("wo.toml", "[gate]\nalpha = 0.6\nlooks = 2\n");
    workspace.write_model("first");
    let run = workspace.look();
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("take a smaller gate.alpha"),
        "{}",
        run.stderr
    );
}

#[test]
fn first_models_may_use_up_a_set_and_new_persons_open_the_next() {
    let workspace = Workspace::with_persons();
    for number in 1..=8 {
        workspace.write_model(&number.to_string());
        assert_eq!(workspace.look().stdout, "first\n", "{number}");
        workspace.write_comparison(("balanced_accuracy.low>0.5", false));
        assert_eq!(workspace.promote(&[]).status, 1);
    }
    workspace.write_model("9");
    assert_eq!(workspace.look().status, 1);
    workspace.write_persons(80);
    second_set(&workspace);
    assert_eq!(workspace.look().stdout, "first\n");
}

#[test]
fn a_set_that_shrinks_makes_room_for_the_next() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.promote_next("second");
    // All held-out persons but two ask for a takedown.
    let gone = ids(&workspace.read("held-out.ndjson")).split_off(4);
    let left = workspace.read("described.ndjson");
    let is_left = |line: &&str| !gone.iter().any(|id| line.contains(&format!("\"{id}\"")));
    let lines: Vec<String> = left.lines().filter(is_left).map(str::to_owned).collect();
    let records = &lines[1..lines.len() - 1];
    workspace.write("described.ndjson", &stream(records));
    workspace.split("held-out");
    workspace.write_model("third");
    let short = workspace.look();
    assert_eq!(short.status, 1);
    assert!(
        short.stderr.contains("the held-out groups are too few"),
        "{}",
        short.stderr
    );
    let more = (100..160).flat_map(|it| {
        let of = |label: &str| video(&format!("{label}{it}"), &format!("q{it}"), "", label);
        [of("good_form"), of("bad_form")].concat()
    });
    let all: Vec<String> = records.iter().cloned().chain(more).collect();
    workspace.write("described.ndjson", &stream(&all));
    second_set(&workspace);
    its_first_look(&workspace);
}

#[test]
fn a_run_that_was_cut_off_goes_on_though_another_model_was_judged_meanwhile() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("a");
    workspace.look();
    // It is killed here. Something changes, and another model is refused; then all is as it was.
    workspace.write_model("b");
    workspace.look();
    workspace.write_comparison(FAILED);
    assert_eq!(workspace.promote(&[]).status, 1);
    workspace.write_model("a");
    let again = workspace.look();
    assert_eq!(
        (again.status, again.stdout.as_str()),
        (0, "0.9875\n"),
        "{}",
        again.stderr
    );
    assert_eq!(workspace.events("looked").len(), 3, "paid for once");
    workspace.write_comparison(PASSED);
    let run = workspace.promote(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(workspace.in_use(), "a");
}

#[test]
fn a_line_that_is_no_record_is_skipped_where_that_is_asked_for() {
    let workspace = Workspace::with_persons();
    workspace.promote_first();
    workspace.write_model("second");
    let held_out = workspace.read("held-out.ndjson");
    let (begin, rest) = held_out.split_once('\n').expect("lines");
    workspace.write("held-out.ndjson", &format!("{begin}\nno record\n{rest}"));
    assert_eq!(workspace.look().status, 6);
    let args = [
        "look",
        "--challenger",
        "new",
        "--on-error",
        "skip",
        "held-out.ndjson",
    ];
    let run = workspace.run(&args);
    assert_eq!((run.status, run.stdout.as_str()), (3, "0.9875\n"));
    assert!(run.stderr.contains("line 2"), "{}", run.stderr);
}
