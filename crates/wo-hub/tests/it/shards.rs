//! Weights in several files, and the other files of folders as people have them.

use std::fs;

use wo_hub::Error;

use crate::{REPOSITORY, World, commit, said, text};
use wo_testkit::hub::sha256;

const INDEX: &str = "model.safetensors.index.json";
const FIRST: &str = "model-00001-of-00002.safetensors";
const SECOND: &str = "model-00002-of-00002.safetensors";

/// A world whose repository has an index of this text and two files of weights.
fn world_with(index: &str) -> World {
    let world = World::new();
    let files = [
        ("config.json", "{}"),
        (INDEX, index),
        (FIRST, "the first weights"),
        (SECOND, "the second weights"),
        ("model-00003-of-00002.safetensors", "not in the index"),
        ("vocab.json", "{}"),
        ("merges.txt", "a b"),
        ("processor_config.json", "{}"),
    ];
    world.server.put(REPOSITORY, "other", &commit(7), &files);
    world
}

fn index(first: &str, total_size: u64) -> String {
    format!(
        "{{\"metadata\": {{\"total_size\": {total_size}}}, \"weight_map\": {{\"a\": \"{first}\", \"b\": \"{SECOND}\"}}}}"
    )
}

#[test]
fn the_files_of_an_index_are_fetched_and_pinned() {
    let world = world_with(&index(FIRST, 100));
    let fetched = world.fetch_with(Some("other"), &world.options).unwrap();
    let expected = [
        "config.json",
        INDEX,
        "vocab.json",
        "merges.txt",
        "processor_config.json",
        FIRST,
        SECOND,
    ];
    assert_eq!(fetched.files, expected);
    for (name, content) in [(FIRST, "the first weights"), (SECOND, "the second weights")] {
        assert_eq!(text(&fetched.dir, name), content);
        let entry = format!(
            "name = \"{name}\"\nsha256 = \"{}\"",
            sha256(content.as_bytes())
        );
        assert!(world.lock_text().contains(&entry), "{}", world.lock_text());
    }
    // From then on nothing is asked, and a changed file is noticed.
    let n_connections = world.server.n_connections();
    world.fetch_with(Some("other"), &world.offline()).unwrap();
    assert_eq!(world.server.n_connections(), n_connections);
    let blob = fs::canonicalize(fetched.dir.join(SECOND)).unwrap();
    fs::write(blob, "the second weightz").unwrap();
    let error = world
        .fetch_with(Some("other"), &world.offline())
        .unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error:?}");
}

#[test]
fn what_other_tools_left_in_the_cache_is_found_by_the_index() {
    let world = world_with(&index(FIRST, 100));
    world.fetch_with(Some("other"), &world.options).unwrap();
    fs::remove_file(world.lock_file()).unwrap();
    let fetched = world.fetch_with(Some("other"), &world.offline()).unwrap();
    assert!(fetched.is_new && fetched.files.iter().any(|name| name == SECOND));
    fs::remove_file(world.lock_file()).unwrap();
    fs::remove_file(fetched.dir.join(SECOND)).unwrap();
    let error = world
        .fetch_with(Some("other"), &world.offline())
        .unwrap_err();
    let said = said(&error);
    assert!(
        said.contains(&format!("{SECOND} of {REPOSITORY} is not in the cache")),
        "{said}"
    );
}

#[test]
fn an_index_names_no_other_files_and_no_larger_ones() {
    for name in [
        "../../config.json",
        "pytorch_model.bin",
        "/etc/passwd",
        "model.safetensors",
    ] {
        let world = world_with(&index(name, 100));
        let error = world.fetch_with(Some("other"), &world.options).unwrap_err();
        assert!(matches!(error, Error::Index { .. }), "{name}: {error:?}");
        let said = said(&error);
        assert!(
            said.contains(INDEX) && said.contains("it names ") && said.contains("hint: "),
            "{said}"
        );
        assert!(!world.lock_file().exists());
    }
    let world = world_with("{\"weight_map\": {}}");
    let error = world.fetch_with(Some("other"), &world.options).unwrap_err();
    assert!(said(&error).contains("it names 0 files"), "{error}");
    // More than the tensors and the longest header together.
    let world = world_with(&index(FIRST, 1));
    world.server.be(wo_testkit::hub::Hostility {
        announced: Some(200_000_000),
        ..wo_testkit::hub::Hostility::default()
    });
    let error = world.fetch_with(Some("other"), &world.options).unwrap_err();
    let Error::TooLarge { file, limit, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!((file.as_str(), *limit), (FIRST, 100_000_001));
}

#[test]
fn an_adapter_is_fetched_where_there_is_no_whole_model() {
    let world = World::new();
    let files = [
        ("adapter_config.json", "{}"),
        ("adapter_model.safetensors", "an adapter"),
        ("adapter_model.bin", "a pickle"),
    ];
    world.server.put(REPOSITORY, "adapter", &commit(8), &files);
    let fetched = world.fetch_with(Some("adapter"), &world.options).unwrap();
    assert_eq!(
        fetched.files,
        ["adapter_model.safetensors", "adapter_config.json"]
    );
}
