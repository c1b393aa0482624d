//! What is said about sides: how many videos are on each, and which are on none.

use std::collections::BTreeSet;

use wo_cli::{Message, count, message, named, verb};
use wo_record::{Group, Name, components};

use crate::side::Side;
use crate::split::assign::{Place, Places};
use crate::split::support::Support;
use crate::split::videos::{SplitVideo, Videos};

/// How a persons' table is written.
const CURE: &str = "write groups.csv beside the videos, with a first line path,person_id,source_id and a line for each video";

/// How many videos and groups are on each side.
pub(crate) fn summary(videos: &Videos, places: &Places, set: u32) -> String {
    let on = |wanted: fn(u32, u32) -> bool| {
        let is_wanted = |side| matches!(side, Side::HeldOut(it) if wanted(it, set));
        on_side(videos, places, &is_wanted)
    };
    let training = on_side(videos, places, &|side| side == Side::Training);
    let mut parts = vec![
        format!("trained on: {}", size(&training)),
        format!("held out, set {set}: {}", size(&on(|it, set| it == set))),
    ];
    for (videos, what) in [
        (on(|it, set| it > set), "held out for the next set"),
        (on(|it, set| it < set), "held out in earlier sets"),
    ] {
        if !videos.is_empty() {
            parts.push(format!("{what}: {}", size(&videos)));
        }
    }
    parts.join("; ") + &new_ones(places)
}

/// What a person should mend.
pub(crate) fn warnings(videos: &Videos, places: &Places, set: u32) -> Vec<Message> {
    let trained = Support::of(on_side(videos, places, &|side| side == Side::Training));
    let judged = Support::of(on_side(videos, places, &|side| side == Side::HeldOut(set)));
    let shown: BTreeSet<&Name> = judged.labels().collect();
    let missing = trained.labels().filter(|label| !shown.contains(label));
    let missing = missing.map(|label| {
        message!(
            "no held-out video shows {label}, so no model can be judged on it";
            "film {label} of more persons, or in more places"
        )
    });
    let known = [mixed(videos, places), alone(videos)].into_iter().flatten();
    known.chain(missing).collect()
}

/// The videos on sides that are wanted.
fn on_side<'a>(
    videos: &'a Videos,
    places: &Places,
    is_wanted: &dyn Fn(Side) -> bool,
) -> Vec<&'a SplitVideo> {
    let is_on =
        |id: &String| matches!(places.by_id.get(id), Some(Place::On(side)) if is_wanted(*side));
    let videos = videos.iter().filter(|(id, _)| is_on(id));
    videos.map(|(_, video)| video).collect()
}

fn size(videos: &[&SplitVideo]) -> String {
    let keys: Vec<Vec<Group>> = videos.iter().map(|it| it.keys.clone()).collect();
    let groups: BTreeSet<Group> = components(&keys).into_iter().collect();
    let (n_videos, n_groups) = (count(videos.len(), "video"), count(groups.len(), "group"));
    format!("{n_videos} of {n_groups}")
}

fn new_ones(places: &Places) -> String {
    let (mut n_training, mut n_held_out) = (0, 0);
    for (side, n) in &places.n_new {
        match side {
            Side::Training => n_training += n,
            Side::HeldOut(_) => n_held_out += n,
        }
    }
    if n_training + n_held_out == 0 {
        return String::new();
    }
    let n = n_training + n_held_out;
    format!(
        "; of {}, {n_held_out} are held out from now on",
        count(n, "new group")
    )
}

/// Videos on no side, each with what joins the sides in it.
fn mixed(videos: &Videos, places: &Places) -> Option<Message> {
    let sides_of = |id: &String| match places.by_id.get(id) {
        Some(Place::Mixed(sides)) => Some(sides),
        _ => None,
    };
    let mixed: Vec<String> = videos
        .iter()
        .filter_map(|(id, video)| {
            let sides = sides_of(id)?
                .iter()
                .map(|(key, side)| format!("{} {side}", in_words(key)));
            Some(format!(
                "{} ({})",
                video.name,
                sides.collect::<Vec<_>>().join(", ")
            ))
        })
        .collect();
    let n = mixed.len();
    (n > 0).then(|| {
        message!(
            "{} {} trained and held-out groups, and {} on neither side: {}",
            count(n, "video"),
            verb(n, "joins", "join"),
            verb(n, "is", "are"),
            named(mixed);
            "correct groups.csv where a person or a source is wrong; else film held-out persons and those who are trained on in \
             different places"
        )
    })
}

fn in_words(key: &Group) -> String {
    match key.as_str().split_once(':') {
        Some(("video", _)) => "the video itself".to_owned(),
        Some((kind, id)) => format!("{kind} {id}"),
        None => key.to_string(),
    }
}

fn alone(videos: &Videos) -> Option<Message> {
    let alone = videos.iter().filter(|(_, video)| video.is_alone());
    let names: Vec<&str> = alone.map(|(_, video)| video.name.as_str()).collect();
    let n = names.len();
    (n > 0).then(|| {
        message!(
            "{} {} neither person nor source and {}: metrics are too good where one person is in several of them: {}",
            count(n, "video"),
            verb(n, "has", "have"),
            verb(n, "counts as a group of its own", "count as groups of their own"),
            named(names);
            "{CURE}"
        )
    })
}
