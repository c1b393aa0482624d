//! Which plugins of GStreamer decode files: a fixed set, without network, playlists, hardware, and the hundreds of formats
//! that nobody films in.

use std::path::{Path, PathBuf};

use anyhow::Context;
use gstreamer as gst;
use gstreamer::prelude::*;
use tempfile::TempDir;

/// What decoding cannot do without, and the Debian packages that have it.
const NEEDED: [(&str, &str); 9] = [
    ("coreelements", "libgstreamer1.0-0"),
    ("typefindfunctions", "gstreamer1.0-plugins-base"),
    ("playback", "gstreamer1.0-plugins-base"),
    ("app", "gstreamer1.0-plugins-base"),
    ("deinterlace", "gstreamer1.0-plugins-good"),
    ("isomp4", "gstreamer1.0-plugins-good"),
    ("matroska", "gstreamer1.0-plugins-good"),
    ("videoparsersbad", "gstreamer1.0-plugins-bad"),
    ("libav", "gstreamer1.0-libav"),
];
/// What some files need, and the Debian packages that have it. None has dav1d, which is one of three that decode AV1.
const USEFUL: [(&str, Option<&str>); 15] = [
    ("aom", Some("gstreamer1.0-plugins-bad")),
    ("asf", Some("gstreamer1.0-plugins-ugly")),
    ("avi", Some("gstreamer1.0-plugins-good")),
    ("codecalpha", Some("gstreamer1.0-plugins-bad")),
    ("dav1d", None),
    ("flv", Some("gstreamer1.0-plugins-good")),
    ("jpeg", Some("gstreamer1.0-plugins-good")),
    ("mpegpsdemux", Some("gstreamer1.0-plugins-bad")),
    ("mpegtsdemux", Some("gstreamer1.0-plugins-bad")),
    ("mxf", Some("gstreamer1.0-plugins-bad")),
    ("ogg", Some("gstreamer1.0-plugins-base")),
    ("openjpeg", Some("gstreamer1.0-plugins-bad")),
    ("png", Some("gstreamer1.0-plugins-good")),
    ("theora", Some("gstreamer1.0-plugins-base")),
    ("vpx", Some("gstreamer1.0-plugins-good")),
];
/// Where plugins may lie, by variables that GStreamer itself knows.
const PATH_VARIABLES: [&str; 4] = [
    "GST_PLUGIN_PATH_1_0",
    "GST_PLUGIN_PATH",
    "GST_PLUGIN_SYSTEM_PATH_1_0",
    "GST_PLUGIN_SYSTEM_PATH",
];
/// Kinds of elements that are never used, whatever plugin they are in: hardware differs from machine to machine, and its
/// drivers hang; adaptive demuxers and network sources follow addresses that a file names.
const REFUSED_KINDS: [&str; 3] = ["Hardware", "Adaptive", "Source/Network"];

/// A folder with links to the plugins in use and no others, and GStreamer's registry of them: without the registry each
/// process makes all of their hundreds of elements once.
#[derive(Debug)]
pub(crate) struct PluginSet {
    folder: PathBuf,
    /// Where nothing outlives the run.
    _temporary: Option<TempDir>,
}

impl PluginSet {
    /// Links the installed plugins: in the user's cache, or where there is none, for this run.
    pub(crate) fn link() -> anyhow::Result<Self> {
        let cache = cache_folder().map(|cache| cache.join("wo/gstreamer"));
        if let Some(folder) = cache
            && link_all(&folder).is_ok()
        {
            return Ok(Self {
                folder,
                _temporary: None,
            });
        }
        let temporary = tempfile::tempdir().context("make a folder for plugins")?;
        let folder = temporary.path().to_owned();
        link_all(&folder)?;
        Ok(Self {
            folder,
            _temporary: Some(temporary),
        })
    }

    /// What tells GStreamer to use it.
    pub(crate) fn variables(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("GST_PLUGIN_SYSTEM_PATH_1_0", self.folder.join(PLUGINS)),
            ("GST_PLUGIN_PATH_1_0", PathBuf::new()),
            ("GST_REGISTRY_1_0", self.folder.join("registry.bin")),
            ("GST_REGISTRY_FORK", "no".into()),
        ]
    }
}

/// The folder of links in the set.
const PLUGINS: &str = "plugins";

