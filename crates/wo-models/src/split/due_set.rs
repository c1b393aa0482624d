//! When models are judged on the next set of held-out groups.
//!
//! Not before the looks at this one are used up, and not before the next has groups enough to decide anything. Nobody has
//! looked at these groups, so that whatever was learnt from the set before, by models or by people, tells nothing of them.

use wo_settings::Settings;

use crate::budget::Budget;
use crate::history::History;
use crate::side::Side;
use crate::split::assign::{Place, Places};
use crate::split::support::Support;
use crate::split::videos::Videos;

/// The next set, where it is to be opened.
pub(crate) fn due_set(
    videos: &Videos,
    places: &Places,
    history: &History,
    settings: &Settings,
) -> Option<u32> {
    let set = history.set();
    if Budget::of(&settings.gate).n_left(history.spent(set)) > 0 {
        return None;
    }
    let on = |side: Side| {
        let is_on = |id: &String| places.by_id.get(id) == Some(&Place::On(side));
        let videos = videos.iter().filter(|(id, _)| is_on(id));
        Support::of(videos.map(|(_, video)| video))
    };
    let next = on(Side::HeldOut(set + 1));
    let trained = on(Side::Training);
    let least = settings.gate.min_groups;
    let is_ready = next.labels().count() > 1 && next.shortage(trained.labels(), least).is_none();
    is_ready.then_some(set + 1)
}
