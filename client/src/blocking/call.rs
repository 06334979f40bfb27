//! A call that blocks, and the elements of its list.

use std::fmt;
use std::iter::FusedIterator;
use std::sync::Arc;
use std::time::Duration;

use serde_core::de::DeserializeOwned;

use super::runtime::Driver;
use crate::error::Error;
use crate::pipeline::retry::RetryPolicy;
use crate::request::call::{self, Document, List};
use crate::request::list_stream;
use crate::request::response::ApiResponse;

/// A call that is ready to be made. Nothing is sent until [`wait`](Self::wait) or one of the
/// others that end it.
#[must_use = "a call is made by wait()"]
pub struct Call<T, Shape = Document> {
    call: call::Call<T, Shape>,
    driver: Arc<Driver>,
}

/// A [`Call`] whose answer is a list.
pub type ListCall<T> = Call<Vec<T>, List>;

impl<T, Shape> Call<T, Shape> {
    pub(super) fn new(call: call::Call<T, Shape>, driver: &Arc<Driver>) -> Self {
        Self { call, driver: Arc::clone(driver) }
    }

    /// The time limit of this whole call, as [`Call::deadline`](crate::Call::deadline).
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|call| call.deadline(deadline))
    }

    /// How this call is retried, as [`Call::retry`](crate::Call::retry).
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.with(|call| call.retry(policy))
    }

    fn with(self, option: impl FnOnce(call::Call<T, Shape>) -> call::Call<T, Shape>) -> Self {
        Self { call: option(self.call), ..self }
    }
}

impl<T: Send + 'static, Shape: 'static> Call<T, Shape> {
    /// Makes the call, and waits for its value.
    ///
    /// # Errors
    /// Any [`Error`]; [`ErrorKind::Request`](crate::ErrorKind::Request) inside an async task, see
    /// the [module](super).
    pub fn wait(self) -> Result<T, Error> {
        self.with_response().map(|response| response.value)
    }

    /// Makes the call, waits, and gives, beside the value, what is known of the answer.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn with_response(self) -> Result<ApiResponse<T>, Error> {
        self.driver.block_on(self.call.with_response())?
    }
}

impl<T: DeserializeOwned + Send + 'static> Call<Vec<T>, List> {
    /// Makes the call and gives the elements one by one as they arrive, in memory that does not
    /// grow with the list. What holds for [`Call::stream`](crate::Call::stream) holds here.
    pub fn stream(self) -> ListStream<T> {
        ListStream { stream: self.call.stream(), driver: self.driver, refused: false }
    }
}

/// The elements of a list as they arrive; each `next` waits for one. See [`Call::stream`].
///
/// What it gives is what the async [`ListStream`](crate::ListStream) gives. Dropping it stops the
/// transfer.
#[must_use = "nothing is sent until it is iterated over"]
pub struct ListStream<T> {
    stream: list_stream::ListStream<T>,
    driver: Arc<Driver>,
    refused: bool,
}

impl<T: DeserializeOwned + 'static> Iterator for ListStream<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.refused {
            return None;
        }
        match self.driver.block_on(self.stream.next()) {
            Ok(item) => item,
            Err(refusal) => {
                self.refused = true;
                Some(Err(refusal))
            }
        }
    }
}

impl<T: DeserializeOwned + 'static> FusedIterator for ListStream<T> {}

impl<T, Shape> fmt::Debug for Call<T, Shape> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::Call").field(&self.call).finish()
    }
}

impl<T> fmt::Debug for ListStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::ListStream").field(&self.stream).finish()
    }
}
