//! Which kernel computes the matrix products of linear layers on a CPU: libtorch's own (MKL in its wheels) or oneDNN, by
//! what this processor is faster with.
//!
//! The last bits of a result depend on it. So the choice is made once per machine and kept in a file, a run stores it
//! in its snapshots, and only a clear gain moves it from libtorch's own kernel: noise must not.

pub(crate) mod cache;
pub(crate) mod processor;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::native::NativeError;
use crate::native::linear::{self, Product};

/// The products of a layer, in the order of `Part` in `cpp/linear.cpp`.
const PARTS: [&str; 3] = ["output", "input_grad", "weight_grad"];
/// The shapes that are told apart, in the order of `Shape` there.
const SHAPES: [&str; 5] = ["small", "few_rows", "square", "widening", "narrowing"];
/// What stands for each shape when it is timed: rows, inputs and outputs. The small ones stay with libtorch's own kernel.
const SAMPLES: [Option<(i64, i64, i64)>; 5] = [
    None,
    Some((16, 768, 768)),
    Some((256, 512, 512)),
    Some((256, 256, 1024)),
    Some((256, 1024, 256)),
];
const N_ROUNDS: u32 = 3;
/// oneDNN is chosen where it takes at most this part of the time. Its gain where it has one is a factor of two; what
/// noise shows between equals is less than a quarter.
const CLEARLY: f64 = 0.75;
/// Chooses instead of timing: `own` or `onednn`.
const VARIABLE: &str = "WO_KERNELS";

/// Which products oneDNN computes; libtorch's own kernels compute the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct Kernels(u32);

/// The seconds of one product.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelTime {
    /// Its part and shape, such as `output/square`.
    pub product: String,
    /// By libtorch's own kernel.
    pub own: f64,
    /// By oneDNN; `None` where there is none.
    pub onednn: Option<f64>,
}

impl Kernels {
    /// libtorch's own for all products.
    pub const OWN: Self = Self(0);

    /// oneDNN for all products, of any size.
    pub const ONEDNN: Self = Self((1 << (PARTS.len() * SHAPES.len())) - 1);

    /// What the environment variable `WO_KERNELS` asks for: `own` or `onednn`.
    pub fn asked_for() -> Option<Self> {
        match std::env::var(VARIABLE).as_deref() {
            Ok("own") => Some(Self::OWN),
            Ok("onednn") => Some(Self::ONEDNN),
            _ => None,
        }
    }

    /// The times of all products that are told apart.
    pub fn timed() -> Result<Vec<KernelTime>, NativeError> {
        let mut times = Vec::new();
        for (part, name) in PARTS.iter().enumerate() {
            for (shape, sample) in SHAPES.iter().zip(SAMPLES) {
                if let Some((rows, n_in, n_out)) = sample {
                    times.push(KernelTime {
                        product: format!("{name}/{shape}"),
                        ..Self::time_of(part, rows, n_in, n_out)?
                    });
                }
            }
        }
        Ok(times)
    }

    /// The time of a product of a layer: its output (part 0), the gradient of its input (1) or of its weight (2).
    pub fn time_of(
        part: usize,
        rows: i64,
        n_in: i64,
        n_out: i64,
    ) -> Result<KernelTime, NativeError> {
        let product = Product {
            part: part % PARTS.len(),
            rows,
            n_in,
            n_out,
        };
        let (own, onednn) = linear::time(product, N_ROUNDS)?;
        Ok(KernelTime {
            product: format!("{} {rows}x{n_in}x{n_out}", PARTS[product.part]),
            own,
            onednn: onednn.is_finite().then_some(onednn),
        })
    }

    /// What these times speak for.
    pub fn by(times: &[KernelTime]) -> Self {
        let clearly = |it: &&KernelTime| it.onednn.is_some_and(|time| time <= CLEARLY * it.own);
        let bits = times.iter().filter(clearly);
        Self(bits.filter_map(|it| bit_of(&it.product)).sum())
    }

    /// Those in use.
    pub fn in_use() -> Self {
        Self(linear::onednn_bits())
    }

    /// Uses them from now on, in all threads of this process. An error where this libtorch lacks oneDNN.
    pub fn apply(self) -> Result<(), NativeError> {
        linear::use_onednn(self.0)
    }

    fn names(self) -> Vec<String> {
        products()
            .filter(|(_, bit)| self.0 & bit != 0)
            .map(|(name, _)| name)
            .collect()
    }
}

/// `libtorch's own`, `oneDNN`, or `oneDNN for output/square, …`.
impl fmt::Display for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OWN => f.write_str("libtorch's own kernels"),
            Self::ONEDNN => f.write_str("oneDNN"),
            _ => write!(f, "oneDNN for {}", self.names().join(", ")),
        }
    }
}

impl From<Kernels> for Vec<String> {
    fn from(kernels: Kernels) -> Self {
        kernels.names()
    }
}

impl TryFrom<Vec<String>> for Kernels {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        names.iter().try_fold(Self::OWN, |kernels, name| {
            let bit = bit_of(name).ok_or_else(|| format!("no product is called {name}"))?;
            Ok(Self(kernels.0 | bit))
        })
    }
}

/// All products with their bits.
fn products() -> impl Iterator<Item = (String, u32)> {
    let names = PARTS
        .iter()
        .flat_map(|part| SHAPES.iter().map(move |shape| format!("{part}/{shape}")));
    names.zip(0..).map(|(name, place)| (name, 1 << place))
}

fn bit_of(product: &str) -> Option<u32> {
    products()
        .find(|(name, _)| name == product)
        .map(|(_, bit)| bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(product: &str, own: f64, onednn: Option<f64>) -> KernelTime {
        KernelTime {
            product: product.to_owned(),
            own,
            onednn,
        }
    }

    #[test]
    fn only_a_clear_gain_moves_the_choice() {
        let times = [
            time("output/square", 1.0, Some(0.45)),
            time("output/widening", 1.0, Some(0.8)),
            time("weight_grad/square", 1.0, None),
            time("input_grad/narrowing", 2.0, Some(1.4)),
        ];
        let kernels = Kernels::by(&times);
        assert_eq!(kernels.names(), ["output/square", "input_grad/narrowing"]);
        assert_eq!(
            kernels.to_string(),
            "oneDNN for output/square, input_grad/narrowing"
        );
        let noisy: Vec<_> = times
            .iter()
            .map(|it| time(&it.product, it.own, Some(0.8 * it.own)))
            .collect();
        assert_eq!(Kernels::by(&noisy), Kernels::OWN);
    }

    #[test]
    fn names_come_back_as_what_they_were() {
        for kernels in [Kernels::OWN, Kernels::ONEDNN, Kernels(0b100_1000)] {
            let json = serde_json::to_string(&kernels).unwrap();
            assert_eq!(serde_json::from_str::<Kernels>(&json).unwrap(), kernels);
        }
        assert!(serde_json::from_str::<Kernels>("[\"output/round\"]").is_err());
        assert_eq!(Kernels::ONEDNN.names().len(), 15);
    }

    #[test]
    fn all_that_is_told_apart_is_timed() {
        let times = Kernels::timed().unwrap();
        assert_eq!(times.len(), 12);
        assert!(
            times
                .iter()
                .all(|it| it.own > 0.0 && it.onednn.is_some_and(|time| time > 0.0))
        );
        assert!(times.iter().all(|it| bit_of(&it.product).is_some()));
    }
}
