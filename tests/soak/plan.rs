//! What happens in which week.

/// The exercises of all weeks.
pub(crate) const EXERCISES: [&str; 2] = ["squat", "deadlift"];
/// Two of three faults of each exercise, which nobody knows in the first week: videos of them are filed as good form. Reviews
/// mend them later.
pub(crate) const UNKNOWN_FAULTS: [&str; 4] = [
    "shallow_depth",
    "chest_collapses",
    "hips_rise_first",
    "bar_drifts_away",
];
/// Each week draws from a seed of its own, so that its persons were never seen. models/tiny was trained on those of another.
const FIRST_SEED: u64 = 41_000;

/// Whose labels are mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Wrong labels of this exercise.
    Of(&'static str),
    /// All wrong labels of this week and earlier ones.
    Until(usize),
}

/// What happens to videos of earlier weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Wrongly filed videos are moved to the folder where they belong.
    MoveBack(Which),
    /// Wrong labels are mended by reviews of all frames.
    Review(Which),
    /// The first person of this week asks for a takedown.
    Forget { week: usize },
}

/// How the labels of a week go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Unknown faults count as good form.
    UnknownFaults,
    /// So many labels, spread over the week.
    Few(usize),
    /// Somebody takes the folders for each other: all labels are the other one.
    All,
}

/// One week.
#[derive(Debug, Clone)]
pub(crate) struct WeekPlan {
    /// New persons, each with a good and a bad video in two exercises; an even number.
    pub(crate) n_persons: usize,
    pub(crate) wrong: Wrong,
    /// What happens before the new videos come.
    pub(crate) before: Vec<Event>,
}

/// All weeks.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) weeks: Vec<WeekPlan>,
    /// The share of groups that is held out in the first week. So many that intervals are narrow; later weeks are trained on.
    pub(crate) first_share: f64,
    /// `gate.first` of `wo.toml`.
    pub(crate) first_gate: &'static str,
    pub(crate) min_groups: usize,
    /// The last model must be better than the first. With few videos that cannot be shown.
    pub(crate) must_improve: bool,
}

impl Plan {
    /// Eight weeks.
    pub(crate) fn full() -> Self {
        let usual = |before: Vec<Event>| week(8, Wrong::Few(1), before);
        let weeks = vec![
            week(56, Wrong::UnknownFaults, Vec::new()),
            usual(vec![Event::MoveBack(Which::Of("squat"))]),
            usual(vec![Event::Review(Which::Of("deadlift"))]),
            usual(vec![Event::Forget { week: 2 }]),
            week(20, Wrong::All, Vec::new()),
            usual(vec![Event::Review(Which::Until(5))]),
            usual(vec![Event::Review(Which::Until(6))]),
            usual(vec![Event::MoveBack(Which::Until(7))]),
        ];
        Self {
            weeks,
            first_share: 0.75,
            first_gate: "balanced_accuracy>=0.5",
            min_groups: 10,
            must_improve: true,
        }
    }

    /// Three weeks with few videos: shows that all steps work, and no more.
    pub(crate) fn short() -> Self {
        let weeks = vec![
            week(12, Wrong::UnknownFaults, Vec::new()),
            week(4, Wrong::Few(1), vec![Event::Review(Which::Until(1))]),
            week(4, Wrong::All, vec![Event::Forget { week: 2 }]),
        ];
        Self {
            weeks,
            first_share: 0.5,
            first_gate: "balanced_accuracy>=0.1",
            min_groups: 2,
            must_improve: false,
        }
    }

    /// The first week whose labels are all wrong.
    pub(crate) fn poisoned(&self) -> Option<usize> {
        let mut weeks = self.weeks.iter();
        Some(1 + weeks.position(|it| it.wrong == Wrong::All)?)
    }
}

fn week(n_persons: usize, wrong: Wrong, before: Vec<Event>) -> WeekPlan {
    WeekPlan {
        n_persons,
        wrong,
        before,
    }
}

/// The seed from which a week is drawn.
pub(crate) fn seed(week: usize) -> u64 {
    FIRST_SEED + week as u64
}
