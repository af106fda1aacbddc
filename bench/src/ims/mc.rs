//! What the runner knows of the MC client of a UE (TS 24.379, TS 24.380).

use std::collections::BTreeSet;

/// State of the MC client of a UE, as its agent has told.
#[derive(Clone, Debug, Default)]
pub(crate) struct McState {
    /// Its user is authorised.
    pub(crate) is_authorised: bool,
    /// Groups with which steps want its user to be affiliated.
    pub(crate) wanted: BTreeSet<String>,
    /// Groups with which he is.
    pub(crate) affiliated: BTreeSet<String>,
    /// He may speak.
    pub(crate) has_floor: bool,
}

impl McState {
    /// He is affiliated with the groups that steps have named, and with no others.
    pub(crate) fn is_affiliated(&self) -> bool {
        self.wanted == self.affiliated
    }
}
