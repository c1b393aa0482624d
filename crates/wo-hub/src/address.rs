//! URLs, as far as redirects of the Hub need them.

/// A revision as one segment of a URL path. Only its slashes need escaping.
pub(crate) fn escape(revision: &str) -> String {
    revision.replace('/', "%2F").replace('+', "%2B")
}

/// The scheme of a URL in lower case, and what follows its `://`.
fn split(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// The scheme, host and port of a URL.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = split(url)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(&url[..scheme.len() + "://".len() + end])
}

/// Whether two URLs have the same scheme, host and port.
pub(crate) fn is_same_host(a: &str, b: &str) -> bool {
    match (origin(a), origin(b)) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

/// The target of a redirect from `url` to `to`. Says why it is not followed: it is not HTTP, or it leaves HTTPS.
pub(crate) fn redirect(url: &str, to: &str) -> Result<String, String> {
    let (scheme, _) = split(url).ok_or_else(|| format!("{url:?} is no address"))?;
    // A path may have `://` in it, behind its first slash.
    let next = if to.starts_with("//") {
        format!("{scheme}:{to}")
    } else if to.starts_with('/') {
        format!("{}{to}", origin(url).unwrap_or(url))
    } else {
        to.to_owned()
    };
    match split(&next) {
        Some((next_scheme, rest)) if next_scheme == "https" || next_scheme == scheme => {
            Ok(format!("{next_scheme}://{rest}"))
        }
        Some((next_scheme, _)) if next_scheme == "http" => Err(format!(
            "a redirect leads from https to http, where anybody on the way can read and change what comes: {}",
            shown(&next)
        )),
        _ => Err(format!(
            "a redirect leads to what is no address of the web: {}",
            shown(&next)
        )),
    }
}

/// An address that does not fill the screen. What follows `?` may be a key, and is left out.
fn shown(url: &str) -> String {
    const MAX_SHOWN: usize = 120;
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url[..end].chars().take(MAX_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_where_it_says() {
        let url = "https://hub.co:81/a/b?c";
        let to = |to| redirect(url, to).expect("followed");
        assert_eq!(to("https://cdn.co/x"), "https://cdn.co/x");
        assert_eq!(to("//cdn.co/x"), "https://cdn.co/x");
        assert_eq!(to("/x?y"), "https://hub.co:81/x?y");
        assert_eq!(to("/x?y=http://a"), "https://hub.co:81/x?y=http://a");
        // The scheme counts in any case.
        assert_eq!(to("hTTps://CDN.co/X"), "https://CDN.co/X");
        let upper = redirect("HTTP://hub.co/a", "HTTPS://cdn.co/x");
        assert_eq!(upper.as_deref(), Ok("https://cdn.co/x"));
        let plain = redirect("http://hub.co/a", "HTTP://cdn.co/x");
        assert_eq!(plain.as_deref(), Ok("http://cdn.co/x"));
        assert_eq!(
            redirect("HTTP://hub.co/a", "/x").as_deref(),
            Ok("http://hub.co/x")
        );
    }

    #[test]
    fn a_redirect_never_leaves_https() {
        for url in ["https://hub.co/a", "HTTPS://hub.co/a", "hTTps://hub.co/a"] {
            for to in ["http://hub.co/a", "HTTP://cdn.co/x", "hTTp://cdn.co?key=k"] {
                let why = redirect(url, to).expect_err(to);
                assert!(why.contains("from https to http"), "{why}");
                assert!(!why.contains("key"), "{why}");
            }
        }
    }

    #[test]
    fn a_redirect_leads_to_the_web_only() {
        for to in [
            "file:///etc/passwd",
            "FILE:///etc/passwd",
            "ftp://cdn.co/x",
            "javascript://x",
            "x/y",
            "?x",
            "",
            "http:/cdn.co",
            "://cdn.co",
            " https://cdn.co",
            "http s://cdn.co",
        ] {
            for url in ["http://hub.co/a", "https://hub.co/a"] {
                let why = redirect(url, to).expect_err(to);
                assert!(why.contains("no address of the web"), "{to}: {why}");
            }
        }
        let long = format!("ftp://{}", "ä".repeat(1 << 16));
        assert!(
            redirect("http://a", &long)
                .expect_err("long")
                .chars()
                .count()
                < 200
        );
    }

    #[test]
    fn another_host_is_another_even_if_it_looks_alike() {
        let hub = "https://hub.co";
        assert!(is_same_host("https://HUB.co/a", hub));
        for other in [
            "http://hub.co/a",
            "https://hub.co:8443/a",
            "https://hub.co.evil.org/a",
            "https://hub.co@evil.org/a",
            "https://cdn.hub.co/a",
        ] {
            assert!(!is_same_host(other, hub), "{other}");
        }
    }
}
