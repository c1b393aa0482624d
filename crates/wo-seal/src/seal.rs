//! How a seal is made, written and read.

use anyhow::{Context, ensure};
use serde_json::Value;

/// What is sealed.
const SEALED: [&str; 3] = ["videos", "group_by", "trust"];
/// The name of the seal in the metadata of safetensors.
pub const METADATA: &str = "wo_seal";
/// Where our safetensors begin, after the length.
const HEADER: &str = r#"{"__metadata__":{"format":"pt""#;

/// The hash over a `wo.json`. Spaces, line ends, the order of fields and other fields do not change it.
pub fn seal_of(manifest: &str) -> serde_json::Result<String> {
    let manifest: Value = serde_json::from_str(manifest)?;
    let mut hasher = blake3::Hasher::new();
    for field in SEALED {
        add(&mut hasher, manifest.get(field).unwrap_or(&Value::Null));
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Each kind of value begins with its own letter, and what has a length with that.
fn add(hasher: &mut blake3::Hasher, value: &Value) {
    let mut add_text = |kind: u8, text: &str| {
        hasher.update(&[kind]);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    match value {
        Value::Null => add_text(b'n', ""),
        Value::Bool(is_true) => add_text(b'b', if *is_true { "1" } else { "" }),
        Value::Number(number) => {
            // Other programs write 1000.0 as 1000.
            let bits = number.as_f64().unwrap_or(f64::NAN).to_bits();
            add_text(b'f', &format!("{bits:x}"));
        }
        Value::String(text) => add_text(b's', text),
        Value::Array(values) => {
            add_text(b'a', &values.len().to_string());
            for value in values {
                add(hasher, value);
            }
        }
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            add_text(b'o', &names.len().to_string());
            for name in names {
                add(hasher, &Value::from(name.as_str()));
                add(hasher, &fields[name]);
            }
        }
    }
}

/// Writes the seal into the metadata of safetensors that this program made. Its library would write two entries in random
/// order, and a run gives the same bytes each time.
pub fn write_seal(weights: &mut Vec<u8>, seal: &str) -> anyhow::Result<()> {
    const LENGTH: usize = size_of::<u64>();
    let length = weights
        .first_chunk()
        .map_or(0, |it| u64::from_le_bytes(*it)) as usize;
    let header = weights.get(LENGTH..LENGTH + length);
    let header = std::str::from_utf8(header.context("no safetensors")?)?;
    let rest = header.strip_prefix(HEADER);
    let rest = rest.context("safetensors with other metadata")?.trim_end();
    ensure!(
        seal.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "a seal is hexadecimal"
    );
    let mut sealed = format!(r#"{HEADER},"{METADATA}":"{seal}"{rest}"#);
    // The tensors stay aligned.
    while sealed.len() % LENGTH > 0 {
        sealed.push(' ');
    }
    let start = (sealed.len() as u64).to_le_bytes();
    weights.reserve_exact(start.len() + sealed.len());
    weights.splice(
        ..LENGTH + length,
        start.into_iter().chain(sealed.into_bytes()),
    );
    Ok(())
}

/// The seal in safetensors; `None` in those of older versions and of other programs.
pub fn read_seal(weights: &[u8]) -> Option<String> {
    let (_, metadata) = safetensors::SafeTensors::read_metadata(weights).ok()?;
    metadata.metadata().as_ref()?.get(METADATA).cloned()
}

#[cfg(test)]
mod tests {
    use safetensors::SafeTensors;
    use safetensors::tensor::{Dtype, TensorView};

    use super::*;

    #[test]
    fn what_decides_who_is_held_out_is_sealed_and_nothing_else() {
        let manifest = r#"{"version": "1", "videos": [{"video_id": "a", "split": "train", "duration_ms": 1000.0}],
            "trust": {"threshold": 0.7}}"#;
        let seal = seal_of(manifest).expect("JSON");
        let same = [
            r#"{"trust":{"threshold":0.7},"videos":[{"duration_ms":1000,"split":"train","video_id":"a"}]}"#.to_owned(),
            manifest.replace(r#""version": "1""#, r#""version": "2", "group_by": null"#),
        ];
        for same in same {
            assert_eq!(seal_of(&same).expect("JSON"), seal, "{same}");
        }
        for (from, to) in [
            ("train", "test"),
            ("0.7", "0.6"),
            ("\"a\"", "\"b\""),
            ("[{", "[{}, {"),
            ("\"1\"", "\"1\", \"group_by\": \"person\""),
        ] {
            let edited = manifest.replacen(from, to, 1);
            assert_ne!(edited, manifest);
            assert_ne!(seal_of(&edited).expect("JSON"), seal, "{edited}");
        }
        assert!(seal_of("{").is_err());
    }

    #[test]
    fn a_seal_is_read_again_and_changes_no_tensor() {
        let bytes: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|it| it.to_le_bytes())
            .collect();
        let view = || TensorView::new(Dtype::F32, vec![2], &bytes).expect("a tensor");
        let metadata = Some([("format".to_owned(), "pt".to_owned())].into());
        let mut weights = safetensors::serialize([("w", view())], metadata).expect("weights");
        assert_eq!(read_seal(&weights), None);
        write_seal(&mut weights, "0123abcd").expect("our own weights");
        assert_eq!(read_seal(&weights).as_deref(), Some("0123abcd"));
        let read = SafeTensors::deserialize(&weights).expect("whole");
        assert_eq!(read.tensor("w").expect("there").data(), bytes);
        let mut foreign = safetensors::serialize([("w", view())], None).expect("weights");
        assert!(write_seal(&mut foreign, "00").is_err());
        assert!(write_seal(&mut vec![0; 4], "00").is_err());
    }
}
