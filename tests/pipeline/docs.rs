//! The pages of this repository: their links lead somewhere, the commands that they name exist, and their prose wraps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries;

/// Columns of prose; tables, links to images and code may be wider.
const MAX_COLUMNS: usize = 100;

fn root() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("tests/ lies in the workspace")
}

/// The Markdown pages that people wrote, relative to the root, with their text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !name.starts_with('.') && !["target", "demo", "soak"].contains(&&*name) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|kind| kind == "md") {
                let text = fs::read_to_string(&path).expect("a page is UTF-8");
                let relative = path.strip_prefix(root()).expect("below the root");
                pages.push((relative.to_owned(), text));
            }
        }
    }
    assert!(pages.len() > 20, "{} pages", pages.len());
    pages
}

/// The lines of a page outside of its blocks of code, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    text.lines().enumerate().filter_map(move |(i, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        (!in_code && !is_fence).then_some((i + 1, line))
    })
}

/// The name that a heading has in addresses, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().chars();
    kept.filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

/// The targets of the links of a line: `[text](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let rest = line.split("](").skip(1);
    rest.filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let anchors: BTreeMap<&Path, BTreeSet<String>> = pages
        .iter()
        .map(|(path, text)| {
            let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
            (
                path.as_path(),
                headings.map(|(_, line)| anchor(line)).collect(),
            )
        })
        .collect();
    let mut dead = Vec::new();
    for (page, text) in &pages {
        for (line, target) in prose(text).flat_map(|(i, line)| links(line).map(move |it| (i, it))) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let place = if file.is_empty() {
                page.clone()
            } else {
                normal(&page.parent().unwrap_or(Path::new("")).join(file))
            };
            let known = anchors.get(place.as_path());
            let is_there = root().join(&place).exists()
                && (heading.is_empty() || known.is_some_and(|all| all.contains(heading)));
            if !is_there {
                dead.push(format!("{}:{line}: {target}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// The code in a line of prose.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// What experiments name was so on their day.
fn is_history(page: &Path) -> bool {
    page.starts_with("docs/experiments") || page == Path::new("CHANGELOG.md")
}

#[test]
fn files_that_pages_name_exist() {
    let mut missing = Vec::new();
    for (page, text) in pages().iter().filter(|(page, _)| !is_history(page)) {
        for (line, name) in prose(text).flat_map(|(i, line)| code(line).map(move |it| (i, it))) {
            let starts = ["crates/", "tests/", "scripts/", "docs/", "fuzz/"];
            let is_path = starts.iter().any(|start| name.starts_with(start));
            // `scripts/just demo` is a command and its first word a file.
            let file = name.split(' ').next().unwrap_or_default();
            if is_path && !root().join(file).exists() {
                missing.push(format!("{}:{line}: {name}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn recipes_that_pages_name_exist() {
    let justfile = fs::read_to_string(root().join("Justfile")).expect("a Justfile");
    let recipes: BTreeSet<&str> = justfile
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(':'))
        .filter_map(|line| line.split([' ', ':']).next())
        .collect();
    assert!(recipes.contains("test") && recipes.contains("demo"));
    let mut unknown = Vec::new();
    for (page, text) in pages() {
        for rest in text.split("scripts/just ").skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-');
            let recipe = &rest[..end.unwrap_or(rest.len())];
            if !recipes.contains(recipe) {
                unknown.push(format!("{}: {recipe}", page.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// The help of a tool and of its subcommands.
fn help(tool: &str) -> String {
    let run = |args: &[&str]| {
        let output = Command::new(binaries().join(tool)).args(args).output();
        String::from_utf8(output.expect("the tool runs").stdout).expect("help is UTF-8")
    };
    let mut all = run(&["--help"]);
    let commands: Vec<String> = all
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    for command in commands.iter().filter(|command| *command != "help") {
        all.push_str(&run(&[command, "--help"]));
    }
    all
}

/// The commands in a text, as words: those of blocks of code, and those in a line of prose.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let in_prose: BTreeSet<usize> = prose(text).map(|(i, _)| i).collect();
    let lines = text.lines().enumerate().flat_map(|(i, line)| {
        if in_prose.contains(&(i + 1)) {
            code(line).collect()
        } else {
            vec![line.split(" #").next().unwrap_or(line)]
        }
    });
    lines
        .flat_map(|line| line.split(" | "))
        .map(|command| command.split_whitespace().collect())
        .collect()
}

#[test]
fn flags_that_pages_name_exist() {
    let tools = [
        "wo-collect",
        "wo-extract",
        "wo-describe",
        "wo-train",
        "wo-eval",
        "wo-review",
        "wo-models",
        "wo-synth",
    ];
    let helps: BTreeMap<&str, String> = tools.iter().map(|tool| (*tool, help(tool))).collect();
    let is_known = |help: &str, flag: &str| {
        let mut places = help.match_indices(flag);
        places.any(|(at, _)| {
            !help[at + flag.len()..].starts_with(|c: char| c.is_ascii_lowercase() || c == '-')
        })
    };
    let (mut unknown, mut n_known) = (Vec::new(), 0);
    for (page, text) in pages().iter().filter(|(page, _)| !is_history(page)) {
        for words in commands(text) {
            let Some(help) = words.first().and_then(|tool| helps.get(tool)) else {
                continue;
            };
            // `-->` is an arrow.
            let flags = words
                .iter()
                .filter(|word| word.starts_with("--") && !word.ends_with('>'));
            for word in flags {
                let end = word.find(|c: char| !c.is_ascii_lowercase() && c != '-');
                let flag = &word[..end.unwrap_or(word.len())];
                if is_known(help, flag) {
                    n_known += 1;
                } else {
                    unknown.push(format!("{}: {} {flag}", page.display(), words[0]));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(n_known > 30, "only {n_known} flags were found");
}

#[test]
fn prose_wraps() {
    let mut long = Vec::new();
    for (page, text) in pages() {
        for (i, line) in prose(&text) {
            let may_be_wide = line.starts_with(['|', '!', '#']);
            if !may_be_wide && line.chars().count() > MAX_COLUMNS {
                long.push(format!("{}:{i}", page.display()));
            }
        }
    }
    assert!(
        long.is_empty(),
        "wider than {MAX_COLUMNS} columns: {long:#?}"
    );
}
