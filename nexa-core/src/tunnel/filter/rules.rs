use std::collections::HashMap;
use std::time::Instant;

use super::FilterRule;
use super::flows::FlowKey;
use crate::net::Cidr;
use crate::policy::{Protocol, Traffic};
use crate::tunnel::routes::Routes;

/// Rules, found by the source they are about: a packet costs what its own rules cost, however many others there are.
pub(super) struct Rules {
    /// To each prefix of a source, a place in `grants`.
    by_source: Routes<usize>,
    grants: Vec<Vec<Grant>>,
}

/// A rule, to those whom it is about.
struct Grant {
    destination: Traffic,
    permit: Permit,
}

/// The leave to pass, and when it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Permit {
    pub(super) until: Option<Instant>,
}

impl Permit {
    pub(super) fn holds(&self, now: Instant) -> bool {
        self.until.is_none_or(|deadline| now < deadline)
    }
}

impl Rules {
    pub(super) fn new(rules: &[FilterRule]) -> Self {
        let mut places: HashMap<Cidr, usize> = HashMap::new();
        let mut index = Rules { by_source: Routes::new(), grants: Vec::new() };
        for rule in rules {
            for prefix in rule.source.to_cidrs() {
                let place = *places.entry(prefix).or_insert(index.grants.len());
                let permit = Permit { until: rule.valid_until };
                let grant = Grant { destination: rule.destination.clone(), permit };
                match index.grants.get_mut(place) {
                    Some(grants) => grants.push(grant),
                    None => index.grants.push(vec![grant]),
                }
                index.by_source.insert(prefix, place);
            }
        }
        index
    }

    /// The leave to open a flow that some rule in force gives.
    pub(super) fn permit(&self, now: Instant, flow: &FlowKey) -> Option<Permit> {
        let FlowKey { source, destination, destination_port: port, .. } = *flow;
        let protocol = Protocol::new(flow.protocol);
        let of_source = self.by_source.covering(source).filter_map(|place| self.grants.get(place));
        let mut permitting = of_source.flatten().filter(|grant| {
            grant.permit.holds(now) && grant.destination.contains(protocol, port, destination)
        });
        permitting.next().map(|grant| grant.permit)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::net::{AddressRange, AddressSet, Family};
    use crate::policy::ServiceRange;
    use crate::tunnel::packet::protocol;

    fn any_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u8>().prop_map(|n| Family::V4.address(0x0a00_0000 + u128::from(n))),
            any::<u8>().prop_map(|n| Family::V6.address(0xfd << 120 | u128::from(n))),
            Just(Family::V6.address(u128::MAX)),
            Just(Family::V6.address(0)),
            Just(Family::V4.address(0)),
            Just(Family::V4.address(u128::from(u32::MAX))),
        ]
    }

    fn any_set() -> impl Strategy<Value = AddressSet> {
        prop::collection::vec((any_address(), any_address()), 0..4).prop_map(|pairs| {
            AddressSet::from_ranges(
                pairs.into_iter().filter_map(|(a, b)| AddressRange::new(a.min(b), a.max(b)).ok()),
            )
        })
    }

    fn any_services() -> impl Strategy<Value = ServiceRange> {
        let texts = ["any", "tcp", "tcp/80-443", "tcp/443", "udp/53", "icmp", "47-51"];
        prop::sample::select(texts.to_vec()).prop_map(|text| text.parse().unwrap())
    }

    fn any_transport() -> impl Strategy<Value = (u8, u16)> {
        let numbers = [protocol::TCP, protocol::UDP, protocol::ICMP, 47];
        (prop::sample::select(numbers.to_vec()), prop::sample::select(vec![0, 53, 80, 100, 443, 444]))
    }

    proptest! {
        #[test]
        fn the_index_permits_what_the_list_of_rules_does(
            rules in prop::collection::vec((any_set(), any_set(), any_services(), prop::option::of(0u64..4)), 0..8),
            packets in prop::collection::vec((any_address(), any_address(), any_transport(), 0u64..4), 40),
        ) {
            let begun = crate::tunnel::clock::now();
            let after = |seconds| begun + Duration::from_secs(seconds);
            let rules: Vec<_> = rules
                .into_iter()
                .map(|(from, to, by, until)| {
                    FilterRule { valid_until: until.map(after), ..FilterRule::new(from, Traffic::new(by, to)) }
                })
                .collect();
            let index = Rules::new(&rules);
            for (source, destination, (protocol, destination_port), at) in packets {
                let flow = FlowKey { protocol, source, source_port: 50_000, destination, destination_port };
                let now = after(at);
                let listed = rules.iter().any(|rule| {
                    rule.source.contains(source)
                        && rule.destination.contains(Protocol::new(protocol), destination_port, destination)
                        && rule.valid_until.is_none_or(|end| now < end)
                });
                let permit = index.permit(now, &flow);
                prop_assert_eq!(permit.is_some(), listed);
                prop_assert!(permit.is_none_or(|permit| permit.holds(now)));
            }
        }
    }
}
