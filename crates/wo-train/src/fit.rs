//! One fit: the baselines, then the method, then how both compare.

use std::collections::BTreeMap;
use std::path::Path;

use wo_clip::tch::{nn, no_grad};
use wo_clip::{Clip, Split};

use crate::data::dataset::{Dataset, Example};
use crate::hyperparameters::Loss;
use crate::model::method::Method;
use crate::run::{Fitted, Run};
use crate::trainer::train_loop;
use crate::validation::base_features::BaseFeatures;
use crate::validation::baselines::{Baselines, Comparison};
use crate::validation::metrics::{
    Probabilities, add_validation, judge, summarise, validation_words,
};

/// Trains on the training split of `dataset`, chooses on its validation split, and compares with the baselines.
/// Snapshots go into the folder `snapshots`.
pub(crate) fn fit(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    snapshots: &Path,
) -> anyhow::Result<Fitted> {
    let held_out = dataset.of(Split::Validation);
    let (vs, clip) = run.build()?;
    let base = run.base_features(&vs, &clip, dataset, &held_out)?;
    let baselines = Baselines::of(dataset, &held_out, &base, run.hyper);
    if !held_out.is_empty() && run.shows_baselines {
        wo_cli::say_line(&baselines.table(&run.caution_in_words()));
    }
    let (mut fitted, judged) = if run.hyper.method == Method::Probe {
        probe(run, vs, clip, dataset, &held_out, &base)?
    } else {
        rescale_logits(run, &vs, dataset, &base);
        fit_bias(run, &vs, &clip, &base);
        train_loop::fit(run, vs, clip, dataset, &held_out, snapshots)?
    };
    if !held_out.is_empty() {
        fitted.comparison =
            baselines.comparison(&baselines.predicted(dataset, &judged), "validation");
        fitted.metrics.extend(fitted.comparison.metrics.clone());
        run.say_metric(&fitted.comparison.words);
    }
    fitted.judged = judged;
    fitted.base = Some(base);
    Ok(fitted)
}

/// What a fitted model predicts for videos.
pub(crate) fn judge_with(
    run: &Run<'_, '_>,
    fitted: &Fitted,
    dataset: &Dataset,
    videos: &[&Example],
) -> anyhow::Result<Vec<Probabilities>> {
    let weights = match &fitted.head {
        Some(head) => head.shallow_clone(),
        None => run.class_weights(&fitted.clip, dataset)?,
    };
    run.judge(&fitted.clip, &weights, dataset, videos)
}

/// Lowers the logit scale of a base model that is overconfident in wrong predictions, from which training learns
/// nothing.
fn rescale_logits(run: &Run<'_, '_>, vs: &nn::VarStore, dataset: &Dataset, base: &BaseFeatures) {
    let scale = base.rescaled_logit_scale(dataset, run.hyper.pooling);
    let Some((scale, mut logit_scale)) = scale.zip(vs.variables().remove("logit_scale")) else {
        return;
    };
    if run.shows_baselines {
        wo_cli::say!(
            "the base model is overconfident; logit scale lowered from {:.1} to {scale:.1}",
            base.scale
        );
    }
    no_grad(|| drop(logit_scale.fill_(scale.ln())));
}

/// Sets the logit bias of a model that trains with the sigmoid loss to the one that fits these classes. Its own would
/// take thousands of steps to follow.
fn fit_bias(run: &Run<'_, '_>, vs: &nn::VarStore, clip: &Clip, base: &BaseFeatures) {
    if run.hyper.loss != Loss::Sigmoid || base.train.is_empty() {
        return;
    }
    let Some(mut bias) = vs.variables().remove("logit_bias") else {
        return;
    };
    let (scale, before) = no_grad(|| (clip.scale().double_value(&[]), bias.double_value(&[])));
    let fitted = base.fitted_logit_bias(run.hyper.pooling, scale);
    if run.shows_baselines {
        wo_cli::say!("logit bias fitted to the classes: {fitted:.1}, was {before:.1}");
    }
    no_grad(|| drop(bias.fill_(fitted)));
}

/// Fits a linear head to the frozen features of the base model.
fn probe(
    run: &mut Run<'_, '_>,
    vs: nn::VarStore,
    clip: Clip,
    dataset: &Dataset,
    held_out: &[&Example],
    base: &BaseFeatures,
) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
    let (lr, pooling, seed) = (run.hyper.lr, run.hyper.pooling, run.hyper.seed);
    let probe = base.probe(dataset, held_out, lr, pooling, seed);
    let judged = judge(&base.held_out, &probe.head, pooling);
    let mut history = Vec::new();
    for (look, (step, loss)) in (1..).zip(&probe.losses) {
        let values = BTreeMap::from([("train_loss".to_owned(), *loss)]);
        history.push(run.log(look, *step as u64, values)?);
    }
    let mut metrics = history
        .last()
        .map(|it| it.values.clone())
        .unwrap_or_default();
    if !held_out.is_empty() {
        let result = summarise(&dataset.classes, held_out, &judged, seed);
        add_validation(&mut metrics, &result);
        let words = validation_words(&result, held_out.len());
        run.say_metric(&format!("linear probe  {words}"));
    }
    let fitted = Fitted {
        vs,
        clip,
        head: Some(probe.head),
        base: None,
        metrics,
        history,
        comparison: Comparison::default(),
        judged: Vec::new(),
        run_hash: None,
    };
    Ok((fitted, judged))
}
