//! What honest computers write always passes, and the verdict is the same wherever it is made.

use std::collections::BTreeSet;

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;
use tuttu_model::{ActorId, ChangeHash};

use super::{Held, check, document, hold};
use crate::validate::{Checked, Known};

fn value(number: u8) -> ScalarValue {
    match number % 8 {
        0 => ScalarValue::Str("text, also with ä".into()),
        1 => ScalarValue::Int(-i64::from(number)),
        2 => ScalarValue::Uint(u64::from(number)),
        3 => ScalarValue::Boolean(number > 100),
        4 => ScalarValue::Null,
        5 => ScalarValue::F64(f64::from(number) / 3.0),
        6 => ScalarValue::Bytes(vec![number; 5]),
        _ => ScalarValue::Timestamp(i64::from(number) * 1_000),
    }
}

/// One step of one of three computers: write, remove, commit, or hear from another.
fn step(docs: &mut [AutoCommit], who: usize, action: u8, key: u8, held: &mut Held) {
    let key = format!("key{}", key % 5);
    match action % 6 {
        0..3 => docs[who].put(ROOT, key, value(action)).unwrap(),
        3 => {
            if docs[who].get(ROOT, &key).unwrap().is_some() {
                docs[who].delete(ROOT, key).unwrap();
            }
        }
        4 => {
            if docs[who].commit().is_some() {
                let change = docs[who].get_last_local_change().unwrap().clone();
                hold(&change, held);
            }
        }
        _ => {
            for doc in docs.iter_mut() {
                if doc.commit().is_some() {
                    let change = doc.get_last_local_change().unwrap().clone();
                    hold(&change, held);
                }
            }
            let mut other = docs[(who + 1) % docs.len()].clone();
            docs[who].merge(&mut other).unwrap();
        }
    }
}

fn past(change: &automerge::Change, held: &Held) -> Held {
    let mut todo: Vec<ChangeHash> = change.deps().iter().map(|hash| ChangeHash(hash.0)).collect();
    let mut seen = BTreeSet::new();
    let mut past = Held::new();
    while let Some(hash) = todo.pop() {
        if seen.insert(hash) {
            todo.extend(&held[&hash].deps);
            past.insert(hash, held[&hash].clone());
        }
    }
    past
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn honest_changes_are_good_wherever_they_are_judged(steps in prop::collection::vec((0_usize..3, any::<u8>(), any::<u8>()), 1..80)) {
        let mut docs: Vec<AutoCommit> = (1..4_u8).map(|number| document([number; 16])).collect();
        let mut held = Held::new();
        for (who, action, key) in steps {
            step(&mut docs, who, action, key, &mut held);
        }
        for doc in &mut docs {
            for change in doc.get_changes(&[]) {
                let actor: ActorId = change.actor_id().to_bytes().try_into().unwrap();
                // With everything held but the change itself and what rests on it: or with its causal past alone.
                let everything = check(&change, actor, &held);
                let alone = check(&change, actor, &past(&change, &held));
                prop_assert!(matches!(alone, Checked::Good(_)), "{alone:?}");
                prop_assert_eq!(everything, alone);
            }
        }
    }
}

#[test]
fn a_first_change_built_without_a_document_passes() {
    use std::collections::BTreeMap;
    use tuttu_model::{Change, Scalar};
    let fields: BTreeMap<_, _> = (0..3_000).map(|n| (format!("phones/{n}"), Scalar::Text(format!("mobile\t+44 {n}")))).collect();
    let change = Change::first([3; 16], 5, &fields);
    assert_eq!(crate::validate::check_change(&change.bytes, change.hash, [3; 16], &Held::new()), Checked::Good(change.clone()));
    assert_eq!(Known::from(&change).max_op, 3_000);
}

#[test]
fn ten_thousand_operations_and_more_keep_their_canonical_form() {
    // Automerge has another encoder for long changes.
    let mut doc = document([1; 16]);
    for n in 0..12_000_i64 {
        doc.put(ROOT, format!("k{n}"), n).unwrap();
    }
    let mut held = Held::new();
    doc.commit();
    hold(&doc.get_last_local_change().unwrap().clone(), &mut held);
    for n in 0..12_000_i64 {
        doc.delete(ROOT, format!("k{n}")).unwrap();
    }
    doc.commit();
    hold(&doc.get_last_local_change().unwrap().clone(), &mut held);
}
