//! WiSE-FT: interpolates between base model and fine-tuned model, so that training on few videos forgets less (Wortsman
//! et al. 2022, arXiv 2109.01903).

use std::collections::BTreeMap;

use wo_cli::count;
use wo_clip::tch::{Tensor, nn, no_grad};
use wo_stats::are_too_few;

use crate::hyperparameters::Interpolation;

/// The fractions that are tried; 1 is the fine-tuned model.
const FRACTIONS: [f64; 4] = [1.0, 0.7, 0.5, 0.3];
/// Fewer validation videos than this, or too few independent groups of a label, cannot choose among them.
const ENOUGH_VIDEOS: usize = 40;

/// The validation videos.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeldOut {
    pub(crate) n_videos: usize,
    /// Independent groups of the label that has the fewest.
    pub(crate) n_effective: f64,
}

impl HeldOut {
    fn is_enough(self) -> bool {
        self.n_videos >= ENOUGH_VIDEOS && !are_too_few(self.n_effective)
    }
}

/// A model on the way from the base model to the fine-tuned one, on the validation videos.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// 0 is the base model, 1 the fine-tuned one.
    pub(crate) fraction: f64,
    pub(crate) loss: f64,
    pub(crate) balanced_accuracy: f64,
}

/// Where on the way the model stays.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) fraction: f64,
    /// What was compared, the fine-tuned model first.
    measured: Vec<Measured>,
    why: String,
}

impl Place {
    /// The comparison as a sentence.
    pub(crate) fn in_words(&self) -> String {
        let percent = |fraction: f64| format!("{:.0} %", 100.0 * fraction);
        let of = |it: &Measured| {
            let (loss, accuracy) = (it.loss, it.balanced_accuracy);
            let share = percent(it.fraction);
            format!("{share} fine-tuned: loss {loss:.3}, balanced accuracy {accuracy:.2}")
        };
        let measured: Vec<String> = self.measured.iter().map(of).collect();
        let place = if self.fraction < 1.0 {
            let (fitted, base) = (percent(self.fraction), percent(1.0 - self.fraction));
            format!(
                "mixed {fitted} of the fine-tuned model with {base} of the base model (WiSE-FT)"
            )
        } else {
            "kept the fine-tuned model as it is (WiSE-FT)".to_owned()
        };
        format!("{place}: {}; {}", self.why, measured.join("; "))
    }
}

/// Sets `fitted` to an interpolation between `base` and itself. `measure` gives the loss and the balanced accuracy of the
/// model as it is on the `held_out` videos.
pub(crate) fn interpolate(
    base: &nn::VarStore,
    fitted: &nn::VarStore,
    how: Interpolation,
    held_out: HeldOut,
    mut measure: impl FnMut() -> anyhow::Result<(f64, f64)>,
) -> anyhow::Result<Place> {
    let base: BTreeMap<String, Tensor> = base.variables().into_iter().collect();
    let best: BTreeMap<String, Tensor> = no_grad(|| {
        let variables = fitted.variables().into_iter();
        variables
            .map(|(name, tensor)| (name, tensor.detach().copy()))
            .collect()
    });
    let set_to = |fraction: f64| {
        no_grad(|| {
            for (name, tensor) in fitted.variables() {
                let value = base[&name].lerp(&best[&name], fraction);
                tensor.shallow_clone().copy_(&value);
            }
        });
    };
    let fractions = match how {
        _ if held_out.n_videos == 0 => Vec::new(),
        Interpolation::Fraction(fraction) => vec![1.0, fraction],
        Interpolation::Auto => FRACTIONS.to_vec(),
    };
    let mut measured = Vec::with_capacity(fractions.len());
    for fraction in fractions {
        set_to(fraction);
        let (loss, balanced_accuracy) = measure()?;
        measured.push(Measured {
            fraction,
            loss,
            balanced_accuracy,
        });
    }
    let place = choose(measured, how, held_out);
    set_to(place.fraction);
    Ok(place)
}

/// `auto` goes back where that lowers the loss and no balanced accuracy is lost, and stays where there is too little to
/// tell.
fn choose(measured: Vec<Measured>, how: Interpolation, held_out: HeldOut) -> Place {
    let (fraction, why) = match how {
        Interpolation::Fraction(fraction) => (fraction, "requested".to_owned()),
        Interpolation::Auto if !held_out.is_enough() => {
            let videos = count(held_out.n_videos, "validation video");
            let n_effective = held_out.n_effective;
            (
                1.0,
                format!(
                    "{videos} of {n_effective:.1} effective groups in the scarcer label are too few to choose by"
                ),
            )
        }
        Interpolation::Auto => {
            let accuracy = measured.first().map(|it| it.balanced_accuracy);
            let is_good = |it: &&Measured| Some(it.balanced_accuracy) >= accuracy;
            let good = measured.iter().filter(is_good);
            let best = good.reduce(|best, next| if next.loss < best.loss { next } else { best });
            let why = "the lowest validation loss that costs no balanced accuracy".to_owned();
            (best.map_or(1.0, |it| it.fraction), why)
        }
    };
    Place {
        fraction,
        measured,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(measured: &[(f64, f64, f64)], n_videos: usize, n_effective: f64) -> Place {
        let measured = measured.iter().map(|&(fraction, loss, accuracy)| Measured {
            fraction,
            loss,
            balanced_accuracy: accuracy,
        });
        let held_out = HeldOut {
            n_videos,
            n_effective,
        };
        choose(measured.collect(), Interpolation::Auto, held_out)
    }

    fn percent(place: &Place) -> i64 {
        (100.0 * place.fraction).round() as i64
    }

    #[test]
    fn auto_stays_where_there_is_too_little_to_choose_by() {
        let better = [(1.0, 0.9, 0.8), (0.5, 0.4, 0.9)];
        assert_eq!(percent(&auto(&better, 40, 10.0)), 50);
        for (n_videos, n_effective) in [(39, 20.0), (400, 9.9), (12, 3.0)] {
            let place = auto(&better, n_videos, n_effective);
            assert_eq!(
                percent(&place),
                100,
                "{n_videos} videos of {n_effective} groups"
            );
            assert!(place.in_words().contains("too few to choose by"));
        }
    }

    #[test]
    fn auto_never_chooses_what_is_worse() {
        let worse = [(1.0, 0.585, 1.0), (0.7, 0.5, 0.95), (0.5, 0.881, 0.83)];
        let place = auto(&worse, 60, 20.0);
        assert_eq!(
            percent(&place),
            100,
            "a lower loss does not make up for errors"
        );
        assert_eq!(
            place.in_words(),
            "kept the fine-tuned model as it is (WiSE-FT): the lowest validation loss that costs no balanced accuracy; 100 % \
             fine-tuned: loss 0.585, balanced accuracy 1.00; 70 % fine-tuned: loss 0.500, balanced accuracy 0.95; 50 % \
             fine-tuned: loss 0.881, balanced accuracy 0.83"
        );
        let equal = [(1.0, 0.5, 0.9), (0.7, 0.4, 0.9), (0.5, 0.45, 0.9)];
        assert_eq!(percent(&auto(&equal, 60, 20.0)), 70);
    }
}
