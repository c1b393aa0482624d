//! Image URLs of Label Studio, and the paths that they may mean.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The URL under which Label Studio serves local files.
const LOCAL_FILES: &str = "/data/local-files/?d=";
/// The text before the path in such a URL.
const QUERY: &str = "?d=";
/// Label Studio puts this many hexadecimal digits and a hyphen before the names of uploaded files.
const UPLOAD_DIGITS: usize = 8;
/// As Label Studio itself writes paths: all but what RFC 3986 calls unreserved, and `/`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The address of an image.
pub(super) fn address_of(path: &str) -> String {
    format!("{LOCAL_FILES}{}", utf8_percent_encode(path, ENCODED))
}

/// The paths that an address may mean, the most likely first.
pub(super) fn paths_of(address: &str) -> Vec<String> {
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .ok()
            .map(Cow::into_owned)
    };
    let mut paths = Vec::new();
    if let Some((_, written)) = address.split_once(QUERY) {
        paths.extend(decoded(written));
        // A form writes a space as a plus.
        paths.extend(decoded(&written.replace('+', " ")));
        // Later parameters are for the server.
        paths.extend(
            written
                .split_once(['&', '#'])
                .and_then(|(path, _)| decoded(path)),
        );
        paths.push(written.to_owned());
    } else {
        paths.push(address.to_owned());
        let path = address.split(['?', '#']).next().unwrap_or(address);
        paths.extend(decoded(address));
        paths.extend(decoded(path));
        paths.extend(uploaded_name(path).and_then(decoded));
    }
    let mut seen = Vec::new();
    paths.retain(|path| {
        let is_new = !seen.contains(path);
        seen.push(path.clone());
        is_new
    });
    paths
}

/// The name of an uploaded file before the upload.
fn uploaded_name(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let (digits, name) = name.split_once('-')?;
    let is_upload = folder.contains("upload")
        && digits.len() == UPLOAD_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_upload.then_some(name)
}

/// Whether a text may be the address of an image.
pub(super) fn is_image(text: &str) -> bool {
    let path = text.split_once(QUERY).map_or_else(
        || text.split(['?', '#']).next().unwrap_or(text),
        |(_, path)| path,
    );
    let ending = path.rsplit('.').next().unwrap_or_default();
    ["jpg", "jpeg", "png", "webp"]
        .iter()
        .any(|other| ending.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        for name in [
            "frames/a.jpg",
            "a b+c#d%e?f&g=h;i.jpg",
            "%41.jpg",
            "Müller/скамья 🏋.jpg",
            "'\"\\.jpg",
        ] {
            let address = address_of(name);
            assert!(
                address.is_ascii() && !address.contains([' ', '+', '#', '&']),
                "{address}"
            );
            assert_eq!(paths_of(&address)[0], name);
            assert!(is_image(&address), "{address}");
        }
        assert_eq!(
            address_of("a/b c%.jpg"),
            "/data/local-files/?d=a/b%20c%25.jpg"
        );
    }

    #[test]
    fn other_addresses_are_taken_apart() {
        let check = |address: &str, path: &str| {
            let paths = paths_of(address);
            assert!(paths.iter().any(|other| other == path), "{paths:?}");
        };
        check(
            "http://localhost:8080/data/local-files?d=a%20b.jpg",
            "a b.jpg",
        );
        check("/data/local-files/?d=a+b.jpg", "a b.jpg");
        check("/data/local-files/?d=a.jpg&t=1", "a.jpg");
        check("/data/local-files/?d=a%zz.jpg", "a%zz.jpg");
        check("s3://bucket/frames/a.jpg", "s3://bucket/frames/a.jpg");
        check(
            "https://x.org/f/a%20b.jpg?token=1",
            "https://x.org/f/a b.jpg",
        );
        check("/data/upload/12/0a1b2c3d-a.jpg", "a.jpg");
        assert!(!paths_of("/frames/0a1b2c3d-a.jpg").contains(&"a.jpg".to_owned()));
        assert!(!is_image("left") && !is_image("x.mp4"));
    }
}
