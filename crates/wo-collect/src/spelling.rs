//! Addresses of videos: which spellings mean the same one.

use crate::provenance::base_of;

/// Hosts of the largest site, of which each video has several addresses.
const YOUTUBE: [&str; 3] = ["youtube.com", "youtube-nocookie.com", "music.youtube.com"];
const YOUTUBE_SHORT: &str = "youtu.be";
/// Folders there whose entries are videos.
const YOUTUBE_FOLDERS: [&str; 5] = ["shorts", "embed", "live", "v", "e"];
/// Parts of a query that only say how somebody came there.
const TRACKING: [&str; 5] = ["si", "igsh", "igshid", "fbclid", "gclid"];

/// A spelling that all addresses of one video have in common, as far as their texts tell: without protocol, `www.`,
/// fragment, and what only says how somebody came there.
pub(crate) fn normal(address: &str) -> String {
    let address = address.trim();
    let Some((_, rest)) = address.split_once("://") else {
        // A file, perhaps with the part of it that is wanted.
        return base_of(address).to_owned();
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let host = normal_host(host);
    let path = path.trim_end_matches('/');
    if let Some(video) = youtube_video(&host, path, query) {
        return format!("youtube.com/watch?v={video}");
    }
    let mut parts: Vec<&str> = query.split('&').filter(|it| !is_tracking(it)).collect();
    parts.sort_unstable();
    let query = parts.join("&");
    match (path, query.as_str()) {
        ("", "") => host,
        (path, "") => format!("{host}/{path}"),
        (path, query) => format!("{host}/{path}?{query}"),
    }
}

/// The same with the part of the video that is wanted, which the ledger writes behind an address as `#t=5,12`.
pub(crate) fn with_part(address: &str) -> String {
    let normal = normal(address);
    match address.trim().rsplit_once("#t=") {
        Some((_, part)) => format!("{normal}#t={part}"),
        None => normal,
    }
}

/// Without a user, `www.`, `m.` and the usual ports.
fn normal_host(host: &str) -> String {
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let host = host
        .strip_suffix(":80")
        .or(host.strip_suffix(":443"))
        .unwrap_or(&host);
    let prefixes = ["www.", "m."];
    let bare = prefixes.iter().find_map(|prefix| host.strip_prefix(prefix));
    bare.unwrap_or(host).trim_end_matches('.').to_owned()
}

fn youtube_video<'a>(host: &str, path: &'a str, query: &'a str) -> Option<&'a str> {
    let video = if host == YOUTUBE_SHORT {
        path.split('/').next()
    } else if !YOUTUBE.contains(&host) {
        None
    } else if path == "watch" {
        query.split('&').find_map(|part| part.strip_prefix("v="))
    } else {
        let in_folder = path.split_once('/');
        let in_folder = in_folder.filter(|(folder, _)| YOUTUBE_FOLDERS.contains(folder));
        in_folder.and_then(|(_, video)| video.split('/').next())
    };
    video.filter(|it| !it.is_empty())
}

fn is_tracking(part: &str) -> bool {
    let name = part.split('=').next().unwrap_or_default();
    name.is_empty() || name.starts_with("utm_") || TRACKING.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_agree() {
        let check = |expected: &str, spellings: &[&str]| {
            for spelling in spellings {
                assert_eq!(normal(spelling), expected, "{spelling}");
            }
        };
        check(
            "youtube.com/watch?v=aB3_-x",
            &[
                "https://www.youtube.com/watch?v=aB3_-x",
                "http://m.youtube.com/watch?list=PL1&v=aB3_-x&t=42s",
                "https://youtu.be/aB3_-x?si=abc",
                "https://www.youtube.com/shorts/aB3_-x/",
                "https://www.youtube-nocookie.com/embed/aB3_-x#at=1",
            ],
        );
        check(
            "example.org/a/B.mp4?id=1&part=2",
            &[
                " https://user@WWW.example.org:443/a/B.mp4?part=2&id=1&utm_source=x ",
                "http://example.org/a/B.mp4?id=1&part=2&fbclid=y#end",
            ],
        );
        check(
            "example.org",
            &["https://example.org/", "http://example.org"],
        );
        check("no address", &["no address"]);
    }

    #[test]
    fn other_videos_have_other_spellings() {
        let all = [
            "https://youtube.com/watch?v=a",
            "https://youtube.com/watch?v=b",
            "https://youtube.com/@anna",
            "https://example.org/watch?v=a",
            "https://example.org:8080/watch?v=a",
            "https://example.org/A?v=a",
            "https://example.org/a?v=a",
        ];
        let normal: std::collections::BTreeSet<String> = all.iter().map(|it| normal(it)).collect();
        assert_eq!(normal.len(), all.len());
    }
}
