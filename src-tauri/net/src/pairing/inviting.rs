//! The side that made the link.

use std::collections::VecDeque;
use std::sync::Arc;

use iroh::endpoint::Connection;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep_until, timeout};
use tuttu_engine::InvitationTerms;
use tuttu_engine::api::{Command, ErrorCode, ErrorView, Event, JoinRequestView};
use tuttu_engine::model::ComputerId;
use tuttu_sync::membership::{Role, VerifiedOp};
use tuttu_sync::pairing::{Found, Goal, Introduction, Inviter, InviterEffect, Offer, Refusal, SpaceOps, Words};
use tuttu_sync::signing::SignatureBytes;

use super::{Decision, Line, TO_ANSWER, TO_DECIDE, nonce, short_id};
use crate::address::{self, path_of};
use crate::blocking::{aside, ask};
use crate::live::Code;
use crate::net::Net;
use crate::{clock, hints};

/// Words shown for one invitation before it is taken for an attack. A joiner sees the words only after proving the secret, so honest people need one
/// or two attempts.
const ATTEMPTS: u32 = 10;

/// How one pairing ended.
#[derive(Debug)]
enum End {
    /// The joiner has everything.
    Finished,
    /// Refused by either side.
    Refused(Refusal),
    /// The other side went away, or was too slow, or the host stops.
    Gone,
}

struct Inviting {
    net: Arc<Net>,
    line: Line,
    joiner: ComputerId,
    inviter: Inviter,
    terms: Option<InvitationTerms>,
    request: Option<String>,
    decide: mpsc::Sender<Decision>,
    deadline: Instant,
    /// Why letting them in failed, for the person who approved.
    failure: Option<ErrorView>,
    /// The person at this computer compared the words and approved.
    compared: bool,
}

/// Serves somebody who brings a link, in a task of its own.
pub(crate) fn serve(net: &Arc<Net>, connection: Connection, permit: OwnedSemaphorePermit) {
    let task = Arc::clone(net);
    net.tasks.spawn_orderly(async move {
        let _permit = permit;
        let stopped = task.tasks.stopped();
        let (decide, decisions) = mpsc::channel(4);
        let Some(mut inviting) = Inviting::open(task, connection.clone(), decide).await else {
            return Code::Nothing.close(&connection, "");
        };
        let end = tokio::select! {
            end = inviting.run(decisions) => end,
            () = stopped => End::Gone,
        };
        inviting.finish(end).await;
    });
}

impl Inviting {
    async fn open(net: Arc<Net>, connection: Connection, decide: mpsc::Sender<Decision>) -> Option<Self> {
        let (send, receive) = timeout(TO_ANSWER, connection.accept_bi()).await.ok()?.ok()?;
        let binding = Line::binding(&connection, false, net.me)?;
        let inviter = Inviter::new(binding, nonce().ok()?);
        let joiner = address::computer(connection.remote_id());
        let deadline = Instant::now() + 2 * TO_ANSWER;
        let line = Line::new(connection, send, receive);
        Some(Self { net, line, joiner, inviter, terms: None, request: None, decide, deadline, failure: None, compared: false })
    }

