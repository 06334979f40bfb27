//! A text that may get successors. Whoever has borrowed an earlier one keeps it.

use std::sync::OnceLock;

pub(crate) struct Latest {
    text: String,
    next: OnceLock<Box<Latest>>,
}

impl Latest {
    pub(crate) fn of(text: String) -> Self {
        Self { text, next: OnceLock::new() }
    }

    fn last(&self) -> &Self {
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        last
    }

    pub(crate) fn get(&self) -> &str {
        &self.last().text
    }

    /// One caller at a time: of two at once, one may be lost.
    pub(crate) fn set(&self, text: String) {
        let last = self.last();
        if last.text != text {
            let _ = last.next.set(Box::new(Self::of(text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_counts_and_the_first_one_stays_borrowed() {
        let latest = Latest::of("a".to_owned());
        let first = latest.get();
        for text in ["b", "b", "c"] {
            latest.set(text.to_owned());
            assert_eq!(latest.get(), text);
        }
        assert_eq!(first, "a");
    }
}
