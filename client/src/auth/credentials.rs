//! The cache of the API key: a key that was set, or one that a provider fetched.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{self, Handle};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::auth::api_key::ApiKey;
use crate::error::{BoxError, SharedError};

/// The default timeout of one fetch by an API key provider.
pub const DEFAULT_API_KEY_PROVIDER_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a caller in another runtime relies on a fetch: longer than most of them take, and then
/// it fetches the key itself, since that runtime may be idle.
const MAX_WAIT_FOR_OTHER_RUNTIME: Duration = Duration::from_secs(1);

/// Fetches a key.
pub(crate) type ApiKeyProvider =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<ApiKey, BoxError>> + Send>> + Send + Sync>;

/// The key of a client and its clones, which can change at any time.
///
/// A fetch is one task for all callers that wait for it, so that it continues when a caller is
/// dropped.
pub(crate) struct ApiKeyCache {
    state: watch::Sender<State>,
    provider: Option<(ApiKeyProvider, Duration)>,
}

#[derive(Clone, Default)]
struct State {
    /// A key, or the error of the provider; `None` before the first fetch.
    cached: Option<Result<ApiKey, SharedError>>,
    /// Counts the results of the provider and the keys that were set.
    generation: u64,
    fetching: Option<RunningFetch>,
}

#[derive(Clone, Copy)]
struct RunningFetch {
    /// The generation that its result will follow.
    generation: u64,
    /// The runtime that runs it, which may never run again.
    runtime: runtime::Id,
    started: Instant,
}

/// A key, and which of the keys of the cache it is.
pub(crate) struct CachedKey {
    pub(crate) key: ApiKey,
    generation: u64,
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("the API key provider timed out after {0:?}")]
    TimedOut(Duration),
    #[error("the API key provider panicked")]
    Panicked,
    #[error("there is no API key")]
    NoProvider,
}

impl ApiKeyCache {
    pub(crate) fn fixed(api_key: ApiKey) -> Arc<Self> {
        let state = State { cached: Some(Ok(api_key)), ..State::default() };
        Arc::new(Self { state: watch::Sender::new(state), provider: None })
    }

    pub(crate) fn with_provider(provider: ApiKeyProvider, timeout: Duration) -> Arc<Self> {
        let state = watch::Sender::new(State::default());
        Arc::new(Self { state, provider: Some((provider, timeout)) })
    }

    /// The key to use now, if no fetch is needed: the usual case.
    pub(crate) fn cached(&self) -> Option<CachedKey> {
        self.state.borrow().result()?.ok()
    }

    /// The key to use now, fetched if needed.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<CachedKey, SharedError> {
        let (result, generation) = {
            let state = self.state.borrow();
            (state.result(), state.generation)
        };
        match result {
            Some(Ok(cached)) => Ok(cached),
            _ => self.after(generation).await,
        }
    }

    /// Returns true if there is another key than the one that was rejected.
    pub(crate) async fn has_other_than(
        self: &Arc<Self>,
        rejected: &CachedKey,
    ) -> Result<bool, SharedError> {
        Ok(!self.after(rejected.generation).await?.key.is_same(&rejected.key))
    }

    /// Sets a key, also for callers that wait for the provider.
    pub(crate) fn replace(&self, key: ApiKey) {
        self.state.send_modify(|state| state.set_next(Ok(key)));
    }

    /// Returns the result that follows a generation: a key that was set or fetched since, or the
    /// result of a new fetch.
    async fn after(self: &Arc<Self>, generation: u64) -> Result<CachedKey, SharedError> {
        let mut changes = self.state.subscribe();
        let runtime = Handle::current().id();
        loop {
            let fetching = {
                let state = changes.borrow_and_update();
                if state.generation != generation || self.provider.is_none() {
                    let result = state.result();
                    return result.unwrap_or_else(|| Err(Arc::new(FetchError::NoProvider)));
                }
                state.fetching.filter(|fetching| fetching.generation == generation)
            };
            match fetching {
                Some(fetching) if fetching.runtime == runtime => {
                    // The sender is in `self`, so this does not fail.
                    let _ = changes.changed().await;
                }
                Some(fetching) => {
                    let limit =
                        MAX_WAIT_FOR_OTHER_RUNTIME.saturating_sub(fetching.started.elapsed());
                    if timeout(limit, changes.changed()).await.is_err() {
                        self.start_fetch(Some(fetching), generation, runtime);
                    }
                }
                None => self.start_fetch(None, generation, runtime),
            }
        }
    }

    /// Starts the fetch that follows a generation, instead of the one that was seen, unless
    /// another caller has started it.
    fn start_fetch(
        self: &Arc<Self>,
        seen: Option<RunningFetch>,
        generation: u64,
        runtime: runtime::Id,
    ) {
        let fetching = RunningFetch { generation, runtime, started: Instant::now() };
        let is_first = self.state.send_if_modified(|state| {
            let current = state.fetching.filter(|fetching| fetching.generation == generation);
            let is_first = state.generation == generation
                && current.map(|fetching| fetching.runtime) == seen.map(|seen| seen.runtime);
            if is_first {
                state.fetching = Some(fetching);
            }
            is_first
        });
        if is_first {
            tokio::spawn(Fetch { cache: Arc::clone(self), fetching, result: None }.run());
        }
    }
}

