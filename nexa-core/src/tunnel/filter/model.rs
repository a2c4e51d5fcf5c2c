use std::time::Instant;

use crate::net::AddressSet;

/// What peers may reach. Without rules nothing passes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    pub(super) policy: Policy,
    pub(super) valid_until: Option<Instant>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Policy {
    AllowAll,
    Rules(Vec<FilterRule>),
}

impl Filter {
    /// Nothing passes.
    #[must_use]
    pub const fn deny_all() -> Self {
        Filter { policy: Policy::Rules(Vec::new()), valid_until: None }
    }

    /// Everything passes, in both directions, and no flow is remembered. For a client, whose gateway decides.
    #[must_use]
    pub const fn allow_all() -> Self {
        Filter { policy: Policy::AllowAll, valid_until: None }
    }

    /// What any of the rules permits passes, with the replies to it.
    pub fn from_rules(rules: impl IntoIterator<Item = FilterRule>) -> Self {
        Filter { policy: Policy::Rules(rules.into_iter().collect()), valid_until: None }
    }

    /// From `deadline` on nothing passes, until the filter is replaced.
    #[must_use]
    pub const fn valid_until(mut self, deadline: Instant) -> Self {
        self.valid_until = Some(deadline);
        self
    }
}

/// Permits every address of `source` to open flows to every address of `destination`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FilterRule {
    /// Who may.
    pub source: AddressSet,
    /// What may be reached.
    pub destination: AddressSet,
    /// When it ends; `None` for with the filter.
    pub valid_until: Option<Instant>,
}

impl FilterRule {
    /// All protocols and ports, from `source` to `destination`.
    #[must_use]
    pub const fn new(source: AddressSet, destination: AddressSet) -> Self {
        FilterRule { source, destination, valid_until: None }
    }

    /// From `deadline` on it permits nothing, and the flows that it alone permitted end. Other rules go on.
    #[must_use]
    pub const fn valid_until(mut self, deadline: Instant) -> Self {
        self.valid_until = Some(deadline);
        self
    }
}
