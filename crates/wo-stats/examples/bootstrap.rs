//! How long 1000 rounds over 10 000 groups take with twenty figures, on one thread:
//! `cargo run --release -p wo-stats --example bootstrap`.

use std::io::Write;
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_record::Group;
use wo_stats::{
    Binning, Bootstrap, Figure, Graded, Panel, Ranking, Reliability, RiskCoverage, Unit,
    expected_calibration_error, present,
};

const N_VIDEOS: usize = 10_000;

fn main() -> std::io::Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let names: Vec<Group> = (0..N_VIDEOS)
        .map(|video| Group::of_video_id(&format!("{video:05}")))
        .collect();
    let truth: Vec<usize> = (0..N_VIDEOS).map(|_| random.random_range(0..4)).collect();
    let confidence: Vec<f64> = (0..N_VIDEOS)
        .map(|_| random.random_range(0.25..1.0))
        .collect();
    let said: Vec<usize> = truth
        .iter()
        .zip(&confidence)
        .map(|(truth, confidence)| {
            let is_right = random.random_bool(*confidence);
            if is_right { *truth } else { (truth + 1) % 4 }
        })
        .collect();
    let is_right: Vec<bool> = truth.iter().zip(&said).map(|(a, b)| a == b).collect();
    let groups: Vec<usize> = (0..N_VIDEOS).collect();
    let units: Vec<Unit<'_>> = (0..N_VIDEOS)
        .map(|video| Unit {
            group: &names[video],
            truth: truth[video],
            said: vec![said[video], 0],
        })
        .collect();
    let graded: Vec<Graded> = (0..N_VIDEOS)
        .map(|group| Graded {
            group,
            confidence: confidence[group],
            is_right: is_right[group],
        })
        .collect();

    let start = Instant::now();
    let panel = Panel::new(&units, 4);
    let classes = present(&panel.counts()[0]);
    let ranking = Ranking::new(&confidence, &is_right, &groups).expect("scores are numbers");
    let binning = Binning::EqualWidth(15);
    let reliability = Reliability::new(&confidence, &is_right, &groups, binning);
    let reliability = reliability.expect("confidences lie between 0 and 1");
    let risk = RiskCoverage::new(&graded).expect("confidences are numbers");
    let figures = |times: &[u64]| -> Vec<Option<f64>> {
        let drawn = panel.drawn(times);
        let of_counts = drawn.iter().take(1).flat_map(|counts| {
            let figures = Figure::all(4).into_iter();
            figures.map(|figure| figure.of(counts, &classes))
        });
        let scores: Vec<Option<f64>> = drawn
            .iter()
            .map(|counts| Figure::BalancedAccuracy.of(counts, &classes))
            .collect();
        let gain = scores[0].zip(scores[1]).map(|(model, other)| model - other);
        let others = [
            gain,
            ranking.roc_auc(times),
            ranking.average_precision(times),
            expected_calibration_error(&reliability.bins(times)),
            risk.area(times),
            risk.accuracy_at(0.8, times),
        ];
        of_counts.chain(others).collect()
    };
    let bootstrap = Bootstrap {
        n_rounds: 1000,
        seed: 1,
    };
    let estimates = bootstrap.estimates(N_VIDEOS, figures);
    writeln!(
        std::io::stdout(),
        "{} figures with percentile and BCa intervals, {} rounds over {N_VIDEOS} groups: {:.2} s",
        estimates.len(),
        bootstrap.n_rounds,
        start.elapsed().as_secs_f64()
    )
}
