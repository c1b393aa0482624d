//! A Hub that is slow for ever, announces what is not so, or leads elsewhere.

use std::fs;
use std::time::{Duration, Instant};

use wo_hub::{Error, Limits, Options};

use crate::{FILES, REPOSITORY, World, commit, said, text};
use wo_testkit::hub::{Hostility, sha256};

/// A world whose weights have so many bytes, and options with these limits.
fn world_of(n_bytes: usize, limits: impl FnOnce(Limits) -> Limits) -> (World, Options) {
    let world = World::new();
    let weights = "w".repeat(n_bytes);
    let files = [("config.json", "{}"), ("model.safetensors", &weights)];
    world.server.put(REPOSITORY, "main", &commit(1), &files);
    let options = Options {
        limits: limits(world.options.limits),
        ..world.options.clone()
    };
    (world, options)
}

/// Whether weights were asked for at the second address.
fn asked_for_weights(world: &World) -> bool {
    let lines = world.server.lines();
    lines.iter().any(|line| line.starts_with("cdn GET"))
}

/// The names in the folder of blobs that are not empty, but for the small files.
fn parts(world: &World) -> Vec<String> {
    let Ok(blobs) = fs::read_dir(world.cached().join("blobs")) else {
        return Vec::new();
    };
    let parts = blobs.map(|blob| blob.expect("a blob"));
    let parts = parts.filter(|blob| blob.metadata().expect("a file").len() > 0);
    let names = parts.map(|blob| blob.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("incomplete")).collect()
}

#[test]
fn a_trickle_is_given_up() {
    let (world, options) = world_of(100_000, |limits| Limits {
        floor: 1000,
        window: Duration::from_millis(200),
        grace: Duration::from_millis(100),
        ..limits
    });
    world.server.be(Hostility {
        trickle: Some((1, Duration::from_millis(20))),
        ..Hostility::default()
    });
    let start = Instant::now();
    let error = world.fetch_with(None, &options).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(matches!(error, Error::Network { .. }), "{error:?}");
    let said = said(&error);
    assert!(
        said.contains("model.safetensors: too slow (")
            && said.contains("bytes a second, and at least 1000 are needed)"),
        "{said}"
    );
    // What came is kept, and a better line goes on behind it.
    assert_eq!(parts(&world).len(), 1);
    world.server.be(Hostility::default());
    world.server.requests();
    world.fetch_with(None, &options).unwrap();
    let mut requests = world.server.requests().into_iter();
    assert!(requests.any(|request| request.range.is_some()));
}

#[test]
fn a_slow_line_works() {
    // 56 kB/s, held against the floor of the defaults in each tenth of a second.
    let (world, options) = world_of(60_000, |limits| Limits {
        window: Duration::from_millis(100),
        grace: Duration::ZERO,
        ..limits
    });
    world.server.be(Hostility {
        trickle: Some((560, Duration::from_millis(10))),
        ..Hostility::default()
    });
    let fetched = world.fetch_with(None, &options).unwrap();
    assert_eq!(text(&fetched.dir, "model.safetensors").len(), 60_000);
}

#[test]
fn a_file_has_a_deadline_over_all_attempts() {
    let (world, options) = world_of(100_000, |limits| Limits {
        floor: 0,
        average: u64::MAX,
        least_deadline: Duration::from_millis(500),
        ..limits
    });
    let options = Options {
        n_retries: 50,
        ..options
    };
    world.server.be(Hostility {
        trickle: Some((10, Duration::from_millis(10))),
        ..Hostility::default()
    });
    // Each attempt is cut off early, so that no attempt alone is late.
    world.server.cut_at(Some(100));
    let start = Instant::now();
    let error = world.fetch_with(None, &options).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20));
    let said = said(&error);
    assert!(
        said.contains("model.safetensors: not complete after"),
        "{said}"
    );
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let (world, options) = world_of(10, |limits| Limits {
        answer: Duration::from_millis(300),
        ..limits
    });
    world.server.be(Hostility {
        trickle: Some((1, Duration::from_millis(50))),
        trickles_all: true,
        ..Hostility::default()
    });
    let start = Instant::now();
    let error = world.fetch_with(None, &options).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(matches!(error, Error::Network { .. }), "{error:?}");
    assert!(said(&error).contains("timeout"), "{error}");
}

#[test]
fn what_the_disk_has_no_room_for_is_not_begun() {
    let (world, full) = world_of(1000, |limits| Limits {
        margin: u64::MAX / 2,
        ..limits
    });
    let error = world.fetch_with(None, &full).unwrap_err();
    assert!(matches!(error, Error::Room { .. }), "{error:?}");
    let said = said(&error);
    assert!(
        said.contains("MiB free") && said.contains("\nhint: make room there"),
        "{said}"
    );
    // More than any disk has is announced.
    world.server.be(Hostility {
        announced: Some(1 << 60),
        ..Hostility::default()
    });
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Room { .. }), "{error:?}");
    assert!(!asked_for_weights(&world));
    assert_eq!(parts(&world), [""; 0]);
    assert!(!world.lock_file().exists());
}

