//! What the table gives for each class, and what it refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::wordless::Wordless;
use super::*;

#[test]
fn within_an_exercise_no_observation_is_said_of_two_faults() {
    for (exercise, entry) in &Captions::embedded().exercises {
        let mut owner = BTreeMap::new();
        for (fault, entry) in &entry.faults {
            for text in entry.observations.iter().chain(&entry.issue) {
                assert_eq!(owner.insert(text, fault), None, "{exercise}: {text}");
            }
        }
    }
}

fn check(exercise: &str, label: &str, faults: &[&str], expected: &str) {
    let faults: Vec<Name> = faults.iter().map(|&fault| Name::new(fault)).collect();
    let text = Captions::embedded().describe(&Name::new(exercise), &Name::new(label), &faults, 0);
    assert_eq!(text, expected);
}

#[test]
fn the_first_phrasing_is_the_template_of_the_readme() {
    check(
        "squat",
        "good_form",
        &[],
        "squat good form with knees tracking over the toes, chest up, hips below the knees",
    );
    check(
        "squat",
        "bad_form",
        &["knees_cave"],
        "squat bad form with knees collapsing inward over the feet, knee valgus",
    );
    let both = "squat bad form with knees collapsing inward over the feet and hips well above the knees at the \
                bottom, knee valgus and insufficient depth";
    check("squat", "bad_form", &["knees_cave", "shallow_depth"], both);
    check(
        "squat",
        "bad_form",
        &["shallow_depth", "knees_cave", "knees_cave"],
        both,
    );
}

#[test]
fn what_the_table_does_not_know_is_not_invented() {
    check("squat", "bad_form", &[], "squat bad form");
    check("hip_thrust", "good_form", &[], "hip thrust good form");
    check("hip_thrust", "bad_form", &[], "hip thrust bad form");
    check(
        "hip_thrust",
        "bad_form",
        &["chin_up"],
        "hip thrust bad form with chin up",
    );
    check(
        "squat",
        "bad_form",
        &["left_knee_wobble"],
        "squat bad form with left knee wobble",
    );
    check("squat", "unclear", &["knees_cave"], "squat, form unclear");
    check("squat", "warm_up", &[], "squat warm up");
}

#[test]
fn the_phrasing_depends_on_the_video_and_all_come_up() {
    let captions = Captions::embedded();
    let (squat, good) = (Name::new("squat"), Name::new(GOOD_FORM));
    let of = |video: &str| captions.describe(&squat, &good, &[], choice_hash(video));
    assert_eq!(of("a"), of("a"));
    let seen: BTreeSet<String> = (0..64).map(|i| of(&format!("video {i}"))).collect();
    assert_eq!(
        seen,
        captions
            .all_phrasings(&squat, &good, &[])
            .into_iter()
            .collect()
    );
    // Pinned: a new version of the tool must not describe old videos anew.
    assert_eq!(choice_hash("a"), 0x53a4_69d9_dd2f_7617);
}

/// What is wrong with a file.
fn wrong(text: &str) -> String {
    Captions::parse(text).expect_err(text).to_string()
}

/// The shipped file with one change, and the number of the line where it is.
fn broken(from: &str, to: &str) -> (usize, String) {
    let shipped = include_str!("../../../../data/captions.toml");
    let place = shipped.find(from).expect(from);
    let line = 1 + shipped[..place].matches('\n').count();
    (line, wrong(&shipped.replacen(from, to, 1)))
}

#[test]
fn a_table_with_holes_is_refused() {
    for (from, to, what) in [
        (
            "\"{exercise} with {observations}\"",
            "\"{exercise} with {observation}\"",
            "phrasings.good: a template lacks {observations}",
        ),
        (
            "\"{exercise}, form unclear\"",
            "\"{exercise} {issues}\"",
            "phrasings.unclear: a template has a blank that is not filled in here",
        ),
        (
            "[\"{exercise} {label}\"]",
            "[]",
            "phrasings.plain: the list is empty",
        ),
        (
            "\"knees collapsing inward over the feet\"",
            "\" \"",
            "exercises.squat.faults.knees_cave.observations: a text is empty",
        ),
        (
            "\"knees collapsing inward over the feet\"",
            "\"{label}\"",
            "exercises.squat.faults.knees_cave.observations: only phrasings have blanks in braces",
        ),
    ] {
        let (line, message) = broken(from, to);
        let mut lines = message.lines();
        let first = lines.next().expect("a line");
        assert_eq!(first, format!("line {line}: {what}"));
    }
}

