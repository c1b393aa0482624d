//! Names in ledgers that a search does not find.

/// Hexadecimal digits of such a name: 128 bits.
const DIGITS: usize = 32;

/// A name for a text: a hash of it with a salt and a purpose, in 32 hexadecimal digits.
///
/// Who has the salt can try texts until one fits, so a name that is to be forgotten must be taken out like the text itself.
pub fn salted_name(purpose: &str, text: &str, salt: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [purpose, salt, text] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut digits = hasher.finalize().to_hex().to_string();
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purpose_salt_and_text_make_the_name() {
        let name = salted_name("key", "person:anna", "salt");
        assert_eq!(name.len(), DIGITS);
        for other in [
            salted_name("key", "person:ben", "salt"),
            salted_name("key", "person:anna", "pepper"),
            salted_name("chance", "person:anna", "salt"),
            salted_name("keyperson:", "anna", "salt"),
        ] {
            assert_ne!(name, other);
        }
    }
}