#[test]
fn another_size_or_sha256_than_the_pinned_one_is_refused_before_it_is_fetched() {
    let world = World::new();
    world.fetch().unwrap();
    fs::remove_dir_all(&world.options.cache).unwrap();
    world.server.be(Hostility {
        announced: Some(1 << 60),
        ..Hostility::default()
    });
    world.server.requests();
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Announced { .. }), "{error:?}");
    let sizes = format!(
        "the Hub announces {} bytes for model.safetensors of {REPOSITORY}, and {} bytes is pinned\nhint: check HF_ENDPOINT",
        1_u64 << 60,
        FILES[1].1.len()
    );
    assert!(said(&error).starts_with(&sizes), "{}", said(&error));
    assert!(!asked_for_weights(&world));

    world.server.be(Hostility::default());
    let other = FILES[1].1.replace('w', "W");
    let files = [("config.json", FILES[0].1), ("model.safetensors", &other)];
    world.server.put(REPOSITORY, "main", &commit(1), &files);
    let error = world.fetch().unwrap_err();
    assert!(matches!(error, Error::Announced { .. }), "{error:?}");
    let names = [sha256(FILES[1].1.as_bytes()), sha256(other.as_bytes())];
    for name in names {
        assert!(said(&error).contains(&format!("sha256 {name}")), "{error}");
    }
    assert!(!asked_for_weights(&world));
}

#[test]
fn a_text_that_is_as_large_as_weights_is_refused() {
    let (world, options) = world_of(1000, |limits| Limits {
        max_text: 1,
        ..limits
    });
    let error = world.fetch_with(None, &options).unwrap_err();
    let expected = format!(
        "the Hub announces 2 bytes for config.json of {REPOSITORY}, and more than 1 are not fetched"
    );
    assert!(said(&error).starts_with(&expected), "{error}");
}

#[test]
fn no_more_is_written_than_was_announced() {
    for (hostility, why) in [
        (
            Hostility {
                surplus: 1 << 20,
                ..Hostility::default()
            },
            "model.safetensors: the server sends more than the 1000 bytes that it announced",
        ),
        (
            Hostility {
                length: Some(1 << 40),
                ..Hostility::default()
            },
            "of model.safetensors 1000 bytes were announced, and 1099511627776 are to come",
        ),
        (
            Hostility {
                announced: Some(999),
                ..Hostility::default()
            },
            "of model.safetensors 999 bytes were announced, and 1000 are to come",
        ),
    ] {
        let (world, options) = world_of(1000, |limits| limits);
        world.server.be(hostility);
        let error = world.fetch_with(None, &options).unwrap_err();
        assert!(matches!(error, Error::Network { .. }), "{error:?}");
        assert!(said(&error).contains(why), "{}", said(&error));
        assert_eq!(parts(&world), [""; 0]);
        assert!(!world.lock_file().exists());
    }
}

#[test]
fn a_redirect_counts_in_any_case_and_leads_to_the_web_only() {
    let to = |location: &str| {
        let world = World::new();
        world.server.be(Hostility {
            location: Some(location.to_owned()),
            ..Hostility::default()
        });
        world
            .fetch()
            .map(|fetched| text(&fetched.dir, "model.safetensors"))
    };
    for location in ["http://CDN", "HTTP://CDN", "hTTp://CDN"] {
        assert_eq!(to(location).unwrap(), FILES[1].1, "{location}");
    }
    for location in ["ftp://CDN", "FILE:///etc/passwd", "file:///etc/passwd", "x"] {
        let error = to(location).unwrap_err();
        let said = said(&error);
        assert!(
            said.contains("a redirect leads to what is no address of the web"),
            "{location}: {said}"
        );
    }
    let endless =
        to("/openai/clip-tiny/resolve/0101010101010101010101010101010101010101/model.safetensors");
    let said = said(&endless.unwrap_err());
    assert!(said.contains("redirects without end"), "{said}");
}

#[test]
fn the_token_stays_on_the_hub_however_a_redirect_is_spelt() {
    for location in ["HTTP://CDN", "//CDN", "http://user@CDN"] {
        let world = World::new();
        world.server.be(Hostility {
            location: Some(location.to_owned()),
            ..Hostility::default()
        });
        world.fetch().unwrap();
        for request in world.server.requests() {
            if request.line.starts_with("cdn ") {
                let is_ours = request
                    .authorization
                    .is_some_and(|it| it.contains("hf_secret"));
                assert!(!is_ours, "{location}");
            }
        }
    }
}

#[test]
fn a_hub_that_says_for_ever_that_it_will_answer_is_given_up_like_a_silent_one() {
    let (world, options) = world_of(10, |limits| Limits {
        silence: Duration::from_millis(200),
        patience: Duration::from_millis(300),
        ..limits
    });
    world.server.be(Hostility {
        continues: true,
        ..Hostility::default()
    });
    // As many retries as anybody wants: it is the silence that counts.
    let options = Options {
        n_retries: 100,
        ..options
    };
    let start = Instant::now();
    let error = world.fetch_with(None, &options).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(matches!(error, Error::Network { .. }), "{error:?}");
    let n_asked = world.server.n_connections();
    assert!((1..=4).contains(&n_asked), "{n_asked}");
}

#[test]
fn what_breaks_off_again_and_again_goes_on_as_long_as_something_comes() {
    let (world, options) = world_of(10_000, |limits| Limits {
        patience: Duration::from_millis(600),
        ..limits
    });
    world.server.cut_at(Some(2_000));
    let options = Options {
        n_retries: 3,
        ..options
    };
    // Four attempts bring 8000 bytes, and the pauses between them are longer than the patience.
    let start = Instant::now();
    world.fetch_with(None, &options).unwrap_err();
    assert!(start.elapsed() > Duration::from_secs(1));
    let n_asked = world.server.lines();
    let n_asked = n_asked.iter().filter(|it| it.starts_with("cdn GET"));
    assert_eq!(n_asked.count(), 4);
}
