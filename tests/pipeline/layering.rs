//! The arrows of ARCHITECTURE.md, read from cargo's own picture of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// For each package of the workspace, all packages that it reaches in a normal build.
struct Layers {
    direct: BTreeMap<String, BTreeSet<String>>,
    reached: BTreeMap<String, BTreeSet<String>>,
}

/// The system that this test was built on, as cargo calls it.
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("rustc writes UTF-8");
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.expect("rustc names its host").to_owned()
}

fn metadata() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // Crates of other systems were never downloaded here.
        .args(["--filter-platform", &host()])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn layers() -> Layers {
    let metadata = metadata();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let names: BTreeMap<String, String> = list(&metadata["packages"])
        .iter()
        .map(|p| {
            (
                p["id"].as_str().expect("an id").to_owned(),
                p["name"].as_str().expect("a name").to_owned(),
            )
        })
        .collect();
    let mut by_id: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let normal = list(&node["deps"])
            .iter()
            .filter(|dep| {
                list(&dep["dep_kinds"])
                    .iter()
                    .any(|kind| kind["kind"].is_null())
            })
            .map(|dep| dep["pkg"].as_str().expect("an id").to_owned())
            .collect();
        by_id.insert(node["id"].as_str().expect("an id").to_owned(), normal);
    }
    let mut layers = Layers {
        direct: BTreeMap::new(),
        reached: BTreeMap::new(),
    };
    for member in list(&metadata["workspace_members"]) {
        let member = member.as_str().expect("an id");
        let direct = by_id[member].iter().map(|id| names[id].clone()).collect();
        let mut reached = BTreeSet::new();
        let mut open = by_id[member].clone();
        while let Some(id) = open.pop() {
            if reached.insert(names[&id].clone()) {
                open.extend(by_id[&id].iter().cloned());
            }
        }
        layers.direct.insert(names[member].clone(), direct);
        layers.reached.insert(names[member].clone(), reached);
    }
    layers
}

const TOOLS: [&str; 8] = [
    "wo-collect",
    "wo-extract",
    "wo-describe",
    "wo-train",
    "wo-eval",
    "wo-synth",
    "wo-review",
    "wo-models",
];

