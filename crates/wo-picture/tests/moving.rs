//! Who moves, and what is behind, in videos drawn here: patches for a wall, a rectangle for a lifter.

use image::{Rgb, RgbImage};
use wo_picture::{CutOff, NoPerson, background, brightness, moving_person};

const N_FRAMES: usize = 10;
const SIZE: (u32, u32) = (320, 240);

/// What happens in a drawn video.
#[derive(Clone, Copy)]
struct Scene {
    /// Pixels that the camera moves by in a frame, across and down.
    shake: fn(usize) -> (i64, i64),
    /// Factor of the light in a frame.
    light: fn(usize) -> f64,
    /// Levels of noise.
    noise: f64,
    /// Left upper and right lower corner of the lifter in a frame, if there is one.
    lifter: Option<fn(usize) -> [i64; 4]>,
}

const STILL: Scene = Scene {
    shake: |_| (0, 0),
    light: |_| 1.0,
    noise: 0.0,
    lifter: None,
};

/// Goes down and up again, from 40 to 80 pixels.
fn squatting(frame: usize) -> [i64; 4] {
    let down = [0, 10, 25, 35, 40, 40, 30, 20, 10, 0][frame % 10];
    [120, 60 + down, 180, 160 + down]
}

/// A number from 0 to 1 without any order.
fn hash(a: i64, b: i64, c: i64) -> f64 {
    let mixed = (a.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()))
        ^ (b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F_u64.cast_signed()))
        ^ (c.wrapping_mul(0x1656_67B1_9E37_79F9));
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9_u64.cast_signed());
    ((mixed ^ (mixed >> 32)) & 0xFFFF) as f64 / 65_536.0
}

impl Scene {
    fn frames(self) -> Vec<RgbImage> {
        (0..N_FRAMES).map(|frame| self.frame(frame)).collect()
    }

    fn frame(self, frame: usize) -> RgbImage {
        let ((right, down), light) = ((self.shake)(frame), (self.light)(frame));
        RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let at = (i64::from(x) - right, i64::from(y) - down);
            let is_lifter = self.lifter.is_some_and(|lifter| {
                let [left, top, right, bottom] = lifter(frame);
                (left..right).contains(&at.0) && (top..bottom).contains(&at.1)
            });
            let colour = if is_lifter {
                [200.0, 40.0, 30.0]
            } else {
                let patch = hash((at.0 + 3000) / 23, (at.1 + 3000) / 19, 7);
                [
                    60.0 + 90.0 * patch,
                    70.0 + 60.0 * patch,
                    110.0 - 40.0 * patch,
                ]
            };
            let noise = self.noise * (2.0 * hash(x.into(), y.into(), 100 + frame as i64) - 1.0);
            Rgb(colour.map(|level| (level * light + noise).clamp(0.0, 255.0) as u8))
        })
    }
}

/// The lifter is covered, and little else: the bounds are within `slack` pixels of where the lifter was.
fn assert_finds_the_lifter(scene: Scene, slack: f64) {
    let person = moving_person(&scene.frames()).expect("somebody moves");
    let middle = (scene.shake)(N_FRAMES / 2);
    let edges = [
        (person.bounds.left * f64::from(SIZE.0), 120 + middle.0),
        (person.bounds.top * f64::from(SIZE.1), 60 + middle.1),
        (person.bounds.right * f64::from(SIZE.0), 180 + middle.0),
        (person.bounds.bottom * f64::from(SIZE.1), 200 + middle.1),
    ];
    for (found, drawn) in edges {
        assert!(
            (found - drawn as f64).abs() < slack,
            "{found} is not {drawn}: {:?}",
            person.bounds
        );
    }
    // The middle of the lifter shows one colour in all frames: it is found since it is inside.
    assert!(person.mask.contains(150.0 / 320.0, 130.0 / 240.0));
    assert!(person.confidence > 0.9, "{}", person.confidence);
}

#[test]
fn a_lifter_before_a_still_wall() {
    assert_finds_the_lifter(
        Scene {
            lifter: Some(squatting),
            ..STILL
        },
        16.0,
    );
}

#[test]
fn a_lifter_in_noise() {
    assert_finds_the_lifter(
        Scene {
            lifter: Some(squatting),
            noise: 20.0,
            ..STILL
        },
        16.0,
    );
}

#[test]
fn a_lifter_in_light_that_flickers() {
    let light = |frame| [1.0, 0.8, 1.2, 0.9][frame % 4];
    assert_finds_the_lifter(
        Scene {
            lifter: Some(squatting),
            light,
            noise: 4.0,
            ..STILL
        },
        16.0,
    );
}

#[test]
fn a_lifter_before_a_camera_that_shakes() {
    let shake = |frame| [(0, 0), (5, -2), (-9, 4), (14, 7), (2, -11)][frame % 5];
    assert_finds_the_lifter(
        Scene {
            lifter: Some(squatting),
            shake,
            noise: 4.0,
            ..STILL
        },
        18.0,
    );
}

