//! Blocking calls, and the iterator over the items of a list.

use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use serde_core::de::DeserializeOwned;

use super::runtime::BlockingRuntime;
use crate::error::Error;
use crate::pipeline::retry::RetryPolicy;
use crate::request::complete_list::{CollectedList, CompleteList};
use crate::request::response::ApiResponse;
use crate::request::{call, list_stream};

/// A call that is ready to be made. Nothing is sent until [`wait`](Self::wait) or
/// [`with_response`](Self::with_response).
#[must_use = "a call is made by wait()"]
pub struct Call<T> {
    call: call::Call<T>,
    runtime: Arc<BlockingRuntime>,
}

/// A call that returns a list: the whole list with [`wait`](Self::wait), or item by item with
/// [`stream`](Self::stream).
#[must_use = "a call is made by wait()"]
pub struct ListCall<T> {
    call: call::ListCall<T>,
    runtime: Arc<BlockingRuntime>,
}

impl<T> Call<T> {
    pub(super) fn new(call: call::Call<T>, runtime: &Arc<BlockingRuntime>) -> Self {
        Self { call, runtime: Arc::clone(runtime) }
    }

    /// Sets the timeout of this whole call, as [`Call::timeout`](crate::Call::timeout).
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { call: self.call.timeout(timeout), ..self }
    }

    /// Sets a header, as [`Call::header`](crate::Call::header).
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { call: self.call.header(name, value), ..self }
    }

    /// Sets how this call is retried, as [`Call::retry`](crate::Call::retry).
    pub fn retry(self, policy: RetryPolicy) -> Self {
        Self { call: self.call.retry(policy), ..self }
    }
}

impl<T: Send + 'static> Call<T> {
    /// Makes the call and waits for its value.
    ///
    /// # Errors
    /// Any [`Error`]; [`ErrorKind::Request`](crate::ErrorKind::Request) inside an async task, see
    /// the [module](super).
    pub fn wait(self) -> Result<T, Error> {
        self.with_response().map(|response| response.value)
    }

    /// Makes the call, waits, and returns the value together with its response.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn with_response(self) -> Result<ApiResponse<T>, Error> {
        self.runtime.block_on(self.call.with_response())?
    }
}

impl<T> ListCall<T> {
    pub(super) fn new(call: call::ListCall<T>, runtime: &Arc<BlockingRuntime>) -> Self {
        Self { call, runtime: Arc::clone(runtime) }
    }

    /// Sets the timeout of this whole call, as [`Call::timeout`](crate::Call::timeout).
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { call: self.call.timeout(timeout), ..self }
    }

    /// Sets a header, as [`Call::header`](crate::Call::header).
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { call: self.call.header(name, value), ..self }
    }

    /// Sets how this call is retried, as [`Call::retry`](crate::Call::retry).
    pub fn retry(self, policy: RetryPolicy) -> Self {
        Self { call: self.call.retry(policy), ..self }
    }
}

impl<T: DeserializeOwned + Send + 'static> ListCall<T> {
    /// Makes the call and waits for the whole list.
    ///
    /// # Errors
    /// As [`Call::wait`].
    pub fn wait(self) -> Result<CompleteList<T>, Error> {
        self.with_response().map(|response| response.value)
    }

    /// Makes the call, waits, and returns the list together with its response.
    ///
    /// # Errors
    /// As [`Call::wait`].
    pub fn with_response(self) -> Result<ApiResponse<CompleteList<T>>, Error> {
        self.runtime.block_on(self.call.with_response())?
    }

    /// Makes the call and returns the items one by one as they arrive, in memory that does not grow
    /// with the list, as [`ListCall::stream`](crate::ListCall::stream) does.
    pub fn stream(self) -> ListStream<T> {
        ListStream { stream: self.call.stream(), runtime: self.runtime, has_failed: false }
    }
}

/// Iterates over the items of a list as they arrive. See [`ListCall::stream`].
///
/// Items and errors are those of the async [`ListStream`](crate::ListStream). Dropping it stops the
/// transfer.
#[must_use = "nothing is sent until it is iterated over"]
pub struct ListStream<T> {
    stream: list_stream::ListStream<T>,
    runtime: Arc<BlockingRuntime>,
    has_failed: bool,
}

impl<T: DeserializeOwned + 'static> ListStream<T> {
    /// Collects the items to the end of the list, as
    /// [`ListStream::collect_list`](crate::ListStream::collect_list) does.
    pub fn collect_list(self) -> CollectedList<T> {
        let mut list = CollectedList::new(self.stream.is_at_start());
        self.for_each(|item| list.push(item));
        list
    }
}

impl<T: DeserializeOwned + 'static> Iterator for ListStream<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        match self.runtime.block_on(self.stream.next()) {
            Ok(item) => item,
            Err(error) => {
                self.has_failed = true;
                Some(Err(error))
            }
        }
    }
}

impl<T: DeserializeOwned + 'static> FusedIterator for ListStream<T> {}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::Call").field(&self.call).finish()
    }
}

impl<T> fmt::Debug for ListCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::ListCall").field(&self.call).finish()
    }
}

impl<T> fmt::Debug for ListStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::ListStream").field(&self.stream).finish()
    }
}
