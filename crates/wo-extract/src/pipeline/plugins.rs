//! Which parts of GStreamer there are. What is not loaded here does not exist for any file: no network, no playlist, no
//! hardware, none of the hundreds of formats that nobody films in.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use gstreamer as gst;
use gstreamer::prelude::*;

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
/// What some files need.
const USEFUL: [&str; 15] = [
    "aom",
    "asf",
    "avi",
    "codecalpha",
    "dav1d",
    "flv",
    "jpeg",
    "mpegpsdemux",
    "mpegtsdemux",
    "mxf",
    "ogg",
    "openjpeg",
    "png",
    "theora",
    "vpx",
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

/// Loads all plugins now: once the walls stand, no file can be opened.
pub(super) fn load() -> anyhow::Result<()> {
    let folders = folders();
    for (plugin, package) in NEEDED {
        load_one(&folders, plugin).with_context(|| {
            format!("GStreamer has no plugin {plugin}\nhint: apt install {package}")
        })?;
    }
    for plugin in USEFUL {
        if let Err(error) = load_one(&folders, plugin) {
            wo_cli::info!("without the plugin {plugin}: {error:#}");
        }
    }
    for feature in gst::Registry::get().features(gst::ElementFactory::static_type()) {
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

fn load_one(folders: &[PathBuf], plugin: &str) -> anyhow::Result<()> {
    let name = format!("libgst{plugin}.so");
    let file = folders.iter().map(|folder| folder.join(&name));
    let file = file.into_iter().find(|file| file.exists());
    let file = file.ok_or_else(|| anyhow!("no {name} in {folders:?}"))?;
    gst::Plugin::load_file(&file)?;
    Ok(())
}

/// The folders that the variables name, and the one beside the library itself.
fn folders() -> Vec<PathBuf> {
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
