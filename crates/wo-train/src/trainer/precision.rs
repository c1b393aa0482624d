//! Whether the forward pass computes in bfloat16.
//!
//! On a CPU that multiplies in it, a step may take less than half the time. `auto` takes it only where a check finds the
//! first losses and the verdicts of a few videos to be those of 32 bits.

use wo_cli::count;
use wo_clip::Precision;

/// The largest relative difference of a loss.
const MAX_DIFFERENCE: f64 = 0.01;

/// What is known before the check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation {
    /// What is asked for; `None` leaves it to the device.
    pub(crate) asked: Option<Precision>,
    /// What a GPU computes in; `None` on a CPU.
    pub(crate) on_gpu: Option<Precision>,
    /// Whether the CPU multiplies in bfloat16.
    pub(crate) has_bfloat16: bool,
    /// Whether a run that was stopped, and may go on, did.
    pub(crate) stopped_in_bf16: Option<bool>,
}

/// What is decided, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// Whether it is bfloat16, and the reason where it is not plain.
    Settled { bf16: bool, why: &'static str },
    /// As [`Agreement::holds`] says.
    Check,
}

/// The same numbers of both precisions, 32 bits first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Agreement {
    /// The losses of the first steps.
    pub(crate) losses: Vec<[f64; 2]>,
    /// The most probable class of each video, as an index.
    pub(crate) verdicts: Vec<[usize; 2]>,
}

/// Why there is no bfloat16 here.
const LACKS: &str = "this processor does not multiply in bfloat16";
/// What is said where it is computed in all the same.
pub(crate) const SLOW: &str =
    "this processor does not multiply in bfloat16: a step takes many times longer than in 32 bits";

impl Situation {
    /// What is decided.
    pub(crate) fn decide(self) -> Decision {
        let settled = |bf16, why| Decision::Settled { bf16, why };
        if let Some(precision) = self.on_gpu {
            return settled(precision == Precision::Bf16, "");
        }
        match (self.asked, self.stopped_in_bf16) {
            // A CPU has no TF32, and was refused.
            (Some(Precision::Fp32 | Precision::Tf32), _) => settled(false, ""),
            (Some(Precision::Bf16), _) => settled(true, ""),
            (None, Some(bf16)) => settled(bf16, "as the run that was stopped"),
            (None, None) if self.has_bfloat16 => Decision::Check,
            (None, None) => settled(false, LACKS),
        }
    }

    /// Whether bfloat16 is many times slower than 32 bits here.
    // A bool, as the setting is one.
    pub(crate) fn is_slow(self, bf16: bool) -> bool {
        bf16 && self.on_gpu.is_none() && !self.has_bfloat16
    }
}

impl Agreement {
    /// Whether bfloat16 learns and judges as 32 bits do.
    pub(crate) fn holds(&self) -> bool {
        !self.losses.is_empty()
            && self.furthest() <= MAX_DIFFERENCE
            && self.n_same() == self.verdicts.len()
    }

    /// Such as `precision bf16: its first losses are within 0.3 % of those in fp32, and the verdicts of 8 of 8 videos the
    /// same`.
    pub(crate) fn in_words(&self) -> String {
        let precision = if self.holds() {
            "bf16"
        } else {
            "fp32, since bf16 differs"
        };
        format!(
            "precision {precision}: its first losses are within {:.2} % of those in fp32, and the verdicts of {} of {} the same",
            100.0 * self.furthest(),
            self.n_same(),
            count(self.verdicts.len(), "video")
        )
    }

    fn furthest(&self) -> f64 {
        let difference = |[full, half]: &[f64; 2]| {
            let difference = (full - half).abs() / full.abs().max(f64::MIN_POSITIVE);
            // A loss that is no number agrees with none.
            if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            }
        };
        self.losses.iter().map(difference).fold(0.0, f64::max)
    }

    fn n_same(&self) -> usize {
        self.verdicts
            .iter()
            .filter(|[full, half]| full == half)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: Situation = Situation {
        asked: None,
        on_gpu: None,
        has_bfloat16: true,
        stopped_in_bf16: None,
    };

    fn bf16_of(situation: Situation) -> Option<bool> {
        match situation.decide() {
            Decision::Settled { bf16, .. } => Some(bf16),
            Decision::Check => None,
        }
    }

    #[test]
    fn auto_checks_only_a_cpu_that_has_bfloat16() {
        const AUTO: Option<Precision> = None;
        let (fp32, asked_bf16) = (Some(Precision::Fp32), Some(Precision::Bf16));
        let with = |asked, on_gpu, has_bfloat16, stopped_in_bf16| {
            bf16_of(Situation {
                asked,
                on_gpu,
                has_bfloat16,
                stopped_in_bf16,
            })
        };
        assert_eq!(CPU.decide(), Decision::Check);
        assert_eq!(with(AUTO, None, false, None), Some(false));
        // A GPU computes in its own, whatever the CPU beside it has.
        for (on_gpu, bf16) in [
            (Precision::Bf16, true),
            (Precision::Fp32, false),
            (Precision::Tf32, false),
        ] {
            assert_eq!(with(AUTO, Some(on_gpu), false, None), Some(bf16));
            assert_eq!(with(AUTO, Some(on_gpu), true, Some(!bf16)), Some(bf16));
        }
        // A run that was stopped goes on as it began, whatever a check would say now.
        assert_eq!(with(AUTO, None, true, Some(false)), Some(false));
        assert_eq!(with(AUTO, None, false, Some(true)), Some(true));
        for has_bfloat16 in [false, true] {
            assert_eq!(with(fp32, None, has_bfloat16, Some(true)), Some(false));
            assert_eq!(with(asked_bf16, None, has_bfloat16, None), Some(true));
        }
        let old = Situation {
            has_bfloat16: false,
            ..CPU
        };
        assert!(old.is_slow(true) && !old.is_slow(false) && !CPU.is_slow(true));
    }

    #[test]
    fn it_holds_where_losses_are_close_and_all_verdicts_the_same() {
        let alike = Agreement {
            losses: vec![[2.0, 2.01], [1.5, 1.49]],
            verdicts: vec![[0, 0], [3, 3]],
        };
        assert!(alike.holds());
        assert_eq!(
            alike.in_words(),
            "precision bf16: its first losses are within 0.67 % of those in fp32, and the verdicts of 2 of 2 videos the same"
        );
        let far = |losses| Agreement {
            losses,
            ..alike.clone()
        };
        assert!(!far(vec![[2.0, 2.03], [1.5, 1.5]]).holds());
        assert!(!far(vec![[2.0, f64::NAN]]).holds());
        assert!(!far(vec![[f64::NAN, f64::NAN]]).holds());
        assert!(!far(Vec::new()).holds());
        let other = Agreement {
            verdicts: vec![[0, 0], [3, 2]],
            ..alike.clone()
        };
        assert!(!other.holds());
        let words = other.in_words();
        assert!(
            words.starts_with("precision fp32, since bf16 differs: "),
            "{words}"
        );
        assert!(words.ends_with("1 of 2 videos the same"), "{words}");
    }
}
