//! What is fetched, when, and what is written down about it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use wo_hub::{Error, Options, Step};

use crate::{FETCHED, FILES, REPOSITORY, World, commit, text};
use wo_testkit::hub::sha256;

#[test]
fn the_first_use_fetches_what_is_needed_and_pins_it() {
    let world = World::new();
    let fetched = world.fetch().unwrap();
    assert_eq!(fetched.commit, commit(1));
    assert_eq!(fetched.files, FETCHED);
    assert!(fetched.is_new);
    assert_eq!(
        fetched.dir,
        world.cached().join("snapshots").join(commit(1))
    );
    for (name, content) in &FILES[..4] {
        assert_eq!(&text(&fetched.dir, name), content);
        let entry = format!(
            "name = \"{name}\"\nsha256 = \"{}\"\nsize = {}\n",
            sha256(content.as_bytes()),
            content.len()
        );
        assert!(world.lock_text().contains(&entry), "{}", world.lock_text());
    }
    assert!(!fetched.dir.join("pytorch_model.bin").exists());
    let lines = world.server.lines();
    assert!(
        lines.iter().all(|line| !line.contains("pytorch")),
        "{lines:?}"
    );
    // Every file is asked for by its commit, not by the branch.
    let of_main: Vec<&String> = lines.iter().filter(|line| line.contains("main")).collect();
    assert_eq!(
        of_main,
        [&format!("GET /api/models/{REPOSITORY}/revision/main")]
    );
}

#[test]
fn the_second_use_asks_nothing() {
    let world = World::new();
    let first = world.fetch().unwrap();
    let n_connections = world.server.n_connections();
    let lock = world.lock_text();
    let second = world.fetch().unwrap();
    assert_eq!((&second.dir, second.is_new), (&first.dir, false));
    assert_eq!(world.server.n_connections(), n_connections);
    assert_eq!(world.lock_text(), lock);
}

#[test]
fn the_pinned_commit_is_asked_for_when_main_has_moved_on() {
    let world = World::new();
    world.fetch().unwrap();
    let new = [
        ("config.json", "{}"),
        ("model.safetensors", "other weights"),
    ];
    world.server.put(REPOSITORY, "main", &commit(2), &new);
    fs::remove_dir_all(&world.options.cache).unwrap();
    world.server.requests();
    let fetched = world.fetch().unwrap();
    assert_eq!(fetched.commit, commit(1));
    assert_eq!(text(&fetched.dir, "model.safetensors"), FILES[1].1);
    let lines = world.server.lines();
    let pinned = format!("/{REPOSITORY}/resolve/{}/", commit(1));
    assert!(
        lines
            .iter()
            .all(|line| line.contains(&pinned) || line.starts_with("cdn ")),
        "{lines:?}"
    );
    // Another revision is another entry.
    let other = world.fetch_with(Some(&commit(2)), &world.options).unwrap();
    assert_eq!((other.commit, other.is_new), (commit(2), true));
    assert_eq!(world.lock_text().matches("[[model]]").count(), 2);
}

#[test]
fn a_reference_with_slashes_is_a_revision() {
    let world = World::new();
    let files = [("config.json", "{}"), ("model.safetensors", "converted")];
    world
        .server
        .put(REPOSITORY, "refs/pr/15", &commit(3), &files);
    let fetched = world
        .fetch_with(Some("refs/pr/15"), &world.options)
        .unwrap();
    assert_eq!(fetched.commit, commit(3));
    assert_eq!(fetched.files, ["config.json", "model.safetensors"]);
}

#[test]
fn the_names_of_open_clip_are_taken_where_there_are_no_others() {
    let world = World::new();
    let files = [
        ("open_clip_config.json", "{}"),
        ("open_clip_pytorch_model.bin", "a pickle"),
        ("open_clip_pytorch_model.safetensors", "weights"),
    ];
    world.server.put(REPOSITORY, "main", &commit(4), &files);
    let fetched = world.fetch().unwrap();
    assert_eq!(fetched.files, [files[2].0, files[0].0]);
}

