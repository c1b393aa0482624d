//! `wo.json`: what the model knows of itself.

use anyhow::Context;
use wo_clip::Manifest;
use wo_clip::tch::{Device, Tensor};
use wo_record::Base;

use crate::VERSION;
use crate::data::dataset::Dataset;
use crate::hyperparameters::Hyperparameters;
use crate::run::Fitted;

/// The manifest of a model that was fitted to `dataset` from `base`, without what was measured on held-out videos.
pub(crate) fn manifest(
    dataset: Dataset,
    base: &Base,
    hyper: &Hyperparameters,
    fitted: &Fitted,
) -> anyhow::Result<Manifest> {
    let videos = dataset.examples.into_iter();
    Ok(Manifest {
        version: VERSION.to_owned(),
        init: base.init.clone(),
        base: Some(base.clone()),
        classes: dataset.classes,
        prompts: dataset.captions,
        pooling: hyper.pooling,
        head: fitted.head.as_ref().map(rows).transpose()?,
        trust: None,
        learning_curve: None,
        group_by: Some(dataset.grouping.by),
        videos: videos
            .filter(|example| !example.is_part)
            .map(|example| example.recorded_video())
            .collect(),
        arguments: serde_json::to_value(hyper)?,
        metrics: fitted.metrics.clone(),
        run_hash: fitted.run_hash.clone(),
    })
}

fn rows(head: &Tensor) -> anyhow::Result<Vec<Vec<f32>>> {
    let head = head.to_device(Device::Cpu);
    (0..head.size()[0])
        .map(|class| Vec::try_from(head.get(class)).context("a row of floats"))
        .collect()
}
