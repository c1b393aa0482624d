//! Streams to feed a tool.

/// The first line of [`stream`], without the line end. A tool that reads it lists `wo-test` as upstream.
pub const BEGIN: &str = r#"{"type":"begin","tool":"wo-test","version":"0.0.0","schema":"wo-record","schema_version":1,"upstream":[]}"#;

/// The last line of a stream with these counts, without the line end.
pub fn end(n_videos: u64, n_frames: u64, n_errors: u64) -> String {
    format!(r#"{{"type":"end","n_videos":{n_videos},"n_frames":{n_frames},"n_errors":{n_errors}}}"#)
}

/// A whole stream: `lines` with a `begin` before and an `end` with the right counts behind them. A line that is no JSON
/// object goes in as it is.
pub fn stream<L: AsRef<str>>(lines: &[L]) -> String {
    let mut text = format!("{BEGIN}\n");
    let (mut n_videos, mut n_frames, mut n_errors) = (0, 0, 0);
    for line in lines.iter().map(AsRef::as_ref) {
        text.push_str(line);
        text.push('\n');
        let record: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        match record.get("type").and_then(serde_json::Value::as_str) {
            Some("video") => n_videos += 1,
            Some("frame") => n_frames += 1,
            Some("error") => n_errors += 1,
            _ => {}
        }
    }
    text + &end(n_videos, n_frames, n_errors) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_counts_its_records() {
        let text = stream(&[
            r#"{"type": "video"}"#,
            r#"{"type":"frame"}"#,
            "no json",
            r#"{"type":"frame"}"#,
        ]);
        assert_eq!(text.lines().count(), 6);
        assert!(text.ends_with(&(end(1, 2, 0) + "\n")));
        assert_eq!(stream::<&str>(&[]), format!("{BEGIN}\n{}\n", end(0, 0, 0)));
    }
}
