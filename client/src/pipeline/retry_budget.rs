//! The retry budget, which limits retries so that a failing service does not get more load.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The tokens that a retry after a transient error takes.
pub(crate) const TRANSIENT_RETRY_COST: u32 = 14;
/// The tokens that a retry after a 429 takes.
pub(crate) const THROTTLED_RETRY_COST: u32 = 5;
/// The tokens that a call returns if it succeeds without a retry.
const SUCCESS_REFUND: u32 = 1;

/// The default size of the retry budget, in tokens: 35 retries in a row.
pub const DEFAULT_RETRY_BUDGET_TOKENS: u32 = 500;
/// The default refill of the retry budget, in tokens a second: 10 retries.
pub const DEFAULT_RETRY_BUDGET_REFILL: u32 = 140;

/// Limits the retries of a client and its clones together, so that a failing service does not get
/// more load.
///
/// The budget is a bucket of tokens. It counts as the standard retry mode of the AWS SDKs does: a
/// retry after a transient error takes 14 tokens, after a 429 it takes 5; a call that succeeds
/// returns what its last retry took, or 1 token if it needed none. In addition, and this is our
/// decision, it refills with time, so that a client with few calls can always retry. A client that
/// makes many calls to a service that is down sends little more than one request for each call.
///
/// ```
/// use partner_api::{Client, RetryBudget};
///
/// let client = Client::builder()
///     .base_url("https://app.example.com")
///     .api_key("pk_live_0123456789abcdef")
///     .retry_budget(RetryBudget::default().tokens(1000).refill_per_second(0))
///     .build()?;
/// assert_eq!(client.retry_tokens(), Some(1000));
/// # Ok::<(), partner_api::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// `None` for no limit.
    tokens: Option<u32>,
    refill_per_second: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            tokens: Some(DEFAULT_RETRY_BUDGET_TOKENS),
            refill_per_second: DEFAULT_RETRY_BUDGET_REFILL,
        }
    }
}

impl RetryBudget {
    /// No limit: only the retry policy of a call and its deadline limit its retries.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { tokens: None, refill_per_second: 0 }
    }

    /// Sets the size of the bucket, which starts full. 0 allows no retry.
    /// [`DEFAULT_RETRY_BUDGET_TOKENS`].
    #[must_use]
    pub fn tokens(mut self, tokens: u32) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets how many tokens are added each second, up to the size of the bucket.
    /// [`DEFAULT_RETRY_BUDGET_REFILL`].
    #[must_use]
    pub fn refill_per_second(mut self, tokens: u32) -> Self {
        self.refill_per_second = tokens;
        self
    }
}

/// The tokens of a budget that the clones of a client share.
#[derive(Debug)]
pub(crate) struct RetryTokens {
    budget: RetryBudget,
    /// `None` without a limit.
    bucket: Option<TokenBucket>,
}

impl RetryTokens {
    pub(crate) fn full(budget: RetryBudget) -> Self {
        let bucket = budget.tokens.map(|size| TokenBucket::full(size, budget.refill_per_second));
        Self { budget, bucket }
    }

    /// The same budget with all its tokens.
    pub(crate) fn refilled(&self) -> Self {
        Self::full(self.budget)
    }

    /// Returns the tokens that are left, or `None` without a limit.
    pub(crate) fn left(&self) -> Option<u32> {
        self.bucket.as_ref().map(TokenBucket::left)
    }

