//! How many independent groups the videos of a class come from.

use wo_record::Name;
use wo_stats::{are_too_few, effective_groups_by_class};

use crate::judge::label_space::LabelSpace;
use crate::judge::prediction::Prediction;
use crate::score::gate_metric::NamedMetric;
use crate::score::key::{MetricName, Task};

/// A class, and how many groups of one size say as much as those of its videos.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IndependentGroups {
    pub(crate) class: Name,
    pub(crate) n_effective: f64,
}

impl IndependentGroups {
    /// Of the class with the fewest among those that a metric rests on. `None` if no video has one.
    pub(crate) fn fewest_of(
        metric: &NamedMetric,
        videos: &[Prediction],
        space: &LabelSpace,
    ) -> Option<Self> {
        let (task, name) = metric.name.of_task()?;
        // A recall rests on one class; a precision also on those that are taken for it.
        let recalled = metric.class.as_ref().filter(|_| name == MetricName::Recall);
        let classes = Self::of_classes(task, videos, space).into_iter();
        classes
            .filter(|it| recalled.is_none_or(|class| *class == it.class))
            .min_by(|a, b| a.n_effective.total_cmp(&b.n_effective))
    }

    /// Of each label, or of each exercise, that the videos show.
    pub(crate) fn of_classes(task: Task, videos: &[Prediction], space: &LabelSpace) -> Vec<Self> {
        let (names, class): (_, fn(&Prediction) -> Option<usize>) = match task {
            Task::Exercise => (&space.exercises, Prediction::true_exercise),
            _ => (&space.labels, Prediction::truth),
        };
        let classes = videos.iter().filter_map(|it| Some((&it.group, class(it)?)));
        let of_class = |(class, n_effective): (usize, f64)| {
            let class = names.get(class)?.clone();
            Some(Self { class, n_effective })
        };
        let by_class = effective_groups_by_class(classes);
        by_class.into_iter().filter_map(of_class).collect()
    }

    /// Whether they are too few to say which of two models is better: a handful of people, of whom one may decide.
    pub(crate) fn are_too_few(&self) -> bool {
        are_too_few(self.n_effective)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{classes, squat};

    fn fewest(metric: &str, videos: &[Prediction]) -> (String, f64) {
        let space = LabelSpace::new(&classes());
        let metric: NamedMetric = metric.parse().expect(metric);
        let fewest = IndependentGroups::fewest_of(&metric, videos, &space).expect("videos");
        (fewest.class.to_string(), fewest.n_effective)
    }

    #[test]
    fn the_scarcer_class_counts() {
        // Twelve persons, each with a good video, four of them with a bad one.
        let good = (0..12).map(|person| squat(person, 1, 1, 1.0));
        let bad = (0..4).map(|person| squat(person, 0, 0, 1.0));
        let mut videos: Vec<Prediction> = good.chain(bad).collect();
        assert_eq!(
            fewest("balanced_accuracy", &videos),
            ("bad_form".to_owned(), 4.0)
        );
        assert_eq!(
            fewest("recall.good_form", &videos),
            ("good_form".to_owned(), 12.0)
        );
        assert_eq!(fewest("exercise_accuracy", &videos).0, "squat");
        // One of them films most: he alone decides.
        videos.extend((0..18).map(|_| squat(0, 0, 0, 1.0)));
        let (class, n_effective) = fewest("difference.accuracy.low", &videos);
        assert!(class == "bad_form" && n_effective < 1.4, "{n_effective}");
    }
}
