//! Which base model is asked for: by the flag, the environment or the workspace, in this order.

use wo_cli::{Exit, bail, ensure};
use wo_settings::Settings;

use crate::cli::args::Args;
use crate::model::base_request::{AskedBy, BaseRequest};

/// Sets the base model for good.
const VARIABLE: &str = "WO_INIT";
/// Lets the videos decide.
const AUTO: &str = "auto";

/// What the command line, the environment and `wo.toml` ask for.
pub(crate) fn base_request(args: &Args) -> anyhow::Result<BaseRequest> {
    let (name, by) = asked(args.main.init.as_deref())?;
    ensure!(
        !name.trim().is_empty(),
        Exit::Usage,
        "{} is empty", by.place();
        "name a base model, or {}", match by {
            AskedBy::Variable => "unset it",
            _ => "leave it out",
        }
    );
    let is_auto = name == AUTO;
    Ok(BaseRequest {
        name: (!is_auto).then_some(name),
        by,
        revision: args.base_model.revision.clone(),
        is_offline: args.base_model.offline,
    })
}

fn asked(flag: Option<&str>) -> anyhow::Result<(String, AskedBy)> {
    if let Some(name) = flag {
        return Ok((name.to_owned(), AskedBy::Flag));
    }
    if let Some(value) = std::env::var_os(VARIABLE) {
        return match value.into_string() {
            Ok(name) => Ok((name, AskedBy::Variable)),
            Err(_) => bail!(Exit::Usage, "{VARIABLE} is no text"; "name a base model, or unset it"),
        };
    }
    let name = Settings::read(None)?.train.init;
    let by = if name == AUTO {
        AskedBy::Nobody
    } else {
        AskedBy::Settings
    };
    Ok((name, by))
}

/// The arguments of `wo.toml` that this run was not given, for a person who calls it by hand: they are for
/// `scripts/retrain`.
pub(crate) fn arguments_not_in_force() -> Option<String> {
    let said = Settings::read(None).ok()?.train.arguments;
    if said == Settings::default().train.arguments {
        return None;
    }
    let given: Vec<String> = std::env::args().collect();
    let is_given = said.iter().all(|it| given.contains(it));
    (!is_given).then(|| said.join(" "))
}
