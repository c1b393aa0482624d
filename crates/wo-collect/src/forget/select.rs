//! Which videos are forgotten, and the traces that they have left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wo_cli::{Exit, named};

use crate::cli::config::Places;
use crate::deny_list::random_id;
use crate::forget::known::{AllKnown, Known};
use crate::forget::places::Roots;
use crate::forget::target::Target;
use crate::forget::traces::Traces;
use crate::provenance::base_of;
use crate::spelling::normal;

/// Components of a path that say exercise, label and video.
const N_PLACE: usize = 3;

/// What was found of the targets.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) traces: Traces,
    /// Targets of which nothing is known.
    pub(crate) unmet: Vec<String>,
    /// Addresses that videos have which stay: they cannot be refused.
    pub(crate) shared: Vec<String>,
}

/// The videos that the targets mean.
pub(crate) fn select(
    targets: &[String],
    all: &AllKnown,
    places: &Places,
) -> anyhow::Result<Selected> {
    let files = Files::of(all, places);
    let mut chosen = vec![false; all.videos.len()];
    let mut traces = Traces {
        id: random_id()?,
        ..Traces::default()
    };
    let mut unmet = Vec::new();
    for text in targets {
        let target = Target::of(text);
        refuse_several(text, &target, all)?;
        let of_file = files.meant_by(text, &target, all)?;
        let mut is_met = false;
        for (place, (known, is_chosen)) in all.videos.iter().zip(&mut chosen).enumerate() {
            if is_meant(&target, known) || of_file.contains(&place) {
                (*is_chosen, is_met) = (true, true);
            }
        }
        if !is_met {
            unmet.push(text.clone());
        }
        match target {
            Target::Video(id) if Target::Video(id.clone()).is_whole() => {
                traces.videos.entry(id).or_default();
            }
            Target::Address(_) => {
                let address = text.strip_prefix("url:").unwrap_or(text).trim();
                traces.addresses.insert(address.to_owned());
            }
            _ => {}
        }
    }
    choose_rows(all, &mut chosen);
    traces.was_here = chosen.contains(&true);
    let shared = fill(&mut traces, all, &chosen, &places.videos);
    Ok(Selected {
        traces,
        unmet,
        shared,
    })
}

fn is_meant(target: &Target, known: &Known) -> bool {
    known.id.as_ref().is_some_and(|id| target.is_video(id))
        || known.keys.iter().any(|key| target.is_key(key))
        || known.addresses.iter().any(|it| target.is_address(it))
}

/// Where the files of each video are or were.
struct Files {
    roots: Roots,
    places: Vec<BTreeSet<PathBuf>>,
}

impl Files {
    fn of(all: &AllKnown, places: &Places) -> Self {
        let roots = Roots::of(places);
        let of_each = all.videos.iter().map(|it| roots.of_known(it));
        Self {
            places: of_each.collect(),
            roots,
        }
    }

    /// The videos whose file a target means: one at that place, else one whose path ends so.
    fn meant_by(
        &self,
        text: &str,
        target: &Target,
        all: &AllKnown,
    ) -> anyhow::Result<BTreeSet<usize>> {
        let Some(file) = target.file() else {
            return Ok(BTreeSet::new());
        };
        let meant = self.roots.meant_by(file);
        let places = self.places.iter().enumerate();
        let at_place = places.filter(|(_, places)| !places.is_disjoint(&meant));
        let at_place: BTreeSet<usize> = at_place.map(|(place, _)| place).collect();
        if !at_place.is_empty() {
            return Ok(at_place);
        }
        let videos = all.videos.iter().enumerate();
        let alike = videos.filter(|(_, it)| it.paths.iter().any(|path| target.is_path(path)));
        let alike: Vec<(usize, &Known)> = alike.collect();
        let ids: BTreeSet<&String> = alike.iter().filter_map(|(_, it)| it.id.as_ref()).collect();
        if ids.len() > 1 {
            let paths = alike.iter().filter_map(|(_, it)| it.paths.first());
            wo_cli::bail!(
                Exit::Usage,
                "{text} ends the paths of {} videos: {}", ids.len(), named(paths);
                "give the whole path of one of them"
            );
        }
        Ok(alike.into_iter().map(|(place, _)| place).collect())
    }
}

