//! The most confident mistakes on the page.

use wo_report::{Frame, NearestTrainingFrame, PageImage, WorstVideo, WorstVideos};

use crate::judge::abstain::label_or_leaning;
use crate::judge::video_name::named;
use crate::render::worst::{self, Worst};
use crate::score::measurement::Measurement;

pub(super) fn worst_videos(worst: &Worst, main: &Measurement) -> Option<WorstVideos> {
    let videos: Vec<WorstVideo> = worst.videos.iter().map(video).collect();
    (!videos.is_empty()).then_some(WorstVideos {
        n_wrong: worst.n_wrong,
        n_scored: main.n,
        videos,
    })
}

fn video(it: &worst::WorstVideo) -> WorstVideo {
    let verdict = &it.verdict;
    WorstVideo {
        name: named(verdict.path.as_ref(), &verdict.video_id),
        exercise: verdict
            .true_exercise
            .clone()
            .unwrap_or_else(|| verdict.exercise.clone()),
        predicted: label_or_leaning(verdict).clone(),
        predicted_faults: verdict.faults.clone(),
        probability: verdict.probability,
        truth: verdict.true_label.clone().unwrap_or_default(),
        true_faults: it.true_faults.clone(),
        span_ms: verdict.span_ms,
        frames: it
            .frames
            .iter()
            .map(|(image, pts_ms, is_evidence)| Frame {
                image: PageImage::Rgb(image.clone()),
                pts_ms: *pts_ms,
                is_evidence: *is_evidence,
            })
            .collect(),
        nearest: it.nearest.as_ref().map(|nearest| NearestTrainingFrame {
            name: nearest.name.clone(),
            label: nearest.label.clone(),
            similarity: Some(nearest.similarity),
            frame: Frame {
                image: PageImage::Jpeg(nearest.image.clone()),
                pts_ms: nearest.pts_ms,
                is_evidence: false,
            },
        }),
    }
}
