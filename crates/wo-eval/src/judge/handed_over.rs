//! How what is known of a video is written for another run, where serde's own way would lose something.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers of which some are not known: NaN, which JSON has not.
pub(crate) mod unknown_numbers {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(numbers: &[f64], to: S) -> Result<S::Ok, S::Error> {
        let known = |number: &f64| Some(*number).filter(|it| !it.is_nan());
        numbers.iter().map(known).collect::<Vec<_>>().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Option<f64>>::deserialize(from)?;
        let number = |number: Option<f64>| number.unwrap_or(f64::NAN);
        Ok(numbers.into_iter().map(number).collect())
    }
}

/// A fingerprint as its text, which has all of it.
pub(crate) mod fingerprint {
    use serde::de::Error;
    use wo_picture::Fingerprint;

    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(
        fingerprint: &Option<Fingerprint>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        fingerprint.as_ref().map(Fingerprint::to_text).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Fingerprint>, D::Error> {
        let read = |text: String| {
            let fingerprint = Fingerprint::from_text(&text);
            fingerprint.ok_or_else(|| D::Error::custom("a fingerprint of another version"))
        };
        Option::<String>::deserialize(from)?.map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use wo_picture::Fingerprint;

    use crate::fixtures::{lift_at, squat};
    use crate::judge::prediction::Prediction;

    #[test]
    fn a_prediction_is_handed_over_whole() {
        let mut given = squat(3, 0, 1, 1234.5);
        given.facts.container = vec![0.1, 1.0 / 3.0, f64::MIN_POSITIVE];
        given.facts.fingerprint = Fingerprint::of(&[lift_at(1), lift_at(2)]);
        given.labels = vec![0.1 + 0.2, 0.7 - 1e-17];
        let text = serde_json::to_string(&given).expect("JSON");
        let taken: Prediction = serde_json::from_str(&text).expect("the same");
        assert_eq!(taken, given);
        given.facts.container.push(f64::NAN);
        let text = serde_json::to_string(&given).expect("JSON");
        let taken: Prediction = serde_json::from_str(&text).expect("the same");
        assert!(taken.facts.container[3].is_nan());
    }
}
