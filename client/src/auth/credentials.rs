//! Which key a request goes out with: one that was given, or one that a source is asked for.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::sync::{Mutex, watch};

use crate::auth::api_key::ApiKey;
use crate::error::{BoxError, SharedError};

/// Asks for a key.
pub(crate) type KeySource =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<ApiKey, BoxError>> + Send>> + Send + Sync>;

/// The key of a client and its clones. It can change at any time.
pub(crate) struct KeyRing {
    state: watch::Sender<State>,
    source: Option<KeySource>,
    /// Held while the source is asked, so that calls which need a key at once ask for one.
    asking: Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    /// A key, or why the source gave none; nothing before it was asked.
    held: Option<Result<ApiKey, SharedError>>,
    /// Counts the answers of the source and the keys that were set.
    generation: u64,
}

/// A key to use, and which it is of those that were.
pub(crate) struct HeldKey {
    pub(crate) key: ApiKey,
    generation: u64,
}

impl KeyRing {
    pub(crate) fn fixed(api_key: ApiKey) -> Self {
        Self::new(State { held: Some(Ok(api_key)), generation: 0 }, None)
    }

    pub(crate) fn asking(source: KeySource) -> Self {
        Self::new(State::default(), Some(source))
    }

    fn new(state: State, source: Option<KeySource>) -> Self {
        Self { state: watch::Sender::new(state), source, asking: Mutex::new(()) }
    }

    /// The key to use now, unless a source must be asked: the usual case, which needs no time limit.
    pub(crate) fn held(&self) -> Option<HeldKey> {
        self.state().ready()?.ok()
    }

    /// The key to use now.
    pub(crate) async fn key(&self) -> Result<HeldKey, SharedError> {
        let state = self.state();
        let generation = state.generation;
        match state.ready() {
            Some(Ok(held)) => Ok(held),
            _ => self.after(generation).await,
        }
    }

    /// Whether there is another key now than the one that was refused.
    pub(crate) async fn has_other_than(&self, refused: &HeldKey) -> Result<bool, SharedError> {
        Ok(!self.after(refused.generation).await?.key.is_same(&refused.key))
    }

    /// Sets a key, for those as well who wait for the source.
    pub(crate) fn replace(&self, key: ApiKey) {
        self.state.send_modify(|state| state.follow_with(Ok(key)));
    }

    /// What follows on a generation: what others set or were told meanwhile, or else what the
    /// source says now.
    async fn after(&self, generation: u64) -> Result<HeldKey, SharedError> {
        let mut news = self.state.subscribe();
        if self.state.borrow().generation == generation {
            let mut changed = pin!(news.changed());
            let mut asked = pin!(self.ask(generation));
            poll_fn(|cx| {
                let is_over =
                    changed.as_mut().poll(cx).is_ready() || asked.as_mut().poll(cx).is_ready();
                if is_over { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        let ready = self.state().ready();
        ready.unwrap_or_else(|| Err(BoxError::from("there is no key").into()))
    }

    /// Lets the source say what follows on a generation, unless something has by then.
    async fn ask(&self, generation: u64) {
        let Some(source) = &self.source else { return };
        let _asking = self.asking.lock().await;
        if self.state.borrow().generation == generation {
            let answer = source().await.map_err(SharedError::from);
            self.state.send_if_modified(|state| {
                let is_next = state.generation == generation;
                if is_next {
                    state.follow_with(answer);
                }
                is_next
            });
        }
    }

    fn state(&self) -> State {
        self.state.borrow().clone()
    }
}

impl State {
    fn ready(self) -> Option<Result<HeldKey, SharedError>> {
        let Self { held, generation } = self;
        held.map(|held| held.map(|key| HeldKey { key, generation }))
    }

    fn follow_with(&mut self, held: Result<ApiKey, SharedError>) {
        *self = Self { held: Some(held), generation: self.generation + 1 };
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.source.is_some() { "of a source" } else { "given" };
        f.debug_tuple("KeyRing").field(&format_args!("redacted, {kind}")).finish()
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

    /// A ring whose source gives what the function makes of its count, and how often it was asked.
    fn ring_of(
        answer: impl Fn(usize) -> Result<ApiKey, BoxError> + Send + Sync + 'static,
    ) -> (KeyRing, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let source: KeySource = Box::new(move || {
            let answer = answer(counter.fetch_add(1, Ordering::Relaxed));
            Box::pin(async move {
                tokio::task::yield_now().await;
                answer
            })
        });
        (KeyRing::asking(source), asked)
    }

    /// A source of one key.
    fn constant(text: &'static str) -> (KeyRing, Arc<AtomicUsize>) {
        ring_of(move |_| Ok(ApiKey::new(text)?))
    }

    #[tokio::test]
    async fn a_source_is_asked_once_for_all_who_need_a_key_at_once() {
        let (ring, asked) = ring_of(|count| Ok(ApiKey::new(format!("key-{count}"))?));
        let (first, second, third) = tokio::join!(ring.key(), ring.key(), ring.key());
        for got in [&first, &second, &third] {
            assert!(got.as_ref().unwrap().key.is_same(&key("key-0")));
        }
        let refused = first.unwrap();
        let (first, second) =
            tokio::join!(ring.has_other_than(&refused), ring.has_other_than(&refused));
        assert!(first.unwrap() && second.unwrap());
        assert!(ring.key().await.unwrap().key.is_same(&key("key-1")));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn all_who_were_refused_at_once_ask_once_even_if_there_is_no_other_key() {
        let (ring, asked) = constant("same");
        let used = ring.key().await.unwrap();
        let waiting = || ring.has_other_than(&used);
        let (first, second, third) = tokio::join!(waiting(), waiting(), waiting());
        assert!(!first.unwrap() && !second.unwrap() && !third.unwrap());
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_source_that_fails_fails_for_all_who_wait_and_is_asked_again_by_the_next() {
        let (ring, asked) =
            ring_of(|count| if count == 0 { Err("sealed".into()) } else { Ok(ApiKey::new("k")?) });
        let (first, second) = tokio::join!(ring.key(), ring.key());
        for got in [first, second] {
            assert_eq!(got.err().unwrap().to_string(), "sealed");
        }
        assert!(ring.key().await.is_ok());
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_key_that_is_set_while_the_source_is_asked_is_the_newer_one() {
        let (ring, _) = constant("of-the-source");
        let (asked, ()) = tokio::join!(ring.key(), async { ring.replace(key("set")) });
        assert!(asked.unwrap().key.is_same(&key("set")));
        assert!(ring.key().await.unwrap().key.is_same(&key("set")));
    }

    #[tokio::test]
    async fn a_key_that_is_set_ends_the_wait_for_a_source_that_hangs() {
        let source: KeySource = Box::new(|| Box::pin(std::future::pending()));
        let ring = KeyRing::asking(source);
        let (first, second, ()) = tokio::join!(ring.key(), ring.key(), async {
            tokio::task::yield_now().await;
            ring.replace(key("set"));
        });
        for got in [first, second] {
            assert!(got.unwrap().key.is_same(&key("set")));
        }
    }

    #[tokio::test]
    async fn a_given_key_has_no_other_until_it_is_replaced() {
        let ring = KeyRing::fixed(key("old"));
        let old = ring.key().await.unwrap();
        assert!(!ring.has_other_than(&old).await.unwrap());
        ring.replace(key("new"));
        assert!(ring.has_other_than(&old).await.unwrap());
        assert!(ring.key().await.unwrap().key.is_same(&key("new")));
    }
}
