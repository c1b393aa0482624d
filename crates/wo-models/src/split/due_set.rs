//! When models are judged on the next set of held-out groups.
//!
//! Not before the looks at this one are used up or it has too few groups left to judge by, and not before the next has groups
//! enough. Nobody has looked at these groups, so that whatever was learnt from the set before, by models or by people, tells
//! nothing of them.

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
    let on = |side: Side| {
        let is_on = |id: &String| places.by_id.get(id) == Some(&Place::On(side));
        let videos = videos.iter().filter(|(id, _)| is_on(id));
        Support::of(videos.map(|(_, video)| video))
    };
    let (this, next) = (on(Side::HeldOut(set)), on(Side::HeldOut(set + 1)));
    let least = settings.gate.min_groups;
    let is_used_up = history.n_left(Budget::of(&settings.gate)) == 0;
    if this.can_judge(None, least) && !is_used_up {
        return None;
    }
    // What this set shows often enough, the next shows as well: it is no easier.
    next.can_judge(this.shown_by(least), least)
        .then_some(set + 1)
}
