//! The videos that the model is most wrong about.

use wo_report::{Frame, NearestTrainingFrame, PageImage, WorstVideo, WorstVideos};

use crate::judge::abstain::said_of;
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
        predicted: said_of(verdict).clone(),
        predicted_faults: verdict.faults.clone(),
        probability: verdict.probability,
        truth: verdict.true_label.clone().unwrap_or_default(),
        true_faults: it.true_faults.clone(),
        span_ms: verdict.span_ms,
        frames: it
            .frames
            .iter()
            .map(|(picture, pts_ms, is_evidence)| Frame {
                image: PageImage::Rgb(picture.clone()),
                pts_ms: *pts_ms,
                is_evidence: *is_evidence,
            })
            .collect(),
        nearest: it.twin.as_ref().map(|twin| NearestTrainingFrame {
            name: twin.name.clone(),
            label: twin.label.clone(),
            similarity: Some(twin.similarity),
            frame: Frame {
                image: PageImage::Jpeg(twin.picture.clone()),
                pts_ms: twin.pts_ms,
                is_evidence: false,
            },
        }),
    }
}