#[test]
fn what_is_misspelt_is_named_with_its_line_and_the_word_that_was_meant() {
    for (text, message) in [
        (
            "# mine\n[phrasing]\n",
            "line 2: a captions table has no `phrasing`; write `phrasings`",
        ),
        (
            "[exercise.lunge]\ngood = [\"a\"]\n",
            "line 1: a captions table has no `exercise`; write `exercises`",
        ),
        (
            "[lunge]\ngood = [\"a\"]\n",
            "line 1: a captions table has no `lunge`; write [exercises.lunge]",
        ),
        (
            "builtin = false\n",
            "line 1: a captions table has no `builtin`; write `built_in`",
        ),
        ("built_in = \"no\"\n", "line 1: built_in is true or false"),
        (
            "[exercises.lunge]\ngod = [\"a\"]\n",
            "line 2: exercises.lunge has no `god`; write `good`",
        ),
        (
            "[exercises.lunge]\ngood_form = [\"a\"]\n",
            "line 2: exercises.lunge has no `good_form`; write `good`",
        ),
        (
            "[exercises.lunge.short_step]\nobservations = [\"a\"]\n",
            "line 1: exercises.lunge has no `short_step`; write [exercises.lunge.faults.short_step], or \
             [exercises.lunge.labels.short_step] where it is a label",
        ),
        (
            "[exercises.lunge.faults.a]\nobservations = [\"a\"]\n\n[exercises.lunge.faults.b]\nobservation = [\"b\"]\n",
            "line 4: exercises.lunge.faults.b lacks `observations`: an entry replaces the one before it\n\
             line 5: exercises.lunge.faults.b has no `observation`; write `observations`",
        ),
        (
            "[exercises.lunge.labels.half]\nobservations = [\"a\"]\nissue = \"b\"\n",
            "line 3: exercises.lunge.labels.half has no `issue`; known are observations",
        ),
        (
            "[exercises.lunge]\ngood = [\"a\"]\nbuilt_in = false\n",
            "line 3: exercises.lunge has no `built_in`; put it above the first section",
        ),
        (
            "[phrasings]\ngoods = [\"{exercise} {observations}\"]\n",
            "line 2: phrasings has no `goods`; write `good`",
        ),
        (
            "[exercises.lunge]\ngood = \"a\"\n",
            "line 2: exercises.lunge.good is a list of texts: [\"…\", \"…\"]",
        ),
        (
            "[exercises.lunge]\ngood = [\n  \"a\",\n  7,\n]\n",
            "line 4: exercises.lunge.good: this is no text in quotes",
        ),
        (
            "[exercises]\nlunge = [\"a\"]\n",
            "line 2: exercises.lunge is a section: [exercises.lunge]",
        ),
        (
            "[exercises.\"--\"]\ngood = [\"a\"]\n",
            "line 1: exercises.--: the name has no letters",
        ),
        (
            "[exercises.front_squat]\ngood = [\"a\"]\n[exercises.\"Front Squat\"]\ngood = [\"b\"]\n",
            "line 1: exercises.front_squat: there are words for front_squat already, and one would be lost",
        ),
        (
            "[exercises.lunge]\ngood = [\"a\"]\n[exercises.lunge.labels.good_form]\nobservations = [\"b\"]\n",
            "line 3: exercises.lunge.labels.good_form: there are words for good_form already, and one would be lost",
        ),
    ] {
        assert_eq!(wrong(text), message, "{text}");
    }
    let twice = wrong("[exercises.a]\ngood = [\"a\"]\n[exercises.a]\n");
    assert!(twice.contains("line 3"), "{twice}");
}

fn all(captions: &Captions, exercise: &str, label: &str, faults: &[&str]) -> Vec<String> {
    let faults: Vec<Name> = faults.iter().map(|&fault| Name::new(fault)).collect();
    captions.all_phrasings(&Name::new(exercise), &Name::new(label), &faults)
}

