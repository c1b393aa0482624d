//! Where in a file a parameter lies.

/// Where a parameter lies: a tensor of a file, and the part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its name in the file.
    pub(crate) tensor: String,
    /// The part of it that is the parameter.
    pub(crate) part: Part,
    /// A tensor whose rows come below.
    pub(crate) below: Option<String>,
}

/// A part of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// All of it, transposed.
    Transposed,
    /// The first, second or last third of its rows.
    Third(usize),
    /// All of it, which is a list of one.
    OnlyRow,
}

impl Source {
    pub(crate) fn new(tensor: String, part: Part) -> Self {
        Self {
            tensor,
            part,
            below: None,
        }
    }

    /// The same with the rows of another tensor below.
    pub(crate) fn and_below(self, tensor: &str) -> Self {
        Self {
            below: Some(tensor.to_owned()),
            ..self
        }
    }

    /// The same of a tensor inside another module.
    pub(crate) fn inside(self, module: &str) -> Self {
        Self {
            tensor: format!("{module}{}", self.tensor),
            ..self
        }
    }
}

impl Part {
    /// The shape of the whole tensor, given the shape of the part.
    pub(crate) fn whole_shape(self, parameter: &[i64]) -> Vec<i64> {
        let mut shape = parameter.to_vec();
        match self {
            Self::Whole => {}
            Self::Transposed => shape.reverse(),
            Self::OnlyRow => shape.insert(0, 1),
            Self::Third(_) => shape.iter_mut().take(1).for_each(|rows| *rows *= 3),
        }
        shape
    }
}
