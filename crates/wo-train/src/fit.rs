//! One fit: what can be had without, then the method, then how both compare.

use std::collections::BTreeMap;
use std::path::Path;

use wo_clip::tch::{nn, no_grad};
use wo_clip::{Clip, Split};

use crate::data::dataset::{Dataset, Example};
use crate::data::leakage;
use crate::model::method::Method;
use crate::run::{Fitted, Run};
use crate::trainer::train_loop;
use crate::validation::baselines::{BaseFeatures, Baselines, Comparison};
use crate::validation::metrics::{
    Probabilities, add_validation, judge, summarise, validation_words,
};

/// Fits the model to the training part of `dataset`, chooses by its validation part, and compares with what can be had
/// without. Snapshots go into the folder `snapshots`.
pub(crate) fn fit(
    run: &mut Run<'_, '_>,
    dataset: &Dataset,
    snapshots: &Path,
) -> anyhow::Result<Fitted> {
    leakage::check_split(dataset)?;
    let held_out = dataset.of(Split::Validation);
    let (vs, clip) = run.build()?;
    let start = run.start(&vs, &clip, dataset, &held_out)?;
    let baselines = Baselines::of(dataset, &held_out, &start, run.hyper);
    if !held_out.is_empty() && run.shows_baselines {
        wo_cli::say!("{}", baselines.table());
    }
    let (mut fitted, judged) = if run.hyper.method == Method::Probe {
        probe(run, vs, clip, dataset, &held_out, &start)?
    } else {
        rescale_logits(run, &vs, dataset, &start);
        train_loop::fit(run, vs, clip, dataset, &held_out, snapshots)?
    };
    if !held_out.is_empty() {
        fitted.comparison = baselines.comparison(&baselines.said(dataset, &judged), "validation");
        fitted.metrics.extend(fitted.comparison.figures.clone());
        wo_cli::say!("{}", fitted.comparison.words);
    }
    fitted.judged = judged;
    fitted.start = Some(start);
    Ok(fitted)
}

/// What a fitted model says of videos.
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

/// Makes a start less sure of itself that is sure of what is wrong.
fn rescale_logits(run: &Run<'_, '_>, vs: &nn::VarStore, dataset: &Dataset, start: &BaseFeatures) {
    let scale = start.rescaled_logit_scale(dataset, run.hyper.pooling);
    let Some((scale, mut logit_scale)) = scale.zip(vs.variables().remove("logit_scale")) else {
        return;
    };
    wo_cli::say!(
        "the start is sure of what is wrong about these videos: the scale of its answers goes from {:.1} to {scale:.1}",
        start.scale
    );
    no_grad(|| drop(logit_scale.fill_(scale.ln())));
}

fn probe(
    run: &mut Run<'_, '_>,
    vs: nn::VarStore,
    clip: Clip,
    dataset: &Dataset,
    held_out: &[&Example],
    start: &BaseFeatures,
) -> anyhow::Result<(Fitted, Vec<Probabilities>)> {
    let (lr, pooling, seed) = (run.hyper.lr, run.hyper.pooling, run.hyper.seed);
    let probe = start.probe(dataset, held_out, lr, pooling, seed);
    let judged = judge(&start.held_out, &probe.head, pooling);
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
        wo_cli::say!(
            "linear probe  {}",
            validation_words(&result, held_out.len())
        );
    }
    let fitted = Fitted {
        vs,
        clip,
        head: Some(probe.head),
        start: None,
        metrics,
        history,
        comparison: Comparison::default(),
        judged: Vec::new(),
        run_hash: None,
    };
    Ok((fitted, judged))
}
