//! What is not taken, and what is said about it.

use std::fs;
use std::time::Duration;

use wo_hub::{Error, Limits, Options, fetch};

use crate::{FILES, REPOSITORY, World, commit, said};
use wo_testkit::hub::sha256;

#[test]
fn a_file_that_was_changed_is_named_with_what_was_expected_and_found() {
    let world = World::new();
    let fetched = world.fetch().unwrap();
    let path = fetched.dir.join("model.safetensors");
    let blob = fs::canonicalize(&path).unwrap();
    let changed = FILES[1].1.replace('w', "W");
    fs::write(&blob, &changed).unwrap();
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }));
    let expected = format!(
        "{} is not the file it should be: expected sha256 {}, found sha256 {}\nhint: to fetch it again: rm {}",
        path.display(),
        sha256(FILES[1].1.as_bytes()),
        sha256(changed.as_bytes()),
        blob.display()
    );
    assert_eq!(said(&error), expected);
    // The hint holds.
    fs::remove_file(blob).unwrap();
    world.fetch().unwrap();

    fs::write(&path, "short").unwrap();
    let error = world.fetch_with(None, &world.offline()).unwrap_err();
    let said = said(&error);
    let sizes = format!("expected {} bytes, found 5 bytes", FILES[1].1.len());
    assert!(said.contains(&sizes), "{said}");
}

#[test]
fn weights_that_are_not_what_the_hub_names_are_never_pinned() {
    let world = World::new();
    world.server.lie();
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    assert!(!world.lock_file().exists());
}

#[test]
fn a_hub_that_changed_a_commit_is_caught() {
    let world = World::new();
    world.fetch().unwrap();
    fs::remove_dir_all(&world.options.cache).unwrap();
    let forged = [("config.json", "{\"a\": 2}")];
    world.server.put(REPOSITORY, "main", &commit(1), &forged);
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
}

#[test]
fn each_answer_of_the_hub_has_its_error() {
    type Check = fn(&Error) -> bool;
    let cases: [(u16, Check, &str); 5] = [
        (401, |e| matches!(e, Error::Denied { .. }), "set HF_TOKEN"),
        (403, |e| matches!(e, Error::Denied { .. }), "set HF_TOKEN"),
        (
            404,
            |e| matches!(e, Error::NotFound { .. }),
            "revision main",
        ),
        (429, |e| matches!(e, Error::Network { .. }), "429"),
        (500, |e| matches!(e, Error::Network { .. }), "500"),
    ];
    for (status, is_right, part) in cases {
        let world = World::new();
        world.server.fail_with(Some(status));
        let error = world.fetch().unwrap_err();
        assert!(is_right(&error), "{status}: {error:?}");
        let said = said(&error);
        assert!(said.contains(part), "{status}: {said}");
        assert!(said.contains(REPOSITORY), "{status}: {said}");
        assert!(said.contains("\nhint: "), "{status}: {said}");
        assert!(!world.lock_file().exists());
    }
}

#[test]
fn a_hub_that_is_not_there_is_a_matter_of_the_network() {
    let world = World::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let options = Options {
        endpoint,
        ..world.options.clone()
    };
    let error = world.fetch_with(None, &options).unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error:?}");
    let said = said(&error).to_lowercase();
    assert!(said.contains("connection refused"), "{said}");
}

#[test]
fn a_hub_that_falls_silent_is_given_up() {
    let world = World::new();
    world.server.cut_at(Some(7));
    world.server.pause(Duration::from_secs(100));
    let options = Options {
        limits: Limits {
            silence: Duration::from_millis(200),
            ..world.options.limits
        },
        ..world.options.clone()
    };
    let error = world.fetch_with(None, &options).unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error:?}");
}

#[test]
fn a_passing_failure_is_tried_again() {
    let world = World::new();
    world.server.fail_with(Some(500));
    let options = Options {
        n_retries: 2,
        ..world.options.clone()
    };
    world.fetch_with(None, &options).unwrap_err();
    assert_eq!(world.server.lines().len(), 3);
}

#[test]
fn a_repository_of_pickles_is_refused_with_a_way_out() {
    let world = World::new();
    let files = [("config.json", "{}"), ("pytorch_model.bin", "a pickle")];
    world.server.put(REPOSITORY, "main", &commit(6), &files);
    let error = world.fetch().unwrap_err();
    let said = said(&error);
    assert!(said.contains("has no model.safetensors at main"), "{said}");
    assert!(said.contains("--revision refs/pr/NUMBER"), "{said}");
    // Nothing was fetched for it.
    assert_eq!(world.server.lines().len(), 1);
}

#[test]
fn a_lock_file_that_asks_for_other_files_is_refused_before_anything_is_asked() {
    let world = World::new();
    world.fetch().unwrap();
    let n_connections = world.server.n_connections();
    let evil = world.lock_text().replace("config.json", "../../.bashrc");
    fs::write(world.lock_file(), evil).unwrap();
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Lock { .. }));
    let said = said(&error);
    assert!(said.contains("models.lock"), "{said}");
    assert!(
        said.contains("none of the files that are fetched"),
        "{said}"
    );
    assert_eq!(world.server.n_connections(), n_connections);
}

#[test]
fn names_that_are_none_are_refused_before_anything_is_asked() {
    let world = World::new();
    for name in ["tiny", "../x", "a/b/c"] {
        let error = fetch(name, None, &world.options, &world.lock_file()).unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{name}");
    }
    let error = world
        .fetch_with(Some("../main"), &world.options)
        .unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }));
    assert_eq!(world.server.n_connections(), 0);
}
