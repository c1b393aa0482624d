//! Videos whose pixels lie otherwise than those of cameras: their colours are theirs.

use crate::harness::extract;
use crate::videos;

/// What they show, all over.
const COLOUR: [u8; 3] = [0x30, 0xa0, 0xf0];

#[test]
fn each_layout_of_pixels_keeps_its_colours() {
    let dir = wo_testkit::tempdir().unwrap();
    // The second width fills no whole word of memory.
    for width in [160, 162] {
        for (name, format, mux) in [
            ("rgb.mkv", "RGB", "matroskamux"),
            ("bgr.mkv", "BGR", "matroskamux"),
            ("bgr.avi", "BGR", "avimux"),
            ("ayuv.mkv", "AYUV", "matroskamux"),
            ("uyvy.mov", "UYVY", "qtmux"),
            ("v210.mov", "v210", "qtmux"),
            ("rgb.mov", "RGB", "pngenc ! qtmux"),
            ("rgba.mov", "RGBA", "pngenc ! qtmux"),
        ] {
            videos::make(
                &dir.path().join(name),
                &format!(
                    "videotestsrc num-buffers=3 pattern=solid-color foreground-color=0xff30a0f0 \
                     ! video/x-raw,format={format},width={width},height=120,framerate=10/1 ! {mux}"
                ),
            );
            let stream = extract(dir.path(), &[name, "--size=60"], 0);
            for frame in &stream.frames {
                let image = frame.image();
                for (x, y) in [(1, 1), (40, 30), (image.width() - 2, 58)] {
                    let pixel = image.get_pixel(x, y).0;
                    let is_near = pixel.iter().zip(COLOUR).all(|(a, b)| a.abs_diff(b) <= 4);
                    assert!(is_near, "{name} {width}: {pixel:?} at {x}, {y}");
                }
            }
            assert_eq!(stream.frames.len(), 3, "{name} {width}");
        }
    }
}
