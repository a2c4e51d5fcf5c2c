//! What a policy is about: where, and by which services.

use std::fmt;
use std::str::FromStr;

use super::service_range::ServiceRange;
use crate::error::{Error, Result};
use crate::net::Cidr;

/// What a policy matches: a place, by some services.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub struct Destination {
    /// Where.
    pub to: Place,
    /// The protocols and ports; [`ServiceRange::ANY`] unless said.
    pub services: ServiceRange,
    /// What is there; may be empty. Has no effect.
    pub description: String,
}

impl Destination {
    /// Every protocol and port of a place.
    #[must_use]
    pub fn new(to: impl Into<Place>) -> Self {
        Destination { to: to.into(), services: ServiceRange::ANY, description: String::new() }
    }

    /// Narrows it to these protocols and ports.
    #[must_use]
    pub const fn by(mut self, services: ServiceRange) -> Self {
        self.services = services;
        self
    }

    /// Says what is there.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// What makes it another destination than the next one.
    pub(super) fn key(&self) -> (&Place, ServiceRange) {
        (&self.to, self.services)
    }
}

impl<P: Into<Place>> From<P> for Destination {
    fn from(to: P) -> Self {
        Destination::new(to)
    }
}

impl fmt::Display for Destination {
    /// `10.0.0.0/8`, or with services `10.0.0.0/8 tcp/443`; without the description.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = self.to.to_string();
        // The last word of a name could be taken for services.
        match self.services {
            ServiceRange::ANY if services_of(&to).is_none() => f.write_str(&to),
            services => write!(f, "{to} {services}"),
        }
    }
}

impl FromStr for Destination {
    type Err = Error;

    /// A place, and after a space the services if they are not all: `10.0.0.0/8 tcp/443`, `service:git tcp/22`.
    fn from_str(text: &str) -> Result<Self> {
        match services_of(text) {
            Some((to, services)) => Ok(Destination::new(to.parse::<Place>()?).by(services)),
            None => Ok(Destination::new(text.parse::<Place>()?)),
        }
    }
}

/// The services that a text of a destination ends with, and what is before them.
fn services_of(text: &str) -> Option<(&str, ServiceRange)> {
    let (to, services) = text.rsplit_once(' ')?;
    Some((to, services.parse().ok()?))
}

/// Where a policy lets devices go, or keeps them from.
///
/// Its text is a CIDR, or a kind and a name: `10.0.0.0/8`, `service:git`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum Place {
    /// The addresses of a prefix.
    Cidr(Cidr),
    /// The addresses that something has at the moment of resolution.
    Reference(Reference),
}

/// Something that a policy names instead of its addresses. What its addresses are is asked at each resolution.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Reference {
    kind: ReferenceKind,
    name: String,
}

/// What kind of thing a reference names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum ReferenceKind {
    /// One container.
    Container,
    /// Whatever offers a service.
    Service,
    /// A site's networks.
    Site,
    /// Everything with a tag.
    Tag,
}

impl ReferenceKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Container, Self::Service, Self::Site, Self::Tag];

    /// The stored and spoken form: `container`, `service`, `site` or `tag`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Service => "service",
            Self::Site => "site",
            Self::Tag => "tag",
        }
    }
}

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReferenceKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Error::invalid("destination_type", "is none of container, service, site and tag"))
    }
}

impl Reference {
    /// The longest name, in characters.
    pub const NAME_MAX: usize = 128;

    /// A thing of this kind, by its name.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`destinations`) for a name that is empty, padded, too long or has control
    /// characters.
    pub fn new(kind: ReferenceKind, name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let refused =
            |why: String| Err(Error::invalid("destinations", format!("the name of a {kind} {why}")));
        if name.is_empty() {
            return refused("is empty".to_owned());
        }
        if name.trim() != name || name.chars().any(char::is_control) {
            return refused("has a control character, or a space at an end".to_owned());
        }
        if name.chars().count() > Self::NAME_MAX {
            return refused(format!("is longer than {} characters", Self::NAME_MAX));
        }
        Ok(Reference { kind, name })
    }

    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> ReferenceKind {
        self.kind
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Cidr(cidr) => write!(f, "{cidr}"),
            Place::Reference(reference) => write!(f, "{reference}"),
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let kind = text.split_once(':').and_then(|(kind, name)| Some((kind.parse().ok()?, name)));
        match kind {
            Some((kind, name)) => Reference::new(kind, name).map(Place::Reference),
            None => text.parse().map(Place::Cidr),
        }
    }
}

impl From<Cidr> for Place {
    fn from(cidr: Cidr) -> Self {
        Place::Cidr(cidr)
    }
}

impl From<Reference> for Place {
    fn from(reference: Reference) -> Self {
        Place::Reference(reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_it_is_read() {
        for text in
            ["10.0.0.0/8", "::/0", "fd00::/8", "service:git", "tag:a b", "site:b:1", "container:web-1"]
        {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        let web = Destination::new("10.0.0.0/8".parse::<Cidr>().unwrap()).by("tcp/443".parse().unwrap());
        assert_eq!(web.to_string(), "10.0.0.0/8 tcp/443");
    }

    #[test]
    fn a_destination_is_written_as_it_is_read() {
        for text in [
            "10.0.0.0/8",
            "10.0.0.0/8 tcp/443",
            "tag:a b",
            "tag:a b udp/53",
            "tag:a tcp any",
            "site:x any udp",
        ] {
            let read: Destination = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
        }
        let named: Destination = "tag:a tcp any".parse().unwrap();
        assert_eq!((named.to.to_string().as_str(), named.services), ("tag:a tcp", ServiceRange::ANY));
        for text in ["10.0.0.0/8 tcp/0443", "10.0.0.0/8  tcp", "10.0.0.1/8 tcp", " tcp/443"] {
            assert!(text.parse::<Destination>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in
            ["", "10.0.0.1/8", "10.0.0.0/33", "fe80::%1/64", "service:", "tag: x", "tag:a\nb", "user:ada"]
        {
            assert!(text.parse::<Place>().is_err(), "{text:?}");
        }
        let long = format!("site:{}", "é".repeat(129));
        assert_eq!(long.parse::<Place>().unwrap_err().field(), Some("destinations"));
    }
}
