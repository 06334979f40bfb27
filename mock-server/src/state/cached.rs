//! A value, and the content that it is sent as.

use std::sync::{OnceLock, PoisonError, RwLock};

use super::payload::Payload;

/// A value that is read far more often than it is changed: the content made of it is kept until it
/// changes. How it is made is the caller's business.
#[derive(Debug)]
pub(crate) struct CachedBody<T> {
    slot: RwLock<Slot<T>>,
}

#[derive(Debug)]
struct Slot<T> {
    value: T,
    content: OnceLock<Payload>,
}

impl<T> CachedBody<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { slot: RwLock::new(Slot { value, content: OnceLock::new() }) }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.slot.read().unwrap_or_else(PoisonError::into_inner).value)
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        // First, so that a change that panics half-way leaves no content of the old value, and finds
        // no bytes shared.
        slot.content.take();
        change(&mut slot.value)
    }

    /// The content of the value as it is now; `render` is called only if it changed since.
    pub(crate) fn content<C: Into<Payload>>(&self, render: impl FnOnce(&T) -> C) -> Payload {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        slot.content.get_or_init(|| render(&slot.value).into()).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_made_once_for_each_change() {
        let rendered = CachedBody::new(1);
        let mut made = 0;
        for _ in 0..3 {
            rendered.content(|_| {
                made += 1;
                String::new()
            });
        }
        assert_eq!(made, 1);
        rendered.change(|value| *value = 2);
        assert_eq!(rendered.content(ToString::to_string).into_bytes(), "2");
    }
}
