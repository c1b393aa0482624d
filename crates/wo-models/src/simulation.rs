//! A thousand simulated weeks of models that are equal: how often one is promoted by mistake.
//!
//! Persons, sides, sets and looks are those of the tool; only training and judging are drawn. Each week brings persons and a
//! challenger that is as good as the champion. What it has right differs by person, by model and person, and by video. A
//! challenger that is promoted becomes the champion, with the luck that it had.

use std::collections::BTreeMap;

use wo_record::{GroupBy, Video};
use wo_settings::Settings;
use wo_stats::{Confidence, PairedCounts, paired_difference};

use crate::budget::Budget;
use crate::event::{Assigned, Begun, Event, Look, LookKind, Opened};
use crate::history::History;
use crate::side::Side;
use crate::split::{Place, Support, Videos, due_set, line_of, place};

const N_WEEKS: usize = 1000;
const N_FIRST_PERSONS: usize = 40;
const N_PERSONS_A_WEEK: usize = 6;
/// Older videos are deleted, as a small disk would have it; no set lasts so long.
const N_WEEKS_KEPT: usize = 24;
const LABELS: [&str; 2] = ["good_form", "bad_form"];

/// A number from 0 to 1 that is the same for the same texts.
fn chance(parts: &[&str]) -> f64 {
    let hash = blake3::hash(parts.join("/").as_bytes());
    let bytes = hash.as_bytes().first_chunk::<4>().unwrap();
    f64::from(u32::from_le_bytes(*bytes)) / f64::from(u32::MAX)
}

/// Whether a model is right about a video. All models are as good as each other.
fn is_right(model: &str, person: &str, video: &str) -> bool {
    let difficulty = 0.55 + 0.4 * chance(&["difficulty", person]);
    let liking = 0.3 * (chance(&["liking", model, person]) - 0.5);
    chance(&["video", model, video]) < difficulty + liking
}

#[derive(Default)]
struct Counts {
    n_looks: usize,
    n_refused_without_look: usize,
    /// Promotions by mistake, by set.
    mistakes: BTreeMap<u32, usize>,
    /// The same, if each look were taken at 95 %.
    at_95: BTreeMap<u32, usize>,
}

struct Simulation {
    settings: Settings,
    history: History,
    /// With the week in which they came.
    videos: Vec<(usize, Video)>,
    n_persons: usize,
    champion: String,
    counts: Counts,
}

impl Simulation {
    fn new(salt: &str) -> Self {
        let mut history = History::default();
        history.take(&Event::Begun(Begun {
            at: String::new(),
            salt: salt.to_owned(),
        }));
        Self {
            settings: Settings::default(),
            history,
            videos: Vec::new(),
            n_persons: 0,
            champion: format!("{salt} model 0"),
            counts: Counts::default(),
        }
    }

    fn week(&mut self, week: usize) {
        let n = if week == 1 {
            N_FIRST_PERSONS
        } else {
            N_PERSONS_A_WEEK
        };
        (0..n).for_each(|_| self.film(week));
        self.videos.retain(|(it, _)| week - it < N_WEEKS_KEPT);
        let mut all = Videos::new(GroupBy::Both);
        self.videos
            .iter()
            .for_each(|(_, it)| all.take(&line_of(it)));
        let places = place(&all, &self.history, &self.settings);
        self.history.take(&Event::Assigned(Assigned {
            at: String::new(),
            sides: places.new.clone(),
        }));
        if let Some(set) = due_set(&all, &places, &self.history, &self.settings) {
            self.history.take(&Event::Opened(Opened {
                at: String::new(),
                set,
            }));
        }
        let judged = Place::On(Side::HeldOut(self.history.set()));
        let videos = self.videos.iter().map(|(_, video)| video);
        let judged: Vec<Video> = videos
            .filter(|it| places.by_id[&it.video_id] == judged)
            .cloned()
            .collect();
        self.look(&format!("model {week}"), &judged);
    }

    /// A person does each exercise well and badly, two videos of each.
    fn film(&mut self, week: usize) {
        self.n_persons += 1;
        for (number, label) in LABELS.iter().cycle().take(4).enumerate() {
            let video = Video {
                video_id: format!("{}-{number}", self.n_persons),
                person_id: Some(self.n_persons.to_string()),
                exercise: Some("squat".into()),
                label: Some((*label).into()),
                ..Video::default()
            };
            self.videos.push((week, video));
        }
    }

