//! Takes the frames of all sources, several at a time, in order.

use std::sync::atomic::{AtomicBool, Ordering};

use wo_cli::Progress;
use wo_parallel::in_order;
use wo_record::{Video, code};

use crate::error::ExtractError;
use crate::input::foreign;
use crate::input::media_file::MediaFile;
use crate::input::source::Source;
use crate::job::{Extraction, Frames, Settings};
use crate::output::state::FinishedVideos;
use crate::worker::WorkerPool;

/// Has the `pool` work on all `sources` in parallel, and passes the results to `take` in order. `take` returns the number
/// of frames, for the progress.
pub(crate) fn of_all(
    sources: &[Source],
    settings: &Settings,
    known: Option<FinishedVideos<'_>>,
    pool: &WorkerPool,
    mut take: impl FnMut(Extraction) -> anyhow::Result<u64>,
) -> anyhow::Result<()> {
    let config = pool.config();
    let what = ("videos", "frames");
    let progress = Progress::new(config.progress, what, sources.len() as u64);
    let cancelled = AtomicBool::new(false);
    let work = |source: &_| extract(source, settings, known, pool, &cancelled);
    in_order(sources, config.n_threads, work, |extraction| {
        for note in &extraction.notes {
            wo_cli::warn!("{}: {note}", extraction.path.display());
        }
        let taken = pool.check_machine().and_then(|()| take(extraction));
        // What is under way comes to an end.
        cancelled.store(taken.is_err(), Ordering::Relaxed);
        progress.advance(taken?);
        Ok(())
    })
}

/// Has the `pool` take the frames of `source`, unless an earlier run took them.
fn extract(
    source: &Source,
    settings: &Settings,
    known: Option<FinishedVideos<'_>>,
    pool: &WorkerPool,
    cancelled: &AtomicBool,
) -> Extraction {
    if let Some(conflict) = &source.conflict {
        let error = ExtractError::new(code::LABEL_CONFLICT, conflict.what.clone());
        return Extraction::failed(&source.path, Some(&conflict.video_id), error);
    }
    let file = match source
        .error
        .clone()
        .map_or_else(|| MediaFile::open(&source.path), Err)
    {
        Ok(file) => file,
        Err(error) => return Extraction::failed(&source.path, None, error),
    };
    if let Some(kept) = known.and_then(|known| known.find(source, &file.id)) {
        return kept;
    }
    let extracted = match pool.take(&file, settings, cancelled) {
        Ok(extracted) => extracted,
        Err(error) => {
            let error = foreign::told(error, file.foreign, &source.path);
            return Extraction::failed(&source.path, Some(&file.id), error);
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
    let filtered = settings.filter(extracted.stills, &video);
    let video = Video {
        n_frames: Some(filtered.kept.len() as u32),
        ..video
    };
    Extraction {
        path: source.path.clone(),
        video: Some(video),
        frames: Frames::Fresh(filtered),
        notes: extracted.notes,
        failure: extracted
            .error
            .map(|error| error.into_failure(&source.path, Some(&file.id))),
    }
}
