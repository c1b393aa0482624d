//! What is found without a network, and that none is used.

use std::fs;

use wo_hub::Error;

use crate::{FETCHED, FILES, REPOSITORY, World, commit, said, text};

#[test]
fn a_model_in_the_cache_is_found_without_a_socket() {
    let world = World::new();
    let first = world.fetch().unwrap();
    let n_connections = world.server.n_connections();
    let fetched = world.fetch_with(None, &world.offline()).unwrap();
    assert_eq!(fetched.dir, first.dir);
    assert_eq!(world.server.n_connections(), n_connections);
}

#[test]
fn a_miss_names_the_file_and_the_command_and_opens_no_socket() {
    let world = World::new();
    let error = world.fetch_with(None, &world.offline()).unwrap_err();
    assert!(matches!(error, Error::Offline { .. }));
    let expected = format!(
        "config.json of {REPOSITORY} is not in the cache {}, and this run is offline\nhint: run the same command \
         without --offline and HF_HUB_OFFLINE, or where there is a network: hf download {REPOSITORY} {} --revision \
         main",
        world.options.cache.display(),
        FETCHED.join(" ")
    );
    assert_eq!(said(&error), expected);
    assert_eq!(world.server.n_connections(), 0);
    assert!(!world.lock_file().exists());
}

#[test]
fn a_pinned_file_that_is_gone_is_named_with_its_commit() {
    let world = World::new();
    let fetched = world.fetch().unwrap();
    let n_connections = world.server.n_connections();
    fs::remove_file(fetched.dir.join("tokenizer.json")).unwrap();
    let error = world.fetch_with(None, &world.offline()).unwrap_err();
    let said = said(&error);
    assert!(said.starts_with("tokenizer.json of "), "{said}");
    assert!(
        said.ends_with(&format!("--revision {}", commit(1))),
        "{said}"
    );
    assert_eq!(world.server.n_connections(), n_connections);
}

#[test]
fn what_another_tool_left_in_the_cache_is_pinned() {
    let world = World::new();
    // As `hf download` leaves it.
    let snapshot = world.cached().join("snapshots").join(commit(5));
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(world.cached().join("refs")).unwrap();
    fs::write(world.cached().join("refs/main"), commit(5)).unwrap();
    for (name, content) in FILES {
        fs::write(snapshot.join(name), content).unwrap();
    }
    let fetched = world.fetch_with(None, &world.offline()).unwrap();
    assert_eq!((fetched.commit, fetched.is_new), (commit(5), true));
    assert_eq!(fetched.files, FETCHED);
    assert_eq!(text(&fetched.dir, "config.json"), FILES[0].1);
    assert!(world.lock_text().contains(&commit(5)));
    assert_eq!(world.server.n_connections(), 0);
    // Weights are what it is about: a snapshot without them is a miss.
    fs::remove_file(snapshot.join("model.safetensors")).unwrap();
    fs::remove_file(world.lock_file()).unwrap();
    let error = world.fetch_with(None, &world.offline()).unwrap_err();
    let said = said(&error);
    assert!(said.starts_with("model.safetensors of "), "{said}");
}
