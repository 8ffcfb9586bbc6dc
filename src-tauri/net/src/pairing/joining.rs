//! The side that brings the link.

use std::sync::Arc;
use std::time::Duration;

use iroh::TransportAddr;
use iroh::endpoint::Connection;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tuttu_engine::api::{ErrorCode, ErrorView};
use tuttu_engine::model::{ComputerId, PersonId, SpaceId};
use tuttu_sync::invite::Link;
use tuttu_sync::pairing::{Introduction, Joiner, JoinerEffect, Offer, SpaceOps, Words};

use super::inviting::as_error;
use super::{Line, Offered, TO_ANSWER, TO_DECIDE, nonce, short_id};
use crate::address::{Path, path_of};
use crate::blocking::{aside, ask};
use crate::clock;
use crate::dial::{Unreachable, try_set};
use crate::endpoint::PAIRING;
use crate::exchange::acquaintance;
use crate::hints::{self, Hints};
use crate::net::Net;
use crate::relay::{self, Relay};
use crate::request::{JoinOffer, Joined, Reply};

/// How long to look for the inviter on the network.
const LOOK_AROUND: Duration = Duration::from_secs(8);
/// How much sooner the direct ways are tried than the relay: it carries what cannot go directly, and nothing else.
const HEAD_START: Duration = Duration::from_millis(1_500);
/// How long the space may take to arrive.
const TO_ARRIVE: Duration = Duration::from_secs(600);
/// How long the inviter may be away while it arrives.
const AWAY: Duration = Duration::from_secs(60);

/// Dials the inviter and answers with the offer, or with `auto` joins at once.
pub(crate) async fn join(net: &Arc<Net>, link: &str, auto: bool) -> Result<Reply, ErrorView> {
    begin(net, read(link)?, auto).await
}

/// The same with a link that makes this computer the inviter's next one.
pub(crate) async fn join_person(net: &Arc<Net>, link: &str, auto: bool, computer_name: Option<String>) -> Result<Reply, ErrorView> {
    let link = read_for_computer(link)?;
    let engine = net.engine.clone();
    ask(move || engine.prepare_to_join_person(computer_name.as_deref())).await?;
    begin(net, link, auto).await
}

async fn begin(net: &Arc<Net>, link: Link, auto: bool) -> Result<Reply, ErrorView> {
    if link.inviter() == net.me {
        return Err(ErrorView::new(ErrorCode::Link, "You made this invitation on this computer.", "Use it on another one."));
    }
    let connection = reach(net, &link).await?;
    let (show, shown) = oneshot::channel();
    let (decide, decided) = oneshot::channel();
    let (tell, outcome) = oneshot::channel();
    let task = Arc::clone(net);
    net.tasks.spawn(async move {
        let joining = Joining { net: task, link, person: None, connection, auto, show: Some(show), decided };
        // Whoever asked may have gone.
        let _ = tell.send(joining.run().await);
    });
    if auto {
        drop(decide);
        return outcome.await.map_err(|_| stopped())?.map(Reply::Joined);
    }
    let Ok(offer) = shown.await else {
        // It ended before there was anything to show: the outcome says why.
        return outcome.await.map_err(|_| stopped())?.map(Reply::Joined);
    };
    net.joins.add(offer.id.clone(), Offered { since: Instant::now(), decide, outcome });
    Ok(Reply::JoinOffer(offer))
}

/// Reads a link into a space.
fn read(link: &str) -> Result<Link, ErrorView> {
    match link.parse::<Link>() {
        Ok(link @ Link::Join(_)) => Ok(link),
        Ok(Link::Computer(_)) => {
            let message = "This link adds one of the inviter’s own computers; it does not lead into a space.";
            let hint =
                "Ask for an invitation into a space: it begins with tuttu://join/. On your own next computer: tuttu computer join LINK";
            Err(ErrorView::new(ErrorCode::Link, message, hint))
        }
        Err(error) => Err(ErrorView::new(ErrorCode::Link, error.to_string(), "Nothing was sent to anybody.")),
    }
}

