//! The plan of a run: what it will do and what it costs, printed before it starts.

use std::collections::BTreeSet;

use wo_cli::count;
use wo_clip::tch::Device;
use wo_clip::{Checkpoint, FastVitConfig, FoundDevice, ModelConfig, Split, TimmConfig, TimmTower};

use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Hyperparameters;
use crate::model::method::{Choice, Method};
use crate::trainer::losses;
use crate::validation::probe;

/// Words that judge form without describing it.
const EMPTY_WORDS: [&str; 15] = [
    "good",
    "bad",
    "form",
    "correct",
    "incorrect",
    "wrong",
    "right",
    "proper",
    "poor",
    "perfect",
    "with",
    "and",
    "a",
    "the",
    "in",
];
/// Operations per second that two cores of a laptop reach, for a rough estimate of the time.
const CPU_RATE: f64 = 1e11;
/// The same of a GPU.
const GPU_RATE: f64 = 5e13;
const SPLITS: [(Split, &str); 3] = [
    (Split::Train, "training"),
    (Split::Validation, "validation"),
    (Split::Test, "test, held out for wo-eval"),
];

/// The plan, line by line.
pub(crate) fn lines(
    dataset: &Dataset,
    hyper: &Hyperparameters,
    choice: &Choice,
    checkpoint: &Checkpoint,
    found: &FoundDevice,
) -> Vec<String> {
    let mut lines: Vec<String> = SPLITS
        .iter()
        .map(|(split, words)| split_line(words, &dataset.videos(*split)))
        .collect();
    lines.push(dataset.grouping.line());
    lines.extend(data_lines(dataset));
    lines.push(format!("method {} ({})", hyper.method, choice.why));
    lines.push(format!("on {found} in {}", hyper.precision()));
    if hyper.method == Method::Probe {
        lines.push(format!(
            "{} over all videos at once, after one pass over the frames",
            count(probe::N_STEPS, "step")
        ));
    } else {
        lines.extend(training_lines(dataset, hyper, checkpoint, found.device));
    }
    lines
}

/// `training: 24 videos of 6 groups (squat/bad_form 12, squat/good_form 12)`.
fn split_line(words: &str, videos: &[&Example]) -> String {
    if videos.is_empty() {
        return format!("{words}: none");
    }
    let groups: BTreeSet<_> = videos.iter().map(|it| &it.video.group).collect();
    let label_of = |it: &Example| format!("{}/{}", it.video.exercise, it.video.label);
    let labels: BTreeSet<String> = videos.iter().map(|it| label_of(it)).collect();
    let counts = labels.into_iter().map(|label| {
        let n = videos.iter().filter(|it| label_of(it) == label).count();
        format!("{label} {n}")
    });
    format!(
        "{words}: {} of {} ({})",
        count(videos.len(), "video"),
        count(groups.len(), "group"),
        counts.collect::<Vec<_>>().join(", ")
    )
}

fn data_lines(dataset: &Dataset) -> Vec<String> {
    let mut lines = Vec::new();
    let n_parts = dataset.examples.iter().filter(|it| it.is_part).count();
    if n_parts > 0 {
        lines.push(format!(
            "{} of mixed videos with their own label, trained on in the split of their video",
            count(n_parts, "part")
        ));
    }
    let n_frames: usize = dataset.examples.iter().map(|it| it.frames.len()).sum();
    let n_captions: usize = dataset.captions.iter().map(Vec::len).sum();
    lines.push(format!(
        "{}, {}, {}",
        count(n_frames, "frame"),
        count(dataset.classes.len(), "class"),
        count(n_captions, "caption")
    ));
    lines
}

fn training_lines(
    dataset: &Dataset,
    hyper: &Hyperparameters,
    checkpoint: &Checkpoint,
    device: Device,
) -> [String; 4] {
    let n_train = dataset.of(Split::Train).len();
    let n_steps = n_train.div_ceil(hyper.batch_size) * hyper.epochs as usize;
    let n_frames = hyper.batch_size.min(n_train) * hyper.frames;
    // Forward, and twice as much backward.
    let operations = 3.0 * (n_steps * n_frames) as f64 * operations_per_frame(&checkpoint.config);
    let rate = if device == Device::Cpu {
        CPU_RATE
    } else {
        GPU_RATE
    };
    // Weights, gradients, two moments and the best weights so far; and the activations of the frames.
    let of_weights = checkpoint.n_parameters() as f64 * 4.0 * 5.0;
    let of_frames = (hyper.micro_batch * hyper.frames) as f64 * bytes_per_frame(&checkpoint.config);
    [
        format!(
            "{} of {} with {} each, {}, learning rate {:e}",
            count(n_steps, "step"),
            count(hyper.batch_size, "video"),
            count(hyper.frames, "frame"),
            count(hyper.epochs, "epoch"),
            hyper.lr
        ),
        losses::floor(dataset, hyper.loss, n_frames),
        format!("estimated time: {} of compute", duration(operations / rate)),
        format!(
            "estimated memory: {:.1} GiB",
            (of_weights + of_frames) / (1_u64 << 30) as f64
        ),
    ]
}

/// The vision tower of a MobileCLIP whose stages differ in width.
fn fastvit(config: &ModelConfig) -> Option<&FastVitConfig> {
    match config {
        ModelConfig::Timm(TimmConfig {
            vision: TimmTower::FastVit(fastvit),
            ..
        }) => Some(fastvit),
        _ => None,
    }
}

/// Multiplications and additions of one frame in the vision tower.
fn operations_per_frame(config: &ModelConfig) -> f64 {
    if let Some(fastvit) = fastvit(config) {
        return 2.0 * fastvit.multiplications(config.vision().image_size);
    }
    let vision = config.vision();
    let (n, width) = (vision.n_positions as f64, vision.hidden_size as f64);
    let of_block = n * (4.0 * width * width + 2.0 * width * vision.intermediate_size as f64)
        + 2.0 * n * n * width;
    2.0 * of_block * vision.n_blocks as f64
}

/// Bytes that the blocks keep of one frame for the backward pass: about a dozen numbers of each width per token.
pub(crate) fn bytes_per_frame(config: &ModelConfig) -> f64 {
    if let Some(fastvit) = fastvit(config) {
        return 4.0 * fastvit.numbers_kept(config.vision().image_size);
    }
    let vision = config.vision();
    let numbers = 10 * vision.hidden_size + 3 * vision.intermediate_size;
    4.0 * (vision.n_positions * numbers * vision.n_blocks) as f64
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Captions that only say good or bad. CLIP takes these words for the quality of the image (CLIP-IQA: Wang et al. 2023,
/// arXiv 2207.12396).
pub(crate) fn empty_captions(dataset: &Dataset) -> Vec<&str> {
    let is_empty = |exercise: &str, caption: &str| {
        caption
            .to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .all(|word| EMPTY_WORDS.contains(&word) || exercise.split('_').any(|part| part == word))
    };
    let mut empty = Vec::new();
    for (class, captions) in dataset.classes.iter().zip(&dataset.captions) {
        let captions = captions.iter().map(String::as_str);
        empty.extend(captions.filter(|caption| is_empty(class.exercise.as_str(), caption)));
    }
    empty
}
