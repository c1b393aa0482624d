//! In which arithmetic a session computes: what the device decides, and what takes a check.

use wo_clip::FoundDevice;

use crate::artifacts::run_dir::RunDir;
use crate::cli::config::Config;
use crate::hyperparameters::Hyperparameters;
use crate::model::method::Method;
use crate::trainer::arithmetic::Arithmetic;
use crate::trainer::config::Resume;
use crate::trainer::precision::{Decision, SLOW, Situation};

/// What computes a run, and what is decided of its precision.
pub(crate) struct Computing {
    pub(crate) arithmetic: Arithmetic,
    decision: Decision,
}

impl Computing {
    /// Before any check. What is settled, the hyperparameters have too.
    pub(crate) fn decide(
        config: &Config,
        found: &FoundDevice,
        run_dir: &RunDir,
        hyper: &mut Hyperparameters,
    ) -> Self {
        let stopped = (config.trainer.resume == Resume::Auto)
            .then(|| Arithmetic::of_stopped(run_dir.snapshots(), found.device))
            .flatten();
        let mut arithmetic = Arithmetic::begin(found.device, stopped.as_ref());
        arithmetic.tf32 = hyper.tf32;
        let machine = &config.machine;
        let situation = Situation {
            asked: machine.precision,
            on_gpu: found.device.is_cuda().then(|| machine.precision_on(found)),
            has_bfloat16: machine.has_bfloat16,
            stopped_in_bf16: stopped.as_ref().map(|it| it.bf16),
        };
        let decision = situation.decide();
        if let Decision::Settled { bf16, .. } = decision {
            (hyper.bf16, arithmetic.bf16) = (bf16, bf16);
            if situation.is_slow(bf16) {
                wo_cli::warn!("{SLOW}"; "take --precision fp32");
            }
        }
        Self {
            arithmetic,
            decision,
        }
    }

    /// Whether a check decides. A probe takes no steps to compare.
    pub(crate) fn takes_check(&self, method: Method) -> bool {
        self.decision == Decision::Check && method != Method::Probe
    }

    /// For people.
    pub(crate) fn in_words(&self, method: Method) -> String {
        let words = self.arithmetic.in_words();
        match &self.decision {
            Decision::Check if self.takes_check(method) => {
                format!("{words}; bf16 if a check finds the same first losses and verdicts")
            }
            Decision::Settled { why, .. } if !why.is_empty() => format!("{words} ({why})"),
            _ => words,
        }
    }
}
