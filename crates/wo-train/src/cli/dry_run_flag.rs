//! The flag `--dry-run`.

/// What a plan is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DryRunFlag {
    /// Records and images, as training does
    Images,
    /// Records alone
    Records,
}
