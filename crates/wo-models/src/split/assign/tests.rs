use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wo_record::{GroupBy, Video};

use super::*;
use crate::event::{Assigned, Begun, Event, Look, LookKind};
use crate::split::videos::tests::line_of;

/// Three of ten groups are held out.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.held_out.share = 0.3;
    settings
}

/// A ledger, and all videos so far.
struct World {
    history: History,
    videos: Vec<Video>,
    group_by: GroupBy,
}

impl World {
    fn new(salt: &str) -> Self {
        let mut history = History::default();
        history.take(&Event::Begun(Begun {
            at: String::new(),
            salt: salt.to_owned(),
        }));
        Self {
            history,
            videos: Vec::new(),
            group_by: GroupBy::Both,
        }
    }

    fn add(&mut self, video_id: &str, person: &str, source: &str, label: &str) {
        let some = |id: &str| (!id.is_empty()).then(|| id.to_owned());
        self.videos.push(Video {
            video_id: video_id.to_owned(),
            person_id: some(person),
            source_id: some(source),
            exercise: Some("squat".into()),
            label: Some(label.into()),
            ..Video::default()
        });
    }

    fn all(&self) -> Videos {
        let mut all = Videos::new(self.group_by);
        self.videos.iter().for_each(|it| all.take(&line_of(it)));
        all
    }

    /// What a call of the filter does.
    fn place(&mut self) -> Places {
        let places = place(&self.all(), &self.history, &settings());
        if !places.new.is_empty() {
            self.history.take(&Event::Assigned(Assigned {
                at: String::new(),
                sides: places.new.clone(),
            }));
        }
        places
    }

    /// Puts a person or a source on a side.
    fn put(&mut self, key: &str, side: Side) {
        let key = KeyHash::of(&Group::of_text(key), &self.history.salt);
        self.history.take(&Event::Assigned(Assigned {
            at: String::new(),
            sides: BTreeMap::from([(key, side)]),
        }));
    }

    fn compare(&mut self) {
        self.history.take(&Event::Looked(Look {
            at: String::new(),
            kind: LookKind::Comparison,
            set: self.history.set(),
            challenger: String::new(),
            champion: None,
            held_out: String::new(),
            of_alpha: None,
            alpha: 0.0,
            confidence: 0.95,
        }));
    }
}

fn is_held_out(place: &Place) -> bool {
    matches!(place, Place::On(Side::HeldOut(_)))
}

fn is_mixed(place: &Place) -> bool {
    matches!(place, Place::Mixed(_))
}

#[test]
fn the_share_holds_in_each_label_however_the_data_grows() {
    for (salt, n_a_week) in [("a", 1), ("b", 3), ("c", 200), ("d", 1), ("e", 17)] {
        let mut world = World::new(salt);
        let mut number = 0;
        for _ in 0..200_usize.div_ceil(n_a_week) {
            for _ in 0..n_a_week {
                number += 1;
                let (id, person) = (format!("v{number}"), format!("p{number}"));
                // Three of four persons show one label, the others both; bad form is rare.
                let label = if number % 4 == 1 {
                    "bad_form"
                } else {
                    "good_form"
                };
                world.add(&id, &person, "", label);
                if number % 4 == 3 {
                    world.add(&format!("{id}b"), &person, "", "bad_form");
                }
            }
            world.place();
        }
        let places = world.place();
        for label in ["good_form", "bad_form"] {
            let of_label = world.videos.iter();
            let of_label = of_label.filter(|it| it.label.as_ref().unwrap().as_str() == label);
            let held_out: Vec<bool> = of_label
                .map(|it| is_held_out(&places.by_id[&it.video_id]))
                .collect();
            let n = held_out.iter().filter(|it| **it).count();
            let share = n as f64 / held_out.len() as f64;
            assert!((share - 0.3).abs() < 0.06, "{salt} {label}: {share}");
        }
    }
}

