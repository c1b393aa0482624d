#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wo_record::fuzzing::records(bytes));
