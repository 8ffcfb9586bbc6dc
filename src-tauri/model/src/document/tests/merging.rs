//! Replicas that edit apart and merge in any order hold the same record.

use proptest::prelude::*;

use super::*;
use crate::history::field_changes;

#[derive(Debug, Clone)]
enum Step {
    Edit { replica: usize, key: usize, value: Option<u8> },
    Merge { from: usize, into: usize },
}

const KEYS: [&str; 6] = ["name", "notes", "phones/aaaaaaaa", "addresses/bbbbbbbb/city", "tag:x", DELETED];
const ACTORS: [ActorId; 3] = [ANN, BEN, CAT];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let edit = (0..3_usize, 0..KEYS.len(), prop::option::weighted(0.75, 0..4_u8));
    let step = prop_oneof![
        3 => edit.prop_map(|(replica, key, value)| Step::Edit { replica, key, value }),
        1 => (0..3_usize, 0..3_usize).prop_map(|(from, into)| Step::Merge { from, into }),
    ];
    prop::collection::vec(step, 0..24)
}

/// Runs the steps and returns the replicas, not merged yet, and every change in the order it was made.
fn run(steps: &[Step]) -> (Vec<Document>, Vec<Change>) {
    let mut replicas = vec![person(), person(), person()];
    let mut made = person().changes().unwrap();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Merge { from, into } => {
                let from = replicas[*from].clone();
                merge(&mut replicas[*into], &from);
            }
            Step::Edit { replica, key, value } => {
                let key = KEYS[*key];
                let op = value.map_or_else(|| delete(key), |value| put(key, &value.to_string()));
                let time = 200 + i64::try_from(at % 5).unwrap();
                made.extend(replicas[*replica].edit(ACTORS[*replica], time, &[op]).unwrap());
            }
        }
    }
    (replicas, made)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn replicas_merged_in_any_order_are_equal(steps in steps(), order in Just(vec![0_usize, 1, 2]).prop_shuffle()) {
        let (replicas, made) = run(&steps);
        let mut merged: Vec<Document> = Vec::new();
        for start in &order {
            let mut document = replicas[*start].clone();
            for other in order.iter().rev().chain(&order) {
                merge(&mut document, &replicas[*other]);
            }
            merged.push(document);
        }
        // Rebuilt from the store, parents first, and from a snapshot.
        merged.push(Document::from_changes(made.iter().map(|change| change.bytes.as_slice())).unwrap());
        merged.push(Document::from_snapshot(&merged[0].save()).unwrap());
        for document in &merged[1..] {
            prop_assert_eq!(document.record(), merged[0].record());
            prop_assert_eq!(document.heads(), merged[0].heads());
            prop_assert_eq!(field_changes(document), field_changes(&merged[0]));
        }
    }

    #[test]
    fn every_change_rests_directly_on_its_authors_previous_one(steps in steps()) {
        let (_, made) = run(&steps);
        for change in &made {
            prop_assert_eq!(change.bytes[8], 1);
            let previous = made.iter().find(|other| other.actor == change.actor && other.seq + 1 == change.seq);
            prop_assert_eq!(previous.is_some(), change.seq > 1);
            prop_assert!(previous.is_none_or(|previous| change.deps.contains(&previous.hash)));
            let above = made.iter().filter(|other| change.deps.contains(&other.hash)).map(|other| other.max_op).max();
            prop_assert_eq!(change.start_op, above.unwrap_or(0) + 1);
        }
    }

    #[test]
    fn any_conflict_can_be_settled_and_every_choice_reaches_everybody(steps in steps(), number in 1..3_usize) {
        let (replicas, _) = run(&steps);
        let mut document = replicas[0].clone();
        merge(&mut document, &replicas[1]);
        merge(&mut document, &replicas[2]);
        for (field, _) in conflicts_of(&document.record()) {
            let ops = plan_choice(&document.record(), &field, Choice::Number(number), &mut String::new).unwrap();
            prop_assert!(document.edit(CAT, 900, &ops).unwrap().is_some(), "{}", field);
        }
        prop_assert_eq!(conflicts_of(&document.record()), vec![]);
        let mut other = replicas[1].clone();
        merge(&mut other, &document);
        prop_assert_eq!(other.record(), document.record());
    }
}
