//! Frames to an mp4 file. The only file that knows GStreamer.

use std::path::Path;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use wo_cli::{Error, Exit};

use crate::frame::Renderer;
use crate::new_file::NewFile;
use crate::plan::VideoSpec;
use crate::tempo::FRAME_RATE_HZ;
use crate::undated::undate;

/// Why a video could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// GStreamer itself does not start.
    #[error("start GStreamer: {0}")]
    Init(String),
    /// GStreamer lacks an element.
    #[error("the GStreamer element {element} is missing")]
    MissingElement {
        /// The element.
        element: &'static str,
        /// The package that has it.
        package: &'static str,
    },
    /// The pipeline stopped with an error.
    #[error("encode: {0}")]
    Pipeline(String),
    /// Nothing moved for a long time.
    #[error("the encoder took no frame for {} seconds", STALLED_AFTER.as_secs())]
    Stalled,
    /// The file could not be made or named.
    #[error("write the video")]
    Io(#[from] std::io::Error),
}

impl EncodeError {
    /// The error with its hint, and with the exit code that tells a script what to mend.
    pub(crate) fn with_exit(self) -> anyhow::Error {
        let error = match self {
            Self::MissingElement { package, .. } => Error::of(self)
                .hint(format!("install the Debian package {package}"))
                .exit(Exit::Environment),
            Self::Init(_) => Error::of(self).exit(Exit::Environment),
            Self::Pipeline(_) | Self::Stalled | Self::Io(_) => Error::of(self).exit(Exit::Io),
        };
        error.into()
    }
}

/// What the pipeline is made of, and where Debian has it.
const ELEMENTS: [(&str, &str); 6] = [
    ("appsrc", "gstreamer1.0-plugins-base"),
    ("videoconvert", "gstreamer1.0-plugins-base"),
    ("x264enc", "gstreamer1.0-plugins-ugly"),
    ("h264parse", "gstreamer1.0-plugins-bad"),
    ("mp4mux", "gstreamer1.0-plugins-good"),
    ("filesink", "libgstreamer1.0-0"),
];
/// So many frames may wait for the encoder.
const MAX_WAITING: u64 = 4;
/// A busy machine encodes a frame in well under a second; longer than this is a hang.
const STALLED_AFTER: Duration = Duration::from_mins(1);
/// How long one look at the bus waits while the encoder is busy.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(2);

/// Starts GStreamer and looks for all that encoding needs.
pub fn probe() -> Result<(), EncodeError> {
    gst::init().map_err(|e| EncodeError::Init(e.to_string()))?;
    for (element, package) in ELEMENTS {
        if gst::ElementFactory::find(element).is_none() {
            return Err(EncodeError::MissingElement { element, package });
        }
    }
    Ok(())
}

/// Draws and encodes the whole video. The file is there when it is whole, or not at all.
pub fn encode(spec: &VideoSpec, path: &Path) -> Result<(), EncodeError> {
    probe()?;
    let file = NewFile::begin(path)?;
    let encoder = Encoder::start(spec, file.temporary_path())?;
    let renderer = Renderer::new(spec);
    let (width, height) = renderer.size();
    let n_bytes = width as usize * height as usize * 4;
    for frame in 0..spec.tempo.n_frames() {
        let mut buffer =
            gst::Buffer::with_size(n_bytes).map_err(|e| EncodeError::Pipeline(e.to_string()))?;
        let start = gst::ClockTime::SECOND * u64::from(frame) / u64::from(FRAME_RATE_HZ);
        let end = gst::ClockTime::SECOND * u64::from(frame + 1) / u64::from(FRAME_RATE_HZ);
        {
            let buffer = buffer.make_mut();
            buffer.set_pts(start);
            buffer.set_duration(end - start);
            let mut map = buffer
                .map_writable()
                .map_err(|e| EncodeError::Pipeline(e.to_string()))?;
            renderer.draw(frame as f32 / FRAME_RATE_HZ as f32, &mut map);
        }
        encoder.push(buffer)?;
    }
    encoder.finish()?;
    undate(file.temporary_path())?;
    Ok(file.commit()?)
}

/// A running pipeline; dropping it stops it.
struct Encoder {
    pipeline: gst::Pipeline,
    source: AppSrc,
    bus: gst::Bus,
}

fn wrong(error: &gst::glib::BoolError) -> EncodeError {
    EncodeError::Pipeline(error.to_string())
}

