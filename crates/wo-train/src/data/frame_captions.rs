//! The captions of a video's frames. Most frames have the caption of the one before, and most videos those of others, so
//! each text is kept once and each run of frames is a number.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// The captions of frames, in their order.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct FrameCaptions(Vec<(Arc<str>, u32)>);

/// The texts of all captions, each once.
#[derive(Debug, Default)]
pub(crate) struct CaptionPool(HashSet<Arc<str>>);

impl CaptionPool {
    /// The captions of frames.
    pub(crate) fn captions<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> FrameCaptions {
        let mut runs: Vec<(Arc<str>, u32)> = Vec::new();
        for text in texts {
            match runs.last_mut() {
                Some((last, n)) if **last == *text => *n += 1,
                _ => runs.push((self.shared(text), 1)),
            }
        }
        runs.shrink_to_fit();
        FrameCaptions(runs)
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

impl FrameCaptions {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Captions of frames behind each other, and of how many.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(text, n)| (&**text, *n as usize))
    }
}

/// As a list with one text for each frame: the hash of a dataset is made of it.
impl fmt::Debug for FrameCaptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self
            .runs()
            .flat_map(|(text, n)| std::iter::repeat_n(text, n));
        f.debug_list().entries(texts).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_are_those_of_the_frames_and_kept_once() {
        let texts = ["knees in", "knees in", "heels \"up\"", "knees in"];
        let mut pool = CaptionPool::default();
        let captions = pool.captions(texts.into_iter());
        assert_eq!(format!("{captions:?}"), format!("{texts:?}"));
        let runs: Vec<_> = captions.runs().collect();
        assert_eq!(
            runs,
            [("knees in", 2), ("heels \"up\"", 1), ("knees in", 1)]
        );
        let again = pool.captions(texts.into_iter());
        assert!(Arc::ptr_eq(&captions.0[0].0, &again.0[2].0));
        assert_eq!(pool.0.len(), 2);
        assert!(pool.captions(std::iter::empty()).is_empty());
    }
}
