//! Ids of list items: eight lowercase letters and digits that sort by creation.

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 8;
/// 2020-01-01T00:00:00Z. Counting from here makes the ids last until 2054 before they wrap around.
const START: i64 = 1_577_836_800;
/// Bits below the seconds: a random start, counted up, so that computers adding items in the same second do not meet.
const LOW_BITS: u32 = 11;

/// Makes item ids for one change: they sort by time, then in the order they were asked for.
#[derive(Debug, Clone)]
pub struct ItemIds {
    next: u64,
}

impl ItemIds {
    /// Ids for items made at this time (seconds since 1970); `random` keeps computers apart.
    #[must_use]
    pub fn new(unix_seconds: i64, random: u32) -> Self {
        let seconds = u64::try_from(unix_seconds.saturating_sub(START)).unwrap_or(0);
        let low = u64::from(random) & ((1 << LOW_BITS) - 1);
        Self { next: (seconds << LOW_BITS) | low }
    }

    /// The next id.
    #[must_use]
    pub fn next_id(&mut self) -> String {
        let mut rest = self.next;
        self.next = self.next.wrapping_add(1);
        let mut id = [b'0'; LENGTH];
        for place in id.iter_mut().rev() {
            let digit = usize::try_from(rest % 36).unwrap_or(0);
            *place = DIGITS.get(digit).copied().unwrap_or(b'0');
            rest /= 36;
        }
        id.into_iter().map(char::from).collect()
    }
}

/// Whether text has the shape of an item id.
#[must_use]
pub fn is_item_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_then_by_order() {
        let mut early = ItemIds::new(1_763_110_000, 2047);
        let mut late = ItemIds::new(1_763_110_002, 0);
        let ids = [early.next_id(), early.next_id(), late.next_id(), late.next_id()];
        assert!(ids.is_sorted() && ids.iter().all(|id| is_item_id(id)), "{ids:?}");
    }

    #[test]
    fn times_outside_the_range_still_give_ids() {
        for time in [i64::MIN, 0, i64::MAX] {
            assert!(is_item_id(&ItemIds::new(time, 7).next_id()));
        }
    }
}
