//! `preprocessor_config.json` of transformers, and the `image_processor` of its `processor_config.json`.
//!
//! Each field is obeyed, or harmless, or refused by name. As in transformers 5, a field that is absent has the default of
//! the processor's type, and a step that is null is off.

use serde_json::{Value, json};

use crate::fields::Fields;
use crate::pixels::open_clip::{OPEN_CLIP_TYPE, from_written};
use crate::pixels::preprocessor::{CLIP_MEAN, CLIP_STD, Fit, Preprocessor, RESCALE};
use crate::pixels::resize::Filter;
use crate::pixels::settings::{MEANS, RESCALES, STDS, check_others, flag, read, refuse};
use crate::pixels::square::{Usual, check_padding, fit};

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
    square: Usual,
    filter: Filter,
    mean: [f32; 3],
    std: [f32; 3],
}

impl ImageProcessor {
    fn defaults(self) -> Defaults {
        let of_vit = Defaults {
            square: Usual {
                keeps_proportions: false,
                is_cropped: false,
                is_square: true,
            },
            filter: Filter::Bilinear,
            mean: [0.5; 3],
            std: [0.5; 3],
        };
        match self {
            Self::Clip => Defaults {
                square: Usual {
                    keeps_proportions: true,
                    is_cropped: true,
                    is_square: false,
                },
                filter: Filter::Bicubic,
                mean: CLIP_MEAN,
                std: CLIP_STD,
            },
            Self::Siglip => Defaults {
                square: Usual {
                    is_square: false,
                    ..of_vit.square
                },
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
        let (fit, side) = fit(&fields, defaults.square)?;
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
            Fit::Fill(_) => return self.to_open_clip_config(),
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
mod tests;
