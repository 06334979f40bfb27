//! sonic-rs on the whole body.

use harness::{Companies, Outcome, decode};

fn main() -> Outcome {
    let (body, check) = decode()?;
    check.that_all_came(async { Ok(sonic_rs::from_slice::<Companies>(&body)?.data.len()) })
}