#[test]
fn the_token_is_sent_to_the_hub_and_to_nobody_else() {
    let world = World::new();
    let fetched = world.fetch().unwrap();
    let requests = world.server.requests();
    let (cdn, hub): (Vec<_>, Vec<_>) = requests
        .into_iter()
        .partition(|request| request.line.starts_with("cdn "));
    assert!(!cdn.is_empty() && !hub.is_empty());
    for request in hub {
        assert_eq!(request.authorization.as_deref(), Some("Bearer hf_secret"));
    }
    for request in cdn {
        assert_eq!(request.authorization, None);
    }
    world.server.fail_with(Some(401));
    fs::remove_dir_all(&fetched.dir).unwrap();
    let error = world.fetch().unwrap_err();
    let said = format!(
        "{error} {error:?} {:?} {}",
        world.options,
        world.lock_text()
    );
    assert!(!said.contains("hf_secret"), "{said}");
}

#[test]
fn a_download_that_broke_off_is_completed() {
    let world = World::new();
    world.server.cut_at(Some(7));
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error}");
    let weights = world.cached().join("snapshots").join(commit(1));
    assert!(!weights.join("model.safetensors").exists());
    assert!(!world.lock_file().exists());
    world.server.cut_at(None);
    world.server.requests();
    let fetched = world.fetch().unwrap();
    assert_eq!(text(&fetched.dir, "model.safetensors"), FILES[1].1);
    // It went on where it broke off.
    let ranges: Vec<String> = (world.server.requests().into_iter())
        .filter_map(|request| request.range)
        .collect();
    assert_eq!(ranges, ["bytes=7-"]);
}

#[test]
fn a_download_goes_on_within_one_run_and_without_ranges_from_the_start() {
    for has_ranges in [true, false] {
        let world = World::new();
        world.server.cut_once_at(7, has_ranges);
        let options = Options {
            n_retries: 1,
            ..world.options.clone()
        };
        let fetched = world.fetch_with(None, &options).unwrap();
        assert_eq!(text(&fetched.dir, "model.safetensors"), FILES[1].1);
    }
}

#[test]
fn a_part_that_is_too_long_is_thrown_away() {
    let world = World::new();
    let name = format!("{}.incomplete", sha256(FILES[1].1.as_bytes()));
    fs::create_dir_all(world.cached().join("blobs")).unwrap();
    fs::write(world.cached().join("blobs").join(name), "x".repeat(999)).unwrap();
    let fetched = world.fetch().unwrap();
    assert_eq!(text(&fetched.dir, "model.safetensors"), FILES[1].1);
}

#[test]
fn the_cache_is_as_other_tools_leave_it() {
    let world = World::new();
    let fetched = world.fetch().unwrap();
    let target = fs::read_link(fetched.dir.join("model.safetensors")).unwrap();
    let sha256 = sha256(FILES[1].1.as_bytes());
    assert_eq!(target, Path::new("../../blobs").join(sha256));
    assert_eq!(text(&world.cached(), "refs/main"), commit(1));
    let n_blobs = fs::read_dir(world.cached().join("blobs")).unwrap().count();
    assert_eq!(n_blobs, FETCHED.len(), "nothing is left behind");
}

#[test]
fn only_what_is_missing_is_fetched_again() {
    let world = World::new();
    let fetched = world.fetch().unwrap();
    let path = fetched.dir.join("tokenizer.json");
    fs::remove_file(fs::canonicalize(&path).unwrap()).unwrap();
    world.server.requests();
    world.fetch().unwrap();
    assert_eq!(text(&fetched.dir, "tokenizer.json"), FILES[3].1);
    let lines = world.server.lines();
    assert!(!lines.is_empty());
    assert!(
        lines.iter().all(|line| line.ends_with("/tokenizer.json")),
        "{lines:?}"
    );
}

#[test]
fn the_watch_sees_each_file_come_to_its_end() {
    let world = World::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let options = Options {
        watch: Some(Arc::new(move |step: Step<'_>| {
            if step.n_bytes == step.size {
                notes.lock().unwrap().push(step.file.to_owned());
            }
        })),
        ..world.options.clone()
    };
    world.fetch_with(None, &options).unwrap();
    let mut seen = seen.lock().unwrap().clone();
    seen.dedup();
    assert_eq!(seen, FETCHED);
}
