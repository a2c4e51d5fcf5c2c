//! Where the things are that policies name.

use std::collections::BTreeMap;

use super::destination::{Destination, Place, Reference};
use super::model::Policy;
use super::traffic::Traffic;
use crate::error::{Classify, Code, Result};
use crate::net::{AddressSet, Cidr};

/// Says where things are that policies name: containers, services, sites, tags.
///
/// A host gives one to [`Builder`](crate::Builder); a table, [`Places`], is one too.
pub trait Locator: Send + Sync {
    /// The addresses that something has at this moment. `None` when there is no such thing: a policy that names it matches nothing
    /// there, whatever its effect.
    ///
    /// # Errors
    /// When it cannot be said. The whole resolution fails then: a deny that is left out would open something.
    fn locate(&self, reference: &Reference) -> Result<Option<AddressSet>, LocatorError>;
}

/// Why it cannot be said where something is.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be said where things are that policies name: {0}")]
pub struct LocatorError(String);

impl LocatorError {
    /// For a reason that may be logged.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        LocatorError(reason.into())
    }
}

impl Classify for LocatorError {
    fn code(&self) -> Code {
        Code::PolicyPlaceUnknown
    }
}

/// A table of where things are.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Places(BTreeMap<Reference, Vec<Cidr>>);

impl Places {
    /// A table of nothing.
    #[must_use]
    pub const fn none() -> Self {
        Places(BTreeMap::new())
    }

    /// Adds something and its addresses, instead of those it had.
    #[must_use]
    pub fn with(mut self, reference: Reference, addresses: &AddressSet) -> Self {
        self.0.insert(reference, addresses.to_cidrs());
        self
    }

    /// Everything that these policies name, as somebody else says where it is. Each is asked for once.
    ///
    /// # Errors
    /// That of the locator.
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a Policy>, locator: &dyn Locator) -> Result<Self> {
        let mut places = BTreeMap::new();
        for Destination { to, .. } in policies.into_iter().flat_map(|policy| &policy.destinations) {
            if let Place::Reference(reference) = to
                && !places.contains_key(reference)
                && let Some(addresses) = locator.locate(reference)?
            {
                places.insert(reference.clone(), addresses.to_cidrs());
            }
        }
        Ok(Places(places))
    }

    /// One place, as somebody else says where it is.
    #[cfg(feature = "control")]
    pub(super) fn located(place: &Place, locator: &dyn Locator) -> Result<Self> {
        let Place::Reference(reference) = place else { return Ok(Places::none()) };
        let located = locator.locate(reference)?.map(|addresses| (reference.clone(), addresses.to_cidrs()));
        Ok(Places(located.into_iter().collect()))
    }

    /// Adds what another table has.
    #[cfg(feature = "control")]
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether something is in it.
    #[must_use]
    pub fn has(&self, reference: &Reference) -> bool {
        self.0.contains_key(reference)
    }

    /// What a destination has: the addresses of its place, by its services.
    pub(super) fn traffic(&self, destination: &Destination) -> Traffic {
        Traffic::new(destination.services, self.prefixes(&destination.to).iter().copied().collect())
    }

    /// The prefixes of a place: none for what is not in the table.
    pub(super) fn prefixes<'a>(&'a self, place: &'a Place) -> &'a [Cidr] {
        match place {
            Place::Cidr(cidr) => std::slice::from_ref(cidr),
            Place::Reference(reference) => self.0.get(reference).map_or(&[], Vec::as_slice),
        }
    }
}

impl Locator for Places {
    fn locate(&self, reference: &Reference) -> Result<Option<AddressSet>, LocatorError> {
        Ok(self.0.get(reference).map(|cidrs| cidrs.iter().copied().collect()))
    }
}
