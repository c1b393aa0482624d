//! Short words for types, the ones that ffprobe has where it has one.

use gstreamer as gst;

/// The word for a container.
pub(super) fn container(caps: &gst::Caps) -> String {
    let name = media_type(caps);
    match name.as_str() {
        "video/quicktime" | "audio/x-m4a" | "application/x-3gp" => "quicktime",
        "video/x-matroska" | "audio/x-matroska" | "video/x-matroska-3d" => "matroska",
        "video/webm" | "audio/webm" => "webm",
        "video/x-msvideo" => "avi",
        "video/mpegts" => "mpegts",
        "video/mpeg" => "mpegps",
        "video/x-flv" => "flv",
        "video/x-ms-asf" | "application/x-ms-asf" => "asf",
        "application/ogg" | "video/ogg" | "audio/ogg" => "ogg",
        "image/gif" => "gif",
        "application/mxf" => "mxf",
        _ => return last_part(&name),
    }
    .to_owned()
}

/// The word for a codec.
pub(super) fn codec(caps: &gst::Caps) -> String {
    let name = media_type(caps);
    let field = |field: &str| caps.structure(0).and_then(|s| s.get::<i32>(field).ok());
    match (name.as_str(), field("mpegversion"), field("msmpegversion")) {
        ("video/x-h265", ..) => "hevc",
        ("image/jpeg", ..) => "mjpeg",
        ("video/mpeg", Some(1), _) => "mpeg1video",
        ("video/mpeg", Some(2), _) => "mpeg2video",
        ("video/mpeg", Some(4), _) | ("video/x-divx" | "video/x-xvid", ..) => "mpeg4",
        ("video/x-msmpeg", _, Some(43)) => "msmpeg4v3",
        ("video/x-raw", ..) => "rawvideo",
        ("video/x-flash-video", ..) => "flv1",
        _ => return last_part(&name),
    }
    .to_owned()
}

fn media_type(caps: &gst::Caps) -> String {
    caps.structure(0)
        .map(|s| s.name().to_string())
        .unwrap_or_default()
}

/// `video/x-vp9` is `vp9`.
fn last_part(name: &str) -> String {
    let part = name.rsplit('/').next().unwrap_or(name);
    part.strip_prefix("x-").unwrap_or(part).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_short_and_those_of_ffprobe() {
        gst::init().unwrap();
        let caps = |text: &str| text.parse::<gst::Caps>().unwrap();
        assert_eq!(codec(&caps("video/x-h264,stream-format=avc")), "h264");
        assert_eq!(codec(&caps("video/x-h265")), "hevc");
        assert_eq!(
            codec(&caps("video/mpeg,mpegversion=4,systemstream=false")),
            "mpeg4"
        );
        assert_eq!(codec(&caps("video/mpeg,mpegversion=1")), "mpeg1video");
        assert_eq!(codec(&caps("video/x-prores,variant=hq")), "prores");
        assert_eq!(container(&caps("video/quicktime,variant=iso")), "quicktime");
        assert_eq!(container(&caps("video/mpegts,systemstream=true")), "mpegts");
        assert_eq!(container(&caps("image/gif")), "gif");
    }
}
