//! Trials on all cores, each by its number, so that the result is the same however many there are.
//! Long ones show a dot every two seconds.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

/// The results of `trial(0)` to `trial(count - 1)`, in this order.
pub(crate) fn trials<T: Send>(count: u64, trial: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let shown = Mutex::new(Instant::now());
    let work = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push((number, trial(number)));
            if let Ok(mut shown) = shown.try_lock()
                && shown.elapsed() > Duration::from_secs(2)
            {
                eprint!(".");
                *shown = Instant::now();
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let done = running.into_iter().map(ScopedJoinHandle::join);
        done.flat_map(|done| done.expect("a simulation does not panic")).collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, result)| result).collect()
}
