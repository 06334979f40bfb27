//! See `partner_api_fuzz::response`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| partner_api_fuzz::response::holds(bytes));
