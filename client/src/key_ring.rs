//! Which key a request goes out with: one that was given, or one that a source is asked for.

use std::fmt;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};

use tokio::sync::Mutex;

use crate::api_key::ApiKey;
use crate::error::BoxError;

/// Asks for a key.
pub(crate) type KeySource =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<ApiKey, BoxError>> + Send>> + Send + Sync>;

/// The key of a client and its clones. It can change at any time.
pub(crate) struct KeyRing {
    current: RwLock<Option<ApiKey>>,
    source: Option<KeySource>,
    /// Held while the source is asked, so that calls which need a key at once ask for one.
    asking: Mutex<()>,
}

impl KeyRing {
    pub(crate) fn fixed(api_key: ApiKey) -> Self {
        Self {
            current: RwLock::new(Some(api_key)),
            source: None,
            asking: Mutex::new(()),
        }
    }

    pub(crate) fn asking(source: KeySource) -> Self {
        Self {
            current: RwLock::new(None),
            source: Some(source),
            asking: Mutex::new(()),
        }
    }

    /// The key to use now.
    pub(crate) async fn key(&self) -> Result<ApiKey, BoxError> {
        match self.current() {
            Some(key) => Ok(key),
            None => self.ask(None).await,
        }
    }

    /// Another key than the one that was refused, if there is one.
    pub(crate) async fn other_than(&self, refused: &ApiKey) -> Result<Option<ApiKey>, BoxError> {
        let key = self.ask(Some(refused)).await?;
        Ok((!key.is_same(refused)).then_some(key))
    }

    pub(crate) fn replace(&self, key: ApiKey) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }

    /// The current key unless it is the refused one, else one of the source.
    async fn ask(&self, refused: Option<&ApiKey>) -> Result<ApiKey, BoxError> {
        let _asking = self.asking.lock().await;
        let current = self.current();
        let is_refused = |key: &ApiKey| refused.is_some_and(|refused| refused.is_same(key));
        match (current, &self.source) {
            (Some(key), Some(_)) if !is_refused(&key) => Ok(key),
            (Some(key), None) => Ok(key),
            (_, Some(source)) => {
                let key = source().await?;
                self.replace(key.clone());
                Ok(key)
            }
            (None, None) => Err("there is no key".into()),
        }
    }

    fn current(&self) -> Option<ApiKey> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.source.is_some() {
            "of a source"
        } else {
            "given"
        };
        f.debug_tuple("KeyRing")
            .field(&format_args!("redacted, {kind}"))
            .finish()
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

    /// Gives `key-0`, `key-1`, … and counts.
    fn counting() -> (KeyRing, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let source = move || -> Pin<Box<dyn Future<Output = Result<ApiKey, BoxError>> + Send>> {
            let count = counter.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                tokio::task::yield_now().await;
                Ok(ApiKey::new(format!("key-{count}"))?)
            })
        };
        (KeyRing::asking(Box::new(source)), asked)
    }

    #[tokio::test]
    async fn a_source_is_asked_once_for_all_who_need_a_key_at_once() {
        let (ring, asked) = counting();
        let (first, second, third) = tokio::join!(ring.key(), ring.key(), ring.key());
        for got in [first, second, third] {
            assert!(got.unwrap().is_same(&key("key-0")));
        }
        let refused = key("key-0");
        let (first, second) = tokio::join!(ring.other_than(&refused), ring.other_than(&refused));
        for got in [first, second] {
            assert!(got.unwrap().unwrap().is_same(&key("key-1")));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_given_key_has_no_other_until_it_is_replaced() {
        let ring = KeyRing::fixed(key("old"));
        assert!(ring.other_than(&key("old")).await.unwrap().is_none());
        ring.replace(key("new"));
        assert!(
            ring.other_than(&key("old"))
                .await
                .unwrap()
                .unwrap()
                .is_same(&key("new"))
        );
        assert!(ring.key().await.unwrap().is_same(&key("new")));
    }

    #[tokio::test]
    async fn a_source_that_gives_the_refused_key_again_has_no_other() {
        let same = || -> Pin<Box<dyn Future<Output = Result<ApiKey, BoxError>> + Send>> {
            Box::pin(async { Ok(ApiKey::new("same")?) })
        };
        let ring = KeyRing::asking(Box::new(same));
        let used = ring.key().await.unwrap();
        assert!(ring.other_than(&used).await.unwrap().is_none());
    }
}
