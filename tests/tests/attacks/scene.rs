//! Two honest people who share a space with a dishonest one, and what must be true of the honest ones afterwards.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tuttu_engine::api::{Answer, CheckReport, Query};
use tuttu_model::SpaceId;

use crate::net::{Peer, SOON, pair};
use crate::rogue::Rogue;

pub(crate) const SPACE: &str = "Harbour";

/// Ilona owns the space, Maria writes in it, and Mallory's program is a modified one.
pub(crate) struct Scene {
    pub(crate) ilona: Peer,
    pub(crate) maria: Peer,
    pub(crate) mallory: Rogue,
    pub(crate) space: SpaceId,
}

/// Somebody joins the space, and everybody has heard of it.
pub(crate) async fn joins(name: &str, role: &str, ilona: &Peer, maria: &Peer) -> Peer {
    let peer = Peer::new(name).await;
    let link = ilona.invite_with(SPACE, role, true, Vec::new()).await.link;
    peer.join_auto(&link).await.unwrap();
    until("a new member is known", async || maria.detail(SPACE).await.members.iter().any(|member| member.name == name)).await;
    peer
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

impl Scene {
    pub(crate) async fn with(role: &str) -> Self {
        let (ilona, maria) = pair(SPACE).await;
        let mallory = joins("Mallory", role, &ilona, &maria).await;
        let space = ilona.detail(SPACE).await.summary.id.parse().unwrap();
        Self { mallory: Rogue::of(mallory).await, space, ilona, maria }
    }

    pub(crate) async fn new() -> Self {
        Self::with("editor").await
    }

    /// All three share another space too.
    pub(crate) async fn also_share(self, name: &str) -> (SpaceId, Self) {
        let Self { ilona, maria, mallory, space } = self;
        ilona.space(name).await;
        let dir = mallory.close().await;
        let mallory = Peer::again("Mallory", dir).await;
        for joiner in [&maria, &mallory] {
            let link = ilona.invite(name, true).await;
            joiner.join_auto(&link).await.unwrap();
        }
        let other = ilona.detail(name).await.summary.id.parse().unwrap();
        (other, Self { mallory: Rogue::of(mallory).await, ilona, maria, space })
    }

    /// The honest ones go on as if nothing had been: they hold these people and nobody else, what one writes reaches the other, and all of it verifies.
    pub(crate) async fn goes_on(&self, people: &[&str]) {
        go_on(&self.ilona, &self.maria, people).await;
    }

    /// Both honest ones say what is wrong with Mallory's computer.
    pub(crate) async fn both_blame_mallory(&self, why: &str) {
        blames(&self.ilona, "Mallory", why).await;
        blames(&self.maria, "Mallory", why).await;
    }
}

pub(crate) async fn go_on(ilona: &Peer, maria: &Peer, people: &[&str]) {
    ilona.add(SPACE, "Written by Ilona afterwards").await;
    maria.add(SPACE, "Written by Maria afterwards").await;
    let mut expected = [people, &["Written by Ilona afterwards", "Written by Maria afterwards"]].concat();
    expected.sort_unstable();
    for peer in [ilona, maria] {
        peer.sees(SPACE, &expected).await;
        is_sound(peer).await;
    }
    let space: SpaceId = ilona.detail(SPACE).await.summary.id.parse().unwrap();
    let digest = |peer: &Peer| {
        let replica = peer.host.engine().replica();
        let heads = replica.membership(&space).unwrap().unwrap().heads();
        (heads, replica.vector(&space).unwrap(), replica.accumulator(&space).unwrap())
    };
    until("both hold the same", async || digest(ilona) == digest(maria)).await;
}

/// Whether bytes are somewhere among others.
pub(crate) fn contains(all: &[u8], wanted: &[u8]) -> bool {
    all.windows(wanted.len()).any(|window| window == wanted)
}

/// Everything a vault holds verifies, and nothing of it is set aside as damaged.
pub(crate) async fn is_sound(peer: &Peer) {
    let report = check(peer).await;
    assert!(report.problems.is_empty() && report.damaged == 0, "{}: {report:#?}", peer.name);
    assert!(report.spaces > 0, "{}: nothing was checked", peer.name);
}

async fn check(peer: &Peer) -> CheckReport {
    match peer.query(Query::Check).await {
        Answer::Check(report) => report,
        other => panic!("{other:?}"),
    }
}

/// What somebody is told to be wrong with a member's computers.
pub(crate) async fn trouble(peer: &Peer, member: &str) -> String {
    let detail = peer.detail(SPACE).await;
    let computers = detail.members.into_iter().filter(|known| known.name == member).flat_map(|known| known.computers);
    computers.map(|computer| computer.trouble).collect()
}

/// Waits until somebody is told this of a member's computer.
pub(crate) async fn blames(peer: &Peer, member: &str, why: &str) {
    let blamed = async {
        while !trouble(peer, member).await.contains(why) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    if timeout(Duration::from_secs(10), blamed).await.is_err() {
        panic!("{} is told “{}” of {member} instead of “{why}”", peer.name, trouble(peer, member).await);
    }
}
