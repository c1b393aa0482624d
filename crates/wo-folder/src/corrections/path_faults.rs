//! The faults that the path of a video names, looked for once a video instead of once a frame.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wo_label::{Captions, faults_in_path};
use wo_record::Name;

/// The faults of the last video, which are those of the next frame nearly always.
#[derive(Debug, Default)]
pub(super) struct PathFaults(Mutex<Option<Found>>);

#[derive(Debug)]
struct Found {
    path: PathBuf,
    exercise: Name,
    label: Name,
    faults: Vec<Name>,
}

impl PathFaults {
    /// The faults of `exercise` that a path names below the folder of its label.
    pub(super) fn of(
        &self,
        path: &Path,
        exercise: &Name,
        label: &Name,
        captions: &Captions,
    ) -> Vec<Name> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last
            && last.path.as_os_str() == path.as_os_str()
            && (&last.exercise, &last.label) == (exercise, label)
        {
            return last.faults.clone();
        }
        let faults = faults_in_path(path, label, &captions.faults_of(exercise));
        *last = Some(Found {
            path: path.to_owned(),
            exercise: exercise.clone(),
            label: label.clone(),
            faults: faults.clone(),
        });
        faults
    }
}
