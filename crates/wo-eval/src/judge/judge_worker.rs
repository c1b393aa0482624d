//! What a thread needs to look at videos with a model that it shares with others, and what it makes of one.

use std::sync::Arc;

use wo_clip::{Judge, set_threads};
use wo_input::VideoItem;
use wo_record::{Failure, Video};

use crate::judge::label_space::LabelSpace;
use crate::judge::nearest_training::TrainedOn;
use crate::judge::perturb::Wording;
use crate::judge::pool::OrderedPool;
use crate::judge::predict::{Judged, Looks, predict};

/// More threads than this hold too many pictures; beyond it each has several cores.
const MAX_WORKERS: usize = 4;

/// What is looked at in each video.
#[derive(Debug)]
pub(crate) struct JudgeOptions {
    /// Parts of the pictures, for the audit.
    pub(crate) regions: bool,
    /// Pictures that were made worse, and the classes in these other words.
    pub(crate) wordings: Option<Vec<Wording>>,
    /// Small pictures of training videos.
    pub(crate) keeps_images: bool,
}

/// One thread's share.
#[derive(Debug)]
struct JudgeWorker {
    judge: Arc<Judge>,
    space: Arc<LabelSpace>,
    options: JudgeOptions,
    /// How many threads libtorch may use for it.
    n_threads: usize,
}

/// What is to be done with a video.
#[derive(Debug)]
pub(crate) enum Task {
    Judge {
        item: VideoItem,
        seen: bool,
        can_be_scored: bool,
    },
    Remember(VideoItem),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum JudgeResult {
    Judged {
        video: Video,
        judged: Result<Box<Judged>, Failure>,
        can_be_scored: bool,
    },
    /// `None` where no frame of it loads.
    Remembered(Option<TrainedOn>),
}

/// Starts the threads. A model on a CPU looks at several videos side by side, with a part of the cores for each: libtorch's
/// own threads wait for each other at the end of every operation, and videos never do. How many there are depends on the
/// number of cores alone, since sums of floats differ with it.
pub(crate) fn start_judge_workers(
    judge: &Arc<Judge>,
    space: &Arc<LabelSpace>,
    options: &JudgeOptions,
    n_cores: usize,
) -> OrderedPool<Task, JudgeResult> {
    let n_workers = if judge.is_on_cpu() {
        n_cores.clamp(1, MAX_WORKERS)
    } else {
        1
    };
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
            Task::Judge {
                item,
                seen,
                can_be_scored,
            } => {
                let looks = Looks {
                    regions: self.options.regions,
                    changes: self.options.wordings.as_deref(),
                };
                let video = item.video.clone();
                let judged = predict(item, judge, &self.space, seen, looks);
                JudgeResult::Judged {
                    video,
                    judged: judged.map(Box::new),
                    can_be_scored,
                }
            }
            Task::Remember(item) => {
                JudgeResult::Remembered(TrainedOn::new(item, judge, self.options.keeps_images))
            }
        }
    }
}