/// Reads a link for a person's next computer.
fn read_for_computer(link: &str) -> Result<Link, ErrorView> {
    match link.parse::<Link>() {
        Ok(link @ Link::Computer(_)) => Ok(link),
        Ok(Link::Join(_)) => {
            let message = "This link leads into a space; it does not make this computer one of the inviter’s own.";
            Err(ErrorView::new(
                ErrorCode::Link,
                message,
                "To join the space: tuttu join LINK. For an own computer, make a link with: tuttu computer invite",
            ))
        }
        Err(error) => Err(ErrorView::new(ErrorCode::Link, error.to_string(), "Nothing was sent to anybody.")),
    }
}

fn stopped() -> ErrorView {
    ErrorView::new(ErrorCode::Unreachable, "Tuttu is stopping.", "Use the link again; it was not used up.")
}

/// Finds the inviter: by the link's addresses and on the network at the same time, and by the link's relay a little later.
async fn reach(net: &Arc<Net>, invitation: &Link) -> Result<Connection, ErrorView> {
    let inviter = invitation.inviter();
    let engine = net.engine.clone();
    if ask(move || engine.is_blocked(&inviter)).await? {
        return Err(ErrorView::new(ErrorCode::NotAllowed, "You blocked whoever made this link.", "Nothing was sent. Unblock them first."));
    }
    let engine = net.engine.clone();
    let known = aside(move || hints::load(&engine, &inviter)).await.unwrap_or_default();
    let link = Hints::of_link(invitation.hints());
    let mut direct: Vec<_> = link.addrs.iter().chain(&known.addrs).copied().map(TransportAddr::Ip).collect();
    direct.dedup();
    net.lan.be_eager();
    let by_link = async { if direct.is_empty() { Err(Unreachable) } else { try_set(net, &inviter, direct, PAIRING).await } };
    let by_lan = async {
        let found = net.lan.find(&inviter, LOOK_AROUND).await.ok_or(Unreachable)?;
        try_set(net, &inviter, found.into_iter().map(TransportAddr::Ip).collect(), PAIRING).await
    };
    let by_relay = async {
        sleep(HEAD_START).await;
        let relays: Vec<_> = link.relay_url().into_iter().chain(known.relay_url()).map(TransportAddr::Relay).collect();
        if relays.is_empty() { Err(Unreachable) } else { try_set(net, &inviter, relays, PAIRING).await }
    };
    let found = tokio::select! {
        Ok(connection) = by_link => Some(connection),
        Ok(connection) = by_lan => Some(connection),
        Ok(connection) = by_relay => Some(connection),
        else => None,
    };
    if let Some(connection) = found {
        return Ok(connection);
    }
    let engine = net.engine.clone();
    let person = aside(move || acquaintance(&engine, &inviter)).await.map(|who| who.person).unwrap_or_default();
    Err(unreachable(&person, invitation, link.relay.is_some(), clock::now()))
}

/// Why the inviter was not found, and what to do.
fn unreachable(person: &str, link: &Link, relay: bool, now: i64) -> ErrorView {
    let (expires, space_name) = match link {
        Link::Join(invitation) => (invitation.expires, invitation.space_name.as_ref()),
        Link::Computer(invitation) => (invitation.expires, None),
    };
    if expires <= now {
        let message = format!("The invitation ended on {}, and the inviter’s computer cannot be reached.", clock::spoken(expires));
        return ErrorView::new(ErrorCode::Link, message, "Ask for a new one.");
    }
    let who = match (person.is_empty(), space_name, link) {
        (_, _, Link::Computer(_)) => "Your other computer".to_owned(),
        (false, ..) => format!("{person}’s computer"),
        (true, Some(space), _) => format!("The computer that invites you to “{space}”"),
        (true, None, _) => "The inviter’s computer".to_owned(),
    };
    let how = if relay {
        "Tuttu must be running there, with a connection to the internet."
    } else {
        "Both computers must be on the same network, and Tuttu must be running on both."
    };
    let hint = format!("{how} The link keeps working until {}.", clock::spoken(expires));
    ErrorView::new(ErrorCode::Unreachable, format!("{who} cannot be reached now."), hint)
}

struct Joining {
    net: Arc<Net>,
    link: Link,
    /// Whose computer this becomes, by a link for one.
    person: Option<PersonId>,
    connection: Connection,
    auto: bool,
    show: Option<oneshot::Sender<JoinOffer>>,
    decided: oneshot::Receiver<bool>,
}

