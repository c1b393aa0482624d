//! Reads shards back into videos, one video at a time.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tar::{Archive, Entry};
use wo_cli::{Exit, ExitWith, bail, ensure, error, message};
use wo_record::{Failure, Image, Producer};

use crate::encoded_image::{EXTENSIONS, MAX_IMAGE_BYTES};
use crate::gathered_videos::{GatheredVideos, Sample, Take, check};
use crate::names::{LAST_MEMBER, parts};
use crate::sample::{SHARD_SCHEMA, SampleJson, ShardJson, ShardVideo, Span, VERSION};
use crate::sources::{ShardSource, Sources};
use crate::tar_stream::TarStream;

/// The largest JSON file that is read.
const MAX_JSON: u64 = 16 * 1024 * 1024;

/// Shards that are there.
#[derive(Debug)]
pub struct Shards(Sources);

/// What shards hold beside videos.
#[derive(Debug, Default)]
pub struct ShardsRest {
    /// The tools that made the records.
    pub upstream: Vec<Producer>,
    /// The `error` records of the streams that they were written from.
    pub failures: Vec<Failure>,
}

impl Shards {
    /// The shards that a text stands for, as WebDataset has it. Fails where a file is not there.
    pub fn of(text: &str) -> anyhow::Result<Self> {
        Ok(Self(Sources::of(text)?))
    }

    /// Reads all shards in the order of their names, each once, and passes each video to `take`.
    pub fn read(
        &self,
        take: &mut dyn FnMut(ShardVideo) -> anyhow::Result<()>,
    ) -> anyhow::Result<ShardsRest> {
        let mut videos = GatheredVideos::default();
        let mut ends = Vec::new();
        for source in &self.0.all {
            let end = read_shard(source, &mut videos, take).with_context(|| source.to_string())?;
            ends.extend(end);
        }
        self.check_that_all_are_there(&ends)?;
        let mut rest = ShardsRest::default();
        for end in ends {
            for tool in end.upstream {
                if !rest.upstream.contains(&tool) {
                    rest.upstream.push(tool);
                }
            }
            rest.failures.extend(end.failures);
        }
        Ok(rest)
    }

    /// Of a set of shards each number follows another, and the last one says so. Where a pattern found the files, one that
    /// is missing is an error; where each was named, fewer may be meant.
    fn check_that_all_are_there(&self, ends: &[ShardJson]) -> anyhow::Result<()> {
        // Other programs that rewrite shards may leave the last member out.
        if ends.len() < self.0.all.len() {
            return Ok(());
        }
        let mut numbers: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for end in ends {
            let (n, n_last) = numbers.entry(end.shard).or_default();
            *n += 1;
            *n_last += usize::from(end.is_last);
        }
        let n_of = |number: u32| numbers.get(&number).map_or(0, |it| it.0);
        let mut missing = numbers.iter().filter_map(|(&number, &(n, n_last))| {
            let next = number.checked_add(1)?;
            let n_before = number.checked_sub(1).map_or(n, n_of);
            match (n_before >= n, n_of(next) + n_last == n) {
                (false, _) => number.checked_sub(1),
                (_, false) => Some(next),
                _ => None,
            }
        });
        let Some(number) = missing.next() else {
            return Ok(());
        };
        let what = format!("of the set of shards number {number} is missing");
        if self.0.are_named {
            wo_cli::warn_line(&message!("{what}: only the shards that are named are used"));
            return Ok(());
        }
        bail!(
            Exit::Integrity,
            "{what}: what wrote it was stopped, or a file was not copied";
            "write the shards again, or name those that are meant, such as 'frames-{{000000..000009}}.tar'"
        );
    }
}

/// Reads one shard to its end. Returns its last member, if it has one.
fn read_shard(
    source: &ShardSource,
    videos: &mut GatheredVideos,
    take: Take<'_>,
) -> anyhow::Result<Option<ShardJson>> {
    let (stream, running) = TarStream::open(source)?;
    let path = match source {
        ShardSource::File(path) => Some(path.as_path()),
        ShardSource::Pipe(_) => None,
    };
    let mut shard = OpenShard {
        path,
        sample: None,
        end: None,
        counted: (0, 0),
    };
    let read = shard.read(stream, videos, take);
    running.end(read)?;
    Ok(shard.end)
}

struct OpenShard<'a> {
    /// `None` of a command.
    path: Option<&'a Path>,
    sample: Option<OpenSample>,
    end: Option<ShardJson>,
    /// Videos and frames.
    counted: (u64, u64),
}

/// A sample of which more members may come.
#[derive(Default)]
struct OpenSample {
    name: String,
    /// The name of the member, and what the frame's image becomes.
    image: Option<(String, Image, Option<Span>)>,
    json: Option<SampleJson>,
    last_member: String,
}

