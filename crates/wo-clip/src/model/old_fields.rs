//! Fields of `config.json` as older and newer versions of transformers write them, made equal to today's.

use serde_json::Value;

/// The towers, and where older versions have them.
const TOWERS: [(&str, &str); 2] = [
    ("text_config", "text_config_dict"),
    ("vision_config", "vision_config_dict"),
];

/// Does what `CLIPConfig` does before it looks at numbers: a tower that is null has the defaults, one under its old name
/// counts before the other. The end of a text that is null is as absent, since transformers cannot pool at none.
pub(crate) fn with_todays_fields(mut config: Value) -> Value {
    let Value::Object(fields) = &mut config else {
        return config;
    };
    for (tower, old) in TOWERS {
        if fields.get(tower).is_some_and(Value::is_null) {
            fields.remove(tower);
        }
        if let Some(of_old) = fields.remove(old).filter(|it| !it.is_null()) {
            fields.insert(tower.to_owned(), of_old);
        }
    }
    if let Some(Value::Object(text)) = fields.get_mut("text_config")
        && text.get("eos_token_id").is_some_and(Value::is_null)
    {
        text.remove("eos_token_id");
    }
    config
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tower_under_its_old_name_counts_first() {
        let old = json!({
            "text_config": {"hidden_size": 8, "vocab_size": 9}, "text_config_dict": {"hidden_size": 16},
            "vision_config": null, "vision_config_dict": null,
        });
        assert_eq!(
            with_todays_fields(old),
            json!({"text_config": {"hidden_size": 16}})
        );
        let null = json!({"text_config": {"eos_token_id": null, "bos_token_id": null}});
        assert_eq!(
            with_todays_fields(null),
            json!({"text_config": {"bos_token_id": null}})
        );
        assert_eq!(with_todays_fields(json!([1])), json!([1]));
    }
}
