//! The evidence frame of a verdict, and the span around it that agrees.

use wo_clip::tch::Tensor;
use wo_input::FrameItem;

/// A frame belongs to the span if its evidence is at least this part of the evidence frame's.
const TELLING: f64 = 0.5;

/// The evidence frame, as the model sees it.
#[derive(Debug)]
pub(crate) struct EvidenceFrame {
    /// `[width]`, of length one.
    pub(crate) features: Tensor,
    /// Its phase, if known.
    pub(crate) phase: Option<f64>,
}

/// The span of the verdict: the evidence frame and its neighbours, up to the first with less evidence on either side.
/// `of_label` is the probability of the label on each frame.
pub(crate) fn span(
    frames: &[&FrameItem],
    of_label: &[f64],
    evidence_idx: usize,
    chance: f64,
) -> Option<(f64, f64)> {
    let most = of_label.get(evidence_idx)? - chance;
    let tells = |(_, probability): &(&&FrameItem, &f64)| *probability - chance >= TELLING * most;
    let from_evidence = || frames.iter().zip(of_label).skip(evidence_idx);
    let up_to_evidence = frames.iter().zip(of_label).take(evidence_idx).rev();
    let beside = from_evidence().take_while(tells);
    let times: Vec<f64> = beside
        .chain(up_to_evidence.take_while(tells))
        .filter_map(|(item, _)| item.frame.pts_ms)
        .collect();
    let first = times.iter().copied().reduce(f64::min)?;
    Some((first, times.iter().copied().reduce(f64::max)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::frame;

    #[test]
    fn the_span_ends_where_frames_tell_less() {
        let frames: Vec<FrameItem> = (0..7).map(|index| frame(index, None)).collect();
        let frames: Vec<&FrameItem> = frames.iter().collect();
        // The first frame tells much too, but what lies between does not.
        let of_label = [0.9, 0.5, 0.8, 0.95, 0.75, 0.6, 0.9];
        assert_eq!(span(&frames, &of_label, 3, 0.5), Some((200.0, 400.0)));
        assert_eq!(span(&frames, &of_label, 0, 0.5), Some((0.0, 0.0)));
        assert_eq!(span(&[], &[], 0, 0.5), None);
    }
}
