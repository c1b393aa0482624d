//! The predictions of all videos, settled: in groups, without those that contradict each other.

use std::collections::HashMap;

use wo_record::{Failure, Record, code};

use crate::data_quality::near_duplicates::NearDuplicates;
use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::{Prediction, join_groups};
use crate::session::log::Log;

/// Joins near-duplicates into one group, excludes one video under two labels, and writes the predictions as they came. What is
/// returned is in the order of the ids, so that no metric depends on the order of the input.
pub(crate) fn settle(
    log: &mut Log<'_>,
    mut all: Vec<Prediction>,
    space: &LabelSpace,
) -> anyhow::Result<Vec<Prediction>> {
    let came = all.iter().map(|it| it.video_id.clone());
    let came: HashMap<String, usize> = came.zip(0..).collect();
    all.sort_by(|a, b| a.video_id.cmp(&b.video_id));
    join_groups(&mut all);
    let near = NearDuplicates::among(&all, space);
    if let Some(warning) = near.warning() {
        wo_cli::warn!("{warning}");
    }
    for prediction in all.extract_if(.., |it| near.contradicted.contains_key(&it.video_id)) {
        log.tally.contradict(&prediction);
        let what = near.contradicted.get(&prediction.video_id);
        log.fail(Failure {
            code: code::LABEL_CONFLICT.to_owned(),
            what: what.cloned().unwrap_or_default(),
            tool: env!("CARGO_PKG_NAME").to_owned(),
            path: prediction.path,
            video_id: Some(prediction.video_id),
        })?;
    }
    for prediction in &mut all {
        if let Some(group) = near.groups.get(&prediction.video_id) {
            prediction.group.clone_from(group);
        }
    }
    let mut written: Vec<&Prediction> = all.iter().collect();
    written.sort_by_key(|it| came.get(&it.video_id));
    for prediction in written {
        log.record(&Record::Prediction(prediction.record(space)))?;
    }
    Ok(all)
}
