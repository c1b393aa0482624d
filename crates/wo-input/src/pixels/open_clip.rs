//! `preprocess_cfg` of open_clip, and what we write where only open_clip can do the same.

use serde_json::{Value, json};

use crate::fields::Fields;
use crate::pixels::preprocessor::{CLIP_MEAN, CLIP_STD, Centre, Fit, Preprocessor, RESCALE};
use crate::pixels::resize::Filter;
use crate::pixels::settings::{MEANS, SIDES, STDS, check_others, read, refuse, without_nulls};

/// The type that we write for what transformers cannot do, so that it refuses the folder and does not see other pixels.
pub(crate) const OPEN_CLIP_TYPE: &str = "OpenClipImageProcessor";

/// The fields of open_clip's `PreprocessCfg`.
const READ: [&str; 7] = [
    "size",
    "mode",
    "mean",
    "std",
    "interpolation",
    "resize_mode",
    "fill_color",
];

impl Preprocessor {
    /// From the `preprocess_cfg` of an `open_clip_config.json`, for a tower of `image_size` pixels. As in open_clip, null
    /// is the same as no field at all.
    pub fn from_open_clip(settings: &Value, image_size: u32) -> anyhow::Result<Self> {
        let settings = without_nulls(settings);
        let fields = read(Fields::of(&settings, "preprocess_cfg"))?;
        check_others(&fields, |name| READ.contains(&name))?;
        if fields.get("mode").is_some_and(|mode| mode != "RGB") {
            return Err(anyhow::Error::msg(fields.wrong("mode", "\"RGB\"")));
        }
        of_fields(&fields, image_size)
    }

    /// The `preprocess_cfg` of an `open_clip_config.json`.
    pub fn to_open_clip(&self) -> Value {
        let mut settings = json!({
            "size": self.side,
            "mode": "RGB",
            "interpolation": self.filter.name(),
            "resize_mode": match self.fit {
                Fit::Crop { .. } => "shortest",
                Fit::Squash => "squash",
                Fit::Fill(_) => "longest",
            },
            "mean": self.mean,
            "std": self.std,
        });
        if let Fit::Fill(grey) = self.fit {
            settings["fill_color"] = json!(grey);
        }
        settings
    }

    /// The same as a `preprocessor_config.json`, under a type that transformers does not know: it has no step that fills
    /// up on both sides, crops at another pixel, and would make other pixels of any file that it reads.
    pub fn to_open_clip_config(&self) -> Value {
        let mut config = self.to_open_clip();
        config["image_processor_type"] = json!(OPEN_CLIP_TYPE);
        config
    }
}

/// From what [`Preprocessor::to_open_clip_config`] wrote.
pub(crate) fn from_written(fields: &Fields<'_>) -> anyhow::Result<Preprocessor> {
    let Some(size) = read(fields.whole("size", SIDES))? else {
        return Err(anyhow::Error::msg(fields.wrong("size", "a whole number")));
    };
    // A side is at most 4096.
    of_fields(fields, size as u32)
}

fn of_fields(fields: &Fields<'_>, image_size: u32) -> anyhow::Result<Preprocessor> {
    let said = match fields.get("size") {
        Some(Value::Array(sides)) if matches!(sides.as_slice(), [a, b] if a == b) => &sides[0],
        Some(size) => size,
        None => &json!(image_size),
    };
    if *said != json!(image_size) {
        return refuse(
            fields.wrong(
                "size",
                &format!("{image_size}, the image_size of the model,"),
            ),
            "set it to that, or take it out",
        );
    }
    let filter = match fields.get("interpolation").map(Value::as_str) {
        // What open_clip takes "random" for, when it does not train.
        None | Some(Some("random")) => Filter::Bicubic,
        Some(Some(name @ ("bicubic" | "bilinear"))) => {
            Filter::of_name(name).expect("these are names of filters")
        }
        Some(_) => {
            let names = "\"bicubic\", \"bilinear\" or \"random\"";
            return Err(anyhow::Error::msg(fields.wrong("interpolation", names)));
        }
    };
    let fit = match fields.get("resize_mode").map(Value::as_str) {
        None | Some(Some("shortest")) => Fit::Crop {
            edge: image_size,
            centre: Centre::Even,
        },
        Some(Some("squash")) => Fit::Squash,
        Some(Some("longest")) => {
            let grey = fields.whole("fill_color", 0..=255);
            Fit::Fill(read(grey)?.unwrap_or(0) as u8)
        }
        Some(_) => {
            let names = "\"shortest\", \"squash\" or \"longest\"";
            return Err(anyhow::Error::msg(fields.wrong("resize_mode", names)));
        }
    };
    let mean = read(fields.colours("mean", MEANS))?;
    let std = read(fields.colours("std", STDS))?;
    Ok(Preprocessor {
        fit,
        filter,
        side: image_size,
        rescale: RESCALE,
        mean: mean.unwrap_or(CLIP_MEAN),
        std: std.unwrap_or(CLIP_STD),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(settings: &Value) -> anyhow::Result<Preprocessor> {
        Preprocessor::from_open_clip(settings, 32)
    }

    #[test]
    fn each_way_of_open_clip_is_obeyed() {
        let usual = of(&json!({})).expect("all is usual");
        let crop = Fit::Crop {
            edge: 32,
            centre: Centre::Even,
        };
        assert_eq!((usual.fit, usual.filter), (crop, Filter::Bicubic));
        let squash = json!({
            "size": [32, 32], "mode": "RGB", "mean": [0, 0, 0], "std": 1, "interpolation": "bilinear",
            "resize_mode": "squash", "fill_color": null,
        });
        let squash = of(&squash).expect("it is known");
        assert_eq!((squash.fit, squash.filter), (Fit::Squash, Filter::Bilinear));
        assert_eq!((squash.mean, squash.std), ([0.0; 3], [1.0; 3]));
        let filled = of(&json!({"resize_mode": "longest", "fill_color": 9, "size": 32}));
        let filled = filled.expect("it is known");
        assert_eq!(filled.fit, Fit::Fill(9));
        let written = filled.to_open_clip_config();
        assert_eq!(
            Preprocessor::from_config(&written).expect("it is ours"),
            filled
        );
    }

    #[test]
    fn what_cannot_be_obeyed_is_named() {
        for (settings, expected) in [
            (
                json!({"resize_mode": "crop"}),
                "preprocess_cfg.resize_mode is \"crop\", and",
            ),
            (
                json!({"interpolation": "lanczos"}),
                "preprocess_cfg.interpolation is \"lanczos\"",
            ),
            (
                json!({"size": 64}),
                "preprocess_cfg.size is 64, and 32, the image_size",
            ),
            (json!({"size": [32, 64]}), "preprocess_cfg.size is [32,64]"),
            (json!({"mode": "L"}), "preprocess_cfg.mode is \"L\""),
            (json!({"std": [1, 0, 1]}), "preprocess_cfg.std[1] is 0"),
            (
                json!({"resize_mode": "longest", "fill_color": 256}),
                "preprocess_cfg.fill_color is 256",
            ),
            (
                json!({"sharpen": 2}),
                "preprocess_cfg.sharpen is 2, and no such field",
            ),
            (json!([]), "preprocess_cfg is [], and an object"),
        ] {
            let error = of(&settings).expect_err("refused").to_string();
            assert!(error.starts_with(expected), "{settings}: {error}");
        }
    }
}
