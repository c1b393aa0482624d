//! Files of transformers: what is obeyed, and what is refused with a cure.

use wo_cli::message_of;

use super::*;
use crate::pixels::preprocessor::Centre;

fn read(config: &Value) -> Preprocessor {
    Preprocessor::from_config(config).expect("it is known")
}

#[test]
fn the_configuration_survives_the_trip() {
    let clip = Preprocessor::clip(96);
    let wide = Fit::Crop {
        edge: 110,
        centre: Centre::Before,
    };
    for fit in [clip.fit, wide, Fit::Squash, Fit::Fill(7)] {
        for of in [
            ImageProcessor::Clip,
            ImageProcessor::Siglip,
            ImageProcessor::Vit,
        ] {
            let this = Preprocessor {
                fit,
                // Only open_clip fills up, and it has two filters.
                filter: match fit {
                    Fit::Fill(_) => Filter::Bilinear,
                    _ => Filter::Lanczos,
                },
                ..clip.clone()
            };
            assert_eq!(read(&this.to_config(of)), this, "{of:?}");
        }
    }
    let mut odd = clip.clone();
    (odd.rescale, odd.mean, odd.std) = (1.0 / 127.5, [1.0; 3], [1.0; 3]);
    assert_eq!(read(&odd.to_config(ImageProcessor::Clip)), odd);
}

