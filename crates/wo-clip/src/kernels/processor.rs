//! The processor, as `/proc/cpuinfo` describes it.

use std::collections::BTreeSet;

use crate::native::linear::cpu_capability;

/// A processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processor {
    model: String,
    flags: BTreeSet<String>,
}

impl Processor {
    /// The one that this runs on.
    pub fn of_machine() -> Self {
        Self::of(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    /// The first one in a text of the form of `/proc/cpuinfo`.
    pub fn of(cpuinfo: &str) -> Self {
        let value = |names: [&str; 2]| {
            cpuinfo.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                names.contains(&name.trim()).then(|| value.trim())
            })
        };
        let flags = value(["flags", "Features"]).unwrap_or_default();
        Self {
            model: value(["model name", "CPU part"])
                .unwrap_or("unknown")
                .to_owned(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Whether it multiplies in bfloat16: AVX512_BF16 or AMX. Others are about ten times slower in it than in 32 bits.
    pub fn has_bfloat16(&self) -> bool {
        ["avx512_bf16", "amx_bf16"]
            .iter()
            .any(|flag| self.flags.contains(*flag))
    }

    /// Whether it has the 512-bit vectors that oneDNN uses and MKL, on processors that are not Intel's, does not.
    pub(crate) fn has_avx512(&self) -> bool {
        self.flags.contains("avx512f")
    }

    /// Its model and flags, in one text.
    pub(crate) fn all(&self) -> String {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        format!("{} {}", self.model, flags.join(" "))
    }

    /// Its model and what libtorch's kernels use of it: results of two that are alike have the same bits.
    pub fn name(&self) -> String {
        format!("{}, {}", self.model, cpu_capability())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMX: &str = "processor\t: 0\nmodel name\t: Some Xeon\nflags\t\t: fpu avx512f amx_bf16\n\nprocessor\t: 1\n\
                       model name\t: Other\nflags\t\t: fpu\n";

    #[test]
    fn bfloat16_is_told_by_flags() {
        let processor = Processor::of(AMX);
        assert!(processor.has_bfloat16() && processor.has_avx512());
        assert!(!Processor::of("flags : avx2 fma").has_avx512());
        assert!(
            processor.name().starts_with("Some Xeon, "),
            "{}",
            processor.name()
        );
        assert_eq!(processor.all(), "Some Xeon amx_bf16 avx512f fpu");
        assert!(Processor::of("flags : avx512_bf16").has_bfloat16());
        assert!(!Processor::of("flags : avx2 avx512f").has_bfloat16());
        assert!(!Processor::of("").has_bfloat16());
    }
}
