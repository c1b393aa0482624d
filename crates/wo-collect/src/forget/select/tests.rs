use super::*;

fn known(id: Option<&str>, path: &str, person: &str, source: &str, address: &str) -> Known {
    let mut known = Known {
        id: id.map(str::to_owned),
        ..Known::default()
    };
    known.add_person(Some(person));
    known.add_source(Some(source));
    let add = |set: &mut BTreeSet<String>, text: &str| {
        set.extend((!text.is_empty()).then(|| text.to_owned()));
    };
    add(&mut known.paths, path);
    add(&mut known.addresses, address);
    known
}

/// Anna in two gyms, Ben in one of them, and rows of the table of sources.
fn all() -> AllKnown {
    let mut all = AllKnown::default();
    for video in [
        known(
            Some("aaaaaaaa01"),
            "squat/good_form/anna_1.mp4",
            "Anna",
            "West",
            "https://a.org/1",
        ),
        known(
            Some("aaaaaaaa02"),
            "squat/bad_form/1.mp4",
            "anna",
            "Home",
            "https://a.org/2",
        ),
        known(
            Some("bbbbbbbb01"),
            "lunge/bad_form/1.mp4",
            "Ben",
            "West",
            "https://a.org/2",
        ),
        known(None, "", "Anna", "", "https://a.org/3"),
        known(None, "", "", "", "https://a.org/1"),
        known(None, "", "Carl", "", "https://a.org/1"),
    ] {
        all.take(video);
    }
    all
}

fn selected(targets: &[&str]) -> anyhow::Result<Selected> {
    let targets: Vec<String> = targets.iter().map(|&it| it.to_owned()).collect();
    select(&targets, &all(), &places())
}

fn places() -> Places {
    Places {
        sources: "data/sources.csv".into(),
        videos: "data/training_data".into(),
        ledger: "data/ledger.ndjson".into(),
    }
}

fn of(set: &BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn of_a_person_all_goes_that_nobody_else_has() {
    let found = selected(&["ANNA"]).unwrap();
    let traces = &found.traces;
    let ids: Vec<&str> = traces.videos.keys().map(String::as_str).collect();
    assert_eq!(ids, ["aaaaaaaa01", "aaaaaaaa02"]);
    let keys: Vec<&str> = traces.keys.keys().map(String::as_str).collect();
    assert_eq!(keys, ["person:anna", "source:home"]);
    assert_eq!(of(&traces.names), ["Anna", "Home", "anna"]);
    assert_eq!(
        of(&traces.paths),
        ["squat/bad_form/1.mp4", "squat/good_form/anna_1.mp4"]
    );
    // Another video is called 1.mp4 as well.
    assert_eq!(of(&traces.file_names), ["anna_1.mp4"]);
    // Carl is at the first address too, Ben at the second.
    assert_eq!(of(&traces.addresses), ["https://a.org/3"]);
    assert_eq!(found.shared, ["https://a.org/1", "https://a.org/2"]);
    assert!(found.unmet.is_empty());
    let places: BTreeSet<&String> = traces.videos.values().chain(traces.keys.values()).collect();
    assert_eq!(places.len(), 4);
}

#[test]
fn of_a_video_its_row_goes_and_its_person_stays() {
    let found = selected(&["video:bbbbbbbb01"]).unwrap();
    let keys: Vec<&str> = found.traces.keys.keys().map(String::as_str).collect();
    assert_eq!(keys, ["person:ben"], "nothing else of him is left");
    let found = selected(&["aaaaaaaa02"]).unwrap();
    let keys: Vec<&str> = found.traces.keys.keys().map(String::as_str).collect();
    assert_eq!(keys, ["source:home"]);
    assert!(found.traces.has_source("HOME") && !found.traces.has_person("anna"));
}

#[test]
fn what_is_refused_need_not_be_here() {
    let id = "c".repeat(64);
    let found = selected(&[&id, "https://b.org/x", "dora"]).unwrap();
    assert_eq!(found.unmet, [&id, "https://b.org/x", "dora"]);
    let traces = found.traces;
    assert_eq!(traces.videos.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!(of(&traces.addresses), ["https://b.org/x"]);
    assert!(selected(&["dora"]).unwrap().traces.is_empty());
    // An address that is forgotten takes all its videos along.
    let found = selected(&["http://www.a.org/2/"]).unwrap();
    assert_eq!(found.traces.videos.len(), 2);
    assert!(found.traces.addresses.contains("https://a.org/2") && found.shared.is_empty());
}

#[test]
fn a_target_that_means_several_things_is_refused() {
    let message = |targets: &[&str]| {
        let error = selected(targets).unwrap_err();
        wo_cli::message_of(&error).shown()
    };
    assert!(message(&["video:aaaaaaaa"]).contains("2 videos: aaaaaaaa01, aaaaaaaa02"));
    let mut all = all();
    all.take(known(Some("d"), "", "", "Anna", ""));
    let error = select(&["anna".to_owned()], &all, &places()).unwrap_err();
    let message = wo_cli::message_of(&error).shown();
    assert!(
        message.contains("'person:anna', 'source:anna'"),
        "{message}"
    );
    assert!(select(&["source:anna".to_owned()], &all, &places()).is_ok());
}

#[test]
fn a_path_means_its_video_however_it_is_written() {
    let mut all = all();
    all.take(known(Some("cc"), "lunge/c.mp4", "", "", "films/c.mp4"));
    all.take(known(
        Some("dd"),
        "lunge/d.mp4",
        "",
        "",
        "films/d.mp4#t=1,2",
    ));
    let here = std::env::current_dir().unwrap();
    let absolute = here.join("data/training_data/squat/bad_form/1.mp4");
    for (text, id) in [
        ("squat/bad_form/1.mp4", "aaaaaaaa02"),
        ("./squat/bad_form/1.mp4", "aaaaaaaa02"),
        ("data/training_data/squat/bad_form/1.mp4", "aaaaaaaa02"),
        ("./data/training_data/squat//bad_form/1.mp4", "aaaaaaaa02"),
        (
            "data/../data/training_data/squat/bad_form/1.mp4",
            "aaaaaaaa02",
        ),
        (absolute.to_str().unwrap(), "aaaaaaaa02"),
        ("video:squat/bad_form/1.mp4", "aaaaaaaa02"),
        ("good_form/anna_1.mp4", "aaaaaaaa01"),
        ("films/c.mp4", "cc"),
        ("url:films/c.mp4", "cc"),
        ("data/films/c.mp4", "cc"),
        ("./data/films/c.mp4", "cc"),
        ("films/d.mp4", "dd"),
        ("films/d.mp4#t=1,2", "dd"),
    ] {
        let traces = select(&[text.to_owned()], &all, &places()).unwrap().traces;
        let ids: Vec<&str> = traces.videos.keys().map(String::as_str).collect();
        assert_eq!(ids, [id], "{text}");
    }
    for text in [
        "person:squat/bad_form/1.mp4",
        "films/e.mp4",
        "bad_form",
        "c",
    ] {
        let found = select(&[text.to_owned()], &all, &places()).unwrap();
        assert_eq!(
            (found.traces.videos.len(), found.unmet.len()),
            (0, 1),
            "{text}"
        );
    }
    let error = select(&["1.mp4".to_owned()], &all, &places()).unwrap_err();
    assert!(
        wo_cli::message_of(&error).shown().contains(
            "1.mp4 ends the paths of 2 videos: squat/bad_form/1.mp4, lunge/bad_form/1.mp4"
        ),
    );
}
