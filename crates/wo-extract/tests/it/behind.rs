//! What lies in an image file behind its image.

use std::process::Command;

use image::{ImageFormat, Rgb, RgbImage};

use crate::harness::tool;
use crate::videos;

#[test]
fn what_lies_behind_a_picture_is_named_with_a_way_to_get_it() {
    let dir = wo_testkit::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    RgbImage::from_fn(32, 16, |x, y| Rgb([8 * x as u8, 16 * y as u8, 99]))
        .save_with_format(at("a.jpg"), ImageFormat::Jpeg)
        .unwrap();
    videos::plain(&at("a.mp4"), 4, "ball");
    let bytes = |name: &str| std::fs::read(at(name)).unwrap();
    for (name, behind, out) in [
        ("motion.jpg", "a.mp4", "OUT.mp4"),
        ("two.jpg", "a.jpg", "OUT.jpg"),
    ] {
        std::fs::write(at(name), [bytes("a.jpg"), bytes(behind)].concat()).unwrap();
        let output = tool(dir.path(), &[name, "--size=16"]).run();
        assert_eq!(output.status, 0);
        let text = &output.stderr;
        assert!(text.contains(" and is ignored; "), "{text}");
        let (_, cure) = text.split_once("extract it with: ").unwrap();
        let cure = cure.trim().replace("IN.jpg", name);
        let mut shell = Command::new("sh");
        shell.args(["-c", &cure]).current_dir(dir.path());
        assert!(shell.status().unwrap().success());
        assert_eq!(bytes(out), bytes(behind), "{cure}");
    }
}
