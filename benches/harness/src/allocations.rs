//! An allocator that counts. The counts are exact, and the same on every machine.

#![expect(unsafe_code, reason = "an allocator cannot be written without; it only forwards")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static REALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, with counters.
struct Counting;

/// The allocator of every measured program, because each has this crate in it.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The counts so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) allocations: u64,
    pub(crate) reallocations: u64,
    pub(crate) live: u64,
    /// The peak of live bytes since the last [`forget_peak`].
    pub(crate) peak: u64,
}

impl Counts {
    /// Prints the allocations since then, for this number of calls.
    pub(crate) fn print_since(&self, calls: usize) {
        let after = counts();
        let allocations = after.allocations - self.allocations;
        let reallocations = after.reallocations - self.reallocations;
        println!(
            r#"{{"calls":{calls},"allocations":{allocations},"reallocations":{reallocations}}}"#
        );
    }
}

pub(crate) fn counts() -> Counts {
    Counts {
        allocations: ALLOCATIONS.load(Relaxed),
        reallocations: REALLOCATIONS.load(Relaxed),
        live: LIVE.load(Relaxed),
        peak: PEAK.load(Relaxed),
    }
}

pub(crate) fn forget_peak() {
    PEAK.store(LIVE.load(Relaxed), Relaxed);
}

fn grown(by: usize) {
    let live = LIVE.fetch_add(by as u64, Relaxed) + by as u64;
    PEAK.fetch_max(live, Relaxed);
}

fn shrunk(by: usize) {
    LIVE.fetch_sub(by as u64, Relaxed);
}

// SAFETY: every call is forwarded to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        shrunk(layout.size());
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        grown(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        REALLOCATIONS.fetch_add(1, Relaxed);
        grown(size);
        shrunk(layout.size());
        unsafe { System.realloc(place, layout, size) }
    }
}
