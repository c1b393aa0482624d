//! What was found, for people: on a terminal, as a page, and as a contact sheet. It measures nothing.

pub(crate) mod contact_sheet;
mod font;
pub(crate) mod format;
pub(crate) mod html;
pub(crate) mod sentences;
pub(crate) mod text;
pub(crate) mod worst;
