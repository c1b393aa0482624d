//! The exercises and the faults that are drawn of each.

/// An exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the names of the exercises")]
pub enum Exercise {
    Squat,
    Deadlift,
    BenchPress,
    BarbellRow,
    OverheadPress,
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Squat: the knees come together.
    KneesCave,
    /// Squat: the trunk folds over the thighs.
    ChestCollapses,
    /// Squat: the thighs stop well above parallel.
    ShallowDepth,
    /// Deadlift and row: the spine is flexed.
    RoundedBack,
    /// Deadlift: the legs are straight while the trunk is still down.
    HipsRiseFirst,
    /// Deadlift: the bar is far in front of the legs.
    BarDriftsAway,
    /// Bench press: the upper arms stand square to the trunk.
    ElbowsFlared,
    /// Bench press: the hips leave the bench.
    HipsLift,
    /// Bench press: one hand is higher.
    UnevenBar,
    /// Row: the trunk is nearly upright.
    TooUpright,
    /// Row: the bar stays far from the trunk.
    ShortPull,
    /// Overhead press: the lower back is bent backwards.
    BackArches,
    /// Overhead press: the bar is in front of the feet.
    BarDriftsForward,
    /// Overhead press: the elbows stay bent.
    PartialLockout,
}

impl Exercise {
    /// All exercises.
    pub const ALL: [Self; 5] = [
        Self::Squat,
        Self::Deadlift,
        Self::BenchPress,
        Self::BarbellRow,
        Self::OverheadPress,
    ];

    /// The name in paths and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Squat => "squat",
            Self::Deadlift => "deadlift",
            Self::BenchPress => "bench_press",
            Self::BarbellRow => "barbell_row",
            Self::OverheadPress => "overhead_press",
        }
    }

    /// The exercise of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|exercise| exercise.name() == name)
    }

    /// The faults that are drawn of it.
    pub fn faults(self) -> [Fault; 3] {
        match self {
            Self::Squat => [Fault::KneesCave, Fault::ChestCollapses, Fault::ShallowDepth],
            Self::Deadlift => [
                Fault::RoundedBack,
                Fault::HipsRiseFirst,
                Fault::BarDriftsAway,
            ],
            Self::BenchPress => [Fault::ElbowsFlared, Fault::HipsLift, Fault::UnevenBar],
            Self::BarbellRow => [Fault::RoundedBack, Fault::TooUpright, Fault::ShortPull],
            Self::OverheadPress => [
                Fault::BackArches,
                Fault::BarDriftsForward,
                Fault::PartialLockout,
            ],
        }
    }
}

impl Fault {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::KneesCave => "knees_cave",
            Self::ChestCollapses => "chest_collapses",
            Self::ShallowDepth => "shallow_depth",
            Self::RoundedBack => "rounded_back",
            Self::HipsRiseFirst => "hips_rise_first",
            Self::BarDriftsAway => "bar_drifts_away",
            Self::ElbowsFlared => "elbows_flared",
            Self::HipsLift => "hips_lift",
            Self::UnevenBar => "uneven_bar",
            Self::TooUpright => "too_upright",
            Self::ShortPull => "short_pull",
            Self::BackArches => "back_arches",
            Self::BarDriftsForward => "bar_drifts_forward",
            Self::PartialLockout => "partial_lockout",
        }
    }
}
