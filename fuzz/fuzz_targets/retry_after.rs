//! See `partner_api_fuzz::retry_after`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partner_api_fuzz::retry_after::holds(bytes));
