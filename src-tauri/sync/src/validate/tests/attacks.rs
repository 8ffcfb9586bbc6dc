//! Every malformed change that Automerge 0.12.0 was found to accept, to panic on, or to choke on.

use std::num::NonZeroU64;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::transaction::Transactable;
use automerge::{ActorId as Actor, ObjType, ROOT, ScalarValue};
use proptest::prelude::*;
use tuttu_model::ChangeHash;

use super::{A, B, Held, assert_refused, check, commit, document, forged, hash_of, history, hold, reason};
use crate::limits::{CHANGE_BYTES, CHANGE_DEPS, KEY_BYTES};
use crate::validate::{Checked, Known, check_change};

fn pred(ids: impl IntoIterator<Item = OpId>) -> SortedVec<OpId> {
    ids.into_iter().collect::<Vec<_>>().into()
}

fn id(counter: u64, actor: [u8; 16]) -> OpId {
    OpId::new(counter, &Actor::from(actor))
}

#[test]
fn the_change_that_the_attacks_are_made_from_is_good() {
    let (change, held) = forged(|_| {});
    assert!(matches!(check(&change, A, &held), Checked::Good(_)));
}

#[test]
fn operation_ids_that_repeat_run_low_or_leave_a_gap() {
    for start in [1, 4, 6, 100] {
        assert_refused("not numbered from the end", |change| change.start_op = NonZeroU64::new(start).unwrap());
    }
    for start in [(1 << 31) - 1, 1 << 31, u64::from(u32::MAX)] {
        assert_refused("counter is too high", |change| change.start_op = NonZeroU64::new(start).unwrap());
    }
}

#[test]
fn replacing_operations_that_do_not_exist() {
    for missing in [id(50, A), id(50, B), id(1, B), id(1, [0xc; 16]), id(0, A)] {
        assert_refused("does not exist", |change| change.operations[0].pred = pred([missing]));
    }
    // Its own later operation, itself, and an earlier one on another key.
    for own in [6, 5] {
        assert_refused("does not exist", |change| change.operations[0].pred = pred([id(own, A)]));
    }
    assert_refused("does not exist", |change| change.operations[1].pred = pred([id(5, A)]));
    assert_refused("twice", |change| change.operations[0].pred = pred([id(3, B), id(3, B)]));
}

#[test]
fn an_operation_outside_the_causal_past_cannot_be_replaced() {
    let (mut a, mut b, mut held) = history();
    b.put(ROOT, "city", "Leith").unwrap();
    hold(&commit(&mut b), &mut held);
    // A has not seen B's city, but names it.
    a.put(ROOT, "city", "Glasgow").unwrap();
    let mut expanded = commit(&mut a).decode();
    expanded.operations[0].pred = pred([id(5, B)]);
    let change = automerge::Change::from(expanded);
    assert!(reason(check(&change, A, &held)).contains("does not exist"), "though it is held");
}

#[test]
fn removals_that_remove_nothing() {
    assert_refused("removes nothing", |change| {
        change.operations[0].action = OpType::Delete;
        change.operations[0].pred = pred([]);
    });
}

#[test]
fn operations_on_anything_but_the_record() {
    for object in [id(1, A), id(77, A), id(3, [0xc; 16])] {
        assert_refused("not on the record itself", |change| change.operations[0].obj = ObjectId::Id(object));
    }
    assert_refused("not on the record itself", |change| change.operations[0].insert = true);
    assert_refused("place in a list", |change| change.operations[0].key = Key::Seq(ElementId::Head));
    assert_refused("place in a list", |change| change.operations[0].key = Key::Seq(ElementId::Id(id(1, A))));
    assert_refused("key is empty", |change| change.operations[0].key = Key::Map("".into()));
    assert_refused("too long", |change| change.operations[0].key = Key::Map("k".repeat(KEY_BYTES + 1).into()));
    for kind in [ObjType::Map, ObjType::List, ObjType::Text, ObjType::Table] {
        assert_refused("plain values only", |change| change.operations[0].action = OpType::Make(kind));
    }
    assert_refused("counters", |change| change.operations[0].action = OpType::Increment(1));
    assert_refused("counters", |change| change.operations[0].action = OpType::Put(ScalarValue::counter(1)));
    assert_refused("marks", |change| change.operations[0].action = OpType::MarkEnd(true));
}

#[test]
fn a_seq_out_of_order() {
    for seq in [0, 1, 2, 4, u64::MAX] {
        let (change, held) = forged(|change| change.seq = seq);
        let reason = reason(check(&change, A, &held));
        assert!(reason.contains("next one") || reason.contains("follow"), "{seq}: {reason}");
    }
}

