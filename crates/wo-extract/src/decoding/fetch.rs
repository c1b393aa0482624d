//! Hands over the frames that were chosen, and decodes nothing behind the last of them.

use std::collections::BTreeSet;

use crate::decoding::frame_sink::FrameSink;
use crate::decoding::pipeline::Player;
use crate::error::ExtractError;
use crate::job::Settings;

/// Hands over the frames that `player` shows at `wanted_ns` from `start_ns` on; false where the file ends before the last
/// of them. Nothing behind that one is decoded.
pub(crate) fn fetch(
    player: &mut Player<'_>,
    mut wanted_ns: BTreeSet<u64>,
    start_ns: u64,
    settings: &Settings,
    sink: &dyn FrameSink,
) -> Result<bool, ExtractError> {
    while !wanted_ns.is_empty() {
        let Some(frame) = player.next_frame()? else {
            return Ok(false);
        };
        let time_ns = frame.time_ns.saturating_sub(start_ns);
        if wanted_ns.remove(&time_ns) {
            sink.still(time_ns, &frame.image(settings.size)?)?;
        }
    }
    Ok(true)
}