#[test]
fn nobody_knows_beforehand_who_is_held_out() {
    let held_out = |salt: &str| -> Vec<bool> {
        let mut world = World::new(salt);
        (0..40).for_each(|it| world.add(&format!("v{it:02}"), &format!("p{it}"), "", "good_form"));
        world.place().by_id.values().map(is_held_out).collect()
    };
    let worlds: Vec<Vec<bool>> = (0..200).map(|it| held_out(&it.to_string())).collect();
    for person in 0..40 {
        let n = worlds.iter().filter(|it| it[person]).count();
        assert!((30..90).contains(&n), "person {person}: {n} of 200");
    }
}

#[test]
fn the_first_persons_of_a_label_are_trained_on() {
    let mut world = World::new("salt");
    for (id, person) in [("a", "anna"), ("b", "ben")] {
        world.add(id, person, "", "good_form");
        let places = world.place();
        assert_eq!(places.by_id[id], Place::On(Side::Training));
    }
    // A new label of a new person as well, however many the other label has.
    (0..30).for_each(|it| world.add(&format!("v{it}"), &format!("p{it}"), "", "good_form"));
    world.place();
    world.add("c", "clara", "", "bad_form");
    assert_eq!(world.place().by_id["c"], Place::On(Side::Training));
}

#[test]
fn a_second_call_assigns_nothing() {
    let mut world = World::new("salt");
    (0..30).for_each(|it| world.add(&format!("v{it}"), &format!("p{it}"), "", "good_form"));
    let first = world.place();
    assert_eq!(first.n_new.values().sum::<usize>(), 30);
    let second = world.place();
    assert_eq!(second.by_id, first.by_id);
    assert!(second.new.is_empty() && second.n_new.is_empty());
}

#[test]
fn a_video_of_two_sides_is_on_none_and_moves_nobody() {
    let mut world = World::new("salt");
    world.put("person:anna", Side::Training);
    world.put("person:ben", Side::HeldOut(1));
    world.put("source:gym", Side::HeldOut(1));
    world.add("a", "anna", "", "good_form");
    world.add("b", "ben", "gym", "good_form");
    world.add("both", "anna", "gym", "good_form");
    let places = world.place();
    assert_eq!(places.by_id["a"], Place::On(Side::Training));
    assert_eq!(places.by_id["b"], Place::On(Side::HeldOut(1)));
    assert!(is_mixed(&places.by_id["both"]));
    // By person it is one of Anna.
    world.group_by = GroupBy::Person;
    assert_eq!(world.place().by_id["both"], Place::On(Side::Training));
}

#[test]
fn who_joins_a_group_is_on_its_side() {
    let mut world = World::new("salt");
    world.put("person:anna", Side::Training);
    world.put("person:ben", Side::HeldOut(1));
    world.add("a", "anna", "gym a", "good_form");
    world.add("b", "ben", "gym b", "good_form");
    world.add("c", "clara", "gym b", "good_form");
    world.add("d", "clara", "gym c", "good_form");
    let places = world.place();
    assert_eq!(places.by_id["a"], Place::On(Side::Training));
    for id in ["b", "c", "d"] {
        assert_eq!(places.by_id[id], Place::On(Side::HeldOut(1)), "{id}");
    }
    // What joined later stays, also without the videos that joined it.
    world.videos.retain(|it| it.video_id == "d");
    assert_eq!(world.place().by_id["d"], Place::On(Side::HeldOut(1)));
}

#[test]
fn two_sides_may_meet_in_a_new_gym() {
    let mut world = World::new("salt");
    world.put("person:anna", Side::Training);
    world.put("person:ben", Side::HeldOut(1));
    world.add("a", "anna", "new gym", "good_form");
    world.add("b", "ben", "new gym", "good_form");
    world.add("c", "clara", "new gym", "good_form");
    let places = world.place();
    assert_eq!(places.by_id["a"], Place::On(Side::Training));
    assert!(is_mixed(&places.by_id["b"]));
    assert_eq!(places.by_id["c"], Place::On(Side::Training));
    assert_eq!(world.place().by_id, places.by_id);
}