    async fn run(&mut self, mut decisions: mpsc::Receiver<Decision>) -> End {
        loop {
            let step = tokio::select! {
                frame = self.line.next() => match frame {
                    Some(frame) => {
                        let effects = self.inviter.handle_frame(&frame);
                        self.carry_out(effects).await
                    }
                    None => return End::Gone,
                },
                Some(decision) = decisions.recv() => self.decided(decision).await,
                () = sleep_until(self.deadline) => {
                    let effects = self.inviter.decline();
                    self.carry_out(effects).await
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn decided(&mut self, decision: Decision) -> Result<(), End> {
        self.end_request();
        self.compared = decision.approve;
        let effects = if decision.approve { self.inviter.approve() } else { self.inviter.decline() };
        let step = self.carry_out(effects).await;
        let said = self.failure.take().map_or(Ok(()), Err);
        // Whoever asked may have gone.
        let _ = decision.done.send(said);
        step
    }

    async fn carry_out(&mut self, effects: Vec<InviterEffect>) -> Result<(), End> {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            let more = match effect {
                InviterEffect::Send(frame) => {
                    self.line.send(&frame).await.map_err(|_| End::Gone)?;
                    Vec::new()
                }
                InviterEffect::LookUp { id } => self.look_up(id.0).await,
                InviterEffect::Ask { introduction, words, compare, again } => self.asked(&introduction, words, compare, again).await,
                InviterEffect::Grant { introduction, consent: Some(consent), .. } => self.add_computer(introduction, consent).await,
                InviterEffect::Grant { introduction, certificates, .. } => self.grant(introduction, &certificates).await,
                InviterEffect::Finished => return Err(End::Finished),
                InviterEffect::Failed(refusal) => return Err(End::Refused(refusal)),
            };
            queue.extend(more);
        }
        Ok(())
    }

    async fn look_up(&mut self, lookup: [u8; 16]) -> Vec<InviterEffect> {
        let (engine, joiner) = (self.net.engine.clone(), self.joiner);
        // Who is blocked learns nothing, not even that there is an invitation.
        let invitation = move || if engine.is_blocked(&joiner)? { Ok(None) } else { engine.invitation(&lookup, &joiner) };
        match ask(invitation).await {
            Ok(Some(terms)) => {
                let effects = self.inviter.found(found(&terms));
                self.terms = Some(terms);
                effects
            }
            Ok(None) => self.inviter.not_found(),
            Err(error) => self.inviter.fail(&error.message),
        }
    }

    async fn asked(&mut self, introduction: &Introduction, words: Words, compare: bool, again: bool) -> Vec<InviterEffect> {
        self.deadline = Instant::now() + TO_DECIDE;
        if let Some(person) = introduction.person {
            let engine = self.net.engine.clone();
            if ask(move || engine.is_blocked_person(&person)).await.unwrap_or(true) {
                return self.inviter.decline();
            }
        }
        if again || !compare {
            return self.inviter.approve();
        }
        let Some(terms) = &self.terms else { return self.inviter.fail("the invitation is gone") };
        if self.net.requests.count(&terms.id) > ATTEMPTS {
            self.withdraw(terms.id.clone(), &terms.space_name.clone()).await;
            return self.inviter.decline();
        }
        let Ok(id) = short_id("r") else { return self.inviter.fail("there are no random bytes") };
        let request = JoinRequestView {
            id: id.clone(),
            space: terms.space.to_string(),
            space_name: terms.space_name.clone(),
            // A computer that is to become one's own comes without a name of a person.
            person_name: if terms.role.is_none() { terms.inviter_name.clone() } else { introduction.person_name.clone() },
            computer_name: introduction.computer_name.clone(),
            role: terms.role.map_or("computer", Role::as_str).to_owned(),
            words: words.0.map(str::to_owned).to_vec(),
            path: path_of(&self.line.connection).0.word().to_owned(),
            at: clock::rfc3339(clock::now()),
        };
        self.net.requests.add(request.clone(), self.decide.clone());
        self.request = Some(id);
        self.net.engine.announce(Event::JoinRequest { request });
        Vec::new()
    }

    async fn withdraw(&self, invitation: String, space: &str) {
        let reason = format!("Somebody tried the invitation to “{space}” again and again without joining. It was withdrawn.");
        self.net.engine.announce(Event::Refused { computer: self.joiner.to_string(), reason });
        let engine = self.net.engine.clone();
        if let Err(error) = ask(move || engine.execute(Command::WithdrawInvitation { invitation })).await {
            tracing::warn!(%error, "an invitation could not be withdrawn");
        }
    }

    async fn grant(&mut self, introduction: Introduction, certificates: &[VerifiedOp]) -> Vec<InviterEffect> {
        let Some(terms) = self.terms.clone() else { return self.inviter.fail("the invitation is gone") };
        let (engine, joiner) = (self.net.engine.clone(), self.joiner);
        let space = terms.space;
        let certificates = certificates.iter().map(VerifiedOp::to_signed).collect();
        let admitted = ask(move || engine.admit(&terms.id, &joiner, certificates, &introduction.person_name)).await;
        self.give(admitted.map(|ops| vec![SpaceOps { space, ops }]))
    }

    /// Both agreed that the computer becomes one of the person's own.
    async fn add_computer(&mut self, introduction: Introduction, consent: SignatureBytes) -> Vec<InviterEffect> {
        let Some(terms) = self.terms.clone() else { return self.inviter.fail("the invitation is gone") };
        let (engine, joiner) = (self.net.engine.clone(), self.joiner);
        let added = ask(move || engine.add_computer(&terms.id, &joiner, &introduction.computer_name, consent)).await;
        self.give(added)
    }

    fn give(&mut self, spaces: Result<Vec<SpaceOps>, ErrorView>) -> Vec<InviterEffect> {
        match spaces {
            Ok(spaces) => {
                self.deadline = Instant::now() + TO_DECIDE;
                self.inviter.send(spaces)
            }
            Err(error) => {
                let effects = self.inviter.fail(&error.message);
                self.failure = Some(error);
                effects
            }
        }
    }

    /// The request is answered or over: nobody can answer it (again).
    fn end_request(&mut self) {
        if let Some(id) = self.request.take()
            && self.net.requests.remove(&id)
        {
            self.net.engine.announce(Event::JoinRequestEnded { id });
        }
    }

    async fn finish(mut self, end: End) {
        self.end_request();
        match end {
            End::Finished => {
                let (engine, joiner, compared) = (self.net.engine.clone(), self.joiner, self.compared);
                let (_, met) = path_of(&self.line.connection);
                let learnt = aside(move || {
                    hints::learn(&engine, &joiner, met.as_slice());
                    if compared && let Err(error) = engine.compared(&joiner) {
                        tracing::warn!(%error, "it was not noted that words were compared");
                    }
                });
                // Only hints.
                let _ = learnt.await;
                self.net.look_at_peers();
                self.net.dial_now();
            }
            End::Refused(refusal) => tracing::info!(joiner = %self.joiner, %refusal, "a pairing was refused"),
            End::Gone => {}
        }
        self.line.close().await;
    }
}

fn found(terms: &InvitationTerms) -> Found {
    Found {
        secret: terms.secret,
        offer: Offer {
            inviter_name: terms.inviter_name.clone(),
            computer_name: terms.computer_name.clone(),
            space_name: terms.role.map(|_| terms.space_name.clone()),
            role: terms.role,
            expires: terms.expires,
            auto: terms.auto,
        },
        goal: terms.role.map_or(Goal::Computer(terms.person), |_| Goal::Space(terms.space)),
        state: terms.state,
    }
}

/// What a refusal means for the person on the joining side.
pub(super) fn as_error(refusal: &Refusal) -> ErrorView {
    let code = match refusal {
        Refusal::Unknown | Refusal::Used | Refusal::Expired | Refusal::Withdrawn | Refusal::Impostor => ErrorCode::Link,
        Refusal::Declined | Refusal::Cancelled => ErrorCode::NotAllowed,
        Refusal::Version(_) | Refusal::Protocol(_) | Refusal::Failed(_) => ErrorCode::Unreachable,
    };
    let hint = match refusal {
        Refusal::Declined => "Talk to the inviter: perhaps the words differed. The link can be used again until it ends.",
        _ => "Nothing was joined.",
    };
    ErrorView::new(code, refusal.to_string(), hint)
}
