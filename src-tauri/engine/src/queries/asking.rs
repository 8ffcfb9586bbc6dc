//! What words like `me`, `today` and names of colleagues in a query stand for.

use std::collections::BTreeSet;

use tuttu_model::query::{Node, Term, TextField, parse};
use tuttu_model::{ActorId, normal};
use tuttu_store::Reader;
use tuttu_store::rows::Asking;

use crate::clock;
use crate::engine::Inner;
use crate::failure::Failure;

impl Inner {
    /// Who asks a query, and when.
    pub(crate) fn asking(&self, reader: &Reader<'_>, text: &str) -> Result<Asking, Failure> {
        let mut asking = Asking { today: clock::today(self.now()), me: vec![self.person().to_string()], ..Asking::default() };
        let mut names = BTreeSet::new();
        let tree = parse(text).tree;
        if let Some(tree) = &tree {
            authors_in(tree, &mut names);
        }
        if text.contains("me") {
            asking.me.push(self.person_name(reader)?);
        }
        for name in names {
            let actors = self.actors_called(reader, &name)?;
            asking.authors.insert(name, actors);
        }
        Ok(asking)
    }

    /// The actors of everybody who is called so, or whose name has the word. `me` is the person whose vault it is.
    fn actors_called(&self, reader: &Reader<'_>, name: &str) -> Result<Vec<ActorId>, Failure> {
        let mut actors = Vec::new();
        for space in reader.spaces()? {
            let membership = self.membership(reader, &space.id)?;
            let called = |person: &tuttu_model::PersonId| {
                let mine = name == "me" && *person == self.person();
                let member = membership.members().into_iter().find(|member| member.person == *person);
                let theirs = member.map(|member| normal::fold(&member.name)).unwrap_or_default();
                mine || theirs == name || theirs.split(' ').any(|word| word == name)
            };
            for header in reader.headers(&space.id)?.into_values() {
                if membership.person_of(&header.computer).as_ref().is_some_and(called) {
                    actors.push(header.actor());
                }
            }
        }
        Ok(actors)
    }
}

/// The folded names behind `by:`.
fn authors_in(node: &Node, names: &mut BTreeSet<String>) {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| authors_in(part, names)),
        Node::Not(inner) => authors_in(inner, names),
        Node::Term(Term::Text(TextField::By, name)) => drop(names.insert(normal::fold(name))),
        Node::Term(_) => {}
    }
}
