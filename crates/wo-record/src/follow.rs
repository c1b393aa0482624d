//! Follows a stream line by line: what may come where, and what must not.

use crate::lone_line::{Content, LoneRecord};
use crate::order::{Misplaced, Order, Step};
use crate::shard::{NotWhole, Shards};
use crate::{Line, LoneLine, Producer, ReadError, Record, SCHEMA, SCHEMA_VERSION, Shard};

/// What to do about a line behind a whole stream.
const AFTER_END: &str =
    "nothing may follow `end` but another stream, which begins with its own `begin` record";

#[derive(Debug, Clone, Copy)]
enum State {
    /// No `begin` yet, or the last stream is complete and another may follow.
    Outside,
    /// Between `begin` and `end`.
    Inside,
}

/// Puts lines into their places. Takes each line of a stream in order.
#[derive(Debug)]
pub struct Follower {
    state: State,
    order: Option<Order>,
    n_streams: u64,
    number: u64,
    offset: u64,
    producers: Vec<Producer>,
    shards: Shards,
}

impl Default for Follower {
    fn default() -> Self {
        Self {
            state: State::Outside,
            order: Some(Order::default()),
            n_streams: 0,
            number: 0,
            offset: 0,
            producers: Vec::new(),
            shards: Shards::default(),
        }
    }
}

impl Follower {
    /// A follower of frames that are kept apart from their videos.
    pub(crate) fn of_frames_alone() -> Self {
        Self {
            order: None,
            ..Self::default()
        }
    }

    /// The upstream tools of the records so far, for the next `begin`.
    pub fn producers(&self) -> &[Producer] {
        &self.producers
    }

    /// That shards are missing so far, in words; `None` where none are.
    pub fn missing_shards(&self) -> Option<String> {
        self.shards.missing()
    }

    /// The shard that all records so far are of, where that is not the whole.
    pub fn lone_shard(&self) -> Option<&Shard> {
        self.shards.lone()
    }

    /// The next line in its place; `None` of a blank one. After [`ReadError::Line`] the line after it may be taken; after any
    /// other error none.
    pub fn take(&mut self, lone: LoneLine) -> Result<Option<Line>, ReadError> {
        let offset = lone.offset;
        self.number += 1;
        self.offset = lone.end;
        let record = match lone.content {
            Content::Blank => return Ok(None),
            Content::Bad(cause) => return Err(self.bad_line(offset, cause)),
            Content::Record(record) => *record,
        };
        let LoneRecord {
            text,
            record,
            keys,
            trouble,
        } = record;
        if let Ok(record) = &record {
            self.follow_envelope(record, offset)?;
            if let Some(cause) = trouble {
                return Err(self.bad_line(offset, cause));
            }
            self.follow_order(record, offset)?;
            if let Record::Video(video) = record {
                let followed = self.shards.video(&video.video_id);
                followed.map_err(|error| self.not_whole(error))?;
            }
        } else if matches!(self.state, State::Outside) {
            return Err(self.bad_line(offset, "no `begin` record before it".to_owned()));
        }
        Ok(Some(Line {
            number: self.number,
            offset,
            text,
            record,
            keys,
        }))
    }

    /// The input has ended. That is an error unless a stream is complete.
    pub fn end(&self) -> Result<(), ReadError> {
        if matches!(self.state, State::Outside) && self.n_streams > 0 {
            return self.shards.end().map_err(|error| self.not_whole(error));
        }
        Err(ReadError::Truncated {
            number: self.number,
            offset: self.offset,
        })
    }

    fn follow_envelope(&mut self, record: &Record, offset: u64) -> Result<(), ReadError> {
        match (record, &self.state) {
            (Record::Begin(begin), State::Outside) => {
                if begin.schema != SCHEMA || begin.schema_version > SCHEMA_VERSION {
                    return Err(ReadError::Version {
                        number: self.number,
                        schema: begin.schema.clone(),
                        version: begin.schema_version,
                    });
                }
                let followed = self.shards.begin(begin.shard.as_ref(), self.number);
                followed.map_err(|error| self.not_whole(error))?;
                self.state = State::Inside;
                self.n_streams += 1;
                let this = Producer {
                    tool: begin.tool.clone(),
                    version: begin.version.clone(),
                };
                for producer in begin.upstream.iter().chain([&this]) {
                    if !self.producers.contains(producer) {
                        self.producers.push(producer.clone());
                    }
                }
                Ok(())
            }
            // A second stream begins before the first one ended: the first one was cut.
            (Record::Begin(_), State::Inside) => Err(ReadError::Truncated {
                number: self.number - 1,
                offset,
            }),
            (Record::End(_), State::Inside) => {
                self.state = State::Outside;
                Ok(())
            }
            (_, State::Inside) => Ok(()),
            (_, State::Outside) => Err(ReadError::Line {
                number: self.number,
                offset,
                cause: format!(
                    "a `{}` record with no `begin` record before it",
                    record.kind()
                ),
                hint: (self.n_streams > 0).then_some(AFTER_END),
            }),
        }
    }

    fn follow_order(&mut self, record: &Record, offset: u64) -> Result<(), ReadError> {
        let Some(order) = &mut self.order else {
            return Ok(());
        };
        order
            .take(Step::of(record), self.number)
            .map_err(|misplaced| ReadError::Line {
                number: self.number,
                offset,
                cause: misplaced.to_string(),
                hint: Some(Misplaced::HINT),
            })
    }

    fn not_whole(&self, error: NotWhole) -> ReadError {
        ReadError::NotWhole {
            number: self.number,
            cause: error.cause,
            hint: error.hint,
        }
    }

    fn bad_line(&self, offset: u64, cause: String) -> ReadError {
        ReadError::Line {
            number: self.number,
            offset,
            cause,
            hint: None,
        }
    }
}
