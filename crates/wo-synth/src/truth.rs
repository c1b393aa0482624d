//! A plan's video as the records and paths that others read.

use std::path::{Path, PathBuf};

use wo_record::{Name, Rep, Truth};

use crate::catalog::Fault;
use crate::plan::VideoSpec;
use crate::tempo::FRAME_RATE_HZ;

/// The name of a video without folder and ending. It says nothing about the label.
pub(crate) fn name(spec: &VideoSpec) -> String {
    format!("{}_{:06}", spec.exercise.name(), spec.number)
}

/// `<exercise>/good_form/<name>.mp4` or `<exercise>/bad_form/<fault>/<name>.mp4`, as `data/README.md` has it.
pub(crate) fn relative_path(spec: &VideoSpec) -> PathBuf {
    let mut folder = Path::new(spec.exercise.name()).join(spec.label());
    folder.extend(spec.fault().map(Fault::name));
    folder.join(format!("{}.mp4", name(spec)))
}

pub(crate) fn faults(spec: &VideoSpec) -> Vec<Name> {
    spec.fault()
        .map(|fault| fault.name().into())
        .into_iter()
        .collect()
}

pub(crate) fn duration_ms(spec: &VideoSpec) -> f64 {
    f64::from(spec.tempo.n_frames()) * 1000.0 / f64::from(FRAME_RATE_HZ)
}

/// What the video was drawn to show.
pub(crate) fn truth(spec: &VideoSpec) -> Truth {
    Truth {
        path: relative_path(spec).into(),
        exercise: spec.exercise.name().into(),
        label: spec.label().into(),
        faults: faults(spec),
        person_id: spec.person.id.clone(),
        scene_id: spec.scene.id.clone(),
        camera_id: spec.camera.id.clone(),
        angle: spec.camera.angle.name().into(),
        angle_deg: f64::from(spec.camera.azimuth_deg),
        n_reps: spec.tempo.n_reps(),
        reps: spec.tempo.rep_times_s().map(rep).collect(),
        duration_ms: duration_ms(spec),
        width_px: spec.width,
        height_px: spec.height,
        frame_rate_hz: f64::from(FRAME_RATE_HZ),
    }
}

fn rep(times_s: [f32; 3]) -> Rep {
    let [start_ms, far_ms, end_ms] = times_s.map(|s| (f64::from(s) * 1000.0).round());
    Rep {
        start_ms,
        far_ms,
        end_ms,
    }
}

/// One line of `groups.csv`. No field has a comma or a quote in it.
pub(crate) fn groups_line(spec: &VideoSpec) -> String {
    format!(
        "{},{},{},{}\n",
        relative_path(spec).display(),
        spec.person.id,
        spec.scene.id,
        spec.camera.angle.name()
    )
}

/// The first line of `groups.csv`.
pub(crate) const GROUPS_HEADER: &str = "path,person_id,source_id,angle\n";
