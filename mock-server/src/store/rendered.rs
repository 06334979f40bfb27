//! A value, and the bytes that it is sent as.

use std::sync::{OnceLock, PoisonError, RwLock};

use bytes::Bytes;

/// A value that is read far more often than it is changed: the bytes made of it are kept until it
/// changes. How they are made is the caller's business.
#[derive(Debug)]
pub(crate) struct Rendered<T> {
    slot: RwLock<Slot<T>>,
}

#[derive(Debug)]
struct Slot<T> {
    value: T,
    bytes: OnceLock<Bytes>,
}

impl<T> Rendered<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { slot: RwLock::new(Slot { value, bytes: OnceLock::new() }) }
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.slot.read().unwrap_or_else(PoisonError::into_inner).value)
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        // First, so that a change that panics half-way leaves no bytes of the old value.
        slot.bytes.take();
        change(&mut slot.value)
    }

    /// The bytes of the value as it is now; `render` is called only if it changed since.
    pub(crate) fn bytes(&self, render: impl FnOnce(&T) -> Bytes) -> Bytes {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        slot.bytes.get_or_init(|| render(&slot.value)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_made_once_for_each_change() {
        let rendered = Rendered::new(1);
        let mut made = 0;
        for _ in 0..3 {
            rendered.bytes(|_| {
                made += 1;
                Bytes::new()
            });
        }
        assert_eq!(made, 1);
        rendered.change(|value| *value = 2);
        assert_eq!(rendered.bytes(|value| value.to_string().into()), "2");
    }

    #[test]
    fn a_change_that_panics_leaves_neither_old_bytes_nor_a_locked_value() {
        let rendered = Rendered::new(1);
        rendered.bytes(|value| value.to_string().into());
        let change = std::panic::AssertUnwindSafe(|| {
            rendered.change(|value| {
                *value = 2;
                panic!("half-way");
            });
        });
        assert!(std::panic::catch_unwind(change).is_err());
        assert_eq!(rendered.bytes(|value| value.to_string().into()), "2");
    }
}
