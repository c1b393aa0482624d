//! `preprocessor_config.json` of transformers, and the `image_processor` of its `processor_config.json`.
//!
//! Each field is obeyed, or harmless, or refused by name. As in transformers 5, a field that is absent has the default of
//! the processor's type, and a step that is null is off.

use serde_json::{Value, json};

use crate::fields::{Fields, whole};
use crate::pixels::open_clip::{OPEN_CLIP_TYPE, from_written, to_written};
use crate::pixels::preprocessor::{CLIP_MEAN, CLIP_STD, Centre, Fit, Preprocessor, RESCALE};
use crate::pixels::resize::Filter;
use crate::pixels::settings::{MEANS, RESCALES, SIDES, STDS, check_others, read, refuse};

/// The types of transformers that can be obeyed. They differ in what an absent field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageProcessor {
    /// `CLIPImageProcessor`: scales the shorter side and crops.
    Clip,
    /// `SiglipImageProcessor`: scales both sides.
    Siglip,
    /// `ViTImageProcessor`: the same with another filter.
    Vit,
}

const TYPES: [(&str, ImageProcessor); 5] = [
    ("CLIPImageProcessor", ImageProcessor::Clip),
    ("CLIPFeatureExtractor", ImageProcessor::Clip),
    ("SiglipImageProcessor", ImageProcessor::Siglip),
    ("ViTImageProcessor", ImageProcessor::Vit),
    ("ViTFeatureExtractor", ImageProcessor::Vit),
];
/// Fields that are read below.
const READ: [&str; 16] = [
    "image_processor_type",
    "feature_extractor_type",
    "do_resize",
    "size",
    "default_to_square",
    "resample",
    "do_center_crop",
    "crop_size",
    "do_rescale",
    "rescale_factor",
    "do_normalize",
    "image_mean",
    "image_std",
    "do_pad",
    "pad_size",
    "do_convert_rgb",
];
/// Fields that change no pixel: what else belongs to the processor, and how arrays are laid out that Python gets.
/// `do_convert_rgb` above is one too, since our images have three channels.
const HARMLESS: [&str; 12] = [
    "processor_class",
    "auto_map",
    "_name_or_path",
    "name_or_path",
    "transformers_version",
    "_valid_processor_keys",
    "data_format",
    "input_data_format",
    "return_tensors",
    "device",
    "disable_grouping",
    "use_fast",
];

/// What a type does where a field is absent.
struct Defaults {
    /// The shorter side is scaled, and not both.
    keeps_proportions: bool,
    is_cropped: bool,
    /// Whether a `size` that is a number means both sides.
    is_square: bool,
    filter: Filter,
    mean: [f32; 3],
    std: [f32; 3],
}

/// The side where no field says it.
const USUAL_SIDE: i64 = 224;

impl ImageProcessor {
    fn defaults(self) -> Defaults {
        let of_vit = Defaults {
            keeps_proportions: false,
            is_cropped: false,
            is_square: true,
            filter: Filter::Bilinear,
            mean: [0.5; 3],
            std: [0.5; 3],
        };
        match self {
            Self::Clip => Defaults {
                keeps_proportions: true,
                is_cropped: true,
                is_square: false,
                filter: Filter::Bicubic,
                mean: CLIP_MEAN,
                std: CLIP_STD,
            },
            Self::Siglip => Defaults {
                is_square: false,
                filter: Filter::Bicubic,
                ..of_vit
            },
            Self::Vit => of_vit,
        }
    }

    /// The type that a file names, if it names one.
    fn of(fields: &Fields<'_>) -> anyhow::Result<Option<Self>> {
        let field = ["image_processor_type", "feature_extractor_type"]
            .into_iter()
            .find(|field| fields.get(field).is_some_and(|it| !it.is_null()));
        let Some(field) = field else { return Ok(None) };
        let name = fields
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let plain = name.trim_end_matches("Fast").trim_end_matches("Pil");
        let known = TYPES.into_iter().find(|(known, _)| *known == plain);
        let Some((_, of_name)) = known else {
            return refuse(
                fields.wrong(
                    field,
                    "CLIPImageProcessor, SiglipImageProcessor or ViTImageProcessor",
                ),
                "put the name of one of these there, if the model sees images as that one makes them",
            );
        };
        Ok(Some(of_name))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Clip => "CLIPImageProcessor",
            Self::Siglip => "SiglipImageProcessor",
            Self::Vit => "ViTImageProcessor",
        }
    }
}

impl Preprocessor {
    /// From the content of a `preprocessor_config.json` of a CLIP.
    pub fn from_config(config: &Value) -> anyhow::Result<Self> {
        Self::from_config_of(config, ImageProcessor::Clip)
    }

