//! Rules for the source files inside each crate: no circle of imports, and no long file without a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files that are still too long. Take a file out when it is short: the test fails until you do.
const LONG: [&str; 2] = [
    "crates/wo-extract/tests/it/stream.rs",
    "tests/pipeline/told.rs",
];

/// A longer file needs a line that begins with [`REASON`] among its first lines.
const MAX_LINES: usize = 400;
const REASON: &str = "// Longer than 400 lines: ";
const N_FIRST_LINES: usize = 12;

/// A module's path inside its crate, such as `["captions", "file"]`. The crate's root is empty.
type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace")
}

/// All Rust files below a folder, in the order of their names.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn crates() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("crates")).expect("there are crates");
    let mut crates: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.join("src").is_dir())
        .collect();
    crates.sort();
    crates
}

/// The source without comments and without its inner tests.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let begins_tests = line.trim() == "#[cfg(test)]"
            && lines.peek().is_some_and(|next| next.contains("mod tests"));
        if begins_tests {
            break;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// All paths in the code that begin with `crate`, `super` or `self`, one for each leaf of a `use`.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("::") {
        let before = rest[..at].rsplit(|c: char| !is_in_word(c)).next();
        let first = before.unwrap_or_default();
        rest = &rest[at + 2..];
        if ["crate", "super", "self"].contains(&first) {
            rest = tree(rest, &[first], &mut paths);
        }
    }
    paths
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads the rest of a path, or a `{…}` of several, behind `prefix`. Returns the code behind it.
fn tree<'a>(code: &'a str, prefix: &[&'a str], paths: &mut Vec<Vec<&'a str>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            let after = rest.trim_start().strip_prefix('}');
            if let Some(after) = after.or(rest.is_empty().then_some(rest)) {
                return after;
            }
            rest = tree(rest, prefix, paths).trim_start();
            // `as` and the new name.
            let end = rest.find([',', '}', '{']).unwrap_or(rest.len());
            rest = &rest[end..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }
    let end = code.find(|c| !is_in_word(c)).unwrap_or(code.len());
    let (word, rest) = code.split_at(end);
    let mut path = prefix.to_vec();
    path.extend((!word.is_empty()).then_some(word));
    if let Some(next) = rest.strip_prefix("::") {
        return tree(next, &path, paths);
    }
    paths.push(path);
    rest
}

/// Which file of a crate names which others.
fn imports(src: &Path) -> Imports {
    let mut codes: BTreeMap<Module, String> = BTreeMap::new();
    for file in rust_files(src) {
        let inside = file.strip_prefix(src).expect("it lies in src");
        let mut module: Module = inside
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        module.pop_if(|last| *last == "mod");
        if module != ["lib"] && module != ["main"] {
            let text = fs::read_to_string(&file).expect("source is text");
            codes.insert(module, code(&text));
        }
    }
    let modules: BTreeSet<Module> = codes.keys().cloned().collect();
    let of_file = |(module, code): (&Module, &String)| {
        let named = paths(code).into_iter();
        let named = named.filter_map(|path| resolved(module, &path, &modules));
        (module.clone(), named.filter(|it| it != module).collect())
    };
    codes.iter().map(of_file).collect()
}

/// The file that a path leads to: the longest beginning of it that is a file. `None` for the crate's root.
fn resolved(module: &Module, path: &[&str], modules: &BTreeSet<Module>) -> Option<Module> {
    let mut place = if path.first() == Some(&"crate") {
        Module::new()
    } else {
        module.clone()
    };
    for &part in path {
        match part {
            "crate" | "self" => {}
            "super" => {
                place.pop();
            }
            name => place.push(name.to_owned()),
        }
    }
    while !place.is_empty() && !modules.contains(&place) {
        place.pop();
    }
    (!place.is_empty()).then_some(place)
}

/// All files that a file reaches through what it names.
fn reached(from: &Module, imports: &Imports) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from.clone()];
    while let Some(module) = open.pop() {
        for next in imports.get(&module).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

/// The circles of a crate: in each, every file reaches every other.
fn circles(imports: &Imports) -> BTreeSet<BTreeSet<String>> {
    let all: BTreeMap<&Module, BTreeSet<Module>> = imports
        .keys()
        .map(|module| (module, reached(module, imports)))
        .collect();
    let mut circles = BTreeSet::new();
    for (module, own) in &all {
        if own.contains(*module) {
            let both = own.iter().filter(|other| all[other].contains(*module));
            circles.insert(both.map(|it| it.join("/")).collect());
        }
    }
    circles
}

#[test]
fn no_circle_of_files_inside_a_crate() {
    for folder in crates() {
        let name = folder.file_name().expect("a crate").to_string_lossy();
        let circles = circles(&imports(&folder.join("src")));
        assert_eq!(
            circles,
            BTreeSet::new(),
            "{name}: files that import each other"
        );
    }
}

#[test]
fn long_files_say_why() {
    let mut long = Vec::new();
    for file in ["crates", "tests"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
    {
        let text = fs::read_to_string(&file).expect("source is text");
        let says_why = text
            .lines()
            .take(N_FIRST_LINES)
            .any(|line| line.starts_with(REASON));
        if text.lines().count() > MAX_LINES && !says_why {
            let inside = file.strip_prefix(root()).expect("it lies in the workspace");
            long.push(inside.to_string_lossy().into_owned());
        }
    }
    assert_eq!(long, LONG, "split the file, or say why: `{REASON}…`");
}

#[test]
fn a_circle_is_found_through_each_kind_of_path() {
    let check = |code_of_a: &str, code_of_b: &str, is_circle: bool| {
        let module = |name: &str| vec![name.to_owned()];
        let modules = BTreeSet::from([module("a"), module("b")]);
        let of = |name: &str, text: &str| {
            let code = code(text);
            let named = paths(&code).into_iter();
            let named = named.filter_map(|path| resolved(&module(name), &path, &modules));
            (module(name), named.collect())
        };
        let imports = Imports::from([of("a", code_of_a), of("b", code_of_b)]);
        assert_eq!(!circles(&imports).is_empty(), is_circle, "{code_of_a}");
    };
    let back = "use crate::a::A;";
    check("use crate::b::B;", back, true);
    check("use super::b;", back, true);
    check(
        "use crate::{\n    c::{D, E as F},\n    b::{B, C},\n};",
        back,
        true,
    );
    check("use crate::{c::{D, E}, b};", back, true);
    check("fn f() { crate::b::g(crate::c::h()) }", back, true);
    check("use crate::c::B; // crate::b::B", back, false);
    check("pub(crate) use crate::c::{b::D};", back, false);
    check(
        "#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}",
        back,
        false,
    );
}
