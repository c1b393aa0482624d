//! The limits of CONTRIBUTING: functions of 60 lines, structs of 12 fields, no bool parameters, or a line beside the
//! exception that says why; and no hint inside a text. They are read off the layout that rustfmt gives.

use std::fs;

use crate::files::{crates, root, rust_files};

const MAX_LINES: usize = 60;
const MAX_FIELDS: usize = 12;

/// What a comment over an exception holds.
const LONG: &str = "// Longer than 60 lines: ";
const WIDE: &str = "// More than 12 fields: ";
const BOOL: &str = "bool";

/// What the last line of a signature ends with.
const ENDS: [char; 3] = ['{', ';', '}'];

/// An item of a file, and the lines that stand over it.
struct Item<'a> {
    name: &'a str,
    over: &'a [&'a str],
    lines: &'a [&'a str],
}

impl Item<'_> {
    /// Whether a comment over it holds `reason`.
    fn says(&self, reason: &str) -> bool {
        let comments = self.over.iter().map(|line| line.trim_start());
        let mut comments = comments.filter(|line| line.starts_with("// "));
        comments.any(|line| line.contains(reason))
    }

    /// The lines up to the one that opens or ends it.
    fn signature(&self) -> String {
        let end = self.lines.iter().position(|line| line.ends_with(ENDS));
        let lines = &self.lines[..=end.unwrap_or(0)];
        let lines = lines.iter().map(|line| line.trim());
        lines.collect::<Vec<_>>().join(" ")
    }

    fn has_bool_parameter(&self) -> bool {
        let signature = self.signature();
        let parameters = signature.split(" -> ").next().unwrap_or_default();
        let kinds = parameters.split(": ").skip(1);
        kinds
            .map(|kind| kind.trim_start_matches('&').trim_start_matches("mut "))
            .map(|kind| kind.trim_start_matches("Option<"))
            .any(|kind| kind.split(|c: char| !c.is_alphanumeric()).next() == Some("bool"))
    }

    fn n_fields(&self) -> usize {
        let depth = indent(self.lines[0]) + 4;
        let fields = self.lines.iter().filter(|line| indent(line) == depth);
        let fields = fields.map(|line| line.trim_start());
        let fields = fields.filter(|line| !line.starts_with(['/', '#', ')', '}', ']']));
        fields.filter(|line| line.contains(": ")).count()
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name of the item that a line begins, after `fn` or `struct`.
fn name<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let mut words = line.trim_start().split(' ');
    let is_before = |word: &&str| {
        word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\""].contains(word)
    };
    let first = words.find(|word| !is_before(word))?;
    let rest = words.next().filter(|_| first == keyword)?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
}

/// The items of a file that `keyword` begins.
fn items<'a>(lines: &'a [&'a str], keyword: &'a str) -> impl Iterator<Item = Item<'a>> {
    lines.iter().enumerate().filter_map(move |(start, line)| {
        let name = name(line, keyword)?;
        let is_over = |line: &&&str| {
            let text = line.trim_start();
            !text.is_empty() && !text.ends_with(['{', '}', ';'])
        };
        let n_over = lines[..start].iter().rev().take_while(is_over).count();
        let head = lines[start..].iter().position(|it| it.ends_with(ENDS))?;
        let end = format!("{}}}", &line[..indent(line)]);
        let body = if lines[start + head].ends_with('{') {
            lines[start + head..].iter().position(|it| *it == end)?
        } else {
            0
        };
        Some(Item {
            name,
            over: &lines[start - n_over..start],
            lines: &lines[start..=start + head + body],
        })
    })
}

/// The lines of a file but for its inner tests, which stand at its end.
fn lines(text: &str) -> Vec<&str> {
    let code = text.split("\n#[cfg(test)]\nmod tests").next();
    code.unwrap_or_default().lines().collect()
}

/// Whether a line of a text of several lines is a hint, and not a field or a parameter of that name.
fn is_hint_in_text(line: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("hint: ") else {
        return false;
    };
    let is_value = rest.starts_with(['"', '&']) || rest.starts_with(|c: char| c.is_uppercase());
    !is_value && (rest.ends_with(['"', '\\']) || rest.ends_with("\","))
}

/// What is over the limits in a file, and does not say why.
fn faults(text: &str) -> Vec<String> {
    let lines = lines(text);
    let long = items(&lines, "fn")
        .filter(|it| it.lines.len() > MAX_LINES && !it.says(LONG))
        .map(|it| format!("fn {} has {} lines", it.name, it.lines.len()));
    let with_bool = items(&lines, "fn")
        .filter(|it| it.has_bool_parameter() && !it.says(BOOL))
        .map(|it| format!("fn {} has a bool parameter", it.name));
    let wide = items(&lines, "struct")
        .filter(|it| it.n_fields() > MAX_FIELDS && !it.says(WIDE))
        .map(|it| format!("struct {} has {} fields", it.name, it.n_fields()));
    let hints = lines
        .iter()
        .filter(|line| line.contains("\\nhint: ") || is_hint_in_text(line))
        .filter(|line| line.ends_with(['"', '\\', ',']))
        .map(|line| format!("a text has a hint in it, not beside it: {}", line.trim()));
    long.chain(with_bool).chain(wide).chain(hints).collect()
}

#[test]
fn what_is_over_the_limits_says_why() {
    let mut all = Vec::new();
    let files = crates()
        .into_iter()
        .flat_map(|folder| rust_files(&folder.join("src")));
    for file in files.filter(|file| !file.ends_with("tests.rs")) {
        let text = fs::read_to_string(&file).expect("source is text");
        let inside = file.strip_prefix(root()).expect("it lies in the workspace");
        all.extend(
            faults(&text)
                .into_iter()
                .map(|it| format!("{}: {it}", inside.display())),
        );
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn each_limit_is_seen() {
    let body = "    f();\n".repeat(60);
    let fields = "    pub(crate) field: u8,\n".repeat(13);
    for (text, expected) in [
        (
            format!("pub(crate) fn long() {{\n{body}}}\n"),
            "fn long has 62 lines",
        ),
        (
            format!("struct Wide {{\n{fields}}}\n"),
            "struct Wide has 13 fields",
        ),
        (
            "fn set(is_on: bool) {}\n".to_owned(),
            "fn set has a bool parameter",
        ),
        (
            "fn f() {\n    warn!(\n        \"no label\\nhint: give one\"\n    );\n}\n".to_owned(),
            "a text has a hint in it, not beside it: \"no label\\nhint: give one\"",
        ),
        (
            "const fn set(\n    self,\n    is_on: Option<bool>,\n) -> u8 {\n    1\n}\n".to_owned(),
            "fn set has a bool parameter",
        ),
    ] {
        assert_eq!(faults(&text), [expected]);
    }
    for text in [
        format!("// Longer than 60 lines: a table.\nfn long() {{\n{body}}}\n"),
        format!(
            "/// Wide.\n// More than 12 fields: flat.\n#[derive(Debug)]\nstruct Wide {{\n{fields}}}\n"
        ),
        "// A bool, as in C.\nfn set(is_on: bool) {}\n".to_owned(),
        "fn is_on(&self) -> bool {\n    true\n}\n".to_owned(),
        format!("fn f() {{}}\n\n#[cfg(test)]\nmod tests {{\n    fn long() {{\n{body}    }}\n}}\n"),
    ] {
        assert_eq!(faults(&text), Vec::<String>::new(), "{text}");
    }
}
