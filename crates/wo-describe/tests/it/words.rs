//! Whose words the descriptions are in, and what is said where words are missing, too many or the same.

use std::fs;
use std::path::Path;

use wo_testkit::{Run, TempDir, stream, tempdir};

use crate::tool;

/// A frame of a class such as `squat bad_form knees_cave`.
fn frame(number: usize, class: &str, more: &str) -> String {
    let mut names = class.split(' ');
    let (exercise, label) = (
        names.next().expect("an exercise"),
        names.next().expect("a label"),
    );
    let faults: Vec<String> = names.map(|fault| format!("\"{fault}\"")).collect();
    let faults = faults.join(",");
    format!(
        r#"{{"type":"frame","video_id":"v","index":{number},"image":{{"file":{{"path":"{number}.jpg"}}}},"exercise":"{exercise}","label":"{label}","faults":[{faults}]{more}}}"#
    )
}

/// The video of all these frames.
const VIDEO: &str = r#"{"type":"video","video_id":"v"}"#;

fn frames(classes: &[&str]) -> String {
    let of_class = |(number, class): (usize, &&str)| frame(number, class, "");
    let frames = classes.iter().enumerate().map(of_class);
    let lines = std::iter::once(VIDEO.to_owned()).chain(frames);
    stream(&lines.collect::<Vec<_>>())
}

fn describe(dir: &Path, args: &[&str], input: &str) -> Run {
    tool().args(args).current_dir(dir).stdin(input).run()
}

/// The descriptions that a run wrote.
fn descriptions(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().filter(|line| line.contains("\"frame\""));
    lines
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).expect("a record");
            record["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    dir
}

const KNEES_IN: &str = "[exercises.squat.faults.knees_cave]\nobservations = [\"knees in\"]\n";

#[test]
fn a_table_that_lies_here_is_in_force_and_said() {
    let dir = folder(&[("data/captions.toml", KNEES_IN)]);
    let run = describe(dir.path(), &[], &frames(&["squat bad_form knees_cave"]));
    assert!(descriptions(&run)[0].ends_with("knees in"), "{run:?}");
    assert_eq!(
        run.stderr,
        "wo-describe: the captions table in force is data/captions.toml, which changes squat.faults.knees_cave\n"
    );
    // The table that ships changes nothing, so nothing is to be said.
    let shipped = include_str!("../../../../data/captions.toml");
    let dir = folder(&[("data/captions.toml", shipped)]);
    let run = describe(dir.path(), &[], &frames(&["squat bad_form knees_cave"]));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    // An edit of it does.
    let edited = shipped.replacen(
        "knees collapsing inward over the feet",
        "knees like an X",
        1,
    );
    let edited = edited.replacen(
        "\n[exercises.squat]",
        "\n[exercises.plank]\ngood = [\"a straight line\"]\n\n[exercises.squat]",
        1,
    );
    fs::write(dir.path().join("data/captions.toml"), edited).unwrap();
    let run = describe(dir.path(), &[], &frames(&["plank good_form"]));
    assert!(descriptions(&run)[0].contains("a straight line"), "{run:?}");
    assert_eq!(
        run.stderr,
        "wo-describe: the captions table in force is data/captions.toml, which adds plank; changes squat.faults.knees_cave\n"
    );
}

#[test]
fn a_table_that_is_named_wins_over_the_one_that_lies_here() {
    let dir = folder(&[
        ("data/captions.toml", KNEES_IN),
        (
            "mine.toml",
            "[exercises.lunge]\ngood = [\"knee over foot\"]\n",
        ),
        ("empty.toml", ""),
        ("captions.toml", KNEES_IN),
        ("data/Captions.toml.txt", KNEES_IN),
    ]);
    let others = |used: &str| {
        format!(
            "wo-describe: captions.toml is not read: the captions table is {used}\nhint: --captions captions.toml\n\
             wo-describe: data/Captions.toml.txt is not read: the captions table is {used}\nhint: --captions data/Captions.toml.txt\n"
        )
    };
    let input = frames(&["lunge good_form"]);
    let run = describe(dir.path(), &["--captions", "mine.toml"], &input);
    assert!(descriptions(&run)[0].contains("knee over foot"), "{run:?}");
    let said = "wo-describe: the captions table in force is mine.toml, which adds lunge; data/captions.toml is not read\n";
    assert_eq!(run.stderr, others("mine.toml") + said);
    let input = frames(&["squat bad_form knees_cave"]);
    let run = describe(dir.path(), &["--captions", "empty.toml"], &input);
    let said = "wo-describe: the captions table in force is empty.toml, which says what the built-in one says; \
                data/captions.toml is not read\n";
    assert_eq!(run.stderr, others("empty.toml") + said);
    // The hint works.
    let run = describe(dir.path(), &["--captions", "captions.toml"], &input);
    assert!(
        run.stderr
            .contains("in force is captions.toml, which changes"),
        "{run:?}"
    );
}