/// Refuses a target that may mean several things.
fn refuse_several(text: &str, target: &Target, all: &AllKnown) -> anyhow::Result<()> {
    let ids = all.videos.iter().filter_map(|it| it.id.as_ref());
    let ids: BTreeSet<&String> = ids.filter(|id| target.is_video(id)).collect();
    if ids.len() > 1 {
        wo_cli::bail!(
            Exit::Usage,
            "{text} begins the ids of {} videos: {}", ids.len(), named(ids);
            "give more digits of one of them"
        );
    }
    let keys = all.videos.iter().flat_map(|it| &it.keys);
    let keys: BTreeSet<&String> = keys.filter(|key| target.is_key(key)).collect();
    if keys.len() > 1 {
        wo_cli::bail!(
            Exit::Usage,
            "{text} is a person and a source";
            "say which: {}", named(keys.iter().map(|key| format!("'{key}'")))
        );
    }
    Ok(())
}

/// Chooses rows of the table of sources whose videos are all chosen, unless they name somebody else.
fn choose_rows(all: &AllKnown, chosen: &mut [bool]) {
    // Of each address: whether all its videos are chosen, and whom they show.
    let mut addresses: BTreeMap<&String, (bool, BTreeSet<&String>)> = BTreeMap::new();
    for (known, is_chosen) in all.videos.iter().zip(&*chosen) {
        for address in known.addresses.iter().filter(|_| known.id.is_some()) {
            let (all_chosen, keys) = addresses.entry(address).or_insert((true, BTreeSet::new()));
            *all_chosen &= *is_chosen;
            keys.extend(&known.keys);
        }
    }
    for (known, is_chosen) in all.videos.iter().zip(chosen) {
        let is_theirs = |address: &String| {
            let of_videos = addresses.get(address);
            of_videos.is_some_and(|(all_chosen, keys)| {
                *all_chosen && known.keys.iter().all(|key| keys.contains(key))
            })
        };
        *is_chosen |= known.id.is_none() && known.addresses.iter().any(is_theirs);
    }
}

/// Adds all that chosen videos have and others have not. Returns addresses that others have as well.
fn fill(traces: &mut Traces, all: &AllKnown, chosen: &[bool], videos: &Path) -> Vec<String> {
    let (theirs, others): (Vec<_>, Vec<_>) = all
        .videos
        .iter()
        .zip(chosen)
        .partition(|(_, is_chosen)| **is_chosen);
    let of = |of: fn(&Known) -> &BTreeSet<String>| -> (BTreeSet<String>, BTreeSet<String>) {
        let all =
            |side: &[(&Known, &bool)]| side.iter().flat_map(|(it, _)| of(it)).cloned().collect();
        (all(&theirs), all(&others))
    };
    let (keys, other_keys) = of(|it| &it.keys);
    let (names, _) = of(|it| &it.names);
    let (images, other_images) = of(|it| &it.images);
    traces
        .images
        .extend(images.difference(&other_images).cloned());
    let token = traces.token();
    for (number, key) in (1..).zip(keys.difference(&other_keys)) {
        let kind = key.split(':').next().unwrap_or_default();
        traces
            .keys
            .insert(key.clone(), format!("{kind}:{token}-{number}"));
    }
    let is_gone = |name: &&String| traces.has_person(name) || traces.has_source(name);
    traces.names = names.iter().filter(is_gone).cloned().collect();
    let ids = theirs.iter().filter_map(|(it, _)| it.id.clone());
    traces.videos.extend(ids.map(|id| (id, String::new())));
    for (number, place) in (1..).zip(traces.videos.values_mut()) {
        *place = format!("{token}-{number}");
    }
    add_paths(traces, &theirs, &others, videos);
    let (addresses, other_addresses) = of(|it| &it.addresses);
    let kept: BTreeSet<String> = other_addresses.iter().map(|it| normal(it)).collect();
    let (shared, own): (Vec<String>, Vec<String>) = addresses
        .into_iter()
        .partition(|it| kept.contains(&normal(it)));
    traces.addresses.retain(|it| !kept.contains(&normal(it)));
    traces.addresses.extend(own);
    let (parts, shared): (Vec<String>, Vec<String>) = shared
        .into_iter()
        .partition(|it| base_of(it) != it && !other_addresses.contains(it));
    traces.parts.extend(parts);
    // An address of a part says which part; what is refused is that.
    let is_said = |address: &String| traces.parts.iter().any(|it| base_of(it) == address);
    shared.into_iter().filter(|it| !is_said(it)).collect()
}

