//! Lists that are known to be complete, and lists that were collected from a stream.

use std::ops::Deref;

use serde_core::{Serialize, Serializer};

use crate::error::Error;

/// A list that is known to be complete: the service sent all of it, and every item is valid.
///
/// An awaited [`ListCall`](crate::ListCall) returns one or an error. It is a slice
/// (`list.len()`, `list.iter()`), and becomes a `Vec` with [`into_vec`](Self::into_vec). Only a
/// complete list shows that something was removed: see [`monitor::changes`](crate::monitor::changes).
///
/// serde can write it, as the sequence of its items. It cannot be read back: a stored list is a
/// copy, and a copy shows nothing about the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteList<T>(Vec<T>);

impl<T> CompleteList<T> {
    /// Declares that a list is complete.
    ///
    /// For tests, and for a list whose pages you have read yourself. If an item is missing,
    /// [`monitor::changes`](crate::monitor::changes) reports it as removed.
    #[must_use]
    pub fn assume_complete(items: Vec<T>) -> Self {
        Self(items)
    }

    /// Returns the items.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> Deref for CompleteList<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<CompleteList<T>> for Vec<T> {
    fn from(list: CompleteList<T>) -> Self {
        list.0
    }
}

impl<T> IntoIterator for CompleteList<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a CompleteList<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: PartialEq<U>, U, const N: usize> PartialEq<[U; N]> for CompleteList<T> {
    fn eq(&self, other: &[U; N]) -> bool {
        self.0 == *other
    }
}

impl<T: PartialEq<U>, U> PartialEq<Vec<U>> for CompleteList<T> {
    fn eq(&self, other: &Vec<U>) -> bool {
        self.0 == *other
    }
}

impl<T: Serialize> Serialize for CompleteList<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The valid items of a stream, and whether they are the complete list. See
/// [`ListStream::collect_list`](crate::ListStream::collect_list).
#[derive(Debug)]
pub struct CollectedList<T> {
    items: Vec<T>,
    invalid_items: u64,
    first_invalid_item: Option<Error>,
    error: Option<Error>,
    is_from_start: bool,
}

impl<T> CollectedList<T> {
    /// Starts a list. `is_from_start`: no item was taken from the stream before.
    pub(crate) fn new(is_from_start: bool) -> Self {
        Self {
            items: Vec::new(),
            invalid_items: 0,
            first_invalid_item: None,
            error: None,
            is_from_start,
        }
    }

    pub(crate) fn push(&mut self, item: Result<T, Error>) {
        match item {
            Ok(item) => self.items.push(item),
            Err(error) if error.is_list_item() => {
                self.invalid_items = self.invalid_items.saturating_add(1);
                self.first_invalid_item.get_or_insert(error);
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Returns the items that are valid, in the order of the response.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Returns the number of invalid items, which are not among [`items`](Self::items).
    pub fn invalid_items(&self) -> u64 {
        self.invalid_items
    }

    /// Returns the error of the first invalid item.
    pub fn first_invalid_item(&self) -> Option<&Error> {
        self.first_invalid_item.as_ref()
    }

    /// Returns the error that ended the list early: later items are missing.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Returns true if the stream was collected from its start to its end and every item is valid.
    pub fn is_complete(&self) -> bool {
        self.is_from_start && self.invalid_items == 0 && self.error.is_none()
    }

    /// Returns the complete list.
    ///
    /// # Errors
    /// The collected list itself, unless [`is_complete`](Self::is_complete).
    pub fn into_complete(self) -> Result<CompleteList<T>, Self> {
        if self.is_complete() { Ok(CompleteList(self.items)) } else { Err(self) }
    }

    /// Returns the valid items, whether or not the list is complete.
    #[must_use]
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}
