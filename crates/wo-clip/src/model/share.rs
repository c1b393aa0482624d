//! Parts of a model that share their parameters with another, as a checkpointed block needs them.

use tch::{Tensor, nn};

use crate::model::lora::{self, Projection};

/// Something that can be held twice: the tensors are the same, not copies.
pub(crate) trait Share {
    /// A second holder.
    fn share(&self) -> Self;
}

impl Share for Tensor {
    fn share(&self) -> Self {
        self.shallow_clone()
    }
}

impl Share for nn::Linear {
    fn share(&self) -> Self {
        lora::shallow_clone(self)
    }
}

impl Share for Projection {
    fn share(&self) -> Self {
        self.shallow_clone()
    }
}

impl<T: Share> Share for Option<T> {
    fn share(&self) -> Self {
        self.as_ref().map(Share::share)
    }
}

/// Implements [`Share`] for a struct by its fields; those after the semicolon are copied.
macro_rules! share_fields {
    ($name:ident { $($shared:ident),* ; $($copied:ident),* }) => {
        impl $crate::model::share::Share for $name {
            fn share(&self) -> Self {
                Self {
                    $($shared: $crate::model::share::Share::share(&self.$shared),)*
                    $($copied: self.$copied,)*
                }
            }
        }
    };
}

pub(crate) use share_fields;