/// What was agreed on.
struct Agreed {
    offer: Offer,
    words: Words,
}

/// What was taken over.
struct Taken {
    spaces: Vec<SpaceId>,
    moved: u32,
}

impl Joining {
    async fn run(mut self) -> Result<Joined, ErrorView> {
        let lost = || {
            ErrorView::new(
                ErrorCode::Unreachable,
                "The inviter’s computer went away.",
                "Use the link again; it keeps working until it ends.",
            )
        };
        let (send, receive) = timeout(TO_ANSWER, self.connection.open_bi()).await.map_err(|_| lost())?.map_err(|_| lost())?;
        let binding = Line::binding(&self.connection, true, self.net.me).ok_or_else(lost)?;
        let engine = self.net.engine.clone();
        let (person, person_name, computer_name) = ask(move || engine.introduction()).await?;
        let introduction = match &self.link {
            Link::Join(_) => Introduction { person: Some(person), person_name, computer_name, auto: self.auto },
            // Who this computer belonged to before is nobody's business.
            Link::Computer(_) => Introduction { person: None, person_name: String::new(), computer_name, auto: self.auto },
        };
        let mut joiner = Joiner::new(binding, &self.link, introduction, nonce()?);
        let mut line = Line::new(self.connection.clone(), send, receive);
        let talked = self.talk(&mut joiner, &mut line).await;
        let (path, met) = path_of(&self.connection);
        let (agreed, taken) = match talked {
            // Before the goodbye: the inviter may dial for the first exchange at once.
            Ok((agreed, spaces)) => {
                let taken = self.take_over(spaces, &agreed.offer.inviter_name).await;
                (Ok(agreed), taken)
            }
            Err(error) => (Err(error), Ok(Taken { spaces: Vec::new(), moved: 0 })),
        };
        line.close().await;
        let (agreed, taken) = (agreed?, taken?);
        let (name, inviter) = (agreed.offer.space_name.unwrap_or_else(|| "My own".into()), agreed.offer.inviter_name);
        self.remember(path, met).await;
        if !self.auto {
            let (engine, inviter) = (self.net.engine.clone(), self.link.inviter());
            let noted = ask(move || engine.compared(&inviter));
            if let Err(error) = noted.await {
                // They have joined all the same.
                tracing::warn!(%error, "it was not noted that words were compared");
            }
        }
        for space in &taken.spaces {
            arrive(&self.net, &self.link.inviter(), space, &name, &inviter).await?;
        }
        let words = agreed.words.0.map(str::to_owned).to_vec();
        let space = taken.spaces.first().map(ToString::to_string).unwrap_or_default();
        let spaces = u32::try_from(taken.spaces.len()).unwrap_or(u32::MAX);
        Ok(Joined { space, name, inviter, words, spaces, moved: taken.moved })
    }

    /// Says everything there is to say until the operations of the space are here.
    async fn talk(&mut self, joiner: &mut Joiner, line: &mut Line) -> Result<(Agreed, Vec<SpaceOps>), ErrorView> {
        let mut agreed = None;
        let mut undecided = false;
        let mut effects = joiner.start();
        let mut deadline = Instant::now() + TO_ANSWER;
        loop {
            for effect in std::mem::take(&mut effects) {
                match effect {
                    JoinerEffect::Send(frame) => line.send(&frame).await.map_err(|_| went_away())?,
                    JoinerEffect::Show { offer, words, .. } => {
                        deadline = Instant::now() + TO_DECIDE;
                        undecided = !self.auto;
                        effects = self.offered(joiner, &offer, words).await?;
                        agreed = Some(Agreed { offer, words });
                    }
                    JoinerEffect::Consent { person } => {
                        self.person = Some(person);
                        effects = joiner.consent(self.net.engine.consent_to(&person));
                    }
                    JoinerEffect::Finished { spaces } => return agreed.map(|agreed| (agreed, spaces)).ok_or_else(went_away),
                    JoinerEffect::Failed(refusal) => return Err(as_error(&refusal)),
                }
            }
            if !effects.is_empty() {
                continue;
            }
            effects = tokio::select! {
                frame = timeout_at(deadline, line.next()) => match frame {
                    Ok(Some(frame)) => joiner.handle_frame(&frame),
                    Ok(None) => return Err(went_away()),
                    Err(_) => {
                        give_up(joiner, line).await;
                        return Err(too_late(agreed.is_some()));
                    }
                },
                same = &mut self.decided, if undecided => {
                    undecided = false;
                    deadline = Instant::now() + TO_DECIDE;
                    match same {
                        Ok(true) => self.confirm(joiner).await?,
                        Ok(false) => {
                            give_up(joiner, line).await;
                            return Err(words_differ());
                        }
                        Err(_) => {
                            give_up(joiner, line).await;
                            return Err(too_late(false));
                        }
                    }
                }
            };
        }
    }

