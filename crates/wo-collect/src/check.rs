//! Says what to mend in the collected videos and what to film first.
//!
//! It reads what `wo-extract probe` wrote of the videos; without that it knows their names, places and bytes only.

mod advice;
mod collection;
mod coverage;
mod found;
mod probed;
mod provided;
mod rules;
mod table;

use std::io::{BufRead, Write};

use wo_cli::Outcome;
use wo_record::{FindingLevel, Record, Writer};

use crate::check::collection::Collection;
use crate::check::probed::Probed;
use crate::cli::config::CheckConfig;

/// Runs `wo-collect check`.
pub(crate) fn check(
    config: &CheckConfig,
    stdin: &mut dyn BufRead,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let probed = Probed::read(config, stdin)?;
    let collection = Collection::read(config, &probed)?;
    let coverage = coverage::of(&collection);
    let found = rules::all(config, &collection, &coverage)?;
    let advice = advice::of(&found, collection.videos.len());
    let must_be_mended = found
        .iter()
        .any(|it| it.finding.level == FindingLevel::Mend);
    if config.json {
        let name = env!("CARGO_PKG_NAME");
        let version = env!("CARGO_PKG_VERSION");
        let mut writer = Writer::begin(stdout, name, version, &probed.producers)?;
        for line in coverage {
            writer.record(&Record::Coverage(line))?;
        }
        for it in found {
            writer.record(&Record::Finding(it.finding))?;
        }
        for line in advice {
            writer.record(&Record::Advice(line))?;
        }
        writer.end()?;
    } else {
        table::write(&coverage, &found, &advice, stdout)?;
    }
    Ok(if must_be_mended {
        Outcome::No
    } else {
        Outcome::Done
    })
}