    /// From the content of a `preprocessor_config.json`. A file without a type is one of `usual`. What cannot be obeyed
    /// is refused with the field and what is expected of it; the file is not named.
    pub fn from_config_of(config: &Value, usual: ImageProcessor) -> anyhow::Result<Self> {
        let fields = read(Fields::of(config, ""))?;
        if fields
            .get("image_processor_type")
            .is_some_and(|it| it == OPEN_CLIP_TYPE)
        {
            return from_written(&fields);
        }
        let defaults = ImageProcessor::of(&fields)?.unwrap_or(usual).defaults();
        let is_known = |name: &str| READ.contains(&name) || HARMLESS.contains(&name);
        check_others(&fields, is_known)?;
        let (fit, side) = fit(&fields, &defaults)?;
        check_padding(&fields, side)?;
        let rescale = if flag(&fields, "do_rescale", true)? {
            read(fields.number("rescale_factor", RESCALES))?.unwrap_or(RESCALE)
        } else {
            1.0
        };
        let (mean, std) = if flag(&fields, "do_normalize", true)? {
            let mean = read(fields.colours("image_mean", MEANS))?;
            let std = read(fields.colours("image_std", STDS))?;
            (mean.unwrap_or(defaults.mean), std.unwrap_or(defaults.std))
        } else {
            ([0.0; 3], [1.0; 3])
        };
        Ok(Self {
            fit,
            filter: filter(&fields, defaults.filter)?,
            side,
            rescale,
            mean,
            std,
        })
    }

    /// The `preprocessor_config.json` by which transformers makes the same pixels, up to the rounding of its filters, or
    /// one that it refuses where it cannot.
    pub fn to_config(&self, of: ImageProcessor) -> Value {
        let square = json!({ "height": self.side, "width": self.side });
        let (kind, size, is_cropped) = match self.fit {
            // The others never crop.
            Fit::Crop { edge, .. } => {
                (ImageProcessor::Clip, json!({ "shortest_edge": edge }), true)
            }
            Fit::Squash => (of, square.clone(), false),
            Fit::Fill(colour) => return to_written(self, colour),
        };
        let processor_class = match of {
            ImageProcessor::Siglip => "SiglipProcessor",
            ImageProcessor::Clip | ImageProcessor::Vit => "CLIPProcessor",
        };
        json!({
            "image_processor_type": kind.name(),
            "processor_class": processor_class,
            "do_resize": true,
            "size": size,
            "resample": self.filter.number(),
            "do_center_crop": is_cropped,
            "crop_size": square,
            "do_rescale": true,
            "rescale_factor": self.rescale,
            "do_normalize": true,
            "image_mean": self.mean,
            "image_std": self.std,
            "do_convert_rgb": true,
        })
    }
}

fn flag(fields: &Fields<'_>, name: &str, usual: bool) -> anyhow::Result<bool> {
    match fields.get(name) {
        None => Ok(usual),
        Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(anyhow::Error::msg(fields.wrong(name, "true or false"))),
    }
}

/// How an image becomes a square, and the side of the square.
fn fit(fields: &Fields<'_>, defaults: &Defaults) -> anyhow::Result<(Fit, u32)> {
    if !flag(fields, "do_resize", true)? {
        return refuse(
            fields.wrong("do_resize", "true"),
            "set it to true, and size to the image_size of the model: frames come in any size",
        );
    }
    let size = Size::of(fields, defaults)?;
    let crop = if flag(fields, "do_center_crop", defaults.is_cropped)? {
        Some(crop_side(fields)?)
    } else {
        None
    };
    match (size, crop) {
        (Size::Both(side), None) => Ok((Fit::Squash, side)),
        (Size::Both(side), Some(crop)) if side == crop => Ok((Fit::Squash, side)),
        (Size::Both(side), Some(crop)) => refuse(
            format!("size is {side} x {side} and crop_size is {crop}, and the same is expected"),
            "set size to {\"shortest_edge\": N} if images keep their proportions, or do_center_crop to false",
        ),
        (Size::Shorter(edge), Some(crop)) if crop <= edge => {
            let centre = Centre::Before;
            Ok((Fit::Crop { edge, centre }, crop))
        }
        (Size::Shorter(edge), Some(crop)) => refuse(
            format!("crop_size is {crop}, and no more than the {edge} of size are expected"),
            "set size to at least crop_size; a crop beyond the image would be black there",
        ),
        (Size::Shorter(edge), None) => refuse(
            format!(
                "size.shortest_edge is {edge} and do_center_crop is off, which makes no squares"
            ),
            "set do_center_crop to true and crop_size to the image_size of the model, or size to {\"height\": N, \
             \"width\": N} if both sides are scaled",
        ),
    }
}

