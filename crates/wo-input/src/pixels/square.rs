//! The fields of transformers that make a square of an image: `size`, `crop_size` and what switches them on.

use serde_json::{Value, json};

use crate::fields::{Fields, whole};
use crate::pixels::preprocessor::{Centre, Fit};
use crate::pixels::settings::{SIDES, flag, read, refuse};

/// The side where no field says it.
const USUAL_SIDE: i64 = 224;

/// What a type of processor does where a field is absent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usual {
    /// The shorter side is scaled, and not both.
    pub(crate) keeps_proportions: bool,
    pub(crate) is_cropped: bool,
    /// Whether a `size` that is a number means both sides.
    pub(crate) is_square: bool,
}

/// How an image becomes a square, and the side of the square.
pub(crate) fn fit(fields: &Fields<'_>, usual: Usual) -> anyhow::Result<(Fit, u32)> {
    if !flag(fields, "do_resize", true)? {
        return refuse(
            fields.wrong("do_resize", "true"),
            "set it to true, and size to the image_size of the model: frames come in any size",
        );
    }
    let size = Size::of(fields, usual)?;
    let crop = if flag(fields, "do_center_crop", usual.is_cropped)? {
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
    fn of(fields: &Fields<'_>, usual: Usual) -> anyhow::Result<Self> {
        let of_none = if usual.keeps_proportions {
            Self::Shorter
        } else {
            Self::Both
        };
        let of_number = if flag(fields, "default_to_square", usual.is_square)? {
            Self::Both
        } else {
            Self::Shorter
        };
        let side_of = |of: &Fields<'_>, name: &str| -> anyhow::Result<Option<u32>> {
            // A side is at most 4096.
            Ok(read(of.whole(name, SIDES))?.map(|side| side as u32))
        };
        match fields.get("size") {
            None => Ok(of_none(USUAL_SIDE as u32)),
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
pub(crate) fn check_padding(fields: &Fields<'_>, side: u32) -> anyhow::Result<()> {
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