fn users_of(layers: &Layers, package: &str) -> BTreeSet<String> {
    layers
        .reached
        .iter()
        .filter(|(_, reached)| reached.contains(package))
        .map(|(name, _)| name.clone())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// What the drawing in ARCHITECTURE.md says each crate reaches.
fn drawn() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let page = root
        .expect("tests/ lies in the workspace")
        .join("ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let (_, drawing) = page.split_once("```mermaid").expect("a drawing");
    let (drawing, _) = drawing.split_once("```").expect("the drawing's end");
    let mut reached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let arrows: Vec<_> = drawing
        .lines()
        .filter_map(|line| line.split_once("-->"))
        .collect();
    // The drawing goes from top to bottom, so each crate is complete before its users are looked at from below.
    for (user, used) in arrows.into_iter().rev() {
        for name in used.split('&').map(str::trim) {
            let beyond = reached.entry(name.to_owned()).or_default().clone();
            let all = reached.entry(user.trim().to_owned()).or_default();
            all.insert(name.to_owned());
            all.extend(beyond);
        }
    }
    reached
}

#[test]
fn the_drawing_is_that_of_the_workspace() {
    let is_ours = |name: &String| name.starts_with("wo-");
    let is_for_tests = |name: &String| matches!(name.as_str(), "wo-tests" | "wo-testkit");
    let actual = layers().reached.into_iter();
    let actual: BTreeMap<_, BTreeSet<_>> = actual
        .filter(|(name, _)| !is_for_tests(name))
        .map(|(name, reached)| (name, reached.into_iter().filter(is_ours).collect()))
        .collect();
    assert_eq!(drawn(), actual);
}

#[test]
fn no_dependency_wants_a_newer_rust_than_ours() {
    let metadata = metadata();
    let version = |text: &str| {
        let mut parts: Vec<u32> = text
            .split('.')
            .map(|n| n.parse().expect("a number"))
            .collect();
        parts.resize(3, 0);
        parts
    };
    let packages = metadata["packages"].as_array().expect("a list");
    let wanted = |package: &Value| package["rust_version"].as_str().map(version);
    let ours = packages
        .iter()
        .find(|package| package["name"] == "wo-record")
        .and_then(wanted)
        .expect("the workspace has a rust-version");
    let newer: Vec<_> = packages
        .iter()
        .filter(|package| wanted(package).is_some_and(|rust| rust > ours))
        .map(|package| &package["id"])
        .collect();
    assert!(newer.is_empty(), "{newer:?}");
}

#[test]
fn only_the_model_crates_reach_libtorch() {
    assert_eq!(
        users_of(&layers(), "torch-sys"),
        set(&["wo-clip", "wo-train", "wo-eval"])
    );
}

#[test]
fn only_the_video_tools_reach_gstreamer() {
    assert_eq!(
        users_of(&layers(), "gstreamer"),
        set(&["wo-extract", "wo-synth"])
    );
}

#[test]
fn only_the_trainer_reaches_the_network() {
    let layers = layers();
    for client in ["hf-hub", "ureq", "rustls"] {
        assert_eq!(
            users_of(&layers, client),
            set(&["wo-hub", "wo-train"]),
            "{client}"
        );
    }
    let of_ours = |name: &&String| name.starts_with("wo-");
    assert_eq!(layers.reached["wo-hub"].iter().find(of_ours), None);
}

#[test]
fn what_keeps_the_books_trains_and_decodes_nothing() {
    let reached = &layers().reached["wo-models"];
    for library in ["torch-sys", "gstreamer", "ureq", "hyper", "tokio"] {
        assert!(!reached.contains(library), "{library}");
    }
}

#[test]
fn the_collector_starts_programs_and_opens_no_socket() {
    let reached = &layers().reached["wo-collect"];
    for library in [
        "torch-sys",
        "gstreamer",
        "ureq",
        "hyper",
        "tokio",
        "socket2",
    ] {
        assert!(!reached.contains(library), "{library}");
    }
}

#[test]
fn only_the_page_listens() {
    let layers = layers();
    for server in ["axum", "hyper", "tokio"] {
        assert_eq!(users_of(&layers, server), set(&["wo-review"]), "{server}");
    }
}

#[test]
fn the_page_decodes_no_video() {
    let reached = &layers().reached["wo-review"];
    for decoder in ["gstreamer", "torch-sys"] {
        assert!(!reached.contains(decoder), "{decoder}");
    }
}

#[test]
fn the_contract_depends_on_little_and_the_edge_not_on_it() {
    let mut layers = layers();
    // Optional: only the feature `schema` brings it, which only the crate's own tests turn on.
    let direct = layers.direct.get_mut("wo-record").expect("a member");
    direct.remove("schemars");
    assert_eq!(
        layers.direct["wo-record"],
        set(&[
            "base64",
            "serde",
            "serde_json",
            "thiserror",
            "unicode-normalization"
        ])
    );
    assert!(!layers.reached["wo-cli"].contains("wo-record"));
}

#[test]
fn tools_stand_alone() {
    let layers = layers();
    for user in layers.reached.keys() {
        for tool in TOOLS {
            assert!(
                !layers.reached[user].contains(tool),
                "{user} depends on the tool {tool}"
            );
        }
    }
    for user in TOOLS.into_iter().chain([
        "wo-record",
        "wo-cli",
        "wo-input",
        "wo-stats",
        "wo-report",
        "wo-picture",
        "wo-clip",
        "wo-hub",
        "wo-parallel",
        "wo-label",
        "wo-folder",
        "wo-ledger",
        "wo-settings",
    ]) {
        assert!(
            !layers.reached[user].contains("wo-testkit"),
            "{user} ships the test kit"
        );
    }
}
