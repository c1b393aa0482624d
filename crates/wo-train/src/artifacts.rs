//! What a run leaves on disk beside the weights.

pub(crate) mod loss_plot;
pub(crate) mod manifest;
pub(crate) mod model_card;
pub(crate) mod previous_model;
pub(crate) mod run_dir;
pub(crate) mod tensorboard;
