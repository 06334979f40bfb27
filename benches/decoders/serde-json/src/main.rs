//! serde_json on the whole body, as bytes.

use harness::{Companies, Outcome, decode};

fn main() -> Outcome {
    let (body, check) = decode()?;
    check.that_all_came(async { Ok(serde_json::from_slice::<Companies>(&body)?.data.len()) })
}
