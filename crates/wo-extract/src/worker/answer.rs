//! Reads a worker's replies about a file, and checks all of them.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};

use image::RgbImage;

use super::protocol::Reply;
use super::watch::Watched;
use crate::decoding::scaled;
use crate::error::ExtractError;
use crate::job::{Extracted, Settings};
use crate::quality::still::FramePosition;
use crate::quality::still::Still;

/// A video's frames may be sent so often: for what the packets say, for a first guess, for what decoding shows, and once
/// more where decoding a part did not give them.
const MAX_TAKES: usize = 4;

/// Takes in what a worker says of a file, and checks it.
pub(super) fn receive(
    input: &mut Watched<'_>,
    settings: &Settings,
) -> io::Result<Result<Extracted, ExtractError>> {
    let most = MAX_TAKES * settings.n_frames_at_most();
    let mut n_stills = 0;
    let mut stills = HashMap::new();
    loop {
        match input.reply()? {
            Reply::Beat => {}
            Reply::Still {
                time_ns,
                width,
                height,
            } => {
                n_stills += 1;
                if n_stills > most {
                    return Err(nonsense("more frames than asked for"));
                }
                if width.min(height) != settings.size || width.max(height) > scaled::MAX_SIDE {
                    return Err(nonsense("a frame of another size than asked for"));
                }
                let mut pixels = vec![0; 3 * width as usize * height as usize];
                input.read_exact(&mut pixels)?;
                let image = RgbImage::from_raw(width, height, pixels)
                    .ok_or_else(|| nonsense("a frame without pixels"))?;
                match Still::new(&image, time_ns) {
                    Ok(still) => stills.insert(time_ns, still),
                    Err(error) => return Ok(Err(error)),
                };
            }
            Reply::Taken {
                video,
                positions,
                notes,
                error,
            } => {
                let positioned = |&(time_ns, position): &(u64, FramePosition)| {
                    let still = stills.remove(&time_ns)?;
                    Some(Still { position, ..still })
                };
                let stills: Option<Vec<Still>> = positions.iter().map(positioned).collect();
                let stills = stills
                    .filter(|_| positions.is_sorted_by_key(|(time_ns, _)| *time_ns))
                    .ok_or_else(|| nonsense("frames that it did not send"))?;
                return Ok(Ok(Extracted {
                    video: *video,
                    stills,
                    notes,
                    error,
                }));
            }
            Reply::Failed(error) => return Ok(Err(error)),
            Reply::Started { .. } | Reply::Ready { .. } | Reply::Unable { .. } => {
                return Err(nonsense("an unexpected reply"));
            }
        }
    }
}

fn nonsense(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
