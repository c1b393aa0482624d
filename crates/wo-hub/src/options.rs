//! Options: the address of the Hub, the cache, the token.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::Limits;

/// The Hub itself.
const ENDPOINT: &str = "https://huggingface.co";
/// Retries after temporary failures: with pauses from 0.2 s that double each time, more than 6 s in all.
const N_RETRIES: usize = 5;

/// The progress of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// The file's name in its repository.
    pub file: &'a str,
    /// Bytes received.
    pub n_bytes: u64,
    /// Bytes in all.
    pub size: u64,
}

/// Called with the progress; must not block.
pub type Watch = Arc<dyn Fn(Step<'_>) + Send + Sync>;

/// Where models come from and where they are cached.
#[derive(Clone)]
pub struct Options {
    /// The address of the Hub or of a mirror.
    pub endpoint: String,
    /// The cache: a folder of `models--owner--name`.
    pub cache: PathBuf,
    /// The user's token; sent to the Hub's own host only.
    pub token: Option<String>,
    /// Open no socket.
    pub offline: bool,
    /// Retries after temporary failures.
    pub n_retries: usize,
    /// How slow, how large and how late a Hub may be.
    pub limits: Limits,
    /// Called with the progress.
    pub watch: Option<Watch>,
}

impl Options {
    /// From the environment, by the same variables as Hugging Face's own tools: `HF_ENDPOINT`, `HF_HUB_CACHE`,
    /// `HF_HOME`, `XDG_CACHE_HOME`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`, `HF_HUB_OFFLINE`.
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let text = |name| set(name).and_then(|value| value.into_string().ok());
        let path = |name| set(name).map(PathBuf::from);
        let is_on = |name| {
            text(name).is_some_and(|value| {
                ["1", "on", "yes", "true"].contains(&value.to_lowercase().as_str())
            })
        };
        let home = path("HF_HOME").unwrap_or_else(|| {
            let caches = path("XDG_CACHE_HOME")
                .or_else(|| path("HOME").map(|home| home.join(".cache")))
                .unwrap_or_else(std::env::temp_dir);
            caches.join("huggingface")
        });
        let file = path("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
        let token = || text("HF_TOKEN").or_else(|| std::fs::read_to_string(&file).ok());
        let token = if is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
            None
        } else {
            token().map(|token| token.trim().to_owned())
        };
        Self {
            endpoint: text("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            cache: path("HF_HUB_CACHE").unwrap_or_else(|| home.join("hub")),
            token: token.filter(|token| !token.is_empty()),
            offline: is_on("HF_HUB_OFFLINE"),
            n_retries: N_RETRIES,
            limits: Limits::default(),
            watch: None,
        }
    }
}

/// Never shows the token, which is a password.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("has_token", &self.token.is_some())
            .field("offline", &self.offline)
            .field("n_retries", &self.n_retries)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn options(variables: &[(&str, &str)]) -> Options {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
        Options::from_variables(|name| find(name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_cache_is_where_hugging_faces_tools_look() {
        let cache = |variables: &[(&str, &str)]| options(variables).cache;
        let all = [
            ("HOME", "/h"),
            ("XDG_CACHE_HOME", "/x"),
            ("HF_HOME", "/f"),
            ("HF_HUB_CACHE", "/c"),
        ];
        assert_eq!(cache(&all[..1]), Path::new("/h/.cache/huggingface/hub"));
        assert_eq!(cache(&all[..2]), Path::new("/x/huggingface/hub"));
        assert_eq!(cache(&all[..3]), Path::new("/f/hub"));
        assert_eq!(cache(&all), Path::new("/c"));
        assert_eq!(
            cache(&[("HOME", "/h"), ("HF_HUB_CACHE", "")]),
            Path::new("/h/.cache/huggingface/hub")
        );
    }

    #[test]
    fn the_token_comes_from_the_variable_else_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        std::fs::write(folder.path().join("token"), "hf_file\n").unwrap();
        std::fs::write(folder.path().join("other"), "hf_other\n").unwrap();
        let other = format!("{home}/other");
        let token = |more: &[(&str, &str)]| {
            let mut variables = vec![("HF_HOME", home)];
            variables.extend(more);
            options(&variables).token
        };
        assert_eq!(token(&[]).as_deref(), Some("hf_file"));
        assert_eq!(
            token(&[("HF_TOKEN_PATH", &other)]).as_deref(),
            Some("hf_other")
        );
        assert_eq!(
            token(&[("HF_TOKEN", "hf_variable"), ("HF_TOKEN_PATH", &other)]).as_deref(),
            Some("hf_variable")
        );
        assert_eq!(token(&[("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);
        assert_eq!(options(&[("HF_HOME", "/nowhere")]).token, None);
    }

    #[test]
    fn offline_and_endpoint_are_read_and_the_token_is_not_shown() {
        assert!(options(&[("HF_HUB_OFFLINE", "1")]).offline);
        assert!(options(&[("HF_HUB_OFFLINE", "True")]).offline);
        assert!(!options(&[("HF_HUB_OFFLINE", "0")]).offline);
        assert_eq!(options(&[]).endpoint, ENDPOINT);
        let options = options(&[("HF_ENDPOINT", "http://mirror"), ("HF_TOKEN", "hf_secret")]);
        assert_eq!(options.endpoint, "http://mirror");
        assert!(!format!("{options:?}").contains("hf_secret"));
    }
}
