use std::time::Instant;

use crate::net::AddressSet;
use crate::policy::Traffic;

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

/// Permits every address of `source` to open flows to what `destination` has: addresses, by some protocols and ports.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FilterRule {
    /// Who may.
    pub source: AddressSet,
    /// What may be reached.
    pub destination: Traffic,
    /// When it ends; `None` for with the filter.
    pub valid_until: Option<Instant>,
}

impl FilterRule {
    /// From `source` to `destination`; an [`AddressSet`] is all its addresses by every protocol and port.
    #[must_use]
    pub fn new(source: AddressSet, destination: impl Into<Traffic>) -> Self {
        FilterRule { source, destination: destination.into(), valid_until: None }
    }

    /// From `deadline` on it permits nothing, and the flows that it alone permitted end. Other rules go on.
    #[must_use]
    pub const fn valid_until(mut self, deadline: Instant) -> Self {
        self.valid_until = Some(deadline);
        self
    }
}
