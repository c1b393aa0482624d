//! Tests of `wo-synth` from outside: its pictures, its plan and its binary.

mod binary;
mod faults;
mod pictures;
mod plan;
