//! What must hold for bytes of anybody: bodies of fuzz targets, which tests run on changed samples.

use crate::score::gate::Terms;

/// Reads the terms of a gate. No text panics, and a refusal says why.
pub fn gate(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(refusal) = text.parse::<Terms>() {
        assert!(!refusal.to_string().trim().is_empty());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn changed_terms_stand() {
        wo_testkit::mutation::for_each_mutation("gate", 5000, super::gate);
    }
}
