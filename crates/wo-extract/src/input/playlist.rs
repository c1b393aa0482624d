//! Recognizes playlists: files that only point at videos. A decoder that follows them can be made to read and send
//! anything, so they are refused before any decoder sees them.

/// What such files start with, in small letters, behind blanks and a byte order mark.
const STARTS: [(&str, &str); 7] = [
    ("#extm3u", "a playlist (M3U)"),
    ("[playlist]", "a playlist (PLS)"),
    ("[reference]", "a playlist (ASX)"),
    ("[internetshortcut]", "a link (URL)"),
    ("ffconcat version", "a playlist (ffconcat)"),
    ("v=0", "a session (SDP)"),
    ("rtsptext", "a link (RTSP)"),
];
/// What XML files of this kind have early on.
const TAGS: [(&str, &str); 5] = [
    ("<asx", "a playlist (ASX)"),
    ("<smil", "a playlist (SMIL)"),
    ("<mpd", "a playlist (DASH)"),
    ("<playlist", "a playlist (XSPF)"),
    ("<smoothstreamingmedia", "a playlist (Smooth Streaming)"),
];

/// What kind of playlist starts with `head`, if it does.
pub(crate) fn kind(head: &[u8]) -> Option<&'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start();
    let named = STARTS.iter().find(|(start, _)| text.starts_with(start));
    let tagged = TAGS
        .iter()
        .find(|(tag, _)| text.starts_with('<') && text.contains(tag));
    let is_cue_sheet = text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("file \"") || line.starts_with("file '")
    });
    named
        .or(tagged)
        .map(|(_, kind)| *kind)
        .or(is_cue_sheet.then_some("a list of files (CUE or ffconcat)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playlists_are_known_by_their_first_lines_and_videos_are_none() {
        for (head, has) in [
            ("\u{feff}#EXTM3U\nhttp://a/b.ts", "M3U"),
            ("\r\n[playlist]\nFile1=/etc/passwd", "PLS"),
            ("<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg\">", "DASH"),
            ("v=0\r\no=- 0 0 IN IP4 127.0.0.1", "SDP"),
            ("REM a disc\nFILE \"a.wav\" WAVE", "CUE"),
            ("file '/etc/passwd'\n", "ffconcat"),
        ] {
            let kind = kind(head.as_bytes());
            assert!(kind.is_some_and(|kind| kind.contains(has)), "{head}");
        }
        for head in [
            &b"\0\0\0\x18ftypmp42"[..],
            b"RIFF\0\0\0\0AVI ",
            b"",
            b"<html>",
        ] {
            assert_eq!(kind(head), None);
        }
    }
}