    /// Shows the offer to the person, or confirms at once where they skip comparing words.
    async fn offered(&mut self, joiner: &mut Joiner, offer: &Offer, words: Words) -> Result<Vec<JoinerEffect>, ErrorView> {
        if self.auto {
            return self.confirm(joiner).await;
        }
        let offer = JoinOffer {
            id: short_id("j")?,
            inviter: offer.inviter_name.clone(),
            inviter_computer: offer.computer_name.clone(),
            space_name: offer.space_name.clone().unwrap_or_default(),
            role: offer.role.map(|role| role.as_str().to_owned()).unwrap_or_default(),
            expires: clock::rfc3339(offer.expires),
            words: words.0.map(str::to_owned).to_vec(),
            path: path_of(&self.connection).0.word().to_owned(),
        };
        let shown = match self.show.take() {
            Some(show) => show.send(offer).is_ok(),
            None => false,
        };
        // When whoever asked has gone, nobody will ever answer.
        Ok(if shown { Vec::new() } else { joiner.decline() })
    }

    async fn confirm(&self, joiner: &mut Joiner) -> Result<Vec<JoinerEffect>, ErrorView> {
        let engine = self.net.engine.clone();
        let certificates = match self.link.space() {
            Some(space) => ask(move || engine.join_certificates(&space)).await?,
            None => Vec::new(),
        };
        Ok(joiner.confirm(certificates))
    }

    async fn take_over(&self, spaces: Vec<SpaceOps>, inviter: &str) -> Result<Taken, ErrorView> {
        let Some(space) = self.link.space() else {
            let (engine, inviter) = (self.net.engine.clone(), inviter.to_owned());
            let person = self.person.ok_or_else(went_away)?;
            let adopted = ask(move || engine.become_computer_of(person, &inviter, spaces)).await?;
            return Ok(Taken { spaces: adopted.spaces, moved: adopted.moved });
        };
        for SpaceOps { space: came, ops } in spaces {
            if came == space {
                let engine = self.net.engine.clone();
                ask(move || engine.joined(&space, ops)).await?;
            }
        }
        Ok(Taken { spaces: vec![space], moved: 0 })
    }

    /// Remembers where the inviter was reached. A relay that was needed is used from now on, unless the person chose otherwise.
    async fn remember(&self, path: Path, met: Option<TransportAddr>) {
        let (engine, inviter) = (self.net.engine.clone(), self.link.inviter());
        let mut where_met: Vec<TransportAddr> = met.clone().into_iter().collect();
        let link = Hints::of_link(self.link.hints());
        if path == Path::Relay {
            where_met.extend(link.addrs.iter().copied().map(TransportAddr::Ip));
        }
        where_met.extend(link.relay_url().map(TransportAddr::Relay));
        let noted = aside(move || hints::learn(&engine, &inviter, &where_met));
        // Only hints.
        let _ = noted.await;
        if let (Some(TransportAddr::Relay(url)), Relay::None) = (met, self.net.relay()) {
            let (engine, text) = (self.net.engine.clone(), url.to_string());
            let kept = aside(move || hints::keep(&engine, relay::LINK_SETTING, &text));
            let _ = kept.await;
            self.net.use_relay(Relay::Own(url)).await;
        }
        self.net.look_at_peers();
        self.net.dial_now();
    }
}

async fn give_up(joiner: &mut Joiner, line: &mut Line) {
    for effect in joiner.decline() {
        if let JoinerEffect::Send(frame) = effect {
            // The other side may be gone; it notices the end either way.
            let _ = line.send(&frame).await;
        }
    }
}

