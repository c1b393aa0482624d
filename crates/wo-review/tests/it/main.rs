//! The binary as a person meets it: its command line, its server, its page in a real browser, and what is left of decisions
//! when it is killed.

mod alone;
mod api;
mod browser;
mod captions;
mod cli;
mod connections;
mod crash;
mod exchange;
mod faults;
mod harness;
mod hostile;
mod hostile_requests;
mod irregular;
mod lost;
mod names;
mod pictures;
mod power;
mod safety;
mod studio;
mod studio_files;
mod studio_people;
mod studio_questions;
mod tables;
mod uncertain;
mod webdriver;
