//! Where videos came from, and who allowed them.

use wo_cli::{count, verb};

use crate::check::collection::{CheckedVideo, Collection};
use crate::check::found::{Found, Rule, shown};

const CONSENT: Rule = Rule {
    code: "no_consent",
    action: "ask for consent",
    weight: 60.0,
};
const LICENCE: Rule = Rule {
    code: "no_licence",
    action: "write down licences",
    weight: 12.0,
};
const PROVENANCE: Rule = Rule {
    code: "no_provenance",
    action: "write down where videos came from",
    weight: 10.0,
};

pub(super) fn of(collection: &Collection) -> Vec<Found> {
    let of_kind = |is_it: &dyn Fn(&CheckedVideo) -> bool| -> Vec<&CheckedVideo> {
        collection.videos.iter().filter(|it| is_it(it)).collect()
    };
    let said = |video: &CheckedVideo, filmed: bool| {
        let provenance = video.provenance.as_ref();
        provenance.filter(|it| it.is_filmed == filmed).cloned()
    };
    let mut found = Vec::new();
    let without_consent = of_kind(&|it| said(it, true).is_some_and(|it| it.consent.is_none()));
    if !without_consent.is_empty() {
        let what = format!(
            "{} {} filmed for this collection, and nothing says that the people in {} agreed: {}",
            count(without_consent.len(), "video"),
            verb(without_consent.len(), "was", "were"),
            verb(without_consent.len(), "it", "them"),
            shown(&without_consent)
        );
        let hint = "ask them, and write when and how they agreed into the column consent of sources.csv; else: wo-collect forget PERSON --why 'no consent'";
        found.push(CONSENT.mend(what).videos(&without_consent).hint(hint));
    }
    let without_licence = of_kind(&|it| said(it, false).is_some_and(|it| it.licence.is_none()));
    if !without_licence.is_empty() {
        let what = format!(
            "{} from the web {} no licence: {}",
            count(without_licence.len(), "video"),
            verb(without_licence.len(), "has", "have"),
            shown(&without_licence)
        );
        let hint = "look at the site, and write what it allows into the column licence of sources.csv; else: wo-collect forget URL --why 'no licence'";
        found.push(LICENCE.mend(what).videos(&without_licence).hint(hint));
    }
    let unknown = of_kind(&|it| it.provenance.is_none());
    if !unknown.is_empty() {
        let what = format!(
            "nobody wrote down where {} came from: {}",
            count(unknown.len(), "video"),
            shown(&unknown)
        );
        let hint = "add a row to sources.csv for each: its path from the folder of videos under url, and licence or consent";
        found.push(PROVENANCE.mend(what).videos(&unknown).hint(hint));
    }
    found
}