/// A running fetch. If its task is dropped, because its runtime ends, the next waiter starts
/// another.
struct Fetch {
    cache: Arc<ApiKeyCache>,
    fetching: RunningFetch,
    result: Option<Result<ApiKey, SharedError>>,
}

impl Fetch {
    async fn run(mut self) {
        let cache = Arc::clone(&self.cache);
        let Some((provider, limit)) = &cache.provider else { return };
        // The provider runs in here, so that a panic of it is seen by the drop below.
        self.result = Some(match timeout(*limit, async { provider().await }).await {
            Ok(result) => result.map_err(SharedError::from),
            Err(_) => Err(Arc::new(FetchError::TimedOut(*limit))),
        });
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let panicked = || -> Result<ApiKey, SharedError> { Err(Arc::new(FetchError::Panicked)) };
        let result = self.result.take().or_else(|| std::thread::panicking().then(panicked));
        let RunningFetch { generation, runtime, .. } = self.fetching;
        self.cache.state.send_modify(|state| {
            if state
                .fetching
                .is_some_and(|now| (now.generation, now.runtime) == (generation, runtime))
            {
                state.fetching = None;
            }
            if let Some(result) = result
                && state.generation == generation
            {
                state.set_next(result);
            }
        });
    }
}

impl State {
    fn result(&self) -> Option<Result<CachedKey, SharedError>> {
        let cached = self.cached.clone()?;
        Some(cached.map(|key| CachedKey { key, generation: self.generation }))
    }

    fn set_next(&mut self, cached: Result<ApiKey, SharedError>) {
        self.cached = Some(cached);
        self.generation += 1;
    }
}

