//! The sum over records of hash(document id, heads): equal on two computers exactly when they hold the same records, whatever the order in
//! which these came. It finds damage and bugs; it is no defence against somebody who chooses ids to make sums collide.

use tuttu_model::DocumentId;

const CONTEXT: &str = "tuttu record accumulator v1";

/// The sum with a record added; `heads` sorted.
pub(crate) fn with(sum: [u8; 32], doc: &DocumentId, heads: &[[u8; 32]]) -> [u8; 32] {
    combine(sum, term(doc, heads), u64::wrapping_add)
}

/// The sum with a record taken away again.
pub(crate) fn without(sum: [u8; 32], doc: &DocumentId, heads: &[[u8; 32]]) -> [u8; 32] {
    combine(sum, term(doc, heads), u64::wrapping_sub)
}

/// Two sums added up.
pub(crate) fn sum(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    combine(one, other, u64::wrapping_add)
}

fn term(doc: &DocumentId, heads: &[[u8; 32]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(&doc.0);
    for head in heads {
        hasher.update(head);
    }
    *hasher.finalize().as_bytes()
}

/// Four sums of 64 bits beside each other.
fn combine(mut sum: [u8; 32], term: [u8; 32], op: fn(u64, u64) -> u64) -> [u8; 32] {
    let (lanes, _) = sum.as_chunks_mut::<8>();
    let (terms, _) = term.as_chunks::<8>();
    for (lane, term) in lanes.iter_mut().zip(terms) {
        *lane = op(u64::from_le_bytes(*lane), u64::from_le_bytes(*term)).to_le_bytes();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter_and_taking_away_undoes_adding() {
        let record = |n: u8| (DocumentId([n; 16]), [[n; 32], [n.wrapping_add(1); 32]]);
        let sum = |order: &[u8]| {
            order.iter().fold([0; 32], |sum, n| {
                let (doc, heads) = record(*n);
                with(sum, &doc, &heads)
            })
        };
        assert_eq!(sum(&[1, 2, 3]), sum(&[3, 1, 2]));
        let (doc, heads) = record(3);
        assert_eq!(without(sum(&[1, 3, 2]), &doc, &heads), sum(&[2, 1]));
        assert_ne!(sum(&[1, 2]), sum(&[1, 3]));
    }
}
