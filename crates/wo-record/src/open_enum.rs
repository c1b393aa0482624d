//! Enums of words on the wire. A word that this version does not know passes through unchanged.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$of_variant])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }

            /// The word as a person would write it.
            pub fn words(&self) -> String {
                self.as_str().replace('_', " ")
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                word.to_owned().into()
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self {
                match it {
                    $name::Other(word) => word,
                    known => known.as_str().to_owned(),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_enum! {
    /// Who predicted.
    #[derive(Default)]
    Predictor {
        /// The model.
        #[default]
        Model = "model",
        /// Baseline: the most frequent label of the exercise in training.
        Majority = "majority",
        /// Baseline: a threshold on the length of the video.
        DurationOnly = "duration_only",
        /// A linear head on the model's features.
        LinearProbe = "linear_probe",
    }
}

open_enum! {
    /// What a shortcut probe sees of a video. None of it shows the form, but for the tempo.
    Probe {
        /// How long the video is.
        Duration = "duration",
        /// The time outside of repetitions.
        Padding = "padding",
        /// The time of one repetition: slow ones may be form.
        Tempo = "tempo",
        /// Which exercise it is.
        Exercise = "exercise",
        /// Codec, size, bit rate, frame rate and resolution of the file.
        Container = "container",
        /// Where the video came from.
        Source = "source",
        /// Sharpness, brightness and contrast.
        Quality = "quality",
        /// The image with the lifter painted over.
        Background = "background",
        /// The first frame.
        FirstFrame = "first_frame",
        /// The lifter in one still frame, before the first repetition.
        Appearance = "appearance",
        /// The worst of all probes.
        All = "all",
    }
}

open_enum! {
    /// What a shortcut probe comes to.
    AuditVerdict {
        /// No shortcut found, though one that matters would have been.
        Pass = "pass",
        /// No shortcut found, and the videos are too few to say that there is none; or the probe does better than the model.
        CannotTell = "cannot_tell",
        /// The probe is better than chance.
        Warn = "warn",
        /// The probe has most of the model's skill.
        Fail = "fail",
        /// The probe sees what may be form: no shortcut, however good it is.
        Information = "information",
    }
}

open_enum! {
    /// Why a video is a suspect.
    SuspectReason {
        /// The label is probably wrong.
        Label = "label",
        /// The model prefers another label, less surely than that.
        Doubt = "doubt",
        /// It looks like no other video of its exercise.
        Outlier = "outlier",
        /// Its frames are those of another video.
        ExactDuplicate = "exact_duplicate",
        /// Most of its frames look like those of another video.
        NearDuplicate = "near_duplicate",
    }
}

open_enum! {
    /// What became of a source of videos.
    SourceOutcome {
        /// It was fetched in this run.
        Fetched = "fetched",
        /// It has the bytes of a video that is there already, and was not kept.
        Duplicate = "duplicate",
        /// An earlier run fetched it, or found it to be a duplicate.
        Known = "known",
        /// An earlier run fetched it, and somebody deleted or moved its file.
        Deleted = "deleted",
        /// It could not be fetched, and is tried again later.
        Failed = "failed",
        /// The site says that it is no longer there.
        Gone = "gone",
        /// It failed before or its host is busy, and it is not time to try again.
        Waiting = "waiting",
        /// It was forgotten, or its row cannot be used.
        Refused = "refused",
        /// It would be fetched.
        Planned = "planned",
    }
}

open_enum! {
    /// Why a video gets no label.
    AbstainReason {
        /// The probability of the label is not above the threshold.
        LowConfidence = "low_confidence",
        /// The model has no threshold to be held to.
        NoThreshold = "no_threshold",
        /// The lifter leaves the image.
        PersonCutOff = "person_cut_off",
        /// The prediction itself is `unclear`.
        SaysUnclear = "says_unclear",
        /// The median sharpness is below that of nearly all training videos.
        TooBlurry = "too_blurry",
        /// The median brightness is below that of nearly all training videos.
        TooDark = "too_dark",
        /// The probability of the exercise is below that of nearly all validation videos.
        UnknownExercise = "unknown_exercise",
    }
}