/// What `size` asks for.
enum Size {
    /// The shorter side.
    Shorter(u32),
    /// Both sides, which are equal.
    Both(u32),
}

impl Size {
    fn of(fields: &Fields<'_>, defaults: &Defaults) -> anyhow::Result<Self> {
        let usual = if defaults.keeps_proportions {
            Self::Shorter
        } else {
            Self::Both
        };
        let of_number = if flag(fields, "default_to_square", defaults.is_square)? {
            Self::Both
        } else {
            Self::Shorter
        };
        let side_of = |of: &Fields<'_>, name: &str| -> anyhow::Result<Option<u32>> {
            // A side is at most 4096.
            Ok(read(of.whole(name, SIDES))?.map(|side| side as u32))
        };
        match fields.get("size") {
            None => Ok(usual(USUAL_SIDE as u32)),
            Some(Value::Object(_)) => {
                let sides = read(fields.object("size"))?.expect("it is an object");
                let set = sides.iter().filter(|(_, side)| !side.is_null());
                let mut names: Vec<&str> = set.map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if names == ["shortest_edge"]
                    && let Some(edge) = side_of(&sides, "shortest_edge")?
                {
                    return Ok(Self::Shorter(edge));
                }
                if names == ["height", "width"]
                    && let (Some(height), Some(width)) =
                        (side_of(&sides, "height")?, side_of(&sides, "width")?)
                    && height == width
                {
                    return Ok(Self::Both(height));
                }
                refuse(
                    fields.wrong(
                        "size",
                        "{\"shortest_edge\": N} or {\"height\": N, \"width\": N}",
                    ),
                    "set it to one of these, with the image_size of the model; other sizes make no squares",
                )
            }
            Some(Value::Array(sides)) => match sides.as_slice() {
                [height, width] if height == width => {
                    let side = whole(height, "size[0]", SIDES);
                    Ok(Self::Both(read(side)? as u32))
                }
                _ => Err(anyhow::Error::msg(fields.wrong("size", "a square"))),
            },
            Some(_) => Ok(of_number(
                side_of(fields, "size")?.unwrap_or(USUAL_SIDE as u32),
            )),
        }
    }
}

/// The side of `crop_size`.
fn crop_side(fields: &Fields<'_>) -> anyhow::Result<u32> {
    let side = match fields.get("crop_size") {
        Some(Value::Object(_)) => {
            let sides = read(fields.object("crop_size"))?.expect("it is an object");
            let side = |name| read(sides.whole(name, SIDES));
            match (side("height")?, side("width")?) {
                (Some(height), Some(width)) if height == width => height,
                _ => {
                    return refuse(
                        fields.wrong("crop_size", "a square"),
                        "set its height and its width to the image_size of the model",
                    );
                }
            }
        }
        _ => read(fields.whole("crop_size", SIDES))?.unwrap_or(USUAL_SIDE),
    };
    // A side is at most 4096.
    Ok(side as u32)
}

/// Padding adds nothing to a square that is as large as it pads to.
fn check_padding(fields: &Fields<'_>, side: u32) -> anyhow::Result<()> {
    if !flag(fields, "do_pad", false)? {
        return Ok(());
    }
    let is_same = match fields.get("pad_size") {
        None | Some(Value::Null) => true,
        Some(Value::Object(sides)) => {
            ["height", "width"].map(|it| sides.get(it)) == [Some(&json!(side)); 2]
        }
        Some(number) => *number == side,
    };
    if is_same {
        return Ok(());
    }
    refuse(
        fields.wrong(
            "pad_size",
            &format!("{side}, which is the side of the square,"),
        ),
        "set do_pad to false",
    )
}

fn filter(fields: &Fields<'_>, usual: Filter) -> anyhow::Result<Filter> {
    let Some(value) = fields.get("resample") else {
        return Ok(usual);
    };
    let known = value.as_i64().and_then(Filter::of_number);
    known.map_or_else(
        || {
            let numbers =
                "0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 (hamming)";
            Err(anyhow::Error::msg(fields.wrong("resample", numbers)))
        },
        Ok,
    )
}

#[cfg(test)]
mod tests {
    use wo_cli::message_of;

    use super::*;

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
                    filter: Filter::Lanczos,
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
        assert_eq!(read(&json!({"do_normalize": null})).mean, [0.0; 3]);
        let numbers = json!({"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "crop_size": 224});
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
}
