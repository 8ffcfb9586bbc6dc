//! When a task was done: written with its status, taken away when it is opened again.

use crate::field::FlatOp;
use crate::record::{Kind, Record, Scalar};
use crate::words::Category;

const STATUS: &str = "status";
const DONE: &str = "done";

/// The edits with what they mean for `done`: `now` (RFC 3339) where they close a task, none where they open it. Edits that set `done` themselves
/// stand.
#[must_use]
pub fn with_done(record: &Record, mut ops: Vec<FlatOp>, now: &str, category: impl Fn(&str) -> Category) -> Vec<FlatOp> {
    if record.kind != Kind::Task || ops.iter().any(|op| op.key() == DONE) {
        return ops;
    }
    let Some(op) = ops.iter().find(|op| op.key() == STATUS) else { return ops };
    let is_done = match op {
        FlatOp::Put(_, value) => category(&value.as_text()) == Category::Done,
        FlatOp::Delete(_) => false,
    };
    let was_done = record.shown(DONE).is_some();
    match (was_done, is_done) {
        (false, true) => ops.push(FlatOp::Put(DONE.into(), Scalar::Text(now.into()))),
        (true, false) => ops.push(FlatOp::Delete(DONE.into())),
        _ => {}
    }
    ops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(status: &str, done: bool) -> Record {
        let mut ops = vec![FlatOp::Put(STATUS.into(), Scalar::Text(status.into()))];
        if done {
            ops.push(FlatOp::Put(DONE.into(), Scalar::Text("2026-01-01T00:00:00Z".into())));
        }
        Record::new(Kind::Task).with_ops(&ops)
    }

    fn done(record: &Record, op: FlatOp) -> Vec<FlatOp> {
        with_done(record, vec![op], "now", |word| Category::from(word)).into_iter().filter(|op| op.key() == DONE).collect()
    }

    #[test]
    fn the_time_follows_the_status() {
        let set = |status: &str| FlatOp::Put(STATUS.into(), Scalar::Text(status.into()));
        assert_eq!(done(&task("open", false), set("done")), [FlatOp::Put(DONE.into(), Scalar::Text("now".into()))]);
        assert_eq!(done(&task("done", true), set("open")), [FlatOp::Delete(DONE.into())]);
        assert_eq!(done(&task("done", true), FlatOp::Delete(STATUS.into())), [FlatOp::Delete(DONE.into())]);
        assert_eq!(done(&task("done", true), set("done")), []);
        assert_eq!(done(&task("open", false), set("cancelled")), []);
        assert_eq!(done(&Record::new(Kind::Event), set("done")), []);
        let own = vec![set("done"), FlatOp::Put(DONE.into(), Scalar::Text("then".into()))];
        assert_eq!(with_done(&task("open", false), own.clone(), "now", |word| Category::from(word)), own);
    }
}
