//! Braces in names, as WebDataset and shells have them: `{000..031}`, `{0..8..2}`, `{a..c}`, `{a,b}`, within each other
//! and behind each other.

use wo_cli::{Exit, ensure};

/// More names are a slip of a finger.
const MAX_NAMES: usize = 1_000_000;

/// All names that a text stands for. Braces that are not closed, or hold neither a list nor a range, stand for
/// themselves.
pub(crate) fn expanded(text: &str) -> anyhow::Result<Vec<String>> {
    let mut names = vec![String::new()];
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let before = rest.get(..start).unwrap_or_default();
        let behind = rest.get(start..).unwrap_or_default();
        let (choices, length) = match closed(behind) {
            Some(inside) => (choices(inside)?, inside.len() + 2),
            None => (vec!["{".to_owned()], 1),
        };
        ensure!(
            names.len().saturating_mul(choices.len()) <= MAX_NAMES,
            Exit::Usage,
            "{text} stands for more than {MAX_NAMES} names"
        );
        let with = |name: &String| {
            let start = format!("{name}{before}");
            let all = choices.iter().map(move |choice| format!("{start}{choice}"));
            all.collect::<Vec<_>>()
        };
        names = names.iter().flat_map(with).collect();
        rest = behind.get(length..).unwrap_or_default();
    }
    for name in &mut names {
        name.push_str(rest);
    }
    Ok(names)
}

/// What stands between the brace that a text begins with and the one that closes it.
fn closed(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (place, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(1..place);
        }
    }
    None
}

fn choices(inside: &str) -> anyhow::Result<Vec<String>> {
    let parts = split(inside);
    if parts.len() > 1 {
        let all = parts.into_iter().map(expanded);
        return Ok(all.collect::<anyhow::Result<Vec<_>>>()?.concat());
    }
    if let Some(range) = numbers(inside)? {
        return Ok(range);
    }
    if let Some(range) = letters(inside) {
        return Ok(range);
    }
    let inner = expanded(inside)?.into_iter();
    Ok(inner.map(|it| format!("{{{it}}}")).collect())
}

/// The parts between commas that stand in no further brace.
fn split(inside: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (place, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.extend(inside.get(start..place));
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.extend(inside.get(start..));
    parts
}

/// `000..031` and `0..8..2`. Numbers have as many digits as the longer end where one begins with 0.
fn numbers(inside: &str) -> anyhow::Result<Option<Vec<String>>> {
    let parts: Vec<&str> = inside.split("..").collect();
    let (first, last, step) = match parts[..] {
        [first, last] => (first, last, "1"),
        [first, last, step] => (first, last, step),
        _ => return Ok(None),
    };
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| !text.starts_with('+'));
    let (Some(from), Some(to), Some(step)) = (number(first), number(last), number(step)) else {
        return Ok(None);
    };
    let step = step.unsigned_abs().max(1);
    let n = from.abs_diff(to) / step + 1;
    ensure!(
        n <= MAX_NAMES as u64,
        Exit::Usage,
        "{{{inside}}} stands for more than {MAX_NAMES} names"
    );
    let is_padded = |text: &str| {
        let digits = text.trim_start_matches('-');
        digits.len() > 1 && digits.starts_with('0')
    };
    let width = if is_padded(first) || is_padded(last) {
        first.len().max(last.len())
    } else {
        0
    };
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    let signed = if from <= to { step } else { -step };
    let number = |place: u64| from + place as i64 * signed;
    Ok(Some(
        (0..n).map(|it| format!("{:0width$}", number(it))).collect(),
    ))
}

fn letters(inside: &str) -> Option<Vec<String>> {
    let (first, last) = inside.split_once("..")?;
    let letter = |text: &str| match text.as_bytes() {
        [one] if one.is_ascii_alphabetic() => Some(*one),
        _ => None,
    };
    let (first, last) = (letter(first)?, letter(last)?);
    let mut all: Vec<u8> = (first.min(last)..=first.max(last)).collect();
    if first > last {
        all.reverse();
    }
    Some(
        all.into_iter()
            .map(|it| char::from(it).to_string())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_those_of_python_braceexpand() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(expanded(text).unwrap(), expected, "{text}");
        };
        check("f-{000..002}.tar", &["f-000.tar", "f-001.tar", "f-002.tar"]);
        check("{8..11}", &["8", "9", "10", "11"]);
        check("{08..11}", &["08", "09", "10", "11"]);
        check("{2..0}", &["2", "1", "0"]);
        check("{0..5..2}", &["0", "2", "4"]);
        check("{-1..1}", &["-1", "0", "1"]);
        check("{a..c}x", &["ax", "bx", "cx"]);
        check("{a,b}-{0..1}", &["a-0", "a-1", "b-0", "b-1"]);
        check("{a,b{0..1}}", &["a", "b0", "b1"]);
        check("{a,}x", &["ax", "x"]);
        check("none", &["none"]);
        check("{one}", &["{one}"]);
        check("open{a", &["open{a"]);
        check("{x}{0..1}", &["{x}0", "{x}1"]);
        check("", &[""]);
    }

    #[test]
    fn too_many_names_are_refused() {
        for text in [
            "{0..1000000}",
            "{0..9999}{0..9999}",
            "{0..9223372036854775807}",
        ] {
            let words = expanded(text).unwrap_err().to_string();
            assert!(
                words.ends_with("stands for more than 1000000 names"),
                "{words}"
            );
        }
        assert_eq!(expanded("{0..9999}").unwrap().len(), 10_000);
    }
}