    fn look(&mut self, challenger: &str, judged: &[Video]) {
        let budget = Budget::of(&self.settings.gate);
        let set = self.history.set();
        let mut all = Videos::new(GroupBy::Both);
        for it in judged {
            all.take(&line_of(it));
        }
        let support = Support::of(all.iter().map(|(_, video)| video));
        let is_short = support
            .shortage(None, self.settings.gate.min_groups)
            .is_some();
        if is_short || self.history.n_left(budget) == 0 {
            self.counts.n_refused_without_look += 1;
            return;
        }
        self.history.take(&Event::Looked(Look {
            at: String::new(),
            kind: LookKind::Comparison,
            set,
            challenger: challenger.to_owned(),
            champion: Some(self.champion.clone()),
            held_out: String::new(),
            alpha: budget.price(),
            of_alpha: Some(budget.alpha()),
            confidence: budget.confidence(),
        }));
        self.counts.n_looks += 1;
        if !self.is_better(challenger, judged, Confidence::NINETY_FIVE) {
            return;
        }
        *self.counts.at_95.entry(set).or_default() += 1;
        // A surer interval is wider.
        let paid = Confidence::new(budget.confidence()).unwrap();
        if self.is_better(challenger, judged, paid) {
            *self.counts.mistakes.entry(set).or_default() += 1;
            self.champion = challenger.to_owned();
        }
    }

    /// The condition `difference.balanced_accuracy.low>0`. `wo-eval` also resamples groups, and takes the wider of the two
    /// intervals: it promotes less often than this.
    fn is_better(&self, challenger: &str, judged: &[Video], confidence: Confidence) -> bool {
        let classes = LABELS.map(|label| {
            let mut groups: BTreeMap<&str, PairedCounts> = BTreeMap::new();
            for video in judged {
                if video.label.as_ref().is_some_and(|it| it.as_str() == label) {
                    let (person, id) = (video.person_id.as_deref().unwrap(), &video.video_id);
                    let [new, old] =
                        [challenger, &self.champion].map(|it| is_right(it, person, id));
                    let counts = groups.entry(person).or_default();
                    counts.samples += 1;
                    counts.only_first += u64::from(new && !old);
                    counts.only_second += u64::from(old && !new);
                }
            }
            groups.into_values().collect::<Vec<_>>()
        });
        // The lower end is above zero only where the difference is.
        let gain = |of_class: &Vec<PairedCounts>| -> f64 {
            let count = |of: fn(&PairedCounts) -> u64| of_class.iter().map(of).sum::<u64>() as f64;
            (count(|it| it.only_first) - count(|it| it.only_second)) / count(|it| it.samples)
        };
        if classes.iter().map(gain).sum::<f64>() <= 0.0 {
            return false;
        }
        let interval = paired_difference(&classes.each_ref().map(Vec::as_slice), confidence);
        interval.is_some_and(|it| it.low > 0.0)
    }
}

/// Of the sets of held-out groups, at most alpha have a promotion by mistake among all their looks.
#[test]
fn equal_models_are_promoted_by_mistake_in_at_most_alpha_of_the_sets() {
    let mut simulation = Simulation::new("salt");
    (1..=N_WEEKS).for_each(|week| simulation.week(week));
    let Counts {
        n_looks,
        n_refused_without_look,
        mistakes,
        at_95,
    } = &simulation.counts;
    let n_sets = simulation.history.set() as usize;
    let alpha = simulation.settings.gate.alpha;
    println!(
        "{N_WEEKS} weeks, {n_sets} sets of held-out groups, {n_looks} looks, {n_refused_without_look} weeks without one; a \
         promotion by mistake in {} sets, {} if each look were taken at 95 %",
        mistakes.len(),
        at_95.len()
    );
    assert!(*n_looks > N_WEEKS / 2 && n_sets > 50, "{n_looks} {n_sets}");
    assert!(
        mistakes.len() as f64 <= alpha * n_sets as f64,
        "{mistakes:?}"
    );
    assert!(at_95.len() > mistakes.len(), "looks cost something");
}
