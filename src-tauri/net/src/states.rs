//! Filling the states of computers, as the live connections know them, into the engine's answers.

use std::collections::BTreeMap;

use tuttu_engine::Engine;
use tuttu_engine::api::{Answer, ComputerView, JoinRequestView, MemberView, SpaceSummary};
use tuttu_engine::model::ComputerId;

use crate::address::Path;
use crate::net::Net;
use crate::{clock, hints};

/// What is filled in.
struct States<'a> {
    engine: &'a Engine,
    live: BTreeMap<String, Path>,
    trouble: &'a dyn Fn(&ComputerId) -> String,
    now: String,
}

/// Fills in an answer. Blocks, because it reads when computers were last seen.
pub(crate) fn fill(net: &Net, answer: Answer) -> Answer {
    let live = net.live.paths().into_iter().map(|(computer, path)| (computer.to_string(), path)).collect();
    let trouble = |computer: &ComputerId| net.contacts.trouble(computer);
    let states = States { engine: &net.engine, live, trouble: &trouble, now: clock::rfc3339(clock::now()) };
    match answer {
        Answer::Status(mut status) => {
            status.spaces.iter_mut().for_each(|space| states.summary(space));
            Answer::Status(status)
        }
        Answer::Space(mut detail) => {
            states.summary(&mut detail.summary);
            states.members(&mut detail.members);
            detail.requests = waiting_for(&detail.summary.id, net.requests.views());
            Answer::Space(detail)
        }
        Answer::Computers(mut computers) => {
            computers.iter_mut().for_each(|own| states.computer(&mut own.computer));
            Answer::Computers(computers)
        }
        other => other,
    }
}

fn waiting_for(space: &str, requests: Vec<JoinRequestView>) -> Vec<JoinRequestView> {
    requests.into_iter().filter(|request| request.space == space).collect()
}

impl States<'_> {
    fn summary(&self, space: &mut SpaceSummary) {
        self.members(&mut space.members);
    }

    fn members(&self, members: &mut [MemberView]) {
        members.iter_mut().flat_map(|member| &mut member.computers).for_each(|computer| self.computer(computer));
    }

    fn computer(&self, view: &mut ComputerView) {
        if view.this {
            return;
        }
        let Ok(id) = view.id.parse::<ComputerId>() else { return };
        match self.live.get(&view.id) {
            Some(path) => {
                path.word().clone_into(&mut view.state);
                view.last_seen.clone_from(&self.now);
            }
            None => {
                "away".clone_into(&mut view.state);
                if view.last_seen.is_empty() {
                    view.last_seen = hints::last_seen(self.engine, &id);
                }
            }
        }
        if view.trouble.is_empty() {
            view.trouble = (self.trouble)(&id);
        }
    }
}