#[test]
fn a_file_adds_to_the_built_in_table_and_wins_over_it() {
    let mine = Captions::parse(
        "\u{feff}[exercises.lunge]\r\ngood = ['front knee over the foot']\r\nbad = ['front knee in']\r\n\
         [exercises.squat.faults.knees_cave]\r\nobservations = ['knees in']\r\n\
         [exercises.Squat.faults.\"Toes Out\"]\r\nobservations = ['toes out']\r\nissue = 'duck feet'\r\n\
         [exercises.squat.labels.half_rep]\r\nobservations = ['knees hardly bent']\r\n",
    );
    // Two spellings of one exercise are two sections, and one would be lost.
    assert!(mine.is_err());
    let mine = Captions::parse(
        "\u{feff}[exercises.lunge]\r\ngood = ['front knee over the foot']\r\nbad = ['front knee in']\r\n\
         [exercises.squat.faults.knees_cave]\r\nobservations = ['knees in']\r\n\
         [exercises.squat.faults.\"Toes Out\"]\r\nobservations = ['toes out']\r\nissue = 'duck feet'\r\n\
         [exercises.squat.labels.half_rep]\r\nobservations = ['knees hardly bent']\r\n",
    )
    .unwrap();
    let built_in = Captions::embedded();
    assert_eq!(
        all(&mine, "lunge", "good_form", &[])[0],
        "lunge good form with front knee over the foot"
    );
    assert_eq!(
        all(&mine, "lunge", "bad_form", &[])[0],
        "lunge bad form with front knee in"
    );
    assert_eq!(
        all(&mine, "lunge", "bad_form", &["wobble"])[0],
        "lunge bad form with wobble",
        "a named fault says more"
    );
    // A fault is replaced whole: its issue is gone with its observations.
    assert_eq!(
        all(&mine, "squat", "bad_form", &["knees_cave"])[0],
        "squat bad form with knees in"
    );
    assert_eq!(
        all(&mine, "squat", "bad_form", &["toes_out"])[0],
        "squat bad form with toes out, duck feet"
    );
    assert_eq!(
        all(&mine, "squat", "half_rep", &[]),
        [
            "squat half rep with knees hardly bent",
            "squat half rep: knees hardly bent"
        ]
    );
    for (exercise, label, faults) in [
        ("squat", "good_form", &[][..]),
        ("squat", "bad_form", &["heels_lift"]),
        ("deadlift", "good_form", &[]),
    ] {
        assert_eq!(
            all(&mine, exercise, label, faults),
            all(&built_in, exercise, label, faults)
        );
    }
    assert_eq!(
        mine.difference().as_deref(),
        Some(
            "adds lunge, squat.faults.toes_out, squat.labels.half_rep; changes squat.faults.knees_cave"
        )
    );
}

#[test]
fn a_file_may_replace_one_list_of_phrasings_or_all_exercises() {
    let terse = Captions::parse("[phrasings]\nplain = ['{label} of {exercise}']\n").unwrap();
    assert_eq!(all(&terse, "squat", "warm_up", &[]), ["warm up of squat"]);
    assert_eq!(
        terse.difference().as_deref(),
        Some("changes phrasings.plain")
    );
    let alone = "built_in = false\n[exercises.squat]\ngood = ['well']\n";
    let alone = Captions::parse(alone).unwrap();
    assert_eq!(alone.exercises().count(), 1);
    assert_eq!(
        all(&alone, "squat", "bad_form", &["knees_cave"])[0],
        "squat bad form with knees cave"
    );
    let words = alone.difference().expect("it differs");
    assert!(
        words.starts_with("changes squat.good; lacks squat.faults."),
        "{words}"
    );
    assert!(words.ends_with("deadlift, overhead_press"), "{words}");
    let many = ('a'..='p').map(|name| format!("[exercises.new_{name}]\ngood = ['well']\n"));
    let many = Captions::parse(&many.collect::<String>()).unwrap();
    let words = many.difference().expect("it differs");
    assert!(words.ends_with("new_k, new_l and 4 more"), "{words}");
}

#[test]
fn the_shipped_file_is_the_built_in_table_and_a_deletion_in_it_counts() {
    let shipped = include_str!("../../../../data/captions.toml");
    let same = Captions::parse(shipped).unwrap();
    assert_eq!(same, Captions::embedded());
    assert_eq!(same.difference(), None);
    assert_eq!(Captions::parse("# nothing\n").unwrap(), same);
    let start = shipped.find("[exercises.squat.faults.butt_wink]").unwrap();
    let end = shipped
        .find("[exercises.squat.faults.forward_knees]")
        .unwrap();
    let without = [&shipped[..start], &shipped[end..]].concat();
    let without = Captions::parse(&without).unwrap();
    assert_eq!(
        without.difference().as_deref(),
        Some("lacks squat.faults.butt_wink")
    );
    assert!(
        !without
            .faults_of(&Name::new("squat"))
            .contains(&&Name::new("butt_wink"))
    );
}

