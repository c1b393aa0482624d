//! The small CLIP in this binary, for machines that cannot fetch a larger one. `models/tiny/README.md` says what it is.

use std::borrow::Cow;

use wo_clip::Checkpoint;

/// Reads the embedded model.
pub(crate) fn checkpoint() -> anyhow::Result<Checkpoint> {
    Checkpoint::from_parts(
        include_str!("../../../../models/tiny/config.json"),
        include_str!("../../../../models/tiny/tokenizer.json"),
        include_str!("../../../../models/tiny/preprocessor_config.json"),
        None,
        Cow::Borrowed(include_bytes!("../../../../models/tiny/model.safetensors")),
    )
}
