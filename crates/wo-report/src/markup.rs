//! What sections are made of: numbers with their intervals, charts, images, and names that may be broken.

pub(crate) mod breakable;
pub(crate) mod chart;
pub(crate) mod estimate;
pub(crate) mod forest;
pub(crate) mod page_image;
