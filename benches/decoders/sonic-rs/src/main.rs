//! sonic-rs on the whole body.

use harness::{Companies, Outcome, decode};

fn main() -> Outcome {
    let (body, check) = decode()?;
    check.decode_all(async { Ok(sonic_rs::from_slice::<Companies>(&body)?.data.len()) })
}
