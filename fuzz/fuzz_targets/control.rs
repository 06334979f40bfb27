//! See `partner_api_fuzz::control`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partner_api_fuzz::control::holds(bytes));
