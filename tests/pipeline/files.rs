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

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace")
}

/// All Rust files below a folder, in the order of their names.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
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

pub(crate) fn crates() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("crates")).expect("there are crates");
    let mut crates: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.join("src").is_dir())
        .collect();
    crates.sort();
    crates
}

/// The source without comments and without its inner tests.
pub(crate) fn code(text: &str) -> String {
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

/// All paths in the code that begin with `crate`, `super`, `self` or the name of a child, one for each leaf of a `use`.
fn paths<'a>(code: &'a str, children: &BTreeSet<&str>) -> Vec<Vec<&'a str>> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("::") {
        let (before, after) = rest.split_at(at);
        let first = before.rsplit(|c: char| !is_in_word(c)).next();
        let first = first.unwrap_or_default();
        let is_start = !before.trim_end_matches(first).ends_with("::");
        rest = after.trim_start_matches(':');
        if ["crate", "super", "self"].contains(&first) || is_start && children.contains(first) {
            rest = tree(rest, &[first], &mut paths);
        }
    }
    paths.into_iter().map(|leaf: Leaf<'_>| leaf.path).collect()
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// One path of a `use`, and the name that it gets.
#[derive(Debug)]
struct Leaf<'a> {
    path: Vec<&'a str>,
    name: &'a str,
}

/// Reads the rest of a path, or a `{…}` of several, behind `prefix`. Returns the code behind it.
fn tree<'a>(code: &'a str, prefix: &[&'a str], leaves: &mut Vec<Leaf<'a>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            let after = rest.trim_start().strip_prefix('}');
            if let Some(after) = after.or(rest.is_empty().then_some(rest)) {
                return after;
            }
            rest = tree(rest, prefix, leaves).trim_start();
            let end = rest.find([',', '}', '{']).unwrap_or(rest.len());
            rest = &rest[end..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }
    let (word, rest) = word(code);
    let mut path = prefix.to_vec();
    path.extend((!word.is_empty() && word != "self").then_some(word));
    if let Some(next) = rest.strip_prefix("::") {
        return tree(next, &path, leaves);
    }
    let (name, rest) = match rest.strip_prefix(" as ") {
        Some(renamed) => self::word(renamed),
        None => (*path.last().unwrap_or(&word), rest),
    };
    leaves.push(Leaf { path, name });
    rest
}

fn word(code: &str) -> (&str, &str) {
    code.split_at(code.find(|c: char| !is_in_word(c)).unwrap_or(code.len()))
}

/// What a file names, and what it passes on.
#[derive(Debug, Default)]
struct Source {
    /// The code without what it only passes on.
    code: String,
    /// The paths behind the names that it passes on by `pub use`.
    passed_on: BTreeMap<String, Vec<String>>,
}

impl Source {
    fn of(code: &str) -> Self {
        let mut source = Self::default();
        let mut rest = code;
        while let Some((start, at)) = next_pub_use(rest) {
            source.code.push_str(&rest[..start]);
            let end = rest[at..].find(';').map_or(rest.len(), |end| at + end + 1);
            let mut leaves = Vec::new();
            tree(&rest[at..end], &[], &mut leaves);
            for leaf in leaves {
                let path = leaf.path.iter().map(|&part| part.to_owned());
                source
                    .passed_on
                    .insert(leaf.name.to_owned(), path.collect());
            }
            rest = &rest[end..];
        }
        source.code.push_str(rest);
        source
    }

    /// Whether the code itself uses a name that it passes on.
    fn uses(&self, name: &str) -> bool {
        self.code.split(|c| !is_in_word(c)).any(|word| word == name)
    }
}

/// Where the next `pub use` begins, with any visibility, and where its path begins.
fn next_pub_use(code: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    for line in code.split_inclusive('\n') {
        let text = line.trim_start();
        let start = from + (line.len() - text.len());
        from += line.len();
        let Some(rest) = text.strip_prefix("pub") else {
            continue;
        };
        let rest = match rest.strip_prefix('(') {
            Some(within) => within.split_once(')').map_or(rest, |(_, rest)| rest),
            None => rest,
        };
        if let Some(path) = rest.strip_prefix(" use ") {
            return Some((start, start + (text.len() - path.len())));
        }
    }
    None
}

/// A crate's files by their modules. The root is [`ROOT`].
type Sources = BTreeMap<Module, Source>;

const ROOT: Module = Module::new();

