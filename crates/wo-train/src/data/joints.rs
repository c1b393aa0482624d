//! Joints of the training frames, for the pose loss. They follow the augmentation of their frames.

use wo_cli::{Exit, ensure};
use wo_clip::Split;
use wo_record::{Joint, Pose};

use crate::data::augment::Augmentation;
use crate::data::dataset::Dataset;

/// Coordinates per joint.
pub(crate) const COORDINATES: usize = 2;

/// The joints of a dataset, and their counterparts in mirror images.
#[derive(Debug)]
pub(crate) struct Joints {
    /// The index of each joint's counterpart on the other side of the body; its own for those in the middle.
    mirrored: Vec<usize>,
}

impl Joints {
    /// The joints in the poses of the training videos; `None` if the pose loss has no weight.
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

    /// The number of joints per pose.
    pub(crate) fn len(&self) -> usize {
        self.mirrored.len()
    }

    /// The joints of a frame after its augmentation: column and row, as fractions of the image.
    pub(crate) fn points(&self, pose: &Pose, augmentation: &Augmentation) -> Vec<f32> {
        let mut points = Vec::with_capacity(self.len() * COORDINATES);
        for (i, &counterpart) in self.mirrored.iter().enumerate() {
            let joint = if augmentation.is_flipped() {
                counterpart
            } else {
                i
            };
            let Joint { u, v, .. } = pose.joints[joint];
            let (u, v) = augmentation.point(u, v);
            points.extend([u as f32, v as f32]);
        }
        points
    }
}