/// What the frames go through, from the source to the file.
fn elements_behind(
    spec: &VideoSpec,
    path: &Path,
) -> Result<[gst::Element; 6], gst::glib::BoolError> {
    let convert = gst::ElementFactory::make("videoconvert").build()?;
    // 4:2:0 is what phones write and all decoders read.
    let planar = gst::ElementFactory::make("capsfilter")
        .property(
            "caps",
            gst::Caps::builder("video/x-raw")
                .field("format", "I420")
                .build(),
        )
        .build()?;
    let x264 = gst::ElementFactory::make("x264enc")
        .property_from_str("speed-preset", "veryfast")
        .property_from_str("pass", "quant")
        .property("quantizer", spec.encoding.quantizer)
        .property("key-int-max", spec.encoding.key_interval)
        // The videos run in parallel; one thread each also makes the file the same on every machine.
        .property("threads", 1_u32)
        .build()?;
    let parse = gst::ElementFactory::make("h264parse").build()?;
    let mux = gst::ElementFactory::make("mp4mux").build()?;
    let sink = gst::ElementFactory::make("filesink")
        .property("location", path)
        .build()?;
    Ok([convert, planar, x264, parse, mux, sink])
}

impl Encoder {
    fn start(spec: &VideoSpec, path: &Path) -> Result<Self, EncodeError> {
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "RGBx")
            .field("width", spec.width as i32)
            .field("height", spec.height as i32)
            .field("framerate", gst::Fraction::new(FRAME_RATE_HZ as i32, 1))
            .build();
        let source = AppSrc::builder()
            .caps(&caps)
            .format(gst::Format::Time)
            .build();
        let others = elements_behind(spec, path).map_err(|error| wrong(&error))?;
        let pipeline = gst::Pipeline::new();
        let chain = || std::iter::once(source.upcast_ref()).chain(&others);
        pipeline.add_many(chain()).map_err(|error| wrong(&error))?;
        gst::Element::link_many(chain()).map_err(|error| wrong(&error))?;
        let bus = pipeline
            .bus()
            .ok_or_else(|| EncodeError::Pipeline("the pipeline has no bus".to_owned()))?;
        let encoder = Self {
            pipeline,
            source,
            bus,
        };
        if encoder.pipeline.set_state(gst::State::Playing).is_err() {
            return Err(encoder.error_now("the pipeline does not start"));
        }
        Ok(encoder)
    }

    /// Gives a frame to the encoder. A source that blocks would wait for ever behind a pipeline that has failed, so
    /// the wait for room is here, with an eye on the bus.
    fn push(&self, buffer: gst::Buffer) -> Result<(), EncodeError> {
        let since = Instant::now();
        while self.source.current_level_buffers() >= MAX_WAITING {
            if let Some(message) = self
                .bus
                .timed_pop_filtered(LOOK, &[gst::MessageType::Error])
            {
                return Err(pipeline_error(&message));
            }
            if since.elapsed() > STALLED_AFTER {
                return Err(EncodeError::Stalled);
            }
        }
        match self.source.push_buffer(buffer) {
            Ok(_) => Ok(()),
            Err(flow) => Err(self.error_now(&format!("the encoder refused a frame: {flow}"))),
        }
    }

    fn finish(self) -> Result<(), EncodeError> {
        if let Err(flow) = self.source.end_of_stream() {
            return Err(self.error_now(&format!("the encoder refused the end: {flow}")));
        }
        let wait = gst::ClockTime::from_seconds(STALLED_AFTER.as_secs());
        let ends = [gst::MessageType::Eos, gst::MessageType::Error];
        match self.bus.timed_pop_filtered(wait, &ends) {
            Some(message) if message.type_() == gst::MessageType::Eos => Ok(()),
            Some(message) => Err(pipeline_error(&message)),
            None => Err(EncodeError::Stalled),
        }
    }

    /// What the bus says is wrong, else `otherwise`.
    fn error_now(&self, otherwise: &str) -> EncodeError {
        match self.bus.pop_filtered(&[gst::MessageType::Error]) {
            Some(message) => pipeline_error(&message),
            None => EncodeError::Pipeline(otherwise.to_owned()),
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // Nothing can be done about a pipeline that does not even stop; it goes with the process.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn pipeline_error(message: &gst::Message) -> EncodeError {
    match message.view() {
        gst::MessageView::Error(error) => EncodeError::Pipeline(error.error().to_string()),
        _ => EncodeError::Pipeline("the pipeline stopped".to_owned()),
    }
}