    /// Takes the cost of a retry, or nothing if not enough tokens are left.
    pub(crate) fn try_spend(&self, cost: u32) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| bucket.try_take(cost))
    }

    /// Returns the cost of the last retry of a call that succeeded, or a token if it had none.
    pub(crate) fn refund(&self, last_retry_cost: Option<u32>) {
        self.put_back(last_retry_cost.unwrap_or(SUCCESS_REFUND));
    }

    /// Guards a cost that is paid for a retry which is not sent yet.
    pub(crate) fn pending_retry(&self, cost: u32) -> PendingRetry<'_> {
        PendingRetry { tokens: self, cost }
    }

    fn put_back(&self, tokens: u32) {
        if let Some(bucket) = &self.bucket {
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

/// A limited number of tokens that refills with time.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    size: u32,
    refill_per_second: u32,
    state: Mutex<BucketState>,
}

#[derive(Debug)]
struct BucketState {
    tokens: u32,
    refilled_at: Instant,
}

impl TokenBucket {
    pub(crate) fn full(size: u32, refill_per_second: u32) -> Self {
        let state = BucketState { tokens: size, refilled_at: Instant::now() };
        Self { size, refill_per_second, state: Mutex::new(state) }
    }

    pub(crate) fn left(&self) -> u32 {
        self.refilled().tokens
    }

    /// Takes tokens, or none if there are fewer.
    pub(crate) fn try_take(&self, count: u32) -> bool {
        let mut state = self.refilled();
        match state.tokens.checked_sub(count) {
            Some(left) => {
                state.tokens = left;
                true
            }
            None => false,
        }
    }

    pub(crate) fn put_back(&self, count: u32) {
        let mut state = self.state();
        state.tokens = state.tokens.saturating_add(count).min(self.size);
    }

    fn refilled(&self) -> MutexGuard<'_, BucketState> {
        let mut state = self.state();
        let rate = f64::from(self.refill_per_second);
        let added = (state.refilled_at.elapsed().as_secs_f64() * rate).floor();
        if added >= 1.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast from a positive float saturates, which is what is meant"
            )]
            let added_tokens = added as u32;
            state.tokens = state.tokens.saturating_add(added_tokens).min(self.size);
            state.refilled_at += Duration::from_secs_f64(added / rate);
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, BucketState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_tokens_can_be_spent_than_are_left() {
        let tokens = RetryTokens::full(RetryBudget::default().tokens(20));
        assert!(tokens.try_spend(14));
        assert!(!tokens.try_spend(14));
        assert_eq!(tokens.left(), Some(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_returns_its_last_retry_or_one_token_and_never_overfills() {
        let tokens = RetryTokens::full(RetryBudget::default());
        assert!(tokens.try_spend(20));
        tokens.refund(Some(TRANSIENT_RETRY_COST));
        assert_eq!(tokens.left(), Some(494));
        tokens.refund(None);
        assert_eq!(tokens.left(), Some(495));
        tokens.refund(Some(TRANSIENT_RETRY_COST));
        assert_eq!(tokens.left(), Some(DEFAULT_RETRY_BUDGET_TOKENS));
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_that_is_never_sent_is_returned() {
        let tokens = RetryTokens::full(RetryBudget::default());
        assert!(tokens.try_spend(14) && tokens.try_spend(14));
        drop(tokens.pending_retry(14));
        tokens.pending_retry(14).mark_sent();
        assert_eq!(tokens.left(), Some(486));
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_refill_with_time_in_small_steps_as_in_one() {
        for steps in [1, 3, 250] {
            let tokens = RetryTokens::full(RetryBudget::default().tokens(280));
            assert!(tokens.try_spend(280));
            for _ in 0..steps {
                tokio::time::advance(Duration::from_secs(1) / steps).await;
                tokens.left();
            }
            assert!(tokens.left().is_some_and(|left| (139..=140).contains(&left)), "{steps}");
            tokio::time::advance(Duration::from_secs(3600)).await;
            assert_eq!(tokens.left(), Some(280));
        }
        let never_refilled = RetryTokens::full(RetryBudget::default().refill_per_second(0));
        assert!(never_refilled.try_spend(14));
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(never_refilled.left(), Some(486));
    }

    #[test]
    fn without_a_limit_everything_can_be_spent() {
        let tokens = RetryTokens::full(RetryBudget::unlimited());
        assert!(tokens.try_spend(u32::MAX) && tokens.try_spend(u32::MAX));
        assert_eq!(tokens.left(), None);
    }
}
