//! A model judges one video: decode it, predict, abstain, find the evidence.

pub(crate) mod abstain;
pub(crate) mod decoded_video;
pub(crate) mod evidence;
pub(crate) mod facts;
mod handed_over;
pub(crate) mod judge_worker;
pub(crate) mod label_space;
pub(crate) mod load;
pub(crate) mod nearest_training;
pub(crate) mod perturb;
pub(crate) mod place;
pub(crate) mod predict;
pub(crate) mod prediction;
pub(crate) mod provenance;
pub(crate) mod region_features;
pub(crate) mod thumbnail;
pub(crate) mod video_name;