/// Links the plugins that are installed into `folder`.
fn link_all(folder: &Path) -> anyhow::Result<()> {
    let links = folder.join(PLUGINS);
    std::fs::create_dir_all(&links)?;
    let installed = installed();
    for (plugin, package) in NEEDED {
        if link(&installed, &links, plugin)?.is_none() {
            wo_cli::bail!(
                wo_cli::Exit::Environment,
                "GStreamer has no plugin {plugin}";
                "apt install {package}"
            );
        }
    }
    for (plugin, _) in USEFUL {
        if link(&installed, &links, plugin)?.is_none() {
            wo_cli::info!("GStreamer has no plugin {plugin}");
        }
    }
    Ok(())
}

/// Links one plugin, unless that is done already; `None` where it is not installed.
fn link(installed: &[PathBuf], links: &Path, plugin: &str) -> std::io::Result<Option<()>> {
    let name = format!("libgst{plugin}.so");
    let link = links.join(&name);
    let mut files = installed.iter().map(|folder| folder.join(&name));
    let file = files.find(|file| file.exists());
    let now = std::fs::read_link(&link).ok();
    if now == file {
        return Ok(file.map(drop));
    }
    // Another run may do the same at the same time, so a link is put in the place of another and never missing.
    let Some(file) = file else {
        std::fs::remove_file(&link)?;
        return Ok(None);
    };
    let new = links.join(format!(".{plugin}.{}", std::process::id()));
    std::os::unix::fs::symlink(&file, &new)?;
    std::fs::rename(&new, &link)?;
    Ok(Some(()))
}

fn cache_folder() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).map(PathBuf::from);
    of("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(of("HOME")?.join(".cache")))
}

/// The folders that the variables name, and the one beside the library itself.
fn installed() -> Vec<PathBuf> {
    let named = PATH_VARIABLES.iter().filter_map(std::env::var_os);
    let mut folders: Vec<PathBuf> = named
        .flat_map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>())
        .collect();
    // The last column of each line is the file that is mapped there.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let library = maps
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .find(|path| path.contains("/libgstreamer-1.0.so"));
    folders.extend(
        library
            .and_then(|library| Path::new(library).parent())
            .map(|folder| folder.join("gstreamer-1.0")),
    );
    folders
}

/// The packages of plugins that are of use and not here.
pub(super) fn absent_packages() -> Vec<&'static str> {
    let registry = gst::Registry::get();
    let absent = USEFUL
        .iter()
        .filter(|(plugin, _)| registry.find_plugin(plugin).is_none());
    let mut packages: Vec<_> = absent.filter_map(|(_, package)| *package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Loads all plugins now: inside the sandbox, no file can be opened.
pub(super) fn load() -> anyhow::Result<()> {
    let registry = gst::Registry::get();
    for plugin in registry.plugins() {
        let name = plugin.plugin_name();
        if let Err(error) = plugin.load() {
            let is_needed = NEEDED.iter().any(|(needed, _)| *needed == name);
            anyhow::ensure!(!is_needed, "load GStreamer's plugin {name}: {error}");
            // It may be there without what it leans on.
            wo_cli::info!("without GStreamer's plugin {name}: {error}");
            registry.remove_plugin(&plugin);
        }
    }
    for feature in registry.features(gst::ElementFactory::static_type()) {
        let Some(factory) = feature.downcast_ref::<gst::ElementFactory>() else {
            continue;
        };
        let kind = factory.metadata("klass").unwrap_or_default();
        if REFUSED_KINDS.iter().any(|refused| kind.contains(refused)) {
            factory.set_rank(gst::Rank::NONE);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_links_to_what_is_installed_and_mends_itself() {
        let dir = tempfile::tempdir().unwrap();
        link_all(dir.path()).unwrap();
        let link = dir.path().join(PLUGINS).join("libgstcoreelements.so");
        let right = std::fs::read_link(&link).unwrap();
        assert!(right.exists());
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("/nowhere", &link).unwrap();
        link_all(dir.path()).unwrap();
        assert_eq!(std::fs::read_link(&link).unwrap(), right);
        assert!(
            installed()
                .iter()
                .any(|folder| folder.join("libgstlibav.so").exists())
        );
    }

    #[test]
    fn a_plugin_that_is_installed_is_known_by_its_name() {
        gst::init().unwrap();
        let has_file = |plugin: &str| {
            let name = format!("libgst{plugin}.so");
            installed().iter().any(|folder| folder.join(&name).exists())
        };
        for (plugin, package) in USEFUL {
            if package.is_some() && has_file(plugin) {
                let found = gst::Registry::get().find_plugin(plugin);
                assert!(found.is_some(), "{plugin}");
            }
        }
    }
}
