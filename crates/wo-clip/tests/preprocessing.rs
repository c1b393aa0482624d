//! Each way of preprocessing against what Python makes of the same pictures; see scripts/dump_preprocessing.py.

use std::fs;
use std::path::PathBuf;

use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;
use wo_input::{Filter, ImageProcessor, Preprocessor, decode_image};

const PICTURES: [&str; 2] = ["picture0.png", "picture2.png"];
const SIDE: u32 = 12;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    preprocessor_config: Option<Value>,
    preprocess_cfg: Option<Value>,
}

impl Case {
    fn preprocessor(&self) -> Preprocessor {
        let read = match (&self.preprocessor_config, &self.preprocess_cfg) {
            (Some(config), None) => Preprocessor::from_config(config),
            (None, Some(settings)) => Preprocessor::from_open_clip(settings, SIDE),
            _ => panic!("{}: one of the two", self.name),
        };
        read.unwrap_or_else(|error| panic!("{}: {error:#}", self.name))
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(fixtures().join("preprocessing/cases.json")).expect("the cases");
    serde_json::from_str(&text).expect("cases")
}

/// The largest difference to Python, in levels of 255.
fn levels_off(this: &Preprocessor, golden: &[f32]) -> f32 {
    let images =
        PICTURES.map(|name| decode_image(&fs::read(fixtures().join(name)).expect("a picture")));
    let ours: Vec<f32> = images
        .into_iter()
        .flat_map(|image| this.pixels(&image.expect("an image")))
        .collect();
    assert_eq!(ours.len(), golden.len());
    let of_channel = |index: usize| index / (SIDE * SIDE) as usize % 3;
    let pairs = ours.iter().zip(golden).enumerate();
    pairs
        .map(|(index, (a, b))| (a - b).abs() * this.std[of_channel(index)] / this.rescale as f32)
        .fold(0.0, f32::max)
}

#[test]
fn pixels_equal_those_of_python() {
    let bytes = fs::read(fixtures().join("preprocessing/golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&bytes).unwrap();
    let cases = cases();
    assert_eq!(cases.len(), golden.len());
    for case in cases {
        let view = golden.tensor(&case.name).unwrap();
        let floats = view.data().chunks_exact(4);
        let floats: Vec<f32> = floats
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        let this = case.preprocessor();
        let off = levels_off(&this, &floats);
        // Convolutions round their coefficients a little differently, so a value may be one level off.
        let limit = if this.filter == Filter::Nearest {
            0.0
        } else {
            1.0
        };
        assert!(off <= limit + 0.01, "{}: {off} levels", case.name);
        // What we write is read the same way.
        let written = Preprocessor::from_config(&this.to_config(ImageProcessor::Clip)).unwrap();
        assert_eq!(written, this.as_written(), "{}", case.name);
    }
}

#[test]
fn a_crop_between_two_pixels_is_not_the_same_everywhere() {
    // 40 x 31 is scaled to 15 x 12: transformers leaves out one column at the left, and torchvision two.
    let image = decode_image(&fs::read(fixtures().join(PICTURES[0])).unwrap()).unwrap();
    let find = |name: &str| {
        let cases = cases();
        let case = cases.iter().find(|case| case.name == name).unwrap();
        case.preprocessor()
    };
    let (transformers, open_clip) = (find("crop"), find("open_clip"));
    assert_ne!(transformers.square(&image), open_clip.square(&image));
    assert_eq!(
        transformers.square(&image),
        open_clip.as_written().square(&image)
    );
}
