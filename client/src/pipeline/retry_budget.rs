//! The tokens that retries are paid from, so that a failing service does not get more load.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a retry after a transient error takes out of the budget.
pub(crate) const TRANSIENT_RETRY_COST: u32 = 14;
/// What a retry after a 429 takes out of the budget.
pub(crate) const THROTTLED_RETRY_COST: u32 = 5;
/// What a call that succeeds without a retry puts into the budget.
///
/// With the single token of the AWS SDKs, a service that fails 30 % of all requests exhausts the
/// budget, and then each of these failures is one of a call. With 5 that begins above 40 %.
const SUCCESS_REFUND: u32 = 5;

/// The default size of the retry budget, in tokens: 35 retries in a row.
pub const DEFAULT_RETRY_BUDGET_TOKENS: u32 = 500;

/// How many retries the clones of a client may make together, so that a failing service does not
/// get more load.
///
/// The budget is a bucket of tokens. A retry after a transient error takes 14 tokens, after a 429 it
/// takes 5. A call that succeeds returns what its last retry took, or 5 tokens if it needed none. So
/// a client whose service is down sends little more than one request for each call, and one whose
/// service fails a third of the requests can still retry them all. The figures are those of the AWS
/// SDKs' standard retry mode, except for the 5 tokens of a success, where these have 1.
///
/// ```
/// use partner_api::{Client, RetryBudget};
///
/// let client = Client::builder()
///     .base_url("https://app.example.com")
///     .api_key("pk_live_0123456789abcdef")
///     .retry_budget(RetryBudget::with_tokens(1000))
///     .build()?;
/// assert_eq!(client.retry_tokens(), Some(1000));
/// # Ok::<(), partner_api::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// `None` for no limit.
    tokens: Option<u32>,
}

impl Default for RetryBudget {
    /// [`DEFAULT_RETRY_BUDGET_TOKENS`].
    fn default() -> Self {
        Self::with_tokens(DEFAULT_RETRY_BUDGET_TOKENS)
    }
}

impl RetryBudget {
    /// A bucket of this size, which starts full. 0 allows no retry.
    #[must_use]
    pub fn with_tokens(tokens: u32) -> Self {
        Self { tokens: Some(tokens) }
    }

    /// No limit: only the retry policy of a call and its timeout limit its retries.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { tokens: None }
    }
}

/// The tokens of a budget that the clones of a client share.
///
/// `None` where there is no limit.
#[derive(Debug)]
pub(crate) struct RetryTokens(Option<TokenBucket>);

impl RetryTokens {
    pub(crate) fn full(budget: RetryBudget) -> Self {
        Self(budget.tokens.map(TokenBucket::full))
    }

    /// The same budget with all its tokens.
    pub(crate) fn refilled(&self) -> Self {
        Self(self.0.as_ref().map(|bucket| TokenBucket::full(bucket.size)))
    }

    /// How many are left; `None` where there is no limit.
    pub(crate) fn left(&self) -> Option<u32> {
        self.0.as_ref().map(TokenBucket::left)
    }

    /// Takes the cost of a retry, or nothing if not enough tokens are left.
    pub(crate) fn try_spend(&self, cost: u32) -> bool {
        self.0.as_ref().is_none_or(|bucket| bucket.try_take(cost))
    }

    /// Returns the cost of the last retry of a call that succeeded, or what a success without a
    /// retry is worth.
    pub(crate) fn refund(&self, last_retry_cost: Option<u32>) {
        self.put_back(last_retry_cost.unwrap_or(SUCCESS_REFUND));
    }

    /// Guards a cost that is paid for a retry which is not sent yet.
    pub(crate) fn pending_retry(&self, cost: u32) -> PendingRetry<'_> {
        PendingRetry { tokens: self, cost }
    }

    fn put_back(&self, tokens: u32) {
        if let Some(bucket) = &self.0 {
            bucket.put_back(tokens);
        }
    }
}

/// A retry that is paid for and not sent. If its call is dropped before, the service never sees it,
/// and its cost is returned.
#[must_use]
pub(crate) struct PendingRetry<'a> {
    tokens: &'a RetryTokens,
    cost: u32,
}

impl PendingRetry<'_> {
    pub(crate) fn mark_sent(mut self) {
        self.cost = 0;
    }
}

impl Drop for PendingRetry<'_> {
    fn drop(&mut self) {
        self.tokens.put_back(self.cost);
    }
}

/// A number of tokens, up to a size.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    size: u32,
    tokens: AtomicU32,
}

impl TokenBucket {
    pub(crate) fn full(size: u32) -> Self {
        Self { size, tokens: AtomicU32::new(size) }
    }

    fn left(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Takes tokens, or none if there are fewer.
    pub(crate) fn try_take(&self, count: u32) -> bool {
        let take = |tokens: u32| tokens.checked_sub(count);
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    pub(crate) fn put_back(&self, count: u32) {
        // A full bucket, the usual case, is not written, so that clones do not contend for it.
        let put =
            |tokens: u32| (tokens < self.size).then(|| tokens.saturating_add(count).min(self.size));
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, put);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_are_not_there_cannot_be_spent() {
        let tokens = RetryTokens::full(RetryBudget::with_tokens(20));
        assert!(tokens.try_spend(14));
        assert!(!tokens.try_spend(14));
        assert_eq!(tokens.left(), Some(6));
    }

    #[test]
    fn a_success_returns_its_last_retry_or_a_few_tokens_and_never_overfills() {
        let tokens = RetryTokens::full(RetryBudget::default());
        assert!(tokens.try_spend(25));
        tokens.refund(Some(TRANSIENT_RETRY_COST));
        assert_eq!(tokens.left(), Some(489));
        tokens.refund(None);
        assert_eq!(tokens.left(), Some(494));
        tokens.refund(Some(TRANSIENT_RETRY_COST));
        assert_eq!(tokens.left(), Some(DEFAULT_RETRY_BUDGET_TOKENS));
    }

    #[test]
    fn a_retry_that_is_never_sent_is_returned() {
        let tokens = RetryTokens::full(RetryBudget::default());
        assert!(tokens.try_spend(14) && tokens.try_spend(14));
        drop(tokens.pending_retry(14));
        tokens.pending_retry(14).mark_sent();
        assert_eq!(tokens.left(), Some(486));
    }

    #[test]
    fn without_a_limit_everything_can_be_spent() {
        let tokens = RetryTokens::full(RetryBudget::unlimited());
        assert!(tokens.try_spend(u32::MAX) && tokens.try_spend(u32::MAX));
        assert_eq!(tokens.left(), None);
    }
}
