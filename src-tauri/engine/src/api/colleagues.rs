use serde::{Deserialize, Serialize};

use super::shape::shape;
use super::view::ComputerView;

shape!(
    /// Somebody who is or was in a space with this person.
    ColleagueView {
        /// The person's key id.
        id: String,
        /// Their name, as they call themselves.
        name: String,
        /// Their card among this person's records; empty when none was named.
        card: String,
        /// The space of the card.
        card_space: String,
        /// What the card is called.
        card_name: String,
        /// Eight words that both see: the same only where each holds the other's real key.
        words: Vec<String>,
        /// When words were compared and were the same, RFC 3339; empty for never.
        verified: String,
        /// Since when their computers and this person's do not connect, RFC 3339; empty when they may.
        blocked: String,
        /// The names of the spaces both are in now.
        spaces: Vec<String>,
        /// Their computers, as in the list of members.
        computers: Vec<ComputerView>,
    }
);
