//! The base model that a user asks for, and where.

/// The base model inside this binary.
pub(crate) const EMBEDDED: &str = "tiny";

/// The base model that a user asks for.
#[derive(Debug, Clone)]
pub(crate) struct BaseRequest {
    /// A built-in model, a path, or a repository on the Hub; `None` where the videos decide.
    pub(crate) name: Option<String>,
    /// Where that is said.
    pub(crate) by: AskedBy,
    /// The repository's branch, tag or commit.
    pub(crate) revision: Option<String>,
    /// Whether no socket may be opened.
    pub(crate) is_offline: bool,
}

/// Where the base model is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// With `--init`.
    Flag,
    /// With the variable `WO_INIT`.
    Variable,
    /// In `wo.toml`.
    Settings,
    /// Nowhere.
    Nobody,
}

impl AskedBy {
    /// Its name in messages.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Flag => "--init",
            Self::Variable => "WO_INIT",
            Self::Settings => "train.init of wo.toml",
            Self::Nobody => "the default",
        }
    }
}
