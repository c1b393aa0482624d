//! Times and rates as records have them.

/// Nanoseconds as milliseconds, to the microsecond: below it are the rounding errors of time scales.
pub(crate) fn ms(ns: u64) -> f64 {
    ((ns + 500) / 1000) as f64 / 1e3
}

/// Bits a second of the file as a whole.
pub(crate) fn bitrate(size_bytes: u64, duration_ns: u64) -> Option<u64> {
    let bits = u128::from(size_bytes) * 8;
    (bits * 1_000_000_000)
        .checked_div(duration_ns.into())
        .map(|rate| rate as u64)
}
