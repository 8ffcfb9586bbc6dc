//! A person's computers as the fold sees them.

use tuttu_model::{ComputerId, PersonId};

use super::Membership;
use super::graph::Hand;
use super::rules::Rules;

/// One computer that was ever rightfully a person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub computer: ComputerId,
    /// Its name.
    pub name: String,
    /// It counts now.
    pub live: bool,
    /// It was taken out by name.
    pub revoked: bool,
}

impl Membership {
    /// Every computer that was ever rightfully this person's, by id.
    #[must_use]
    pub fn computers_of(&self, person: &PersonId) -> Vec<Standing> {
        let Some(number) = self.graph.person(person) else { return Vec::new() };
        let pairs = self.computers.range((number, 0)..(number + 1, 0));
        let mut computers: Vec<Standing> = pairs
            .filter_map(|((_, computer), state)| {
                let id = *self.graph.computers.get(*computer)?;
                let name = self.computer_name(number, *computer).unwrap_or_default();
                Some(Standing { computer: id, name, live: state.is_live(), revoked: !state.revoking.is_empty() })
            })
            .collect();
        computers.sort_by_key(|standing| standing.computer);
        computers
    }

    /// The computers that may take this one out of the person's, beside the person key: those it was vouched for by, nearest first, then itself. Those that
    /// do not count any more are left out.
    #[must_use]
    pub fn revokers_of(&self, person: &PersonId, computer: &ComputerId) -> Vec<ComputerId> {
        let numbers = self.graph.person(person).zip(self.graph.computer(computer));
        let Some((person_number, computer_number)) = numbers else { return Vec::new() };
        let above = Rules::over_all(&self.graph, &self.intrinsic).computers_above(person_number, computer_number);
        let ids = above.into_iter().chain([computer_number]).filter_map(|number| self.graph.computers.get(number).copied());
        ids.filter(|id| self.is_live(person, id)).collect()
    }

    /// Whether the person key itself vouches for this computer.
    #[must_use]
    pub fn is_by_person_key(&self, person: &PersonId, computer: &ComputerId) -> bool {
        let numbers = self.graph.person(person).zip(self.graph.computer(computer));
        let state = numbers.and_then(|pair| self.computers.get(&pair));
        state.is_some_and(|state| matches!(self.graph.nodes[state.certificate].signer, Hand::Key(_)))
    }
}
