//! Which base model a run starts from, and why.

use anyhow::Context;
use wo_cli::{Exit, ensure};
use wo_record::{Base, DRAWN_BASE};

use crate::data::photographs::PhotoSurvey;
use crate::model::base_request::{AskedBy, BaseRequest, EMBEDDED};
use crate::model::download::{HubModel, fetch_or_not};
use crate::model::init::{BaseKind, Init};
use crate::model::tiny;

/// The base model of photographed videos.
pub(crate) const FOR_PHOTOGRAPHS: &str = "openai/clip-vit-base-patch32";
/// That of a base model which has only seen drawings, beside each metric.
pub(crate) const CAUTION: &str =
    "the base model has only seen drawn lifters, and these videos look photographed";

/// A base model with the reason for it.
#[derive(Debug)]
pub(crate) struct BaseModel {
    pub(crate) init: Init,
    pub(crate) record: Base,
}

impl BaseModel {
    /// The model that is asked for by name; `None` where the videos decide.
    pub(crate) fn named(request: &BaseRequest) -> anyhow::Result<Option<Self>> {
        let Some(name) = &request.name else {
            ensure!(
                request.revision.is_none(),
                Exit::Usage,
                "--revision is one of a repository, and none is named";
                "--init {FOR_PHOTOGRAPHS} --revision REVISION"
            );
            return Ok(None);
        };
        let place = request.by.place();
        let found = Init::find(name, request);
        let (init, commit) = match request.by {
            AskedBy::Flag | AskedBy::Nobody => found?,
            _ => found.context(place)?,
        };
        let why = format!("from {place}");
        Ok(Some(Self::of(init, name, commit, why)))
    }

    /// The model that is asked for by name, else that of photographs.
    pub(crate) fn for_photographs(request: &BaseRequest) -> anyhow::Result<Self> {
        let name = request.name.as_deref().unwrap_or(FOR_PHOTOGRAPHS);
        let (init, commit) = Init::find(name, request)?;
        let why = format!("from {}", request.by.place());
        Ok(Self::of(init, name, commit, why))
    }

    /// The model for videos that look like this. `begun` is what an interrupted run of the same videos started from.
    pub(crate) fn auto(
        survey: PhotoSurvey,
        request: &BaseRequest,
        mut begun: Option<Base>,
    ) -> anyhow::Result<Self> {
        let seen = survey.in_words();
        if !survey.are_photographs() {
            let init = Init::Tiny(tiny::checkpoint()?);
            return Ok(Self::of(init, EMBEDDED, None, format!("auto: {seen}")));
        }
        if let Some(record) = begun.take_if(|it| it.wanted.is_some()) {
            let init = Init::Tiny(tiny::checkpoint()?);
            wo_cli::warn!(
                "the interrupted run began from {EMBEDDED}, since {FOR_PHOTOGRAPHS} could not be had, and goes on from there";
                "--resume never asks for {FOR_PHOTOGRAPHS} again"
            );
            return Ok(Self { init, record });
        }
        let why = match fetch_or_not(FOR_PHOTOGRAPHS, request.is_offline, &seen)? {
            Ok(HubModel { checkpoint, commit }) => {
                let init = Init::of(checkpoint);
                return Ok(Self::of(
                    init,
                    FOR_PHOTOGRAPHS,
                    Some(commit),
                    format!("auto: {seen}"),
                ));
            }
            Err(why) => why,
        };
        ensure!(
            begun.is_none_or(|it| it.init != FOR_PHOTOGRAPHS),
            Exit::Environment,
            "the interrupted run began from {FOR_PHOTOGRAPHS}, which cannot be had any more: {why}";
            "--resume never begins again, from the small model inside wo-train if need be"
        );
        Self::instead(&seen, &why)
    }

    /// The embedded model in place of the one that cannot be had.
    fn instead(seen: &str, why: &str) -> anyhow::Result<Self> {
        wo_cli::warn!(
            "{FOR_PHOTOGRAPHS} cannot be had: {why}; training starts from the small model inside wo-train, which has only seen \
             drawn lifters, so expect little";
            "the same command takes the real one as soon as it can be had; fetch it where there is a network, or name another \
             with --init"
        );
        let why = format!("auto: {seen}, but {FOR_PHOTOGRAPHS} cannot be had: {why}");
        let mut this = Self::of(Init::Tiny(tiny::checkpoint()?), EMBEDDED, None, why);
        this.record.wanted = Some(FOR_PHOTOGRAPHS.to_owned());
        Ok(this)
    }

    fn of(init: Init, name: &str, commit: Option<String>, why: String) -> Self {
        let record = Base {
            init: name.to_owned(),
            commit,
            why,
            wanted: None,
            caution: None,
        };
        Self { init, record }
    }

    /// What to keep in mind with every metric of a model that is trained from a base model of this kind.
    pub(crate) fn caution(kind: BaseKind, survey: PhotoSurvey) -> Option<&'static str> {
        (kind == BaseKind::Tiny && survey.are_photographs()).then_some(DRAWN_BASE)
    }
}

/// `base model openai/clip-vit-base-patch32 at commit 0a1b… (auto: all 12 videos look photographed)`.
pub(crate) fn in_words(base: &Base) -> String {
    let commit = base.commit.as_ref();
    let commit = commit.map_or_else(String::new, |it| format!(" at commit {it}"));
    format!("base model {}{commit} ({})", base.init, base.why)
}
