//! The tokens that retries are paid from, so that a service that is down is not made worse.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens in the retry budget that the clones of a client share.
pub const RETRY_BUDGET_TOKENS: u32 = 500;
/// What a retry after a transient fault takes out of the budget.
pub const TRANSIENT_RETRY_COST: u32 = 14;
/// What a retry after a 429 takes out of the budget.
pub const THROTTLED_RETRY_COST: u32 = 5;
/// What a call that succeeds at once puts into the budget.
const SUCCESS_REFUND: u32 = 1;

/// A bucket of tokens that the clones of a client share. Source: the AWS SDKs' standard retry mode.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    pub(crate) fn full() -> Self {
        Self::with(RETRY_BUDGET_TOKENS)
    }

    pub(crate) fn with(tokens: u32) -> Self {
        Self(AtomicU32::new(tokens))
    }

    #[cfg(test)]
    pub(crate) fn tokens(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the cost out, or nothing where not enough is left.
    pub(crate) fn try_spend(&self, cost: u32) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(cost))
            .is_ok()
    }

    /// Takes note of a cost that is spent for a retry which is not sent yet.
    pub(crate) fn unsent(&self, cost: u32) -> Unsent<'_> {
        Unsent { budget: self, cost }
    }

    /// Puts back what the last retry of a successful call cost, or a token where there was none.
    pub(crate) fn refund(&self, last_retry_cost: Option<u32>) {
        let refund = last_retry_cost.unwrap_or(SUCCESS_REFUND);
        // The usual case of a full budget writes nothing, so that clones do not fight for it.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
            (tokens < RETRY_BUDGET_TOKENS)
                .then(|| tokens.saturating_add(refund).min(RETRY_BUDGET_TOKENS))
        });
    }
}

/// A retry that is paid for and not sent. If its call is dropped meanwhile, the service never sees
/// it, and what it cost is put back.
#[must_use]
pub(crate) struct Unsent<'a> {
    budget: &'a RetryBudget,
    cost: u32,
}

impl Unsent<'_> {
    pub(crate) fn sent(mut self) {
        self.cost = 0;
    }
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        self.budget.refund(Some(self.cost));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_cannot_be_spent() {
        let budget = RetryBudget::with(20);
        assert!(budget.try_spend(14));
        assert!(!budget.try_spend(14));
        assert_eq!(budget.tokens(), 6);
    }

    #[test]
    fn a_success_gives_back_its_last_retry_or_one_token_and_never_overfills() {
        let budget = RetryBudget::with(480);
        budget.refund(Some(TRANSIENT_RETRY_COST));
        assert_eq!(budget.tokens(), 494);
        budget.refund(None);
        assert_eq!(budget.tokens(), 495);
        budget.refund(Some(TRANSIENT_RETRY_COST));
        assert_eq!(budget.tokens(), RETRY_BUDGET_TOKENS);
    }
}
