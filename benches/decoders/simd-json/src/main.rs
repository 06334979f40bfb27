//! simd-json on the whole body, which it changes as it reads.

use harness::{Companies, Outcome, decode};

fn main() -> Outcome {
    let (mut body, check) = decode()?;
    check.decode_all(async { Ok(simd_json::from_slice::<Companies>(&mut body)?.data.len()) })
}
