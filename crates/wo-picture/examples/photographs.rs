//! How much images look like photographs: a line with the score and the path of each. Above zero is a photograph.
//!
//! `cargo run --release -p wo-picture --example photographs IMAGE...`

#![expect(clippy::print_stdout, reason = "its lines are what it is for")]

use std::env;

fn main() -> Result<(), image::ImageError> {
    for path in env::args_os().skip(1) {
        let image = image::open(&path)?.into_rgb8();
        let score = wo_picture::photograph_score(&image);
        println!("{score:.3} {}", path.display());
    }
    Ok(())
}
