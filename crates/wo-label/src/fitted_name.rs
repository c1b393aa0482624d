//! Names that are longer than names may be, of older logs and folders, made to fit.

use std::borrow::Cow;

use wo_record::{Judgement, Name, Review};

use crate::captions::choice_hash;

/// A name that is as long as names may be: of a longer one the beginning and a hash, so that two stay two. Longer ones are
/// refused where people give them, but an older log or folder may hold one, and it must not keep anything from being written.
pub fn fitted_name(name: &str) -> Cow<'_, str> {
    if name.len() <= Name::MAX_BYTES {
        return Cow::Borrowed(name);
    }
    let hash = format!("_{:016x}", choice_hash(name));
    let end = name.floor_char_boundary(Name::MAX_BYTES - hash.len());
    let begin = name.get(..end).unwrap_or_default().trim_end_matches('_');
    Cow::Owned(format!("{begin}{hash}"))
}

/// Makes the names of a review fit.
pub(crate) fn fit_names(review: &mut Review) {
    review.exercise.iter_mut().for_each(fit);
    for Judgement { label, faults, .. } in [&mut review.old, &mut review.new] {
        label.iter_mut().chain(faults).for_each(fit);
    }
}

fn fit(name: &mut Name) {
    if name.is_too_long() {
        *name = Name::new(&fitted_name(name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_and_stays_itself() {
        for letter in ["a", "ä", "語"] {
            let long = |end: &str| format!("{}{end}", letter.repeat(300));
            let (one, other) = (long("x"), long("y"));
            let fitted = fitted_name(&one);
            assert!(fitted.len() <= Name::MAX_BYTES, "{fitted}");
            assert_eq!(Name::new(&fitted).as_str(), fitted);
            assert_ne!(fitted, fitted_name(&other));
            assert_eq!(fitted_name(&fitted), fitted);
        }
        let longest = "a".repeat(Name::MAX_BYTES);
        assert_eq!(fitted_name(&longest), longest);
    }
}