#[test]
fn a_video_that_was_trained_on_is_never_held_out_when_its_person_is_known() {
    let mut world = World::new("salt");
    world.put("video:a", Side::Training);
    world.put("person:ben", Side::HeldOut(1));
    world.add("a", "ben", "", "good_form");
    assert!(is_mixed(&world.place().by_id["a"]));
    // Nor is a held-out one trained on.
    world.put("video:b", Side::HeldOut(1));
    world.put("person:anna", Side::Training);
    world.add("b", "anna", "", "good_form");
    assert!(is_mixed(&world.place().by_id["b"]));
}

#[test]
fn after_a_comparison_new_held_out_groups_wait_for_the_next_set() {
    let mut world = World::new("salt");
    (0..40).for_each(|it| world.add(&format!("v{it}"), &format!("p{it}"), "", "good_form"));
    world.place();
    world.compare();
    (40..80).for_each(|it| world.add(&format!("v{it}"), &format!("p{it}"), "", "good_form"));
    // A new video of a held-out person is in the set of that person.
    let known = world.all();
    let places = place(&known, &world.history, &settings());
    let of_set = |wanted: u32| {
        let on = |it: &&Place| **it == Place::On(Side::HeldOut(wanted));
        places.by_id.values().filter(on).count()
    };
    assert!((8..=16).contains(&of_set(1)) && (8..=16).contains(&of_set(2)));
    let old = |number: usize| places.by_id[&format!("v{number}")].clone();
    assert!((0..40).all(|it| old(it) != Place::On(Side::HeldOut(2))));
    assert!((40..80).all(|it| old(it) != Place::On(Side::HeldOut(1))));
}

/// Whatever joins whatever, week after week: a key keeps its side, and what is trained on shares no key with what is held out.
#[test]
fn no_key_ever_changes_sides() {
    for seed in 0..60 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut world = World::new(&seed.to_string());
        let mut sides: BTreeMap<String, Side> = BTreeMap::new();
        for week in 0..12 {
            grow(&mut world, week, &mut random);
            let places = world.place();
            let mut trained = BTreeSet::new();
            let mut held_out = BTreeSet::new();
            for (id, video) in world.all().iter() {
                match &places.by_id[id] {
                    Place::On(Side::Training) => trained.extend(video.keys.clone()),
                    Place::On(Side::HeldOut(_)) => held_out.extend(video.keys.clone()),
                    Place::Mixed(_) => {}
                }
                for key in &video.keys {
                    let hash = KeyHash::of(key, &world.history.salt);
                    if let Some(side) = world.history.side(&hash) {
                        let before = *sides.entry(key.to_string()).or_insert(side);
                        assert_eq!(before, side, "{key}, seed {seed}");
                    }
                }
            }
            assert!(trained.is_disjoint(&held_out), "seed {seed}, week {week}");
            assert_eq!(
                world.place().by_id,
                places.by_id,
                "seed {seed}, week {week}"
            );
            if week % 4 == 3 {
                world.compare();
            }
        }
    }
}

/// New videos of old and new persons in old and new gyms; some without either, some whose person is named later.
fn grow(world: &mut World, week: usize, random: &mut impl Rng) {
    for number in 0..random.random_range(1..8) {
        let person = match random.random_range(0..10) {
            0 => String::new(),
            _ => format!("p{}", random.random_range(0..6 + 3 * week)),
        };
        let source = match random.random_range(0..3) {
            0 => format!("g{}", random.random_range(0..4 + week)),
            _ => String::new(),
        };
        let label = ["good_form", "bad_form", "unclear"][random.random_range(0..3)];
        world.add(&format!("v{week}-{number}"), &person, &source, label);
    }
    if let Some(video) = world.videos.iter_mut().find(|it| it.person_id.is_none()) {
        video.person_id = Some(format!("p{}", random.random_range(0..6 + 3 * week)));
    }
    let n = world.videos.len();
    if week % 3 == 2 {
        world.videos.remove(random.random_range(0..n));
    }
}