#[test]
fn a_table_that_cannot_be_used_stops_the_run() {
    let refused = |files: &[(&str, &str)], message: &str| {
        let dir = folder(files);
        let run = describe(dir.path(), &[], &frames(&["squat good_form"]));
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert_eq!(run.stderr, message);
    };
    refused(
        &[(
            "data/captions.toml",
            "[exercises.lunge]\n\ngod = [\"a\"]\n[exersises.squat]\n",
        )],
        "wo-describe: read data/captions.toml: line 3: exercises.lunge has no `god`; write `good`\n  \
         line 4: a captions table has no `exersises`; write `exercises`\n",
    );
    let dir = tempdir().expect("a folder");
    fs::create_dir(dir.path().join("data")).unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path().join("data/captions.toml")).unwrap();
    let run = describe(dir.path(), &[], &frames(&["squat good_form"]));
    assert_eq!(run.status, 2, "a link to nowhere is not a table: {run:?}");
}

/// The entries that a run shows.
fn shown_entries(run: &Run) -> String {
    let (_, behind) = run
        .stderr
        .split_once("hint: add this to the end of ")
        .expect(&run.stderr);
    let (_, entries) = behind.split_once('\n').expect("an entry");
    entries.to_owned()
}

#[test]
fn what_has_no_words_is_named_once_and_the_entry_that_is_shown_gives_it_some() {
    let classes = [
        "lunge good_form",
        "lunge good_form",
        "lunge bad_form",
        "squat bad_form knee_cave",
        "squat bad_form",
        "squat half_rep",
        "squat unclear",
        "squat good_form",
    ];
    let dir = tempdir().expect("a folder");
    let run = describe(dir.path(), &[], &frames(&classes));
    insta::assert_snapshot!(run.stderr, @r#"
wo-describe: the captions table has no words for bad_form of lunge where no file name or CSV names a fault: it describes 1 frame as "lunge bad form", which teaches a model nothing
wo-describe: the captions table has no words for good_form of lunge: it describes 2 frames as "lunge good form", which teaches a model nothing
wo-describe: the captions table has no words for bad_form of squat where no file name or CSV names a fault: it describes 1 frame as "squat bad form", which teaches a model nothing
wo-describe: the captions table has no words for half_rep of squat: it describes 1 frame as "squat half rep", which teaches a model nothing
wo-describe: the captions table has no words for the fault knee_cave of squat (is knees_cave meant?): it describes 1 frame only by its name
hint: add this to the end of data/captions.toml, and replace the samples by what your videos show:
[exercises.lunge]
bad = ["a bent back and a short, uneven movement"]
good = ["a straight back and a full, steady movement"]
[exercises.squat.labels.bad_form]
observations = ["a bent back and a short, uneven movement"]
[exercises.squat.labels.half_rep]
observations = ["a lifter in a half rep"]
[exercises.squat.faults.knee_cave]
observations = ["knee cave"]
"#);
    // Pasted as it is.
    fs::create_dir(dir.path().join("data")).unwrap();
    let table = dir.path().join("data/captions.toml");
    fs::write(&table, shown_entries(&run)).unwrap();
    let again = describe(dir.path(), &[], &frames(&classes));
    assert_eq!(
        again.stderr,
        "wo-describe: the captions table in force is data/captions.toml, which adds lunge, \
         squat.faults.knee_cave (is knees_cave meant?), squat.bad, squat.labels.half_rep\n"
    );
    assert!(
        descriptions(&again)
            .iter()
            .all(|text| text.contains("with ")
                || text.contains(" in ")
                || text.contains(": ")
                || text.contains("unclear"))
    );
    // And once more, below what is there.
    let more = [
        "lunge warm_up",
        "lunge bad_form left_wobble",
        "plank good_form",
    ];
    let run = describe(dir.path(), &[], &frames(&more));
    let text = fs::read_to_string(&table).unwrap() + &shown_entries(&run);
    fs::write(&table, text).unwrap();
    let again = describe(dir.path(), &[], &frames(&[&classes[..], &more].concat()));
    assert_eq!(again.stderr.lines().count(), 1, "{}", again.stderr);
    // A table of another name is named.
    let run = describe(
        dir.path(),
        &["--captions", "data/captions.toml"],
        &frames(&["curl good_form"]),
    );
    assert!(
        run.stderr
            .contains("add this to the end of data/captions.toml,"),
        "{run:?}"
    );
}

#[test]
fn words_of_ones_own_need_no_table() {
    let dir = folder(&[(
        "l.csv",
        "frame_path,label,description\n0.jpg,good,front knee over the foot\n1.jpg,bad,front knee pointing in\n",
    )]);
    let input = frames(&["lunge good_form", "lunge bad_form"]);
    let run = describe(dir.path(), &["--csv", "l.csv"], &input);
    assert_eq!(run.stderr, "");
}

#[test]
fn descriptions_that_two_classes_share_are_named() {
    let dir = folder(&[(
        "l.csv",
        "frame_path,label,description\n0.jpg,good,a lifter with a bar\n1.jpg,bad,a lifter with a bar\n\
         2.jpg,bad,a lifter with a bar\n3.jpg,unclear,a lifter with a bar\n",
    )]);
    let input = frames(&["squat good_form"; 4]);
    let run = describe(dir.path(), &["--csv", "l.csv"], &input);
    assert_eq!(
        run.stderr,
        "wo-describe: two classes share a description, so a model cannot tell them apart by it:\n  \
         squat/bad_form shares descriptions with squat/good_form in 2 frames, such as \"a lifter with a bar\"\n\
         hint: reword one of them; an empty cell of a CSV is filled from the captions table\n"
    );
    // A table can do that as well.
    let dir = folder(&[(
        "data/captions.toml",
        "[exercises.squat.faults.a]\nobservations = ['knees in']\n[exercises.squat.faults.b]\nobservations = ['knees in']\n",
    )]);
    let input = frames(&["squat bad_form a", "squat bad_form b", "squat bad_form b a"]);
    let run = describe(dir.path(), &[], &input);
    assert!(
        run.stderr
            .contains("squat/bad_form+b shares descriptions with squat/bad_form+a in 1 frame"),
        "{run:?}"
    );
    assert!(!run.stderr.contains("+a+b"), "{run:?}");
}

#[test]
fn descriptions_that_clip_cannot_read_are_named() {
    let long = "the knees far in and ".repeat(16);
    let table = format!("frame_path,label,description\n0.jpg,good,{long}\n");
    let dir = folder(&[("l.csv", &table)]);
    let input = frames(&["squat good_form", "squat bad_form knees_cave"]);
    let run = describe(dir.path(), &["--csv", "l.csv"], &input);
    assert_eq!(
        run.stderr,
        format!(
            "wo-describe: the descriptions of 1 frame are longer than the 77 tokens that CLIP reads; the rest is cut off\n  \
             1 frame, at least 82 tokens: \"{}…\"\n\
             hint: describe in fewer than 50 words what is visible, the most important first\n",
            &long[..100]
        )
    );
}

#[test]
fn a_description_that_a_person_wrote_into_the_records_is_not_lost_in_silence() {
    let own = r#","description":"my own words""#;
    let made = r#","description":"squat bad form with knees collapsing inward over the feet, knee valgus""#;
    let input = stream(&[
        VIDEO.to_owned(),
        frame(0, "squat good_form", own),
        // Made by the table for another class, which a person corrected.
        frame(1, "squat bad_form knees_cave", made),
        frame(
            2,
            "squat unclear",
            r#","description":"squat, form unclear""#,
        ),
    ]);
    let dir = folder(&[("l.csv", "frame_path,label,description\n1.jpg,good,\n")]);
    let run = describe(dir.path(), &["--csv", "l.csv"], &input);
    assert_eq!(
        run.stderr,
        "wo-describe: 1 frame lost a description that no captions table makes; the first one was \"my own words\"\n\
         hint: put your own descriptions into a CSV (--csv); they win over the captions table\n"
    );
    // Where the table says nothing, they stay.
    let homeless = frame(0, "squat good_form", own).replace(r#""exercise":"squat","#, "");
    let run = describe(dir.path(), &[], &stream(&[VIDEO, &homeless]));
    assert_eq!(descriptions(&run), ["my own words"]);
}