impl OpenShard<'_> {
    fn read(
        &mut self,
        stream: TarStream,
        videos: &mut GatheredVideos,
        take: Take<'_>,
    ) -> anyhow::Result<()> {
        let mut archive = Archive::new(stream);
        archive.set_ignore_zeros(false);
        let mut n_videos = 0;
        let mut counting = |video: ShardVideo| {
            n_videos += 1;
            take(video)
        };
        let entries = archive.entries().map_err(|error| self.bad_tar(&error))?;
        for entry in entries {
            let entry = entry.map_err(|error| self.bad_tar(&error))?;
            self.member(entry, videos, &mut counting)?;
        }
        self.end_sample(videos, &mut counting)?;
        videos.end_video(&mut counting)?;
        archive.into_inner().end()?;
        self.counted.0 = n_videos;
        let (n_videos, n_frames) = self.counted;
        if let Some(end) = &self.end {
            ensure!(
                (end.n_videos, end.n_frames) == (n_videos, n_frames),
                Exit::Integrity,
                "the shard holds {} of {}, and its last member says {} of {}",
                wo_cli::count(n_frames as usize, "frame"),
                wo_cli::count(n_videos as usize, "video"),
                end.n_frames,
                end.n_videos
            );
        }
        Ok(())
    }

    /// What is wrong with a tar file, and where.
    fn bad_tar(&self, error: &std::io::Error) -> anyhow::Error {
        let place = match self.sample.as_ref().map(|it| it.last_member.as_str()) {
            Some(member) => format!("behind the member {member}"),
            None => "at its start".to_owned(),
        };
        error!(
            Exit::Integrity,
            "this is no whole tar file: {error} {place}";
            "copy or write it again; a compressed one is read by 'pipe:zcat FILE'"
        )
        .into()
    }

    fn member(
        &mut self,
        mut entry: Entry<'_, TarStream>,
        videos: &mut GatheredVideos,
        take: Take<'_>,
    ) -> anyhow::Result<()> {
        let member = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !entry.header().entry_type().is_file() {
            return Ok(());
        }
        if member == LAST_MEMBER {
            self.end_sample(videos, take)?;
            self.end = Some(last_member(&mut entry)?);
            return Ok(());
        }
        let Some((sample, extension)) = parts(&member) else {
            return Ok(());
        };
        if self.sample.as_ref().is_none_or(|it| it.name != sample) {
            self.end_sample(videos, take)?;
        }
        let open = self.sample.get_or_insert_with(|| OpenSample {
            name: sample.to_owned(),
            ..OpenSample::default()
        });
        member.clone_into(&mut open.last_member);
        if extension == "json" {
            ensure!(open.json.is_none(), Exit::Integrity, "{member} comes twice");
            let bytes = content(&mut entry, MAX_JSON, &member)?;
            open.json = Some(sample_json(&bytes, &member)?);
        } else if EXTENSIONS.contains(&extension) {
            if let Some((other, ..)) = &open.image {
                bail!(
                    Exit::Integrity,
                    "{other} and {member} are images of one sample"
                );
            }
            let (image, span) = image(&mut entry, self.path, &member)?;
            open.image = Some((member, image, span));
        }
        Ok(())
    }

    fn end_sample(&mut self, videos: &mut GatheredVideos, take: Take<'_>) -> anyhow::Result<()> {
        let Some(open) = self.sample.take() else {
            return Ok(());
        };
        let OpenSample {
            name, image, json, ..
        } = open;
        let Some(mut json) = json else {
            bail!(
                Exit::Integrity,
                "{name} has no {name}.json, which says what video, label and person it is";
                "write shards by wo-describe --to webdataset"
            );
        };
        let Some((_, image, span)) = image else {
            bail!(Exit::Integrity, "{name} has no image beside {name}.json");
        };
        check(&name, &json)?;
        json.frame.image = image;
        self.counted.1 += 1;
        let shard = self.path.unwrap_or(Path::new(""));
        videos.add(Sample { name, json, span }, shard, take)
    }
}

/// An image: where it is in a file, or its bytes out of a command.
fn image(
    entry: &mut Entry<'_, TarStream>,
    path: Option<&Path>,
    member: &str,
) -> anyhow::Result<(Image, Option<Span>)> {
    let length = entry.size();
    ensure!(
        length <= MAX_IMAGE_BYTES,
        Exit::Integrity,
        "{member} has more than {MAX_IMAGE_BYTES} bytes"
    );
    let Some(path) = path else {
        let jpeg_base64 = STANDARD.encode(content(entry, MAX_IMAGE_BYTES, member)?);
        return Ok((Image::Inline { jpeg_base64 }, None));
    };
    let span = Span {
        start: entry.raw_file_position(),
        length,
    };
    let image = Image::File {
        path: path.into(),
        blake3: None,
    };
    Ok((image, Some(span)))
}

fn content(entry: &mut Entry<'_, TarStream>, most: u64, member: &str) -> anyhow::Result<Vec<u8>> {
    let length = entry.size();
    ensure!(
        length <= most,
        Exit::Integrity,
        "{member} has more than {most} bytes"
    );
    let mut bytes = Vec::new();
    entry
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {member}"))
        .exit_with(Exit::Integrity)?;
    ensure!(
        bytes.len() as u64 == length,
        Exit::Integrity,
        "{member} is cut off: {} of {length} bytes are there",
        bytes.len()
    );
    Ok(bytes)
}

fn sample_json(bytes: &[u8], member: &str) -> anyhow::Result<SampleJson> {
    match serde_json::from_slice(bytes) {
        Ok(json) => Ok(json),
        Err(cause) => bail!(
            Exit::Integrity,
            "{member} is not what wo-describe writes: {cause}";
            "write shards by wo-describe --to webdataset"
        ),
    }
}

fn last_member(entry: &mut Entry<'_, TarStream>) -> anyhow::Result<ShardJson> {
    let bytes = content(entry, MAX_JSON, LAST_MEMBER)?;
    let json: ShardJson = serde_json::from_slice(&bytes)
        .with_context(|| format!("read {LAST_MEMBER}"))
        .exit_with(Exit::Integrity)?;
    ensure!(
        json.schema == SHARD_SCHEMA && json.schema_version <= VERSION,
        Exit::Integrity,
        "{LAST_MEMBER} is of {} in version {}, and this wo-train reads {SHARD_SCHEMA} up to {VERSION}",
        json.schema,
        json.schema_version
    );
    Ok(json)
}
