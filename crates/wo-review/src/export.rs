//! Reviewed labels in other formats.

mod excluded;
pub(crate) mod format;
mod image_names;
mod imagefolder;
mod records;
mod table;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wo_cli::{Exit, Outcome, OutputFile};

use self::excluded::Excluded;
use self::format::Format;
use self::imagefolder::write_imagefolder;
use self::records::write_records;
use self::table::write_rows;
use crate::cli::config::ExportConfig;
use crate::label_studio;
use crate::projection::Projection;
use crate::store::Store;

/// The name of standard output in messages.
const STDOUT_NAME: &str = "<stdout>";

/// Writes the store in a format, and reports what the format excludes.
pub(crate) fn export(
    store: &Store,
    config: &ExportConfig,
    stdout: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let output = config.output.as_deref();
    let name = output.map_or_else(|| STDOUT_NAME.to_owned(), |path| path.display().to_string());
    let n_failed = match (config.format, output) {
        (Format::Imagefolder, None) => {
            wo_cli::bail!(
                Exit::Usage,
                "imagefolder needs an output folder";
                "name it with -o DIR"
            );
        }
        (Format::Imagefolder, Some(folder)) => write_imagefolder(store, folder)?,
        (format, None) => {
            write(store, format, None, stdout)?;
            0
        }
        (format, Some(path)) => {
            let what = || format!("write {}", path.display());
            let mut file = OutputFile::open(path).with_context(what)?;
            write(store, format, Some(path), &mut file)?;
            file.commit().with_context(what)?;
            0
        }
    };
    Excluded::of(store, config.format).say(&name, n_failed);
    Ok(Outcome::from_failures(n_failed))
}

fn write(
    store: &Store,
    format: Format,
    to: Option<&Path>,
    output: &mut dyn Write,
) -> anyhow::Result<()> {
    let base = base(&store.folder.dir, to)?;
    match format {
        Format::Csv => write_rows(store, &base, output)?,
        Format::Ndjson if store.folder.has_records => {
            if to.is_none() && !store.folder.inline.is_empty() {
                wo_cli::refuse_terminal("`> FILE` or `-o FILE` keeps the records")?;
            }
            Projection::of(store).write_stream(&base, output)?;
        }
        Format::Ndjson => write_records(store, &base, output)?,
        Format::LabelStudio => label_studio::write_tasks(store, output)?,
        Format::Imagefolder => {}
    }
    Ok(())
}

/// The prefix with which a reader of the output finds the images.
fn base(dir: &Path, to: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Some(to) = to else {
        return Ok(dir.to_owned());
    };
    let absolute = |path: &Path| std::path::absolute(path).context("find the working directory");
    let dir = absolute(dir)?;
    if absolute(to)?.parent() == Some(&dir) {
        return Ok(PathBuf::new());
    }
    Ok(dir)
}
