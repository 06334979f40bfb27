//! serde_json on the whole body, as bytes.

use harness::{Companies, Counting, Outcome, decode};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Outcome {
    let (body, check) = decode()?;
    check.that_all_came(async { Ok(serde_json::from_slice::<Companies>(&body)?.data.len()) })
}
