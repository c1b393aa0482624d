//! WiSE-FT: interpolates between base model and fine-tuned model, so that training on few videos forgets less (Wortsman
//! et al. 2022, arXiv 2109.01903).

use std::collections::BTreeMap;

use wo_cli::count;
use wo_clip::tch::{Tensor, nn, no_grad};
use wo_stats::MIN_GROUPS;

use crate::hyperparameters::Interpolation;

/// The fractions that are tried; 1 is the fine-tuned model.
const FRACTIONS: [f64; 4] = [1.0, 0.7, 0.5, 0.3];
/// Fewer validation videos than this, or fewer groups than [`MIN_GROUPS`], cannot choose among them.
const ENOUGH_VIDEOS: usize = 40;

/// The validation videos.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeldOut {
    pub(crate) n_videos: usize,
    pub(crate) n_groups: usize,
}

impl HeldOut {
    fn is_enough(self) -> bool {
        self.n_videos >= ENOUGH_VIDEOS && self.n_groups >= MIN_GROUPS
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
        let of = |it: &Measured| {
            let (loss, accuracy) = (it.loss, it.balanced_accuracy);
            format!(
                "{} loss {loss:.3}, balanced accuracy {accuracy:.2}",
                it.fraction
            )
        };
        let measured: Vec<String> = self.measured.iter().map(of).collect();
        format!(
            "WiSE-FT: {} of the way from the base model to the fine-tuned model ({}); on the validation split: {}",
            self.fraction,
            self.why,
            measured.join("; ")
        )
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
            let (videos, groups) = (held_out.n_videos, held_out.n_groups);
            let (videos, groups) = (count(videos, "validation video"), count(groups, "group"));
            (
                1.0,
                format!("{videos} of {groups} are too few to choose by"),
            )
        }
        Interpolation::Auto => {
            let accuracy = measured.first().map(|it| it.balanced_accuracy);
            let is_good = |it: &&Measured| Some(it.balanced_accuracy) >= accuracy;
            let good = measured.iter().filter(is_good);
            let best = good.reduce(|best, next| if next.loss < best.loss { next } else { best });
            let why = "the lowest loss that costs no balanced accuracy".to_owned();
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

    fn auto(measured: &[(f64, f64, f64)], n_videos: usize, n_groups: usize) -> Place {
        let measured = measured.iter().map(|&(fraction, loss, accuracy)| Measured {
            fraction,
            loss,
            balanced_accuracy: accuracy,
        });
        let held_out = HeldOut { n_videos, n_groups };
        choose(measured.collect(), Interpolation::Auto, held_out)
    }

    fn percent(place: &Place) -> i64 {
        (100.0 * place.fraction).round() as i64
    }

    #[test]
    fn auto_stays_where_there_is_too_little_to_choose_by() {
        let better = [(1.0, 0.9, 0.8), (0.5, 0.4, 0.9)];
        assert_eq!(percent(&auto(&better, 40, 10)), 50);
        for (n_videos, n_groups) in [(39, 20), (400, 9), (12, 3)] {
            let place = auto(&better, n_videos, n_groups);
            assert_eq!(
                percent(&place),
                100,
                "{n_videos} videos of {n_groups} groups"
            );
            assert!(place.in_words().contains("too few to choose by"));
        }
    }

    #[test]
    fn auto_never_chooses_what_is_worse() {
        let worse = [(1.0, 0.585, 1.0), (0.7, 0.5, 0.95), (0.5, 0.881, 0.83)];
        let place = auto(&worse, 60, 20);
        assert_eq!(
            percent(&place),
            100,
            "a lower loss does not make up for errors"
        );
        assert_eq!(
            place.in_words(),
            "WiSE-FT: 1 of the way from the base model to the fine-tuned model (the lowest loss that costs no balanced \
             accuracy); on the validation split: 1 loss 0.585, balanced accuracy 1.00; 0.7 loss 0.500, balanced \
             accuracy 0.95; 0.5 loss 0.881, balanced accuracy 0.83"
        );
        let equal = [(1.0, 0.5, 0.9), (0.7, 0.4, 0.9), (0.5, 0.45, 0.9)];
        assert_eq!(percent(&auto(&equal, 60, 20)), 70);
    }
}
