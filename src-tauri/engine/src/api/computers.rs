use serde::{Deserialize, Serialize};

use super::shape::shape;
use super::view::ComputerView;

shape!(
    /// One of the person's own computers.
    OwnComputerView {
        /// The computer, as members' computers are shown; what it confirmed is over all spaces it is in.
        computer: ComputerView,
        /// It was taken out.
        revoked: bool,
        /// This computer may take it out.
        revocable: bool,
        /// The names of the spaces it is in.
        spaces: Vec<String>,
    }
);
