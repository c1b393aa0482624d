//! Where the joints of the training frames are, for the pose loss: read from poses, moved and mirrored with their frames.

use wo_cli::{Exit, ensure};
use wo_clip::Split;
use wo_record::{Joint, Pose};

use crate::data::augment::Augmentation;
use crate::data::dataset::Dataset;

/// Numbers of one joint in the picture.
pub(crate) const COORDINATES: usize = 2;

/// The joints of a data set, and what a mirror does to them.
#[derive(Debug)]
pub(crate) struct Joints {
    /// The place of each joint's counterpart on the other side of the body; its own for those in the middle.
    mirrored: Vec<usize>,
}

impl Joints {
    /// The joints of the training videos' poses; `None` where the weight of their loss is zero.
    pub(crate) fn of(dataset: &Dataset, weight: f64) -> anyhow::Result<Option<Self>> {
        if weight == 0.0 {
            return Ok(None);
        }
        let examples = dataset.of(Split::Train);
        let poses: Vec<&Pose> = examples.iter().flat_map(|example| &example.poses).collect();
        let names = |pose: &Pose| {
            pose.joints
                .iter()
                .map(|joint| joint.name.clone())
                .collect::<Vec<_>>()
        };
        let first = poses.first().map(|pose| names(pose)).unwrap_or_default();
        ensure!(
            !first.is_empty()
                && examples
                    .iter()
                    .all(|example| example.poses.len() == example.frames.len())
                && poses.iter().all(|pose| names(pose) == first),
            Exit::Integrity,
            "--pose-loss needs a pose with the same joints for every training frame";
            "wo-synth --stills writes them; leave --pose-loss out for other data"
        );
        let mirrored = first
            .iter()
            .enumerate()
            .map(|(i, name)| {
                let other = match name.as_str().split_once('_') {
                    Some(("left", part)) => format!("right_{part}"),
                    Some(("right", part)) => format!("left_{part}"),
                    _ => return i,
                };
                first
                    .iter()
                    .position(|name| name.as_str() == other)
                    .unwrap_or(i)
            })
            .collect();
        Ok(Some(Self { mirrored }))
    }

    /// How many joints a pose has.
    pub(crate) fn len(&self) -> usize {
        self.mirrored.len()
    }

    /// Where the joints of a frame are after its augmentation: column and row, in parts of the picture.
    pub(crate) fn places(&self, pose: &Pose, augmentation: &Augmentation) -> Vec<f32> {
        let mut places = Vec::with_capacity(self.len() * COORDINATES);
        for (i, &counterpart) in self.mirrored.iter().enumerate() {
            let joint = if augmentation.is_flipped() {
                counterpart
            } else {
                i
            };
            let Joint { u, v, .. } = pose.joints[joint];
            let (u, v) = augmentation.place(u, v);
            places.extend([u as f32, v as f32]);
        }
        places
    }
}
