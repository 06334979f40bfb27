//! serde_json on the whole body, as bytes.

use harness::{Companies, Outcome, decode};

fn main() -> Outcome {
    let (body, check) = decode()?;
    check.decode_all(async { Ok(serde_json::from_slice::<Companies>(&body)?.data.len()) })
}
