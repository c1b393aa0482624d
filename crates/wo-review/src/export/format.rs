//! The formats of an export.

/// In which format labels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table with frame_path,label,description and faults if there are any.
    Csv,
    /// Records.
    Ndjson,
    /// Label Studio tasks with annotations.
    LabelStudio,
    /// A Hugging Face ImageFolder: images and metadata.jsonl.
    Imagefolder,
}
