//! See `partner_api_fuzz::answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partner_api_fuzz::answer::holds(bytes));
