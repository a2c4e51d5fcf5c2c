//! Longest-prefix match over both families: a path-compressed binary trie per family.
//!
//! A prefix has one owner. Giving it to another takes it from the first, as `wg set` does.

use std::net::IpAddr;

use crate::net::{Cidr, Family};

/// Which value owns the longest prefix that an address lies in.
pub(super) struct Routes<T> {
    v4: Slot<T>,
    v6: Slot<T>,
}

type Slot<T> = Option<Box<Node<T>>>;

/// A prefix that is in the table, or the place where two of them part (then without a value).
struct Node<T> {
    /// The prefix, left-aligned, zero past `len`.
    bits: u128,
    len: u8,
    value: Option<T>,
    zero: Slot<T>,
    one: Slot<T>,
}

impl<T: Copy> Routes<T> {
    pub(super) const fn new() -> Self {
        Routes { v4: None, v6: None }
    }

    /// Gives a prefix to `value` and tells who had it before.
    pub(super) fn insert(&mut self, prefix: Cidr, value: T) -> Option<T> {
        insert(self.root_mut(prefix.family()), left_aligned(prefix.first()), prefix.prefix_len(), value)
    }

    /// Takes a prefix out and tells who had it.
    pub(super) fn remove(&mut self, prefix: Cidr) -> Option<T> {
        remove(self.root_mut(prefix.family()), left_aligned(prefix.first()), prefix.prefix_len())
    }

    /// The owner of the longest prefix that `address` lies in.
    pub(super) fn lookup(&self, address: IpAddr) -> Option<T> {
        self.covering(address).last()
    }

    /// The owners of all prefixes that `address` lies in, the shortest first.
    pub(super) fn covering(&self, address: IpAddr) -> impl Iterator<Item = T> {
        let bits = left_aligned(address);
        let root = self.root(Family::of(address)).as_ref().filter(|node| node.covers(bits));
        let path = std::iter::successors(root, move |node| {
            node.child(bits).as_ref().filter(|child| child.covers(bits))
        });
        path.filter_map(|node| node.value)
    }

