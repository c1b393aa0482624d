//! What was forgotten and is here all the same.

use wo_cli::{count, verb};

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule, shown};
use crate::cli::config::CheckConfig;
use crate::forget::{is_unfinished, models_of_forgotten};

const UNFINISHED: Rule = Rule {
    code: "takedown_unfinished",
    action: "complete the takedown",
    weight: 10_000.0,
};
const RETURNED: Rule = Rule {
    code: "forgotten_video",
    action: "remove what was to be forgotten",
    weight: 5_000.0,
};
const MODEL: Rule = Rule {
    code: "model_of_forgotten",
    action: "set models aside",
    weight: 1_000.0,
};

pub(super) fn of(config: &CheckConfig, collection: &Collection) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    // `forget` leaves its note in its folder of data, and the ledger may lie elsewhere.
    let beside = config.places.ledger.parent();
    if is_unfinished(&config.data) || beside.is_some_and(is_unfinished) {
        let what = "a takedown was stopped before its end";
        found.push(
            UNFINISHED
                .mend(what)
                .hint("give the same command again: wo-collect forget TARGET"),
        );
    }
    let denied = &collection.provided.denied;
    let returned = collection
        .videos
        .iter()
        .filter(|it| denied.has_bytes(&it.id));
    let returned: Vec<&CheckedVideo> = returned.collect();
    if !returned.is_empty() {
        let what = format!(
            "{} {} forgotten on request and {} here again: {}",
            count(returned.len(), "video"),
            verb(returned.len(), "was", "were"),
            verb(returned.len(), "is", "are"),
            shown(&returned)
        );
        let hint = "forget them again: wo-collect forget VIDEO_ID; nobody may be trained or judged on them";
        found.push(RETURNED.mend(what).videos(&returned).hint(hint));
    }
    let models = models_of_forgotten(&config.models)?;
    if !models.is_empty() {
        let what = format!(
            "{} {} trained on videos that were forgotten since: {}",
            count(models.len(), "model"),
            verb(models.len(), "was", "were"),
            wo_cli::named(models.iter().map(|it| it.display()))
        );
        let hint =
            "set them aside: wo-collect forget --retire; then train a new one: scripts/retrain";
        found.push(MODEL.mend(what).paths(models).hint(hint));
    }
    Ok(found)
}
