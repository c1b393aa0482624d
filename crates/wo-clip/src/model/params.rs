//! Where the parameters of a tower come from: a store, which makes them, or an outline, which only notes their shapes.
//!
//! So the shapes against which a file is checked are those of the tower's own constructor, and no list can differ.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tch::{Kind, Tensor, nn};

/// Shapes by the names of parameters.
type Shapes = BTreeMap<String, Vec<i64>>;

/// A place of named parameters.
#[derive(Debug, Clone)]
pub(crate) enum Params<'a> {
    /// In a store.
    Store(nn::Path<'a>),
    /// In no store: names and shapes are noted, and tensors are empty.
    Outline {
        /// The name of the place.
        name: String,
        /// What was noted.
        shapes: &'a RefCell<Shapes>,
    },
}

impl<'a> Params<'a> {
    /// An outline of a whole model.
    pub(crate) fn outline(shapes: &'a RefCell<Shapes>) -> Self {
        Self::Outline {
            name: String::new(),
            shapes,
        }
    }

    /// The place within this one; dots separate levels.
    pub(crate) fn at(&self, name: &str) -> Self {
        match self {
            Self::Store(path) => Self::Store(
                name.split('.')
                    .fold(path.clone(), |path, level| path / level),
            ),
            Self::Outline {
                name: outer,
                shapes,
            } => Self::Outline {
                name: joined(outer, name),
                shapes,
            },
        }
    }

    /// A numbered place within this one.
    pub(crate) fn nth(&self, name: &str, n: usize) -> Self {
        self.at(&format!("{name}.{n}"))
    }

    /// A parameter that is trained.
    pub(crate) fn parameter(&self, name: &str, shape: &[i64], init: nn::Init) -> Tensor {
        match self {
            Self::Store(path) => path.var(name, shape, init),
            Self::Outline { .. } => self.noted(name, shape),
        }
    }

    /// A matrix or kernel, whose random values suit its number of inputs.
    pub(crate) fn weight(&self, name: &str, shape: &[i64]) -> Tensor {
        self.parameter(name, shape, nn::init::DEFAULT_KAIMING_UNIFORM)
    }

    /// A parameter of equal values.
    pub(crate) fn constant(&self, name: &str, shape: &[i64], value: f64) -> Tensor {
        self.parameter(name, shape, nn::Init::Const(value))
    }

    /// Numbers of a checkpoint that are not trained.
    pub(crate) fn statistic(&self, name: &str, shape: &[i64], value: f64) -> Tensor {
        match self {
            Self::Store(path) => {
                let values = Tensor::full(shape, value, (Kind::Float, path.device()));
                path.add(name, values, false)
            }
            Self::Outline { .. } => self.noted(name, shape),
        }
    }

    fn noted(&self, name: &str, shape: &[i64]) -> Tensor {
        if let Self::Outline {
            name: outer,
            shapes,
        } = self
        {
            shapes
                .borrow_mut()
                .insert(joined(outer, name), shape.to_vec());
        }
        Tensor::empty([0], (Kind::Float, tch::Device::Cpu))
    }
}

fn joined(outer: &str, name: &str) -> String {
    if outer.is_empty() {
        name.to_owned()
    } else {
        format!("{outer}.{name}")
    }
}
