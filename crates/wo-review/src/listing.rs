//! A queue as records: what the page shows, in its order.

use std::io::Write;

use wo_cli::Outcome;
use wo_record::{Queued, Record, Writer};

use crate::queue::{Filter, QueueName};
use crate::store::Store;

/// Writes the frames of a queue. Says no if there are none.
pub(crate) fn write_queue(
    store: &Store,
    queue: QueueName,
    reviewer: u32,
    output: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let filter = Filter {
        queue,
        ..Filter::default()
    };
    let frames = filter.frames(store, reviewer);
    let mut writer = Writer::begin(
        output,
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        &[],
    )?;
    for (rank, &id) in (1..).zip(&frames) {
        if let Some(queued) = queued(store, queue, rank, id) {
            writer.record(&Record::Queued(queued))?;
        }
    }
    writer.end()?;
    if frames.is_empty() {
        wo_cli::warn!("the queue {} is empty", queue.as_str());
        return Ok(Outcome::No);
    }
    Ok(Outcome::Done)
}

fn queued(store: &Store, queue: QueueName, rank: u64, id: u32) -> Option<Queued> {
    let frame = store.folder.frame(id)?;
    let video = store.folder.video_of(frame)?;
    let predicted = store.predictions.of_video(frame.video);
    Some(Queued {
        rank,
        queue: queue.as_str().to_owned(),
        video_id: video.id.clone(),
        path: video.path.clone().map(Into::into),
        index: frame.index,
        pts_ms: frame.pts_ms,
        exercise: frame.exercise.clone(),
        label: store.judgement(id, frame).label.clone(),
        predicted_label: predicted.map(|it| it.label.clone()),
        distance: predicted.map(|it| it.distance),
    })
}