#[test]
fn a_new_name_near_a_known_one_may_be_a_slip() {
    let slips = "[exercises.sqaut]\ngood = ['a']\n[exercises.squat.faults.knee_cave]\nobservations = ['b']\n";
    assert_eq!(
        Captions::parse(slips).unwrap().difference().as_deref(),
        Some("adds sqaut (is squat meant?), squat.faults.knee_cave (is knees_cave meant?)")
    );
}

/// What a table has no words for, of classes such as `lunge good_form` and `squat bad_form wobble`.
fn wordless_of(captions: &Captions, classes: &[&str]) -> Vec<Wordless> {
    let of_class = |class: &&str| {
        let mut names = class.split(' ').map(Name::new);
        let (exercise, label) = (names.next().unwrap(), names.next().unwrap());
        captions.wordless(&exercise, &label, &names.collect::<Vec<_>>())
    };
    classes.iter().flat_map(of_class).collect()
}

#[test]
fn the_entries_that_are_shown_give_words_to_all_that_had_none() {
    let classes = [
        "lunge good_form",
        "lunge bad_form",
        "lunge bad_form short_step",
        "lunge half_rep",
        "kniebeuge_ä good_form",
        "kniebeuge_ä bad_form wackeln_ü",
        "squat good_form",
        "squat bad_form",
        "squat bad_form knees_cave left_wobble",
        "squat half_rep",
        "squat unclear",
        "deadlift bad_form",
        "7 bad_form 3",
    ];
    let mut text = String::new();
    for begun in [
        "",
        "[exercises.lunge]\ngood = ['a']\n",
        "[exercises.lunge]\n[exercises.squat.labels.unclear]\nobservations = ['b']\n",
    ] {
        let captions = Captions::parse(begun).unwrap();
        let wordless = wordless_of(&captions, &classes);
        assert!(wordless.len() >= 9, "{wordless:?}");
        text = format!("{begun}{}", captions.entries_for(&wordless));
        let filled = Captions::parse(&text).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(wordless_of(&filled, &classes), [], "{text}");
    }
    // As a person goes on: a class more, and its entry at the end of the same file.
    let captions = Captions::parse(&text).unwrap();
    let more = wordless_of(&captions, &["lunge warm_up", "lunge bad_form wobble"]);
    let text = format!("{text}{}", captions.entries_for(&more));
    let filled = Captions::parse(&text).unwrap();
    assert_eq!(
        wordless_of(&filled, &["lunge warm_up", "lunge bad_form wobble"]),
        []
    );
}

#[test]
fn names_without_words_may_be_slips() {
    let captions = Captions::embedded();
    for (class, meant) in [
        ("sqaut good_form", Some("squat")),
        ("lunge good_form", None),
        ("squat goodform", Some("good_form")),
        ("squat bad_form knee_cave", Some("knees_cave")),
        ("squat bad_form wobble", None),
        ("squat bad_form", None),
    ] {
        let wordless = wordless_of(&captions, &[class]);
        assert_eq!(captions.meant_by(&wordless[0]), meant, "{class}");
    }
}

#[test]
fn each_fault_of_many_is_said() {
    let captions = Captions::embedded();
    let faults = ["butt_wink", "chest_collapses", "heels_lift", "my_wobble"];
    let three = all(&captions, "squat", "bad_form", &faults[..3]);
    let two = all(&captions, "squat", "bad_form", &faults[..2]);
    assert!(three.iter().all(|text| !two.contains(text)));
    assert!(
        three.iter().all(|text| text.contains("heels rising")),
        "{three:?}"
    );
    let four = all(&captions, "squat", "bad_form", &faults);
    assert!(
        four.iter().all(|text| text.contains("my wobble")),
        "{four:?}"
    );
    // All eight, and CLIP still reads the end.
    let squat = Name::new("squat");
    let every: Vec<Name> = captions.faults_of(&squat).into_iter().cloned().collect();
    for text in captions.all_phrasings(&squat, &Name::new(BAD_FORM), &every) {
        let n_tokens = crate::least_clip_tokens(&text);
        assert!(n_tokens < crate::CLIP_TOKENS, "{n_tokens}: {text}");
    }
}
