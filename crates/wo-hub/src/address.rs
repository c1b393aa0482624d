//! URLs, as far as redirects of the Hub need them.

/// A revision as one segment of a URL path. Only its slashes need escaping.
pub(crate) fn escape(revision: &str) -> String {
    revision.replace('/', "%2F").replace('+', "%2B")
}

/// The scheme, host and port of a URL.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
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

/// The target of a redirect from `url` to `to`; `None` if it is not HTTP.
pub(crate) fn join(url: &str, to: &str) -> Option<String> {
    if to.starts_with("http://") || to.starts_with("https://") {
        return Some(to.to_owned());
    }
    if let Some(host) = to.strip_prefix("//") {
        let (scheme, _) = url.split_once("://")?;
        return Some(format!("{scheme}://{host}"));
    }
    let path = to.strip_prefix('/')?;
    Some(format!("{}/{path}", origin(url)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_where_it_says() {
        let url = "https://hub.co:81/a/b?c";
        let to = |to| join(url, to).unwrap_or_default();
        assert_eq!(to("https://cdn.co/x"), "https://cdn.co/x");
        assert_eq!(to("//cdn.co/x"), "https://cdn.co/x");
        assert_eq!(to("/x?y"), "https://hub.co:81/x?y");
        assert_eq!(to("file:///etc/passwd"), "");
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
