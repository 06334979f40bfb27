//! One pool of connections for each tokio runtime, replaced when its connections are not trusted.
//!
//! A connection is driven by a task of the runtime in which it was made, so it must not serve calls
//! in another one, which may outlive it or be driven while it is not.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::runtime::check_io;
use crate::error::BoxError;

/// Tells one pool of a client from those before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolId(u64);

impl PoolId {
    /// For an HTTP service that has no pool, or one that the client does not manage.
    pub(crate) const NONE: Self = Self(0);
}

/// The pools of a client and its clones.
pub(super) struct Pools {
    build: Box<dyn Fn() -> reqwest::Result<reqwest::Client> + Send + Sync>,
    max_age: Option<Duration>,
    state: Arc<Mutex<State>>,
}

struct State {
    pools: HashMap<runtime::Id, Pool>,
    last_id: u64,
    /// For the first pool.
    first_client: Option<reqwest::Client>,
}

struct Pool {
    id: PoolId,
    client: reqwest::Client,
    created: Instant,
    /// Ends the task that watches the runtime.
    _watched: oneshot::Sender<Infallible>,
}

impl Pools {
    /// Builds the HTTP client of the first pool, so that nothing is left to fail when it is used.
    pub(super) fn new(
        max_age: Option<Duration>,
        build: impl Fn() -> reqwest::Result<reqwest::Client> + Send + Sync + 'static,
    ) -> reqwest::Result<Self> {
        let first_client = Some(build()?);
        let state = State { pools: HashMap::new(), last_id: 0, first_client };
        Ok(Self { build: Box::new(build), max_age, state: Arc::new(Mutex::new(state)) })
    }

    /// The pool of the current runtime, a new one if it has none or one that is too old.
    pub(super) fn current(&self) -> Result<(reqwest::Client, PoolId), BoxError> {
        let runtime = Handle::current().id();
        let mut state = self.lock();
        if let Some(pool) = state.pools.get(&runtime)
            && self.max_age.is_none_or(|max_age| pool.created.elapsed() < max_age)
        {
            return Ok((pool.client.clone(), pool.id));
        }
        check_io()?;
        state.last_id += 1;
        let id = PoolId(state.last_id);
        let client = match state.first_client.take() {
            Some(client) => client,
            None => (self.build)()?,
        };
        let (watched, unwatched) = oneshot::channel();
        let pool = Pool { id, client: client.clone(), created: Instant::now(), _watched: watched };
        let replaced = state.pools.insert(runtime, pool);
        drop(state);
        drop(replaced);
        let pool = RuntimePool { state: Arc::downgrade(&self.state), runtime, id };
        tokio::spawn(pool.remove_with_runtime(unwatched));
        Ok((client, id))
    }

    /// Drops a pool, so that its idle connections close and the next request makes a new one.
    /// Requests that have started finish on their connection.
    pub(super) fn retire(&self, id: PoolId) {
        remove(&self.state, Handle::current().id(), id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(state: &Mutex<State>, runtime: runtime::Id, id: PoolId) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let is_current = state.pools.get(&runtime).is_some_and(|pool| pool.id == id);
    let removed = is_current.then(|| state.pools.remove(&runtime));
    drop(state);
    drop(removed);
}

/// Removes a pool when it is dropped.
struct RuntimePool {
    state: Weak<Mutex<State>>,
    runtime: runtime::Id,
    id: PoolId,
}

impl RuntimePool {
    /// Waits until the pool is gone. A runtime that ends drops its tasks, and this one with them.
    async fn remove_with_runtime(self, unwatched: oneshot::Receiver<Infallible>) {
        let _ = unwatched.await;
    }
}

impl Drop for RuntimePool {
    fn drop(&mut self) {
        if let Some(state) = self.state.upgrade() {
            remove(&state, self.runtime, self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pools(max_age: Option<Duration>) -> Pools {
        Pools::new(max_age, || reqwest::Client::builder().tls_certs_only([]).build()).unwrap()
    }

    fn runtime() -> runtime::Runtime {
        runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
    }

    #[test]
    fn a_runtime_has_one_pool_that_ends_with_it() {
        let pools = pools(None);
        let (first, second) = (runtime(), runtime());
        let in_first = first.block_on(async { pools.current().unwrap().1 });
        let in_second = second.block_on(async { pools.current().unwrap().1 });
        assert_ne!(in_first, in_second);
        assert_eq!(first.block_on(async { pools.current().unwrap().1 }), in_first);
        assert_eq!(pools.lock().pools.len(), 2);
        drop(first);
        assert_eq!(pools.lock().pools.len(), 1);
        drop(second);
        assert_eq!(pools.lock().pools.len(), 0);
    }

    #[test]
    fn a_pool_is_replaced_once_however_many_requests_time_out_in_it() {
        let pools = pools(None);
        runtime().block_on(async {
            let first = pools.current().unwrap().1;
            pools.retire(first);
            let second = pools.current().unwrap().1;
            assert_ne!(first, second);
            for _ in 0..1000 {
                pools.retire(first);
            }
            assert_eq!(pools.current().unwrap().1, second);
        });
        assert_eq!(pools.lock().last_id, 2);
    }

    #[test]
    fn a_pool_that_is_too_old_is_replaced() {
        let pools = pools(Some(Duration::from_secs(60)));
        runtime().block_on(async {
            let first = pools.current().unwrap().1;
            tokio::time::advance(Duration::from_secs(59)).await;
            assert_eq!(pools.current().unwrap().1, first);
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_ne!(pools.current().unwrap().1, first);
        });
    }

    #[test]
    fn the_task_that_watches_the_runtime_ends_with_the_client() {
        let runtime = runtime();
        runtime.block_on(async {
            let pools = pools(None);
            let pool = pools.current().unwrap().1;
            pools.retire(pool);
            pools.current().unwrap();
            drop(pools);
            tokio::task::yield_now().await;
        });
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
}