impl fmt::Debug for ApiKeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = if self.provider.is_some() { "from a provider" } else { "fixed" };
        f.debug_tuple("ApiKeyCache").field(&format_args!("redacted, {origin}")).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn key(text: &str) -> ApiKey {
        ApiKey::new(text).unwrap()
    }

    const LIMIT: Duration = Duration::from_secs(30);

    /// A cache whose provider returns what the function makes of its count, and that count.
    fn cache_of(
        result: impl Fn(usize) -> Result<ApiKey, BoxError> + Send + Sync + 'static,
    ) -> (Arc<ApiKeyCache>, Arc<AtomicUsize>) {
        let fetches = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&fetches);
        let provider: ApiKeyProvider = Box::new(move || {
            let result = result(counter.fetch_add(1, Ordering::Relaxed));
            Box::pin(async move {
                tokio::task::yield_now().await;
                result
            })
        });
        (ApiKeyCache::with_provider(provider, LIMIT), fetches)
    }

    /// A provider of one key.
    fn constant(text: &'static str) -> (Arc<ApiKeyCache>, Arc<AtomicUsize>) {
        cache_of(move |_| Ok(ApiKey::new(text)?))
    }

    /// A provider whose first fetch never ends, and the number of fetches.
    fn first_hangs() -> (Arc<ApiKeyCache>, Arc<AtomicUsize>) {
        let fetches = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&fetches);
        let provider: ApiKeyProvider = Box::new(move || {
            let count = counter.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                if count == 0 {
                    std::future::pending::<()>().await;
                }
                Ok(ApiKey::new("fetched")?)
            })
        });
        (ApiKeyCache::with_provider(provider, LIMIT), fetches)
    }

    #[tokio::test]
    async fn callers_that_need_a_key_at_the_same_time_share_one_fetch() {
        let (cache, fetches) = cache_of(|count| Ok(ApiKey::new(format!("key-{count}"))?));
        let (first, second, third) = tokio::join!(cache.get(), cache.get(), cache.get());
        for cached in [&first, &second, &third] {
            assert!(cached.as_ref().unwrap().key.is_same(&key("key-0")));
        }
        let rejected = first.unwrap();
        let (first, second) =
            tokio::join!(cache.has_other_than(&rejected), cache.has_other_than(&rejected));
        assert!(first.unwrap() && second.unwrap());
        assert!(cache.get().await.unwrap().key.is_same(&key("key-1")));
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn callers_that_were_rejected_share_one_fetch_even_if_there_is_no_other_key() {
        let (cache, fetches) = constant("same");
        let used = cache.get().await.unwrap();
        let wait = || cache.has_other_than(&used);
        let (first, second, third) = tokio::join!(wait(), wait(), wait());
        assert!(!first.unwrap() && !second.unwrap() && !third.unwrap());
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_provider_that_fails_fails_for_all_waiters_and_is_called_again_by_the_next() {
        let (cache, fetches) =
            cache_of(|count| if count == 0 { Err("sealed".into()) } else { Ok(ApiKey::new("k")?) });
        let (first, second) = tokio::join!(cache.get(), cache.get());
        for result in [first, second] {
            assert_eq!(result.err().unwrap().to_string(), "sealed");
        }
        assert!(cache.get().await.is_ok());
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_does_not_end_the_fetch() {
        let (release, released) = watch::channel(false);
        let (cache, fetches) = {
            let fetches = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&fetches);
            let provider: ApiKeyProvider = Box::new(move || {
                counter.fetch_add(1, Ordering::Relaxed);
                let mut released = released.clone();
                Box::pin(async move {
                    released.wait_for(|released| *released).await?;
                    Ok(ApiKey::new("fetched")?)
                })
            });
            (ApiKeyCache::with_provider(provider, LIMIT), fetches)
        };
        for _ in 0..3 {
            let mut waiting = Box::pin(cache.get());
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("the provider has not returned"),
                () = tokio::task::yield_now() => {}
            }
        }
        release.send(true).unwrap();
        assert!(cache.get().await.unwrap().key.is_same(&key("fetched")));
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_that_hangs_times_out_and_the_next_caller_starts_another() {
        let (cache, fetches) = first_hangs();
        let error = cache.get().await.err().unwrap().to_string();
        assert_eq!(error, "the API key provider timed out after 30s");
        assert!(cache.get().await.is_ok());
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_provider_that_panics_is_an_error_and_not_called_again_by_itself() {
        let (cache, fetches) = cache_of(|_| panic!("this panic is expected"));
        let error = cache.get().await.err().unwrap().to_string();
        assert_eq!(error, "the API key provider panicked");
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_fetch_whose_runtime_ends_is_started_again_by_a_waiter_in_another() {
        let (cache, fetches) = first_hangs();
        let first = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        first.block_on(async {
            let mut waiting = Box::pin(cache.get());
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("the provider hangs"),
                () = tokio::task::yield_now() => {}
            }
        });
        let second = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        second.block_on(async {
            let waiting = cache.get();
            let ending = async { drop(std::thread::spawn(|| drop(first)).join()) };
            let (cached, ()) = tokio::join!(waiting, ending);
            assert!(cached.unwrap().key.is_same(&key("fetched")));
        });
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_fetch_in_a_runtime_that_nobody_drives_is_not_waited_for() {
        let (cache, fetches) = first_hangs();
        let runtime = |paused| {
            runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(paused)
                .build()
                .unwrap()
        };
        let idle = runtime(false);
        idle.block_on(async {
            let mut waiting = Box::pin(cache.get());
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("the provider hangs"),
                () = tokio::task::yield_now() => {}
            }
        });
        let cached = runtime(true).block_on(cache.get());
        assert!(cached.unwrap().key.is_same(&key("fetched")));
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
        drop(idle);
    }

    #[tokio::test]
    async fn a_key_that_is_set_during_a_fetch_is_the_newer_one() {
        let (cache, _) = constant("fetched");
        let (cached, ()) = tokio::join!(cache.get(), async { cache.replace(key("set")) });
        assert!(cached.unwrap().key.is_same(&key("set")));
        tokio::task::yield_now().await;
        assert!(cache.get().await.unwrap().key.is_same(&key("set")));
    }

    #[tokio::test]
    async fn a_key_that_is_set_ends_the_wait_for_a_provider_that_hangs() {
        let (cache, _) = first_hangs();
        let (first, second, ()) = tokio::join!(cache.get(), cache.get(), async {
            tokio::task::yield_now().await;
            cache.replace(key("set"));
        });
        for cached in [first, second] {
            assert!(cached.unwrap().key.is_same(&key("set")));
        }
    }

    #[tokio::test]
    async fn a_fixed_key_has_no_other_until_it_is_replaced() {
        let cache = ApiKeyCache::fixed(key("old"));
        let old = cache.get().await.unwrap();
        assert!(!cache.has_other_than(&old).await.unwrap());
        cache.replace(key("new"));
        assert!(cache.has_other_than(&old).await.unwrap());
        assert!(cache.get().await.unwrap().key.is_same(&key("new")));
    }
}
