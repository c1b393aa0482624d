//! A worker judges videos with a model that it shares with other workers.

use std::sync::Arc;

use wo_clip::{Judge, set_threads};
use wo_input::VideoItem;
use wo_parallel::OrderedPool;
use wo_record::{Failure, Video};

use crate::judge::abstain::WithoutThreshold;
use crate::judge::label_space::LabelSpace;
use crate::judge::nearest_training::{Thumbnails, TrainedOn};
use crate::judge::perturb::Wording;
use crate::judge::predict::{Judged, PredictOptions, predict};

/// More workers hold too many images; beyond it, each gets several cores.
const MAX_WORKERS: usize = 4;

/// What is computed for each video.
#[derive(Debug)]
pub(crate) struct JudgeOptions {
    /// Features of image regions, for the audit.
    pub(crate) regions: bool,
    /// The wordings for the robustness test, if wanted.
    pub(crate) wordings: Option<Vec<Wording>>,
    /// Of training videos, for the page.
    pub(crate) thumbnails: Thumbnails,
    /// Whether there are verdicts of a model without an abstention threshold.
    pub(crate) without_threshold: WithoutThreshold,
}

/// The state of one worker.
#[derive(Debug)]
struct JudgeWorker {
    judge: Arc<Judge>,
    space: Arc<LabelSpace>,
    options: JudgeOptions,
    /// How many threads libtorch may use for it.
    n_threads: usize,
}

/// A job.
#[derive(Debug)]
pub(crate) enum Task {
    Judge { item: VideoItem, seen: bool },
    Remember(VideoItem),
}

/// The result of a job.
#[derive(Debug)]
pub(crate) enum JudgeResult {
    Judged {
        video: Video,
        judged: Result<Box<Judged>, Failure>,
    },
    /// `None` if no frame loads.
    Remembered(Option<TrainedOn>),
}

/// Starts the workers. On a CPU, several videos run in parallel, each on some of the cores: libtorch's own threads wait
/// for each other after every operation. On a GPU, the others decode while one has its frames judged. Frames of two
/// videos never share a pass, so that a verdict does not depend on what else is judged. The number of workers depends
/// only on the number of cores, since float sums change with it.
pub(crate) fn start_judge_workers(
    judge: &Arc<Judge>,
    space: &Arc<LabelSpace>,
    options: &JudgeOptions,
    n_cores: usize,
) -> anyhow::Result<OrderedPool<Task, JudgeResult>> {
    let n_workers = n_cores.clamp(1, MAX_WORKERS);
    let worker = || JudgeWorker {
        judge: Arc::clone(judge),
        space: Arc::clone(space),
        options: options.share(),
        n_threads: (n_cores / n_workers).max(1),
    };
    let workers = (0..n_workers).map(|_| worker()).collect();
    OrderedPool::start(workers, JudgeWorker::work)
}

impl JudgeOptions {
    fn share(&self) -> Self {
        let wordings = self.wordings.as_ref();
        Self {
            wordings: wordings.map(|all| all.iter().map(Wording::share).collect()),
            ..*self
        }
    }
}

impl JudgeWorker {
    fn work(&self, task: Task) -> JudgeResult {
        set_threads(self.n_threads);
        let judge = &self.judge;
        match task {
            Task::Judge { item, seen } => {
                let options = PredictOptions {
                    regions: self.options.regions,
                    changes: self.options.wordings.as_deref(),
                    without_threshold: self.options.without_threshold,
                };
                let video = item.video.clone();
                let judged = predict(item, judge, &self.space, options).map(|mut judged| {
                    if seen {
                        judged.mark_seen();
                    }
                    Box::new(judged)
                });
                JudgeResult::Judged { video, judged }
            }
            Task::Remember(item) => {
                JudgeResult::Remembered(TrainedOn::new(item, judge, self.options.thumbnails))
            }
        }
    }
}
