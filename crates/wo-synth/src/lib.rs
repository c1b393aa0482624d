//! Draws synthetic lifters with known faults: a plan first, then pictures of it, then videos or stills.
//!
//! The plan (`plan`, `person`, `scene`, `camera`, `tempo`, `technique`) makes all choices. `pose` turns them into
//! joints, `frame` joints into pixels, `encode` pixels into a file. Only `encode` knows GStreamer.

mod background;
mod camera;
mod canvas;
mod catalog;
mod cli;
mod clutter;
mod colour;
mod encode;
mod equipment;
mod figure;
mod fill;
mod frame;
mod framing;
mod new_file;
mod person;
mod pixel;
mod plan;
mod pose;
mod random;
mod records_only;
mod room;
mod scan;
mod scene;
mod skeleton;
mod stills;
mod technique;
mod tee;
mod tempo;
mod truth;
mod undated;
mod vector;

use std::io::{BufRead, Write};

use anyhow::Context;
use wo_cli::{IgnoreBrokenPipe, Outcome, Progress, ShowProgress};
use wo_parallel::in_order;
use wo_record::{Record, Writer};

pub use camera::{Angle, Camera, Lens, Spot};
pub use catalog::{Exercise, Fault};
pub use cli::args::Args;
pub use colour::Rgb;
pub use encode::{EncodeError, encode, probe};
pub use equipment::Load;
pub use frame::{Picture, Renderer, render_frame};
pub use framing::{extent, plates};
pub use person::{Body, Hair, Look, Person};
pub use plan::{Encoding, PlanOptions, VideoSpec, plan};
pub use pose::{FULL_PLATE, pose};
pub use random::Wobble;
pub use scene::{Item, Kind, Scene};
pub use skeleton::{Bar, LEFT, N_SPINE, RIGHT, Skeleton, Spine};
pub use stills::{StillOptions, write_stills};
pub use technique::{Flaw, Technique};
pub use tempo::{FRAME_RATE_HZ, Tempo};
pub use vector::{Vec3, lerp, smoothstep, vec3};

use cli::config::Config;
use new_file::NewFile;
use tee::Tee;

/// Runs the tool.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that wo_cli::main calls"
)]
pub fn run(
    args: Args,
    _input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let config = Config::from(&args);
    if let Some(n_frames) = config.records_only {
        records_only::write(&plan(&config.plan), n_frames, output)?;
        return Ok(Outcome::Done);
    }
    if config.stills.is_none() {
        probe().map_err(EncodeError::with_exit)?;
    }
    let specs = plan(&config.plan);
    let mut truth_file = begin_file(&config, "truth.ndjson")?;
    // The videos must not be left unfinished when nobody reads the records.
    let mut output = IgnoreBrokenPipe::new(output);
    let mut both = Tee::new(&mut output, &mut truth_file);
    let mut truths = begin_records(&mut both)?;
    match config.stills {
        Some(options) => draw_stills(&config, &specs, options, &mut truths)?,
        None => draw_videos(&config, &specs, &mut truths)?,
    }
    truths.end()?;
    truth_file.commit().context("write truth.ndjson")?;
    Ok(Outcome::Done)
}

fn draw_videos(
    config: &Config,
    specs: &[VideoSpec],
    truths: &mut Writer<'_>,
) -> anyhow::Result<()> {
    let mut groups = begin_file(config, "groups.csv")?;
    groups
        .write_all(truth::GROUPS_HEADER.as_bytes())
        .context("write groups.csv")?;
    let draw = |spec: &VideoSpec| {
        let path = config.out.join(truth::relative_path(spec));
        encode(spec, &path)
            .map_err(EncodeError::with_exit)
            .with_context(|| format!("encode {}", path.display()))
    };
    draw_all(config, specs, draw, |spec, ()| {
        groups
            .write_all(truth::groups_line(spec).as_bytes())
            .context("write groups.csv")?;
        write_truth(truths, spec)
    })?;
    groups.commit().context("write groups.csv")
}

fn draw_stills(
    config: &Config,
    specs: &[VideoSpec],
    options: StillOptions,
    truths: &mut Writer<'_>,
) -> anyhow::Result<()> {
    let mut file = begin_file(config, "records.ndjson")?;
    let mut records = begin_records(&mut file)?;
    let draw = |spec: &VideoSpec| {
        write_stills(spec, &config.out, options)
            .with_context(|| format!("write the stills of {}", truth::name(spec)))
    };
    draw_all(config, specs, draw, |spec, drawn| {
        for record in &drawn {
            records.record(record)?;
        }
        write_truth(truths, spec)
    })?;
    records.end()?;
    file.commit().context("write records.ndjson")
}

/// Draws all videos with `draw` and gives each result to `done` in turn. Stops at an error.
fn draw_all<T: Send>(
    config: &Config,
    specs: &[VideoSpec],
    draw: impl Fn(&VideoSpec) -> anyhow::Result<T> + Sync,
    mut done: impl FnMut(&VideoSpec, T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let progress = Progress::new(ShowProgress::Auto, ("videos", "frames"), specs.len() as u64);
    let one = |spec| {
        let result = draw(spec);
        progress.advance(0);
        (spec, result)
    };
    in_order(specs, config.n_threads, one, |(spec, result)| {
        done(spec, result?)
    })
}

fn write_truth(truths: &mut Writer<'_>, spec: &VideoSpec) -> anyhow::Result<()> {
    truths.record(&Record::Truth(truth::truth(spec)))?;
    Ok(truths.flush()?)
}

fn begin_file(config: &Config, name: &str) -> anyhow::Result<NewFile> {
    let path = config.out.join(name);
    NewFile::begin(&path).with_context(|| format!("write {}", path.display()))
}

fn begin_records(output: &mut dyn Write) -> anyhow::Result<Writer<'_>> {
    Ok(Writer::begin(
        output,
        "wo-synth",
        env!("CARGO_PKG_VERSION"),
        &[],
    )?)
}
