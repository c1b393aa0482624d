use super::*;

fn matrix(a: f64, b: f64, c: f64, d: f64) -> Matrix {
    Matrix { a, b, c, d }
}

/// Where the matrix sends the corner that is stored at the top left, and its neighbour to the right.
fn shown(matrix: Matrix) -> [(bool, bool); 2] {
    // About the middle: (-1, -1) and (1, -1).
    [(-1.0, -1.0), (1.0, -1.0)].map(|(x, y): (f64, f64)| {
        (
            matrix.a * x + matrix.c * y > 0.0,
            matrix.b * x + matrix.d * y > 0.0,
        )
    })
}

/// The eight ways in which an image can lie.
const EIGHT: [(f64, f64, f64, f64); 8] = [
    (1.0, 0.0, 0.0, 1.0),
    (0.0, 1.0, -1.0, 0.0),
    (-1.0, 0.0, 0.0, -1.0),
    (0.0, -1.0, 1.0, 0.0),
    (-1.0, 0.0, 0.0, 1.0),
    (0.0, -1.0, -1.0, 0.0),
    (1.0, 0.0, 0.0, -1.0),
    (0.0, 1.0, 1.0, 0.0),
];

#[test]
fn a_picture_lands_where_its_matrix_sends_it() {
    // Red at the top left, green at the top right.
    let image = RgbImage::from_fn(6, 4, |x, y| match (x < 3, y < 2) {
        (true, true) => Rgb([255, 0, 0]),
        (false, true) => Rgb([0, 255, 0]),
        _ => Rgb([0, 0, 0]),
    });
    for (a, b, c, d) in EIGHT {
        for scale in [1.0, 2.0, 1.0 / 64.0, 1.0 - 1.0 / 65536.0] {
            let matrix = matrix(a * scale, b * scale, c * scale, d * scale);
            let turn = Turn::of(matrix).unwrap();
            let upright = turn.upright(image.clone());
            let expected = if a == 0.0 { (4, 6) } else { (6, 4) };
            assert_eq!(upright.dimensions(), expected, "{matrix:?}");
            assert_eq!(turn.shown(6, 4), expected);
            let corner = |(right, below): (bool, bool)| {
                let x = if right { upright.width() - 1 } else { 0 };
                let y = if below { upright.height() - 1 } else { 0 };
                upright.get_pixel(x, y).0
            };
            let [red, green] = shown(matrix);
            assert_eq!(
                (corner(red), corner(green)),
                ([255, 0, 0], [0, 255, 0]),
                "{matrix:?}"
            );
        }
    }
}

#[test]
fn the_turn_is_named_before_the_mirroring() {
    let degrees = EIGHT.map(|(a, b, c, d)| Turn::of(matrix(a, b, c, d)).unwrap().degrees());
    assert_eq!(degrees, [0, 90, 180, 270, 0, 270, 180, 90]);
}

#[test]
fn rounding_is_no_tilt_and_no_stretch() {
    let unit = 1.0 / 65536.0;
    for matrix in [
        matrix(unit, 1.0, -1.0, 0.0),
        matrix(0.0, 1.0, unit - 1.0, -unit),
        matrix(-unit, 1.0 - unit, -1.0, unit),
    ] {
        assert_eq!(Turn::of(matrix), Ok(Orientation::Rotate90.into()));
    }
}

#[test]
fn scales_that_differ_stretch_the_stored_picture() {
    let turn = Turn::of(matrix(2.0, 0.0, 0.0, 1.0)).unwrap();
    assert_eq!((turn.stretch(), turn.degrees()), (2.0, 0));
    // What is stored from left to right is shown downwards, and is drawn out.
    let turn = Turn::of(matrix(0.0, 2.0, -1.0, 0.0)).unwrap();
    assert_eq!((turn.stretch(), turn.degrees()), (2.0, 90));
}

#[test]
fn what_is_no_turn_is_said() {
    assert_eq!(Turn::of(matrix(1.0, 0.0, 0.5, 1.0)), Err(Distortion::Shear));
    for (a, b, c, d) in [
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0, 0.0),
        (1.0, 1.0, 1.0, 1.0),
        (f64::NAN, 0.0, 0.0, 1.0),
    ] {
        assert_eq!(Turn::of(matrix(a, b, c, d)), Err(Distortion::Flat));
    }
}

#[test]
fn any_other_turn_is_done_too() {
    // A white line from left to right through the middle.
    let image = RgbImage::from_fn(41, 41, |_, y| Rgb([if y == 20 { 255 } else { 0 }; 3]));
    for (matrix, degrees, x, y) in [
        (Matrix::turning(30.0), 30, 20.0 + 9.0, 20.0 + 5.2),
        (Matrix::turning(100.0), 100, 20.0 - 1.7, 20.0 + 9.8),
        // Mirrored first: the line looks the same, and is turned as far; before the mirroring it turns back.
        (
            matrix(-1.0, 0.0, 0.0, 1.0).then(Matrix::turning(30.0)),
            330,
            20.0 + 9.0,
            20.0 + 5.2,
        ),
    ] {
        let turn = Turn::of(matrix).unwrap();
        assert_eq!(turn.degrees(), degrees);
        let upright = turn.upright(image.clone());
        let near = |x: f64, y: f64| {
            let at = |dx, dy| upright.get_pixel(x as u32 + dx, y as u32 + dy).0[0];
            u32::from(at(0, 0)) + u32::from(at(1, 0)) + u32::from(at(0, 1)) + u32::from(at(1, 1))
        };
        assert!(near(x, y) > 150, "{degrees}");
        assert_eq!(near(x, 40.0 - y), 0, "{degrees}");
    }
}

#[test]
fn tags_name_the_same_turns() {
    for (tag, (a, b, c, d)) in [
        "rotate-0",
        "rotate-90",
        "rotate-180",
        "rotate-270",
        "flip-rotate-0",
        "flip-rotate-90",
        "flip-rotate-180",
        "flip-rotate-270",
    ]
    .into_iter()
    .zip(EIGHT)
    {
        assert_eq!(Ok(Turn::of_tag(tag)), Turn::of(matrix(a, b, c, d)), "{tag}");
    }
}
