//! Joints as targets: a help in pre-training, where drawn frames say where each joint is.
//!
//! A label says one word about a frame; its joints say a hundred numbers. A tower that must tell them sees form sooner.

use anyhow::ensure;
use wo_clip::Split;
use wo_record::{Joint, Pose};

use crate::augment::Augmentation;
use crate::data::Dataset;

/// Numbers of one joint: two in the picture, three in space.
const COORDINATES: usize = 5;

/// What brings each coordinate to mean zero and deviation one, and what a mirror does to the joints.
#[derive(Debug)]
pub(crate) struct PoseScale {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// The place of each joint's counterpart on the other side of the body; its own for those in the middle.
    mirrored: Vec<usize>,
}

impl PoseScale {
    /// The scale of the training videos' poses; `None` where the weight of their loss is zero.
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
            "--pose-loss needs a pose with the same joints for every training frame\n\
             hint: wo-synth --stills writes them; leave --pose-loss out for other data"
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
        let rows: Vec<Vec<f64>> = poses
            .iter()
            .map(|pose| {
                pose.joints
                    .iter()
                    .flat_map(|j| [j.u, j.v, j.x_m, j.y_m, j.z_m])
                    .collect()
            })
            .collect();
        let n = rows.len() as f64;
        let columns = 0..first.len() * COORDINATES;
        let mean: Vec<f64> = columns
            .clone()
            .map(|c| rows.iter().map(|row| row[c]).sum::<f64>() / n)
            .collect();
        let deviation = columns
            .map(|c| {
                (rows
                    .iter()
                    .map(|row| (row[c] - mean[c]).powi(2))
                    .sum::<f64>()
                    / n)
                    .sqrt()
                    .max(1e-3)
            })
            .collect();
        Ok(Some(Self {
            mean,
            deviation,
            mirrored,
        }))
    }

    /// How many numbers a target has.
    pub(crate) fn n_coordinates(&self) -> usize {
        self.mean.len()
    }

    /// The target of a frame after its augmentation.
    pub(crate) fn target(&self, pose: &Pose, augmentation: &Augmentation) -> Vec<f32> {
        let mut target = Vec::with_capacity(self.n_coordinates());
        for (i, &counterpart) in self.mirrored.iter().enumerate() {
            let flipped = augmentation.is_flipped();
            let Joint {
                u,
                v,
                x_m,
                y_m,
                z_m,
                ..
            } = pose.joints[if flipped { counterpart } else { i }];
            let (u, v) = augmentation.place(u, v);
            let side = if flipped { -1.0 } else { 1.0 };
            for (k, value) in [u, v, side * x_m, y_m, z_m].into_iter().enumerate() {
                let c = i * COORDINATES + k;
                target.push(((value - self.mean[c]) / self.deviation[c]) as f32);
            }
        }
        target
    }
}