#[test]
fn nothing_moves() {
    let quiet = [
        STILL,
        Scene {
            noise: 25.0,
            ..STILL
        },
        Scene {
            light: |frame| 1.0 + 0.05 * frame as f64,
            noise: 4.0,
            ..STILL
        },
        Scene {
            shake: |frame| (3 * frame as i64 % 7, frame as i64 % 4),
            ..STILL
        },
    ];
    for scene in quiet {
        assert_eq!(
            moving_person(&scene.frames()).err(),
            Some(NoPerson::NothingMoves)
        );
    }
}

#[test]
fn everything_moves() {
    // A camera that goes along the wall: no frame shows what another does.
    let pan = Scene {
        shake: |frame| (397 * frame as i64, 0),
        ..STILL
    };
    assert_eq!(
        moving_person(&pan.frames()).err(),
        Some(NoPerson::EverythingMoves)
    );
}

#[test]
fn any_frames_have_an_answer() {
    let one = |width, height| RgbImage::from_pixel(width, height, Rgb([7; 3]));
    assert_eq!(moving_person(&[]).err(), Some(NoPerson::TooFewFrames));
    assert_eq!(
        moving_person(&[one(4, 4), one(4, 4)]).err(),
        Some(NoPerson::TooFewFrames)
    );
    for (width, height) in [(0, 0), (1, 1), (2, 900), (900, 1)] {
        let frames = [
            one(width, height),
            one(width, height),
            one(30, 20),
            one(width, height),
        ];
        assert!(moving_person(&frames).is_err());
    }
    // Sizes that differ are stretched to that of the middle frame.
    let mut frames = Scene {
        lifter: Some(squatting),
        ..STILL
    }
    .frames();
    frames[1] =
        image::imageops::resize(&frames[1], 200, 150, image::imageops::FilterType::Triangle);
    let person = moving_person(&frames).expect("somebody moves");
    let image = background(&frames, &person).expect("there is a wall").image;
    assert_eq!(image.dimensions(), SIZE);
}

#[test]
fn the_background_is_the_same_whoever_lifts() {
    // Another depth and another width, within the same eighths of the image.
    let narrower = |frame| {
        let [left, top, right, bottom] = squatting(frame);
        [left + 4, top, right - 4, bottom - 3]
    };
    let images = [squatting as fn(usize) -> [i64; 4], narrower].map(|lifter| {
        let frames = Scene {
            lifter: Some(lifter),
            noise: 4.0,
            ..STILL
        }
        .frames();
        let person = moving_person(&frames).expect("somebody moves");
        background(&frames, &person).expect("there is a wall")
    });
    let [a, b] = &images;
    assert_eq!(a.removed, b.removed);
    assert!(a.image == b.image);
    let empty = Scene {
        noise: 4.0,
        ..STILL
    }
    .frame(N_FRAMES / 2);
    let far = |x: u32, y: u32| {
        let pairs = a
            .image
            .get_pixel(x, y)
            .0
            .into_iter()
            .zip(empty.get_pixel(x, y).0);
        pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
    };
    // The wall is as it is; where the lifter was is no red, and no darker or lighter than the wall.
    assert!((0..40).all(|x| far(x, 100) < 12));
    assert!(a.image.pixels().all(|pixel| pixel.0[0] < 170));
    assert!((brightness(&a.image) - brightness(&empty)).abs() < 0.03);
}

#[test]
fn a_person_without_surroundings_has_no_background() {
    let all = |frame| [20, squatting(frame)[1] - 50, 300, 230];
    let frames = Scene {
        lifter: Some(all),
        ..STILL
    }
    .frames();
    let person = moving_person(&frames).expect("somebody moves");
    assert!(background(&frames, &person).is_none());
    let frames = Scene {
        lifter: Some(squatting),
        ..STILL
    }
    .frames();
    let person = moving_person(&frames).expect("somebody moves");
    assert!(background(&frames[1..], &person).is_none());
    assert!(background(&[], &person).is_none());
}

#[test]
fn a_lifter_at_the_edge_is_cut_off() {
    let cut = |lifter: fn(usize) -> [i64; 4]| {
        let person = moving_person(
            &Scene {
                lifter: Some(lifter),
                ..STILL
            }
            .frames(),
        );
        CutOff::of(&person.expect("somebody moves").moved).expect("the mask is not empty")
    };
    let whole = cut(squatting);
    assert!(whole.worst() < 0.01 && whole.bottom < 0.01, "{whole:?}");
    let half = cut(|frame| squatting(frame).map(|at| if at == 120 { -50 } else { at }));
    assert!(half.left > 0.8 && half.right < 0.01, "{half:?}");
}