    const fn root(&self, family: Family) -> &Slot<T> {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    const fn root_mut(&mut self, family: Family) -> &mut Slot<T> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

impl<T> Node<T> {
    fn leaf(bits: u128, len: u8, value: T) -> Box<Self> {
        Box::new(Node { bits, len, value: Some(value), zero: None, one: None })
    }

    const fn covers(&self, bits: u128) -> bool {
        common_prefix(self.bits, bits) >= self.len
    }

    /// The side on which an address or a longer prefix lies.
    const fn child(&self, bits: u128) -> &Slot<T> {
        if bit(bits, self.len) { &self.one } else { &self.zero }
    }

    const fn child_mut(&mut self, bits: u128) -> &mut Slot<T> {
        if bit(bits, self.len) { &mut self.one } else { &mut self.zero }
    }
}

fn insert<T>(slot: &mut Slot<T>, bits: u128, len: u8, value: T) -> Option<T> {
    let Some(node) = slot else {
        *slot = Some(Node::leaf(bits, len, value));
        return None;
    };
    let shared = common_prefix(node.bits, bits).min(node.len).min(len);
    if shared < node.len {
        split(slot, bits, len, value, shared);
        return None;
    }
    if node.len == len {
        return node.value.replace(value);
    }
    insert(node.child_mut(bits), bits, len, value)
}

/// Puts a new prefix beside or above the node in `slot`, which shares only its first `shared` bits.
fn split<T>(slot: &mut Slot<T>, bits: u128, len: u8, value: T, shared: u8) {
    let Some(below) = slot.take() else { return };
    let mut branch =
        Box::new(Node { bits: mask(bits, shared), len: shared, value: None, zero: None, one: None });
    let side = below.bits;
    *branch.child_mut(side) = Some(below);
    if shared == len {
        branch.value = Some(value);
    } else {
        *branch.child_mut(bits) = Some(Node::leaf(bits, len, value));
    }
    *slot = Some(branch);
}

fn remove<T>(slot: &mut Slot<T>, bits: u128, len: u8) -> Option<T> {
    let node = slot.as_mut()?;
    if node.len > len || !node.covers(bits) {
        return None;
    }
    let removed = if node.len == len { node.value.take() } else { remove(node.child_mut(bits), bits, len) };
    if removed.is_some() {
        prune(slot);
    }
    removed
}

/// Takes a node out that holds no prefix and parts nothing.
fn prune<T>(slot: &mut Slot<T>) {
    let Some(node) = slot.as_mut().filter(|node| node.value.is_none()) else { return };
    let only = match (node.zero.take(), node.one.take()) {
        (Some(zero), Some(one)) => {
            node.zero = Some(zero);
            node.one = Some(one);
            return;
        }
        (zero, one) => zero.or(one),
    };
    *slot = only;
}

/// An address as 128 bits that begin with its first.
const fn left_aligned(address: IpAddr) -> u128 {
    let number = Family::number(address);
    match Family::of(address) {
        Family::V4 => number << 96,
        Family::V6 => number,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 128")]
const fn common_prefix(a: u128, b: u128) -> u8 {
    (a ^ b).leading_zeros() as u8
}

/// Bit `at`, counted from the left; false past the end.
const fn bit(bits: u128, at: u8) -> bool {
    at < 128 && bits & (1 << (127 - at)) != 0
}

const fn mask(bits: u128, len: u8) -> u128 {
    match len {
        0 => 0,
        len => bits & (u128::MAX << (128 - len)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Few enough bits that prefixes nest and collide often.
    fn any_prefix() -> impl Strategy<Value = Cidr> {
        let v4 = (any::<u32>(), 0u8..=32)
            .prop_map(|(bits, len)| (IpAddr::V4((bits & 0xc0a0_0007 | bits & 0x8000).into()), len));
        let v6 = (any::<u128>(), 0u8..=128).prop_map(|(bits, len)| {
            (IpAddr::V6((bits & 0xff << 120 | bits & 0x3 << 64 | bits & 0x7).into()), len)
        });
        prop_oneof![v4, v6].prop_map(|(address, len)| Cidr::containing(address, len).unwrap())
    }

    fn naive(model: &BTreeMap<Cidr, u32>, address: IpAddr) -> Option<u32> {
        let covering = model.iter().filter(|(prefix, _)| prefix.contains(address));
        covering.max_by_key(|(prefix, _)| prefix.prefix_len()).map(|(_, owner)| *owner)
    }

    proptest! {
        #[test]
        fn it_answers_as_a_list_of_prefixes_does_through_inserts_moves_and_removes(
            steps in prop::collection::vec((any_prefix(), prop::option::weighted(0.7, 0u32..4)), 1..80),
            probes in prop::collection::vec(any_prefix(), 20),
        ) {
            let (mut routes, mut model) = (Routes::new(), BTreeMap::new());
            for (prefix, owner) in steps {
                match owner {
                    Some(owner) => prop_assert_eq!(routes.insert(prefix, owner), model.insert(prefix, owner)),
                    None => prop_assert_eq!(routes.remove(prefix), model.remove(&prefix)),
                }
                for probe in &probes {
                    for address in [probe.first(), probe.last(), prefix.first(), prefix.last()] {
                        prop_assert_eq!(routes.lookup(address), naive(&model, address));
                    }
                }
            }
            for prefix in model.keys() {
                routes.remove(*prefix);
            }
            prop_assert!(routes.v4.is_none() && routes.v6.is_none(), "an empty table keeps no node");
        }
    }

    #[test]
    fn the_longest_prefix_wins_and_its_removal_uncovers_the_shorter() {
        let cidr = |text: &str| text.parse::<Cidr>().unwrap();
        let mut routes = Routes::new();
        routes.insert(cidr("0.0.0.0/0"), 0);
        routes.insert(cidr("10.0.0.0/8"), 1);
        routes.insert(cidr("10.1.0.0/16"), 2);
        assert_eq!(routes.lookup("10.1.2.3".parse().unwrap()), Some(2));
        assert_eq!(routes.insert(cidr("10.1.0.0/16"), 3), Some(2));
        assert_eq!(routes.remove(cidr("10.1.0.0/16")), Some(3));
        assert_eq!(routes.lookup("10.1.2.3".parse().unwrap()), Some(1));
        assert_eq!(routes.lookup("11.1.2.3".parse().unwrap()), Some(0));
        assert_eq!(routes.lookup("::1".parse().unwrap()), None);
    }
}
