//! Where a pipeline gets its bytes: a file that is open already. GStreamer's own source wants a path.

use gstreamer as gst;
use gstreamer::glib;
use gstreamer_base as gst_base;

use gstreamer::glib::subclass::prelude::*;

use crate::error::ExtractError;
use crate::input::media_file::MediaFile;
use wo_record::code;

glib::wrapper! {
    /// The source.
    pub(crate) struct ByteSource(ObjectSubclass<imp::ByteSource>)
        @extends gst_base::BaseSrc, gst::Element, gst::Object;
}

impl ByteSource {
    /// Of the content of `file`.
    pub(super) fn new(file: &MediaFile) -> Result<Self, ExtractError> {
        let file = file
            .again()
            .map_err(|e| ExtractError::new(code::UNREADABLE, e.to_string()))?;
        let source: Self = glib::Object::new();
        source.imp().set(file);
        Ok(source)
    }
}

mod imp {
    use std::sync::{LazyLock, OnceLock};

    use gstreamer as gst;
    use gstreamer::glib;
    use gstreamer_base as gst_base;

    use gstreamer::subclass::prelude::*;
    use gstreamer_base::subclass::prelude::*;

    use crate::input::media_file::MediaFile;

    #[derive(Debug, Default)]
    pub(crate) struct ByteSource {
        file: OnceLock<MediaFile>,
    }

    impl ByteSource {
        pub(super) fn set(&self, file: MediaFile) {
            // A source is new when it gets its file.
            let _ = self.file.set(file);
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ByteSource {
        const NAME: &'static str = "WoByteSource";
        type Type = super::ByteSource;
        type ParentType = gst_base::BaseSrc;
    }

    impl ObjectImpl for ByteSource {}
    impl GstObjectImpl for ByteSource {}

    impl ElementImpl for ByteSource {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                gst::subclass::ElementMetadata::new(
                    "Bytes of an open file",
                    "Source/File",
                    "Reads a file that is open already",
                    "wo",
                )
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let template = gst::PadTemplate::new(
                    "src",
                    gst::PadDirection::Src,
                    gst::PadPresence::Always,
                    &gst::Caps::new_any(),
                );
                template.into_iter().collect()
            });
            &TEMPLATES
        }
    }

    impl BaseSrcImpl for ByteSource {
        fn is_seekable(&self) -> bool {
            true
        }

        fn size(&self) -> Option<u64> {
            self.file.get().map(|file| file.size_bytes)
        }

        fn fill(
            &self,
            offset: u64,
            length: u32,
            buffer: &mut gst::BufferRef,
        ) -> Result<gst::FlowSuccess, gst::FlowError> {
            let file = self.file.get().ok_or(gst::FlowError::Error)?;
            let mut bytes = buffer.map_writable().map_err(|_| gst::FlowError::Error)?;
            let wanted = bytes
                .get_mut(..length as usize)
                .ok_or(gst::FlowError::Error)?;
            let n_read = file.read_at(wanted, offset).map_err(|error| {
                gst::element_imp_error!(self, gst::ResourceError::Read, ("{error}"));
                gst::FlowError::Error
            })?;
            drop(bytes);
            if n_read == 0 && length > 0 {
                return Err(gst::FlowError::Eos);
            }
            buffer.set_size(n_read);
            // Some demuxers find their place by these.
            buffer.set_offset(offset);
            buffer.set_offset_end(offset + n_read as u64);
            Ok(gst::FlowSuccess::Ok)
        }
    }
}
