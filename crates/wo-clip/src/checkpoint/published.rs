//! Models that their makers publish as pickles, and where the same weights are as safetensors.

use std::path::Path;

/// How their makers' files begin, in lower case, and the repository on the Hub with the same weights as open_clip has
/// them. The first that fits counts.
const PUBLISHED: [(&str, &str); 14] = [
    ("pe-core-t16-384", "timm/PE-Core-T-16-384"),
    ("pe-core-s16-384", "timm/PE-Core-S-16-384"),
    ("pe-core-b16-224", "timm/PE-Core-B-16"),
    ("pe-core-l14-336", "timm/PE-Core-L-14-336"),
    ("mobileclip_s1", "apple/MobileCLIP-S1-OpenCLIP"),
    ("mobileclip_s2", "apple/MobileCLIP-S2-OpenCLIP"),
    ("mobileclip_blt", "apple/MobileCLIP-B-LT-OpenCLIP"),
    ("mobileclip_b", "apple/MobileCLIP-B-OpenCLIP"),
    ("mobileclip2_s0", "timm/MobileCLIP2-S0-OpenCLIP"),
    ("mobileclip2_s2", "timm/MobileCLIP2-S2-OpenCLIP"),
    ("mobileclip2_s3", "timm/MobileCLIP2-S3-OpenCLIP"),
    ("mobileclip2_s4", "timm/MobileCLIP2-S4-OpenCLIP"),
    ("mobileclip2_b", "timm/MobileCLIP2-B-OpenCLIP"),
    ("mobileclip2_l14", "timm/MobileCLIP2-L-14-OpenCLIP"),
];

/// What to take instead of a file that its makers publish under this name.
pub(crate) fn published_elsewhere(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    if name.starts_with("mobileclip_s0") {
        let hint = "no library has MobileCLIP-S0 with its text tower; MobileCLIP 2 of this size is \
                    timm/MobileCLIP2-S0-OpenCLIP, so --init timm/MobileCLIP2-S0-OpenCLIP takes it";
        return Some(hint.to_owned());
    }
    let (_, repository) = PUBLISHED
        .iter()
        .find(|(start, _)| name.starts_with(start))?;
    Some(format!(
        "the same weights are {repository} on the Hub, as safetensors: --init {repository} takes them"
    ))
}
