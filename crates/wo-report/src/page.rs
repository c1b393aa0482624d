//! The page around the sections.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
/// The SHA-256 of the style sheet, in base64. Only a style sheet with it is obeyed, so that no text of a report can ever
/// change how the page looks. A test says the new one when the style sheet has changed.
const STYLE_SHA256: &str = "Qyw5DImXoJCIxNtNq/donRVTDlMiprEDpfgNNm2j2iY=";

/// A part of the page.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its name in addresses.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) title: &'static str,
    /// All but the heading.
    pub(crate) body: Markup,
}

/// The page.
pub(crate) fn page(title: &str, subtitle: Option<&str>, sections: &[Section]) -> String {
    let policy = format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{STYLE_SHA256}'; base-uri 'none'; form-action 'none'"
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                // Keeps browsers from asking a server for one.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    h1 { (title) }
                    @if let Some(subtitle) = subtitle { p.subtitle { (subtitle) } }
                }
                nav aria-label="Contents" {
                    ol { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
                main id="content" {
                    @for section in sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { (section.title) }
                            (section.body)
                        }
                    }
                }
            }
        }
    };
    printable(page.into_string())
}

/// Control characters have no place in HTML, and names of files may hold any.
fn printable(page: String) -> String {
    let is_stray = |c: char| c.is_control() && c != '\n' && c != '\t';
    if page.contains(is_stray) {
        page.replace(is_stray, "\u{fffd}")
    } else {
        page
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_style_sheet() {
        let digest = STANDARD.encode(Sha256::digest(STYLE));
        assert_eq!(
            STYLE_SHA256, digest,
            "write the right one into STYLE_SHA256"
        );
    }

    #[test]
    fn the_style_sheet_loads_nothing() {
        for word in ["url(", "@import", "http", "<"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }

    #[test]
    fn control_characters_do_not_get_onto_the_page() {
        let page = page("a\0b\u{1b}[31m\u{85}c", None, &[]);
        assert!(!page.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    }
}
