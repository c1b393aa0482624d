//! How long 1000 rounds over 10 000 groups take with twenty metrics, on one thread:
//! `cargo run --release -p wo-stats --example bootstrap`.

use std::io::Write;
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_record::Group;
use wo_stats::{
    Binning, Bootstrap, Estimate, Graded, GroupedConfusions, Metric, Ranking, Reliability,
    RiskCoverage, Sample, expected_calibration_error,
};

const N_VIDEOS: usize = 10_000;

fn main() -> std::io::Result<()> {
    let videos = draw();
    let start = Instant::now();
    let bootstrap = Bootstrap {
        n_rounds: 1000,
        ..Bootstrap::new(1)
    };
    let n_metrics = estimate(&videos, &bootstrap).map_or(0, |estimates| estimates.len());
    writeln!(
        std::io::stdout(),
        "{n_metrics} metrics with percentile and BCa intervals, {} rounds over {N_VIDEOS} groups: {:.2} s",
        bootstrap.n_rounds,
        start.elapsed().as_secs_f64()
    )
}

/// What a model of four classes says of a video, each video a group.
struct Video {
    group: Group,
    truth: usize,
    predicted: usize,
    confidence: f64,
}

fn draw() -> Vec<Video> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut video = |number: usize| {
        let truth = random.random_range(0..4);
        let confidence = random.random_range(0.25..1.0);
        let is_right = random.random_bool(confidence);
        Video {
            group: Group::of_video_id(&format!("{number:05}")),
            truth,
            predicted: if is_right { truth } else { (truth + 1) % 4 },
            confidence,
        }
    };
    (0..N_VIDEOS).map(&mut video).collect()
}

/// The model, and a predictor that always says the first class.
fn unit_of(video: &Video) -> Sample<'_> {
    Sample {
        group: &video.group,
        truth: video.truth,
        predicted: vec![video.predicted, 0],
    }
}

/// All metrics of a table, those of the confusion and others, from the same resamples.
fn estimate(videos: &[Video], bootstrap: &Bootstrap) -> Option<Vec<Estimate>> {
    let confidence: Vec<f64> = videos.iter().map(|video| video.confidence).collect();
    let is_right: Vec<bool> = videos.iter().map(|v| v.truth == v.predicted).collect();
    let groups: Vec<usize> = (0..videos.len()).collect();
    let graded = |group: &usize| {
        Some(Graded {
            group: *group,
            confidence: *confidence.get(*group)?,
            is_right: *is_right.get(*group)?,
        })
    };
    let confusions = GroupedConfusions::new(&videos.iter().map(unit_of).collect::<Vec<_>>(), 4);
    let classes = confusions.present();
    let ranking = Ranking::new(&confidence, &is_right, &groups)?;
    let binning = Binning::EqualWidth(15);
    let reliability = Reliability::new(&confidence, &is_right, &groups, binning)?;
    let risk = RiskCoverage::new(&groups.iter().filter_map(graded).collect::<Vec<_>>())?;
    let metrics = |times: &[u64]| -> Vec<Option<f64>> {
        let drawn = confusions.drawn(times);
        let of_counts = drawn.iter().take(1).flat_map(|counts| {
            let metrics = Metric::all(4).into_iter();
            metrics.map(|metric| metric.of(counts, &classes))
        });
        let score = |counts| Metric::BalancedAccuracy.of(counts, &classes);
        let scores: Vec<f64> = drawn.iter().filter_map(|counts| score(counts)).collect();
        let others = [
            scores.first().zip(scores.get(1)).map(|(a, b)| a - b),
            ranking.roc_auc(times),
            ranking.average_precision(times),
            expected_calibration_error(&reliability.bins(times)),
            risk.area(times),
            risk.accuracy_at(0.8, times),
        ];
        of_counts.chain(others).collect()
    };
    Some(bootstrap.estimates(videos.len(), metrics))
}