fn went_away() -> ErrorView {
    ErrorView::new(
        ErrorCode::Unreachable,
        "The inviter’s computer went away before you were let in.",
        "Use the link again; it keeps working until it ends.",
    )
}

fn too_late(agreed: bool) -> ErrorView {
    let message = if agreed { "Nobody let you in within ten minutes." } else { "The inviter’s computer did not answer in time." };
    ErrorView::new(ErrorCode::Timeout, message, "Use the link again when the inviter is there; it keeps working until it ends.")
}

fn words_differ() -> ErrorView {
    ErrorView::new(
        ErrorCode::NotAllowed,
        "The words were not the same, so you did not join.",
        "Somebody may be in between. Ask for a new invitation, sent another way.",
    )
}

/// Waits until the space has arrived from the inviter.
async fn arrive(net: &Net, inviter: &ComputerId, space: &SpaceId, name: &str, person: &str) -> Result<(), ErrorView> {
    let pending = || {
        let message = format!("You are a member of “{name}” now, but not everything in it has arrived yet.");
        ErrorView::new(ErrorCode::Timeout, message, format!("The rest comes by itself when {person}’s computer can be reached."))
    };
    let deadline = Instant::now() + TO_ARRIVE;
    loop {
        let away = Instant::now() + AWAY;
        let link = timeout_at(away.min(deadline), net.live.there(inviter)).await.map_err(|_| pending())?;
        let mut progress = link.progress.clone();
        let arrived = async { progress.wait_for(|progress| progress.equal.contains(space)).await.is_ok() };
        match timeout_at(deadline, arrived).await {
            Ok(true) => return Ok(()),
            // The connection ended on the way: the supervisor dials again.
            Ok(false) => sleep(Duration::from_millis(100)).await,
            Err(_) => return Err(pending()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use tuttu_sync::invite::{ComputerInvitation, Invitation, Secret};
    use tuttu_sync::membership::Role;

    use super::*;

    fn invitation() -> Link {
        Link::Join(Invitation {
            inviter: ComputerId([1; 32]),
            hints: tuttu_sync::invite::Hints::default(),
            space: SpaceId([2; 32]),
            space_name: Some("Harbour".into()),
            role: Role::Editor,
            expires: 1_795_251_600,
            secret: Secret([3; 16]),
            auto: false,
        })
    }

    #[test]
    fn a_link_that_is_cut_off_or_of_the_other_kind_is_told_apart() {
        let link = invitation().to_string();
        assert_eq!(read(&link).unwrap(), invitation());
        let cut = link.get(..60).unwrap();
        assert_eq!(read(cut).unwrap_err().message, "The link is cut off. Copy the whole link, or ask for it again.");
        let computer = ComputerInvitation {
            inviter: ComputerId([1; 32]),
            hints: tuttu_sync::invite::Hints::default(),
            expires: 0,
            secret: Secret([3; 16]),
            auto: false,
        };
        assert_eq!(read_for_computer(&computer.to_string()).unwrap(), Link::Computer(computer.clone()));
        assert!(read_for_computer(&link).unwrap_err().message.starts_with("This link leads into a space"));
        assert!(read(&computer.to_string()).unwrap_err().message.starts_with("This link adds one of the inviter’s own computers"));
        assert_eq!(read("https://example.org").unwrap_err().code, ErrorCode::Link);
    }

    #[test]
    fn an_inviter_who_is_away_is_explained() {
        let error = unreachable("Ilona", &invitation(), false, 1_795_000_000);
        assert_eq!(error.message, "Ilona’s computer cannot be reached now.");
        assert_eq!(
            error.hint,
            "Both computers must be on the same network, and Tuttu must be running on both. The link keeps working until 21 November 2026, 09:00 UTC."
        );
        let error = unreachable("", &invitation(), true, 1_795_000_000);
        assert_eq!(error.message, "The computer that invites you to “Harbour” cannot be reached now.");
        assert!(error.hint.starts_with("Tuttu must be running there, with a connection to the internet."));
        let error = unreachable("Ilona", &invitation(), false, 1_800_000_000);
        assert_eq!(error.code, ErrorCode::Link);
        assert_eq!(error.message, "The invitation ended on 21 November 2026, 09:00 UTC, and the inviter’s computer cannot be reached.");
    }
}
