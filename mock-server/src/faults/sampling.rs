//! Sampling: random numbers that depend only on the RNG seed, the rule, the partner and the number of
//! its request.

use crate::state::generator::splitmix::splitmix64;

/// The inputs of the random numbers.
pub(super) struct Sampler {
    pub(super) seed: u64,
    pub(super) rule: u64,
    pub(super) partner: u64,
    pub(super) request: u64,
}

impl Sampler {
    /// One of several independent draws, of 53 bits.
    pub(super) fn draw(&self, which: u64) -> u64 {
        let inputs = [self.seed, self.rule, self.partner, self.request, which];
        inputs.into_iter().fold(0, |hash, input| splitmix64(hash ^ input)) >> 11
    }
}

/// A number in [0, 1), exactly.
#[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
pub(super) fn unit(draw: u64) -> f64 {
    draw as f64 / (1_u64 << 53) as f64
}

/// FNV-1a. Not the partner's number: tests that share a mock add partners in any order.
pub(super) fn text_hash(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
