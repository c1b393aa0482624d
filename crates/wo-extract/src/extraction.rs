//! Takes the frames of all sources, several at a time, in order.

mod queue;

use std::sync::atomic::AtomicBool;

use wo_cli::Progress;
use wo_record::{Video, code};

use crate::error::Fault;
use crate::input::foreign;
use crate::input::media_file::MediaFile;
use crate::input::source::Source;
use crate::job::{Extraction, Frames, Settings};
use crate::output::state::Known;
use crate::worker::Crew;

/// Has the `crew` work on all `sources`, side by side, and hands what comes of each to `take`, in order. `take` says how
/// many frames it was, for the progress.
pub(crate) fn of_all(
    sources: &[Source],
    settings: &Settings,
    known: Option<Known<'_>>,
    crew: &Crew,
    mut take: impl FnMut(Extraction) -> anyhow::Result<u64>,
) -> anyhow::Result<()> {
    let config = crew.config();
    let what = ("videos", "frames");
    let progress = Progress::new(config.progress, what, sources.len() as u64);
    let cancelled = AtomicBool::new(false);
    let work = |source: &_| extract(source, settings, known, crew, &cancelled);
    queue::in_order(sources, config.n_threads, &cancelled, work, |extraction| {
        for note in &extraction.notes {
            wo_cli::warn!("{}: {note}", extraction.path.display());
        }
        progress.advance(take(extraction)?);
        Ok(())
    })
}

/// Has the `crew` take the frames of `source`, unless an earlier run did.
fn extract(
    source: &Source,
    settings: &Settings,
    known: Option<Known<'_>>,
    crew: &Crew,
    cancelled: &AtomicBool,
) -> Extraction {
    if let Some(conflict) = &source.conflict {
        let fault = Fault::new(code::LABEL_CONFLICT, conflict.what.clone());
        return Extraction::failed(&source.path, Some(&conflict.video_id), fault);
    }
    let file = match source
        .fault
        .clone()
        .map_or_else(|| MediaFile::open(&source.path), Err)
    {
        Ok(file) => file,
        Err(fault) => return Extraction::failed(&source.path, None, fault),
    };
    if let Some(kept) = known.and_then(|known| known.find(source, &file.id)) {
        return kept;
    }
    let extracted = match crew.take(&file, settings, cancelled) {
        Ok(extracted) => extracted,
        Err(fault) => {
            let fault = foreign::told(fault, file.foreign, &source.path);
            return Extraction::failed(&source.path, Some(&file.id), fault);
        }
    };
    let video = Video {
        video_id: file.id.clone(),
        path: Some(source.path.as_path().into()),
        size_bytes: Some(file.size_bytes),
        exercise: source.labels.exercise.clone(),
        label: source.labels.label.clone(),
        source_id: source.keys.source_id.clone(),
        person_id: source.keys.person_id.clone(),
        angle: source.keys.angle.clone(),
        n_frames_wanted: settings.sample.is_counted().then_some(settings.n_frames),
        ..extracted.video
    };
    let sifted = settings.sift(extracted.stills, &video);
    let video = Video {
        n_frames: Some(sifted.kept.len() as u32),
        ..video
    };
    Extraction {
        path: source.path.clone(),
        video: Some(video),
        frames: Frames::Fresh(sifted),
        notes: extracted.notes,
        failure: extracted
            .fault
            .map(|fault| fault.into_failure(&source.path, Some(&file.id))),
    }
}
