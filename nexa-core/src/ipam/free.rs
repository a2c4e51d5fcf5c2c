//! What is free, and what becomes of it: pure decisions over ranges of addresses.

use std::net::IpAddr;

use crate::net::{AddressRange, Cidr, Family};

/// The addresses of a prefix that are never handed out: network and broadcast of an IPv4 subnet shorter than /31
/// (RFC 3021), and the subnet-router anycast address of an IPv6 one shorter than /127 (RFC 4291 §2.6.1, RFC 6164).
pub(crate) fn reserved_in(cidr: &Cidr) -> Vec<(IpAddr, &'static str)> {
    match (cidr.family(), cidr.prefix_len()) {
        (Family::V4, 0..31) => vec![(cidr.first(), "network address"), (cidr.last(), "broadcast address")],
        (Family::V6, 0..127) => vec![(cidr.first(), "subnet-router anycast address")],
        _ => Vec::new(),
    }
}

/// The lowest address of a prefix that may be handed out.
pub(crate) fn first_assignable(cidr: &Cidr) -> Option<IpAddr> {
    let reserved: Vec<_> = reserved_in(cidr).into_iter().map(|(address, _)| address).collect();
    without(cidr.range(), &reserved).first().map(AddressRange::first)
}

/// A range without some of its addresses, as the ranges that remain, in order.
pub(super) fn without(range: AddressRange, taken: &[IpAddr]) -> Vec<AddressRange> {
    let family = range.family();
    let mut taken: Vec<u128> = taken
        .iter()
        .filter(|address| range.contains(**address))
        .map(|address| Family::number(*address))
        .collect();
    taken.sort_unstable();
    let (mut next, last) = (Some(Family::number(range.first())), Family::number(range.last()));
    let mut ranges = Vec::with_capacity(taken.len() + 1);
    for number in taken {
        let Some(from) = next else { break };
        if from < number {
            ranges.extend(between(family, from, number - 1));
        }
        next = if number < from { Some(from) } else { number.checked_add(1) };
    }
    if let Some(from) = next.filter(|from| *from <= last) {
        ranges.extend(between(family, from, last));
    }
    ranges
}

/// What remains of a free range when its lowest address is taken.
pub(super) fn take_lowest(range: AddressRange) -> (IpAddr, Option<AddressRange>) {
    let rest = Family::number(range.first())
        .checked_add(1)
        .filter(|next| *next <= Family::number(range.last()))
        .and_then(|next| between(range.family(), next, Family::number(range.last())));
    (range.first(), rest)
}

/// The free range that an address becomes part of when it is given back between its free neighbours.
pub(super) fn join(
    left: Option<AddressRange>,
    address: IpAddr,
    right: Option<AddressRange>,
) -> Option<AddressRange> {
    let first = left.map_or(address, |range| range.first());
    let last = right.map_or(address, |range| range.last());
    AddressRange::new(first, last).ok()
}

/// The address before and the address after, where the family has one.
pub(super) fn neighbours(address: IpAddr) -> (Option<IpAddr>, Option<IpAddr>) {
    let (family, number) = (Family::of(address), Family::number(address));
    let before = number.checked_sub(1).map(|number| family.address(number));
    let after =
        number.checked_add(1).filter(|number| *number <= family.max()).map(|number| family.address(number));
    (before, after)
}

/// How many addresses ranges hold; `u128::MAX` also stands for the one set that holds more, all of IPv6.
pub(super) fn count(ranges: &[AddressRange]) -> u128 {
    ranges.iter().fold(0, |sum, range| {
        let size = Family::number(range.last()) - Family::number(range.first());
        u128::saturating_add(sum, size.saturating_add(1))
    })
}

fn between(family: Family, first: u128, last: u128) -> Option<AddressRange> {
    AddressRange::new(family.address(first), family.address(last)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn assignable(text: &str) -> String {
        let cidr = cidr(text);
        let reserved: Vec<_> = reserved_in(&cidr).into_iter().map(|(address, _)| address).collect();
        without(cidr.range(), &reserved).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_prefix_can_hand_out() {
        assert_eq!(assignable("10.0.0.0/24"), "10.0.0.1-10.0.0.254");
        assert_eq!(assignable("10.0.0.0/30"), "10.0.0.1-10.0.0.2");
        assert_eq!(assignable("10.0.0.0/31"), "10.0.0.0-10.0.0.1");
        assert_eq!(assignable("10.0.0.0/32"), "10.0.0.0-10.0.0.0");
        assert_eq!(assignable("0.0.0.0/0"), "0.0.0.1-255.255.255.254");
        assert_eq!(assignable("fd00::/126"), "fd00::1-fd00::3");
        assert_eq!(assignable("fd00::/127"), "fd00::-fd00::1");
        assert_eq!(assignable("::/0"), "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(first_assignable(&cidr("10.9.0.0/16")).unwrap().to_string(), "10.9.0.1");
    }

    #[test]
    fn holes_are_cut_wherever_they_lie() {
        let range = cidr("10.0.0.0/29").range();
        let addresses = |hosts: &[u8]| hosts.iter().map(|h| IpAddr::from([10, 0, 0, *h])).collect::<Vec<_>>();
        let cut = |hosts: &[u8]| format!("{:?}", without(range, &addresses(hosts)));
        assert_eq!(cut(&[]), "[10.0.0.0-10.0.0.7]");
        assert_eq!(cut(&[0, 7]), "[10.0.0.1-10.0.0.6]");
        assert_eq!(cut(&[3, 3, 4, 200]), "[10.0.0.0-10.0.0.2, 10.0.0.5-10.0.0.7]");
        assert_eq!(cut(&[0, 1, 2, 3, 4, 5, 6, 7]), "[]");
        let top = cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
        assert_eq!(without(top.range(), &[top.first()]), []);
    }

    #[test]
    fn counts_are_exact_to_the_last_address() {
        assert_eq!(count(&[cidr("10.0.0.0/8").range()]), 1 << 24);
        assert_eq!(count(&[cidr("::/1").range()]), 1 << 127);
        assert_eq!(count(&[cidr("::/0").range()]), u128::MAX);
        assert_eq!(neighbours(cidr("255.255.255.255/32").first()).1, None);
        assert_eq!(neighbours(cidr("::/128").first()).0, None);
    }
}
