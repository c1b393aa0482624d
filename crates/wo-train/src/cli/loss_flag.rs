//! Which loss `--loss` means for a base model.

use wo_cli::{Exit, ensure};

use crate::cli::args::LossFlag;
use crate::hyperparameters::Loss;

/// The loss for the base model `name`.
// A bool, since it is a fact about the model.
pub(crate) fn loss_of(flag: LossFlag, has_logit_bias: bool, name: &str) -> anyhow::Result<Loss> {
    ensure!(
        flag != LossFlag::Sigmoid || has_logit_bias,
        Exit::Usage,
        "--loss sigmoid is for models with a logit bias, and {name} has none";
        "leave --loss out"
    );
    Ok(match flag {
        LossFlag::Auto if has_logit_bias => Loss::Sigmoid,
        LossFlag::Auto | LossFlag::Bank => Loss::Bank,
        LossFlag::Sigmoid => Loss::Sigmoid,
        LossFlag::Infonce => Loss::Infonce,
        LossFlag::Diagonal => Loss::Diagonal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_with_a_bias_is_trained_with_the_loss_that_has_one() {
        let of = |flag, has_logit_bias| loss_of(flag, has_logit_bias, "tiny");
        assert_eq!(of(LossFlag::Auto, true).expect("a loss"), Loss::Sigmoid);
        assert_eq!(of(LossFlag::Auto, false).expect("a loss"), Loss::Bank);
        assert_eq!(of(LossFlag::Bank, true).expect("a loss"), Loss::Bank);
        let error = of(LossFlag::Sigmoid, false)
            .expect_err("no bias")
            .to_string();
        assert!(error.contains("tiny has none"), "{error}");
    }
}
