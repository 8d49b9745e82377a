use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Fewer items than this are faster without threads.
const WORTHWHILE: usize = 8;

/// Does the same with every item, on at most this many threads, and returns the results in the items' order.
pub(super) fn map<T: Send, R: Send>(workers: NonZeroUsize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = workers.get().min(items.len() / (WORTHWHILE / 2)).max(1);
    if workers == 1 || items.len() < WORTHWHILE {
        return items.into_iter().map(work).collect();
    }
    let slots: Vec<Mutex<(Option<T>, Option<R>)>> =
        items.into_iter().map(|item| Mutex::new((Some(item), None))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(slot) = slots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody else has this slot: the counter gave it to this thread.
                    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                    slot.1 = slot.0.take().map(&work);
                }
            });
        }
    });
    let results = slots
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).1);
    results.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for (workers, count) in [(1, 100), (4, 100), (4, 3), (64, 9), (4, 0)] {
            let doubled = map(NonZeroUsize::new(workers).unwrap(), (0..count).collect(), |item| {
                item * 2
            });
            assert_eq!(doubled, (0..count).map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
