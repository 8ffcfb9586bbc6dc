//! Carrying out what a session asks for, in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tuttu_engine::api::{Answer, Event, Query, SyncLine};
use tuttu_engine::model::{FeedId, SpaceId};
use tuttu_sync::feed::Vector;
use tuttu_sync::membership::{Role, SignedOp};
use tuttu_sync::session::{Effect, IncomingBatch};

use super::Exchange;
use super::ending::End;
use crate::blocking::aside;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(500);

impl Exchange {
    pub(super) async fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), End> {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Send(frame) => self.out.push(frame).map_err(|_| End::NotReading)?,
                Effect::Store { token, space, batch } => queue.extend(self.store(token, space, batch).await?),
                Effect::Acknowledged { space, vector } => self.acknowledged(space, vector).await?,
                Effect::OwnFeedAhead { space, feed } => self.own_feed_ahead(space, feed).await?,
                Effect::Equal { space, damaged } => self.equal(space, damaged),
                Effect::Removed { space } => self.removed(space).await,
                Effect::Announced { space, genesis } => self.announced(space, *genesis).await,
                Effect::Receiving { done, total, .. } => self.receiving(done, total),
                Effect::Close(reason) => return Err(End::Closed(reason)),
            }
        }
        Ok(())
    }

    async fn store(&mut self, token: u64, space: SpaceId, batch: IncomingBatch) -> Result<Vec<Effect>, End> {
        let (engine, remote) = (self.net.engine.clone(), self.remote);
        let outcome = aside(move || engine.apply_remote(&remote, &space, batch)).await.map_err(|_| End::Broken)?;
        for (feed, why) in &outcome.frozen {
            tracing::warn!(%feed, why, "a feed is frozen");
        }
        self.ask_session(move |session, replica| session.stored(token, outcome, replica)).await
    }

    /// Records an acknowledgement; when it covers all that is held here, says so, once for each state.
    async fn acknowledged(&mut self, space: SpaceId, vector: Vector) -> Result<(), End> {
        if !self.who.known {
            // It has just shown who let it in; listeners want its name.
            self.look().await?;
        }
        let (engine, remote, replica) = (self.net.engine.clone(), self.remote, Arc::clone(&self.replica));
        let recorded = aside(move || {
            let all = engine.acknowledged(&remote, &space, &vector)?;
            Ok::<_, tuttu_engine::api::ErrorView>(all.then(|| replica.vector(&space).unwrap_or_default().digest()))
        });
        let all = match recorded.await.map_err(|_| End::Broken)? {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "an acknowledgement was not recorded");
                return Ok(());
            }
        };
        if let Some(digest) = all
            && self.delivered.insert(space, digest) != Some(digest)
        {
            let event = Event::Delivered { computer: self.remote.to_string(), name: self.who.person.clone(), space: space.to_string() };
            self.net.engine.announce(event);
        }
        Ok(())
    }

    async fn own_feed_ahead(&mut self, space: SpaceId, feed: FeedId) -> Result<(), End> {
        let engine = self.net.engine.clone();
        match aside(move || engine.own_feed_ahead(&space, &feed)).await.map_err(|_| End::Broken)? {
            Ok(()) => Ok(()),
            Err(error) => {
                // Writing on would make two histories: better no exchange.
                tracing::error!(%error, "a new epoch could not be recorded");
                Err(End::Broken)
            }
        }
    }

    fn equal(&mut self, space: SpaceId, damaged: bool) {
        if damaged {
            let reason =
                "The two computers hold the same changes of a space but not the same records: one of them is damaged. Run a check on both.";
            tracing::error!(%space, remote = %self.remote, "the accumulators differ");
            self.damaged = true;
            self.net.announce_trouble(&self.remote, reason);
        }
        self.progress.send_if_modified(|progress| progress.equal.insert(space));
    }

    /// Another of the person's computers tells of a space. The engine says that it is new, and this exchange hears it with all others.
    async fn announced(&self, space: SpaceId, genesis: SignedOp) {
        let engine = self.net.engine.clone();
        if let Ok(Err(error)) = aside(move || engine.announced(&space, genesis)).await {
            tracing::warn!(%space, %error, "a space that another own computer told of was not taken over");
        }
    }

    async fn removed(&mut self, space: SpaceId) {
        let replica = Arc::clone(&self.replica);
        let looked = aside(move || {
            let membership = replica.membership(&space).ok().flatten()?;
            let me = replica.computer();
            let person = membership.person_of(&me)?;
            // The person is still a member: it is this computer that was taken out.
            Some((membership.name(), membership.role(&person) != Role::None))
        });
        let reason = match looked.await.ok().flatten() {
            Some((name, true)) => {
                format!("This computer was taken out of “{name}”. Its copy stays readable; what is written here now is not shared.")
            }
            Some((name, false)) => {
                format!("You are no longer a member of “{name}”. Your copy stays readable; what you write there now is not shared.")
            }
            None => "You are no longer a member of a space. Your copy stays readable.".to_owned(),
        };
        self.net.engine.announce(Event::Refused { computer: self.remote.to_string(), reason });
        self.net.look_at_peers();
    }

    fn receiving(&mut self, done: u64, total: u64) {
        let just_told = self.receiving.is_some_and(|told| told.elapsed() < TELL_EVERY);
        if just_told {
            return;
        }
        self.receiving = Some(Instant::now());
        if done < total {
            let from = if self.who.person.is_empty() { String::new() } else { format!("from {}", self.who.person) };
            let line = SyncLine { kind: "receiving".into(), title: format!("Receiving changes: {done} of {total}"), detail: from };
            self.net.engine.announce(Event::Sync { line });
        }
    }

    /// Tells listeners the sync line as it is now.
    pub(super) async fn announce_line(&self) {
        let engine = self.net.engine.clone();
        let told = aside(move || {
            if let Ok(Answer::Status(status)) = engine.query(Query::Status) {
                engine.announce(Event::Sync { line: status.sync });
            }
        });
        // Listeners ask again by themselves when something changes.
        let _ = told.await;
    }
}
