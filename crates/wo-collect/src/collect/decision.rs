//! What is to be done about a source, by what the ledger says of it and what is on the disk.

use jiff::Timestamp;

use crate::back_off::is_time;
use crate::cli::config::CollectConfig;
use crate::collect::target::Target;
use crate::history::{History, State};
use crate::provenance::{Failed, Fetched, StoredFile};
use crate::video_files::VideoFiles;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Decision {
    Fetch,
    /// An earlier run fetched it, and its file is there, under this path.
    Known(Box<Fetched>, String),
    /// An earlier run found its bytes in another file, which is there under this path.
    Duplicate(Box<Fetched>, Option<String>),
    /// Its file is not there any more.
    Deleted(StoredFile),
    /// It is not time to try again.
    Waiting(String, Timestamp),
    /// The site said that it is gone.
    Gone(Failed),
    /// It was forgotten by request.
    Forgotten,
}

/// What a decision rests on.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) history: &'a History,
    pub(crate) files: &'a VideoFiles,
    pub(crate) config: &'a CollectConfig,
    pub(crate) now: Timestamp,
}

impl Facts<'_> {
    /// What is to be done about a source.
    pub(crate) fn decide(&self, target: &Target) -> anyhow::Result<Decision> {
        let state = self.history.state(&target.key);
        // What the ledger knows was not forgotten, or it would not be there.
        if state.is_none() && self.history.is_forgotten_address(&target.key)? {
            return Ok(Decision::Forgotten);
        }
        Ok(self.by_state(target, state))
    }

    fn by_state(&self, target: &Target, state: Option<&State>) -> Decision {
        match state {
            Some(State::Kept(fetched)) => match self.files.named(&target.stem()) {
                Some(path) => return Decision::Known(Box::new(fetched.clone()), path.to_owned()),
                None if self.is_there(&fetched.file) => {
                    let path = fetched.file.path.clone();
                    return Decision::Known(Box::new(fetched.clone()), path);
                }
                None if self.config.restore => return Decision::Fetch,
                None => return Decision::Deleted(fetched.file.clone()),
            },
            Some(State::Duplicate(of)) => {
                let path = self.files.place_of(&of.file.path).map(str::to_owned);
                if path.is_some() || !self.config.restore {
                    return Decision::Duplicate(Box::new(of.clone()), path);
                }
            }
            Some(State::Failed(failed)) if !self.config.retry_failed => {
                let next = failed.next_try.as_deref().map(str::parse::<Timestamp>);
                match next {
                    None => return Decision::Gone(failed.clone()),
                    Some(Ok(next)) if !is_time(self.now, next) => {
                        return Decision::Waiting(failed.what.clone(), next);
                    }
                    Some(_) => {}
                }
            }
            Some(State::Failed(_)) | None => {}
        }
        self.unless_busy(target)
    }

    fn unless_busy(&self, target: &Target) -> Decision {
        let host = target.address.host();
        let until = host.and_then(|host| {
            let until = self.history.busy_until(&host, self.now)?;
            Some((host, until))
        });
        match until.filter(|_| !self.config.retry_failed) {
            Some((host, until)) => {
                Decision::Waiting(format!("{host} asked to be left alone for a while"), until)
            }
            None => Decision::Fetch,
        }
    }

    fn is_there(&self, file: &StoredFile) -> bool {
        self.config.places.videos.join(&file.path).is_file()
    }
}