fn sources(src: &Path) -> Sources {
    let mut sources = Sources::new();
    for file in rust_files(src) {
        let inside = file.strip_prefix(src).expect("it lies in src");
        let module: Module = inside
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let module = if module == ["lib"] { ROOT } else { module };
        if module != ["main"] {
            let text = fs::read_to_string(&file).expect("source is text");
            sources.insert(module, Source::of(&code(&text)));
        }
    }
    sources
}

/// Which file of a crate names which others. What a file only passes on counts as named by whoever uses it; the root
/// names all and counts as none.
fn imports(sources: &Sources) -> Imports {
    let of_file = |(module, source): (&Module, &Source)| {
        let named = paths(&source.code, &children(module, sources)).into_iter();
        let named = named.map(|path| resolved(module, &path, sources));
        let passed_on = source
            .passed_on
            .iter()
            .filter(|(name, _)| source.uses(name));
        let passed_on = passed_on.map(|(name, _)| resolved(module, &["self", name], sources));
        let others = named.chain(passed_on);
        let others = others.filter(|it| it != module && *it != ROOT);
        (module.clone(), others.collect())
    };
    let files = sources.iter().filter(|(module, _)| **module != ROOT);
    files.map(of_file).collect()
}

fn children<'a>(module: &Module, sources: &'a Sources) -> BTreeSet<&'a str> {
    let below = sources.keys().filter_map(|it| it.split_last());
    let children = below.filter(|(_, parent)| *parent == module.as_slice());
    children.map(|(name, _)| name.as_str()).collect()
}

/// The file that a path leads to, through what files pass on.
fn resolved(module: &Module, path: &[&str], sources: &Sources) -> Module {
    let mut place = module.clone();
    let mut parts: Vec<String> = path.iter().rev().map(|&part| part.to_owned()).collect();
    // A path that goes in a circle would have no end.
    for _ in 0..100 {
        let Some(part) = parts.pop() else { break };
        match part.as_str() {
            "crate" => place = ROOT,
            "self" => {}
            "super" => {
                place.pop();
            }
            name => {
                let child = [place.as_slice(), &[name.to_owned()]].concat();
                let passed_on = sources.get(&place).and_then(|it| it.passed_on.get(name));
                if sources.contains_key(&child) {
                    place = child;
                } else if let Some(path) = passed_on {
                    parts.extend(path.iter().rev().cloned());
                } else {
                    break;
                }
            }
        }
    }
    place
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
    let circles_of = |folder: PathBuf| {
        let name = folder.file_name().expect("a crate").to_string_lossy();
        (
            name.into_owned(),
            circles(&imports(&sources(&folder.join("src")))),
        )
    };
    let mut circles: BTreeMap<_, _> = crates().into_iter().map(circles_of).collect();
    circles.retain(|_, circles| !circles.is_empty());
    assert_eq!(circles, BTreeMap::new(), "files that import each other");
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
    let check = |files: &[(&str, &str)], is_circle: bool| {
        let of = |(path, text): &(&str, &str)| {
            let module = path.split('/').filter(|it| !it.is_empty());
            let module = module.map(str::to_owned).collect();
            (module, Source::of(&code(text)))
        };
        let sources: Sources = files.iter().map(of).collect();
        let circles = circles(&imports(&sources));
        assert_eq!(!circles.is_empty(), is_circle, "{files:?}: {circles:?}");
    };
    let back = ("b", "use crate::a::A;");
    for code_of_a in [
        "use crate::b::B;",
        "use super::b;",
        "use crate::{\n    c::{D, E as F},\n    b::{B, C},\n};",
        "use crate::{c::{D, E}, b};",
        "fn f() { crate::b::g(crate::c::h()) }",
        "use crate::B;",
        "pub use crate::b::B;\nstruct A(B);",
    ] {
        check(&[("a", code_of_a), back, ("", "pub use b::B;")], true);
    }
    for code_of_a in [
        "use crate::c::B; // crate::b::B",
        "pub(crate) use crate::c::{b::D};",
        "#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}",
        "use other::b::B;",
        "pub(crate) use crate::b::B;",
    ] {
        check(&[("a", code_of_a), back, ("c", "")], false);
    }
    let child = ("a/b", "use super::A;");
    for code_of_a in [
        "mod b;\nfn f() { b::g() }",
        "mod b;\nuse b::B;",
        "mod b;\nuse self::b::B;",
        "mod b;\npub(crate) use self::b::B;\nstruct A(B);",
    ] {
        check(&[("a", code_of_a), child], true);
    }
    let passes_on = (
        "a",
        "mod b;\nmod c;\npub(crate) use self::c::A;\npub use b::B;",
    );
    check(&[passes_on, child, ("a/c", "")], false);
    check(&[passes_on, child, ("a/c", "use crate::a::B;")], true);
}