#[test]
fn a_change_that_does_not_rest_on_its_authors_one_before() {
    let (_, mut b, mut held) = history();
    b.put(ROOT, "city", "Leith").unwrap();
    let own = commit(&mut b);
    hold(&own, &mut held);
    let mut expanded = own.decode();
    expanded.seq = 3;
    expanded.start_op = NonZeroU64::new(5).unwrap();
    let change = automerge::Change::from(expanded.clone());
    assert!(reason(check(&change, B, &held)).contains("next one"), "it rests on what its own last change rests on");
    // Only indirectly.
    let mut c = document([0xc; 16]);
    c.apply_changes(b.get_changes(&[])).unwrap();
    c.put(ROOT, "city", "Perth").unwrap();
    let between = commit(&mut c);
    hold(&between, &mut held);
    expanded.deps = vec![between.hash()];
    expanded.start_op = NonZeroU64::new(6).unwrap();
    expanded.operations[0].pred = pred([id(5, [0xc; 16])]);
    let change = automerge::Change::from(expanded);
    assert!(reason(check(&change, B, &held)).contains("directly"));
}

#[test]
fn a_change_that_rests_on_two_histories_of_one_author() {
    let (mut a, mut b, mut held) = history();
    let mut twin = a.clone();
    a.put(ROOT, "city", "Glasgow").unwrap();
    twin.put(ROOT, "city", "Leith").unwrap();
    let (one, other) = (commit(&mut a), commit(&mut twin));
    let Checked::Good(other) = check(&other, A, &held) else { panic!("good on its own") };
    held.insert(other.hash, Known::from(&other));
    hold(&one, &mut held);
    b.merge(&mut a).unwrap();
    b.put(ROOT, "notes", "y").unwrap();
    let mut expanded = commit(&mut b).decode();
    hold(&automerge::Change::from(expanded.clone()), &mut held.clone());
    expanded.deps.push(automerge::ChangeHash(other.hash.0));
    expanded.deps.sort_unstable();
    let change = automerge::Change::from(expanded);
    assert!(reason(check(&change, B, &held)).contains("two histories"));
}

#[test]
fn dependencies_missing_are_pending_and_never_bad() {
    let (change, held) = forged(|_| {});
    let Checked::Good(good) = check(&change, A, &held) else { panic!("good") };
    assert_eq!(check(&change, A, &Held::new()), Checked::Pending(good.deps.clone()));
    let mut without_root = held.clone();
    let root = *held.iter().find(|(_, known)| known.deps.is_empty()).unwrap().0;
    without_root.remove(&root);
    assert_eq!(check(&change, A, &without_root), Checked::Pending(vec![root]), "deeper ones too");
    // What is bad by itself is bad whatever is missing.
    let (change, _) = forged(|change| change.operations[0].action = OpType::Increment(1));
    reason(check(&change, A, &Held::new()));
}

#[test]
fn dependencies_too_many_or_repeated() {
    assert_refused("dependencies", |change| {
        change.deps = (0..=CHANGE_DEPS).map(|n| automerge::ChangeHash([u8::try_from(n).unwrap(); 32])).collect()
    });
    assert_refused("dependencies", |change| change.deps.push(change.deps[0]));
}

#[test]
fn another_author_or_another_announcement() {
    let (change, held) = forged(|_| {});
    assert!(reason(check(&change, B, &held)).contains("another author"));
    let (forgery, held) = forged(|change| change.actor_id = Actor::from(B));
    assert!(reason(check(&forgery, A, &held)).contains("another author"));
    let announced = ChangeHash([1; 32]);
    assert!(reason(check_change(change.raw_bytes(), announced, A, &held)).contains("announced"));
    let (short, held) = forged(|change| change.actor_id = Actor::from(&[1_u8, 2][..]));
    assert!(reason(check(&short, A, &held)).contains("another author"));
}

#[test]
fn baggage() {
    assert_refused("more than operations", |change| change.extra_bytes = vec![1]);
    assert_refused("more than operations", |change| change.message = Some("m".repeat(5_000)));
    assert_refused("no operations", |change| change.operations.clear());
    let op = |n: u64| Op {
        action: OpType::Put(ScalarValue::Null),
        obj: ObjectId::Root,
        key: Key::Map(format!("k{n}").into()),
        pred: pred([]),
        insert: false,
    };
    assert_refused("more operations than allowed", |change| change.operations = (0..50_001).map(op).collect());
    assert_refused("longer than allowed", |change| {
        change.operations[0].action = OpType::Put(ScalarValue::Str("x".repeat(CHANGE_BYTES).into()));
    });
}

#[test]
fn chunks_of_other_kinds_and_damaged_ones() {
    let (mut a, _, held) = history();
    a.put(ROOT, "notes", "long ".repeat(500)).unwrap();
    let mut change = commit(&mut a);
    let (hash, plain) = (hash_of(&change), change.raw_bytes().to_vec());
    let deflated = change.bytes().into_owned();
    assert_eq!(deflated[8], 2);
    assert!(reason(check_change(&deflated, hash, A, &held)).contains("not a plain change"));
    for kind in [0, 2, 3, 9] {
        let mut other = plain.clone();
        other[8] = kind;
        reason(check_change(&other, hash, A, &held));
    }
    reason(check_change(&a.save(), hash, A, &held));
    let mut longer = plain.clone();
    longer.push(0);
    reason(check_change(&longer, hash, A, &held));
    for end in 0..plain.len() {
        reason(check_change(&plain[..end], hash, A, &held));
    }
    let mut checksum = plain.clone();
    checksum[4] ^= 1;
    assert!(reason(check_change(&checksum, hash, A, &held)).contains("canonical"));
}

fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        bytes.push(if value == 0 { byte } else { byte | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

/// A change chunk with these columns, put together by hand, with a right checksum.
fn chunk(columns: &[(u32, Vec<u8>)]) -> (Vec<u8>, ChangeHash) {
    let mut body = vec![0, 16];
    body.extend(A);
    body.extend([1, 1, 0, 0, 0]);
    body.extend(leb(u64::try_from(columns.len()).unwrap()));
    for (specification, data) in columns {
        body.extend(leb(u64::from(*specification)));
        body.extend(leb(u64::try_from(data.len()).unwrap()));
    }
    for (_, data) in columns {
        body.extend(data);
    }
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1];
    bytes.extend(leb(u64::try_from(body.len()).unwrap()));
    bytes.extend(body);
    (bytes, ChangeHash([0; 32]))
}

#[test]
fn a_few_bytes_that_claim_billions_of_operations() {
    // Signed LEB128 of 2^56, so that a run of one value is that long.
    let run = |value: &[u8]| [&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01][..], value].concat();
    let key = (0x15, run(&[1, b'k']));
    let flags = (0x34, run(&[]));
    let action = (0x42, run(&[1]));
    let values = (0x56, run(&[0]));
    let nulls = (0x42, [&[0][..], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]].concat());
    let literal = (0x42, vec![0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
    let lowest = (0x42, vec![0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
    let preds = (0x70, [&[1][..], &leb(1 << 60)].concat());
    let many_preds = (0x70, [&leb(50)[..], &leb(60_000)].concat());
    for columns in [
        vec![key.clone(), flags.clone(), action.clone(), values],
        vec![action],
        vec![nulls],
        vec![literal],
        vec![lowest],
        vec![preds],
        vec![many_preds],
        vec![flags],
        vec![key],
    ] {
        let (bytes, hash) = chunk(&columns);
        let reason = reason(check_change(&bytes, hash, A, &Held::new()));
        assert!(reason.contains("more operations than allowed"), "{reason}: {columns:?}");
    }
    let (bytes, hash) = chunk(&[(0x42 | 8, vec![1, 1])]);
    assert!(reason(check_change(&bytes, hash, A, &Held::new())).contains("deflated"));
    let many: Vec<_> = (0..40).map(|column| (column << 4, Vec::new())).collect();
    let (bytes, hash) = chunk(&many);
    assert!(reason(check_change(&bytes, hash, A, &Held::new())).contains("columns"));
}

/// Puts the right checksum onto bytes that were tampered with, and tells the hash.
fn sealed(mut bytes: Vec<u8>) -> (Vec<u8>, ChangeHash) {
    let hash = std::panic::catch_unwind(|| automerge::Change::try_from(&bytes[..]).map(|change| hash_of(&change)));
    let hash = hash.ok().and_then(Result::ok).unwrap_or(ChangeHash([0; 32]));
    bytes[4..8].copy_from_slice(&hash.0[..4]);
    (bytes, hash)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Bytes turned in an honest change, checksum and announcement mended: refused, or a change that leaves Automerge whole.
    #[test]
    fn tampered_changes_are_refused_or_harmless(turns in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (change, held) = forged(|_| {});
        let mut bytes = change.raw_bytes().to_vec();
        for (at, byte) in &turns {
            let at = 9 + at.index(bytes.len() - 9);
            bytes[at] = *byte;
        }
        if super::super::layout::measure(&bytes).is_err() {
            // Not even its hash can be had without reading it.
            reason(check_change(&bytes, ChangeHash([0; 32]), A, &held));
            return Ok(());
        }
        let (bytes, hash) = sealed(bytes);
        if let Checked::Good(good) = check_change(&bytes, hash, A, &held) {
            prop_assert_eq!(good.hash, hash);
            let (mut a, _, _) = history();
            let known: Vec<_> = a.get_changes(&[]).iter().map(|change| change.raw_bytes().to_vec()).collect();
            let mut document = tuttu_model::Document::from_changes(known.iter().map(Vec::as_slice)).unwrap();
            let heads = document.heads();
            // The last gate may still refuse what the causal past alone does not show; then nothing has changed.
            if document.apply([bytes.as_slice()]).is_err() {
                prop_assert_eq!(document.heads(), heads);
            } else {
                prop_assert!(tuttu_model::Document::from_snapshot(&document.save()).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        reason(check_change(&bytes, ChangeHash([0; 32]), A, &Held::new()));
        let mut framed = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1];
        framed.extend(leb(u64::try_from(bytes.len()).unwrap()));
        framed.extend(&bytes);
        reason(check_change(&framed, ChangeHash([0; 32]), A, &Held::new()));
    }
}
