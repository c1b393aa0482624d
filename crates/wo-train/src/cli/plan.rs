//! What a run will do, for people, before it does it.

use std::collections::BTreeSet;

use wo_cli::count;
use wo_clip::{ClipConfig, Split};

use crate::data::dataset::Dataset;
use crate::hyperparameters::Hyperparameters;
use crate::model::method::{Choice, Method};
use crate::trainer::losses;
use crate::validation::probe;

/// Words that tell good from bad and say nothing of what is seen.
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
/// Arithmetic operations a second that two cores of a laptop reach, for a rough idea of the time.
const CPU_RATE: f64 = 1e11;
/// And a GPU.
const GPU_RATE: f64 = 5e13;

/// The plan in lines.
pub(crate) fn lines(
    dataset: &Dataset,
    hyper: &Hyperparameters,
    choice: &Choice,
    config: &ClipConfig,
    n_parameters: u64,
    is_cpu: bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (split, words) in [
        (Split::Train, "training"),
        (Split::Validation, "validation"),
        (Split::Test, "test, left for wo-eval"),
    ] {
        let videos = dataset.videos(split);
        let groups: BTreeSet<_> = videos.iter().map(|it| &it.video.group).collect();
        let labels: BTreeSet<_> = videos
            .iter()
            .map(|it| (&it.video.exercise, &it.video.label))
            .collect();
        let counts: Vec<String> = labels
            .into_iter()
            .map(|cell| {
                let n = videos
                    .iter()
                    .filter(|it| (&it.video.exercise, &it.video.label) == cell)
                    .count();
                format!("{}/{} {n}", cell.0, cell.1)
            })
            .collect();
        if videos.is_empty() {
            lines.push(format!("{words}: none"));
            continue;
        }
        lines.push(format!(
            "{words}: {} of {} ({})",
            count(videos.len(), "video"),
            count(groups.len(), "group"),
            counts.join(", ")
        ));
    }
    let n_parts = dataset.examples.iter().filter(|it| it.is_part).count();
    if n_parts > 0 {
        lines.push(format!(
            "{} of mixed videos with a label of their own, trained on where their videos are",
            count(n_parts, "part")
        ));
    }
    let n_captions: usize = dataset.captions.iter().map(Vec::len).sum();
    lines.push(format!(
        "{}, {}, {}",
        count(
            dataset
                .examples
                .iter()
                .map(|it| it.frames.len())
                .sum::<usize>(),
            "frame"
        ),
        count(dataset.classes.len(), "class"),
        count(n_captions, "caption")
    ));
    lines.push(format!("method {} ({})", hyper.method, choice.why));
    let n_train = dataset.of(Split::Train).len();
    if hyper.method == Method::Probe {
        lines.push(format!(
            "{} over all videos at once, after one look at each frame",
            count(probe::N_STEPS, "step")
        ));
    } else {
        let n_steps = n_train.div_ceil(hyper.batch_size) * hyper.epochs as usize;
        let n_frames = hyper.batch_size.min(n_train) * hyper.frames;
        lines.push(format!(
            "{} of {} with {} each, {}, learning rate {:e}",
            count(n_steps, "step"),
            count(hyper.batch_size, "video"),
            count(hyper.frames, "frame"),
            count(hyper.epochs, "epoch"),
            hyper.lr
        ));
        lines.push(losses::floor(dataset, hyper.loss, n_frames));
        // Forward, and twice as much backward.
        let operations = 3.0 * (n_steps * n_frames) as f64 * operations_a_frame(config);
        let rate = if is_cpu { CPU_RATE } else { GPU_RATE };
        lines.push(format!(
            "about {} of arithmetic on this device, if it is an ordinary one",
            duration(operations / rate)
        ));
        // Weights, gradients, two moments, the best so far; and what frames leave on their way.
        let of_weights = n_parameters as f64 * 4.0 * 5.0;
        let of_frames = (hyper.micro_batch * hyper.frames) as f64 * bytes_a_frame(config);
        lines.push(format!(
            "about {:.1} GiB of memory",
            (of_weights + of_frames) / (1_u64 << 30) as f64
        ));
    }
    lines
}

/// Multiplications and additions of one frame through the vision tower.
fn operations_a_frame(config: &ClipConfig) -> f64 {
    let vision = &config.vision_config;
    let side = vision.image_size / vision.patch_size;
    let (n, width) = ((side * side + 1) as f64, vision.hidden_size as f64);
    let of_block = n * (4.0 * width * width + 2.0 * width * vision.intermediate_size as f64)
        + 2.0 * n * n * width;
    2.0 * of_block * vision.num_hidden_layers as f64
}

/// What the blocks keep of one frame for the way back: about a dozen numbers of each width at each place.
fn bytes_a_frame(config: &ClipConfig) -> f64 {
    let vision = &config.vision_config;
    let side = vision.image_size / vision.patch_size;
    let numbers = 10 * vision.hidden_size + 3 * vision.intermediate_size;
    4.0 * ((side * side + 1) * numbers * vision.num_hidden_layers) as f64
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Captions that say nothing but good or bad: CLIP takes these words for the quality of the picture (CLIP-IQA: Wang et al.
/// 2023, arXiv 2207.12396).
pub(crate) fn empty_captions(dataset: &Dataset) -> Vec<&str> {
    let classes = dataset.classes.iter().zip(&dataset.captions);
    let of_class = |(class, captions)| {
        let class: &wo_clip::Class = class;
        let captions: &Vec<String> = captions;
        let says_nothing = move |caption: &&String| {
            let exercise = class.exercise.as_str();
            caption
                .to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .all(|word| {
                    EMPTY_WORDS.contains(&word) || exercise.split('_').any(|part| part == word)
                })
        };
        captions.iter().filter(says_nothing).map(String::as_str)
    };
    classes.flat_map(of_class).collect()
}