#[test]
fn what_is_absent_or_null_is_as_in_transformers() {
    let clip = Preprocessor::clip(224);
    assert_eq!(read(&json!({})), clip);
    let nulls = json!({"do_pad": null, "pad_size": null, "device": null, "new": null});
    assert_eq!(read(&nulls), clip);
    let plain = Preprocessor {
        mean: [0.0; 3],
        std: [1.0; 3],
        ..clip.clone()
    };
    assert_eq!(read(&json!({"do_normalize": null})), plain);
    let numbers =
        json!({"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 224});
    assert_eq!(read(&numbers), clip);
    let half = Preprocessor {
        fit: Fit::Squash,
        mean: [0.5; 3],
        std: [0.5; 3],
        ..clip.clone()
    };
    let siglip = json!({"image_processor_type": "SiglipImageProcessorFast"});
    assert_eq!(read(&siglip), half);
    let vit = read(&json!({"image_processor_type": "ViTImageProcessor", "size": 96}));
    assert_eq!(
        (vit.filter, vit.side, vit.fit),
        (Filter::Bilinear, 96, Fit::Squash)
    );
    let of_siglip = Preprocessor::from_config_of(&json!({}), ImageProcessor::Siglip);
    assert_eq!(of_siglip.expect("all is usual"), half);
}

#[test]
fn each_step_is_obeyed() {
    let square = json!({"height": 224, "width": 224});
    for squash in [
        json!({"size": square, "do_center_crop": false}),
        json!({"size": square}),
        json!({"size": 224, "default_to_square": true}),
        json!({"size": [224, 224], "do_pad": true, "pad_size": square}),
    ] {
        assert_eq!(read(&squash).fit, Fit::Squash, "{squash}");
    }
    let wide = read(&json!({"size": {"shortest_edge": 256}}));
    let Fit::Crop { edge, .. } = wide.fit else {
        panic!("{wide:?}")
    };
    assert_eq!((edge, wide.side), (256, 224));
    let raw = read(&json!({"do_rescale": false, "do_normalize": false, "image_std": 7}));
    assert_eq!((raw.rescale, raw.mean, raw.std), (1.0, [0.0; 3], [1.0; 3]));
    let same =
        read(&json!({"image_mean": 0.5, "resample": 2, "do_convert_rgb": false, "new": false}));
    assert_eq!((same.mean, same.filter), ([0.5; 3], Filter::Bilinear));
}

#[test]
fn what_cannot_be_obeyed_is_named_with_a_cure() {
    for (config, expected) in [
        (
            json!({"do_resize": false}),
            "do_resize is false, and true is expected",
        ),
        (
            json!({"do_center_crop": false}),
            "size.shortest_edge is 224 and do_center_crop is off",
        ),
        (
            json!({"size": {"longest_edge": 224}}),
            "size is {\"longest_edge\":224}, and {\"shortest_edge\": N} or",
        ),
        (
            json!({"size": {"shortest_edge": 224, "longest_edge": 300}}),
            "size is {",
        ),
        (
            json!({"size": {"max_height": 224, "max_width": 224}}),
            "size is {",
        ),
        (
            json!({"size": {"height": 224, "width": 300}}),
            "size is {\"height\":224,\"width\":300}",
        ),
        (
            json!({"size": {"height": 256, "width": 256}}),
            "size is 256 x 256 and crop_size is 224",
        ),
        (
            json!({"crop_size": {"height": 9, "width": 8}}),
            "crop_size is {\"height\":9,\"width\":8}, and a square",
        ),
        (json!({"crop_size": {"shortest_edge": 9}}), "crop_size is {"),
        (json!({"crop_size": 225}), "crop_size is 225"),
        (
            json!({"do_pad": true, "pad_size": {"height": 300, "width": 300}}),
            "pad_size is {",
        ),
        (
            json!({"do_flip_channel_order": true}),
            "do_flip_channel_order is true, and no such field",
        ),
        (
            json!({"crop_pct": 0.9}),
            "crop_pct is 0.9, and no such field",
        ),
        (
            json!({"image_processor_type": "Siglip2ImageProcessor"}),
            "image_processor_type is \"Siglip2ImageP",
        ),
    ] {
        let error = Preprocessor::from_config(&config).expect_err("refused");
        let said = message_of(&error).shown();
        assert!(said.starts_with(expected), "{config}: {said}");
        assert!(said.contains("hint: "), "{config}: {said}");
    }
}

#[test]
fn numbers_that_make_no_pixels_are_named() {
    for (config, expected) in [
        (
            json!({"image_std": [0.1, 0.0, 0.1]}),
            "image_std[1] is 0.0, and a number from 0.000001 to 1000 is expected",
        ),
        (
            json!({"image_std": 0}),
            "image_std is 0, and a number from 0.000001",
        ),
        (
            json!({"image_std": [1, 1]}),
            "image_std is [1,1], and a list of three",
        ),
        (json!({"image_mean": [0, 1e300, 0]}), "image_mean[1] is 1e"),
        (json!({"image_mean": [0, null, 0]}), "image_mean[1] is null"),
        (
            json!({"image_mean": null}),
            "image_mean is null, and a list of three",
        ),
        (json!({"size": null}), "size is null, and a whole number"),
        (
            json!({"crop_size": null}),
            "crop_size is null, and a whole number",
        ),
        (json!({"resample": null}), "resample is null, and 0"),
        (
            json!({"rescale_factor": null}),
            "rescale_factor is null, and a number",
        ),
        (
            json!({"size": {"shortest_edge": 0}}),
            "size.shortest_edge is 0",
        ),
        (
            json!({"size": {"edge": 9}}),
            "size is {\"edge\":9}, and {\"shortest_edge\": N}",
        ),
        (
            json!({"crop_size": 2.5}),
            "crop_size is 2.5, and a whole number",
        ),
        (
            json!({"rescale_factor": 0.0}),
            "rescale_factor is 0.0, and a number",
        ),
        (json!({"resample": 6}), "resample is 6, and 0 (nearest)"),
        (
            json!({"resample": "bicubic"}),
            "resample is \"bicubic\", and 0",
        ),
        (json!({"do_resize": 1}), "do_resize is 1, and true or false"),
        (json!([1]), "it is [1], and an object"),
    ] {
        let error = Preprocessor::from_config(&config)
            .expect_err("refused")
            .to_string();
        assert!(error.starts_with(expected), "{config}: {error}");
    }
}