/// Adds paths that mean only chosen videos.
fn add_paths(
    traces: &mut Traces,
    theirs: &[(&Known, &bool)],
    others: &[(&Known, &bool)],
    videos: &Path,
) {
    let of_others: Vec<String> = others
        .iter()
        .flat_map(|(it, _)| paths_of(it, videos))
        .collect();
    let other_names: BTreeSet<&str> = of_others.iter().map(|it| file_name(it)).collect();
    let is_others = |path: &str| {
        let mut all = of_others.iter();
        all.any(|it| {
            it.strip_suffix(path)
                .is_some_and(|it| it.is_empty() || it.ends_with('/'))
        })
    };
    for (known, _) in theirs {
        traces.files.extend(known.files.iter().cloned());
        for path in paths_of(known, videos) {
            let parts: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
            let place = parts.iter().rev().take(N_PLACE).rev().copied();
            let place = place.collect::<Vec<_>>().join("/");
            for path in [path.as_str(), &place] {
                if path.contains('/') && !is_others(path) {
                    traces.paths.insert(path.to_owned());
                }
            }
            let name = file_name(&path);
            if name.contains('.') && !other_names.contains(name) {
                traces.file_names.insert(name.to_owned());
            }
        }
    }
}

/// All paths of a video: as they are written, and from the folder of videos.
fn paths_of(known: &Known, videos: &Path) -> BTreeSet<String> {
    let written = known
        .paths
        .iter()
        .map(|path| path.trim_start_matches("./").to_owned());
    let root = videos.canonicalize().unwrap_or_else(|_| videos.to_owned());
    let files = known.files.iter().filter_map(|file| {
        let below = file.strip_prefix(&root).unwrap_or(file);
        below.to_str().map(str::to_owned)
    });
    written.chain(files).filter(|it| !it.is_empty()).collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a target may be.
const FORMS: &str = "a target is a person or a source as the tables spell it, the id or the path of a video, or a url \
                     as sources.csv has it";

/// That nothing is known of some targets, with the nearest names.
pub(crate) fn say_unmet(unmet: &[String], all: &AllKnown) {
    let paths = all.videos.iter().flat_map(|it| &it.paths);
    let addresses = all.videos.iter().flat_map(|it| &it.addresses);
    let files = paths.chain(addresses).map(String::as_str);
    let files: BTreeSet<&str> = files.flat_map(|file| [file, file_name(file)]).collect();
    let names = all.names();
    for target in unmet {
        // Without what says which kind it is, and as the shell completes it.
        let kinds = ["person:", "source:", "video:", "url:"];
        let word = kinds.iter().find_map(|kind| target.strip_prefix(kind));
        let word = word.unwrap_or(target).trim_start_matches("./");
        let near = wo_label::nearest(word, names.iter().copied())
            .or_else(|| wo_label::nearest(word, files.iter().copied()))
            .or_else(|| wo_label::nearest(file_name(word), files.iter().copied()));
        match near {
            Some(near) => wo_cli::warn!(
                "nothing is known of {target}";
                "if you mean {near}, give that name";
                "{FORMS}"
            ),
            None => wo_cli::warn!("nothing is known of {target}"; "{FORMS}"),
        }
    }
}

#[cfg(test)]
mod tests;
