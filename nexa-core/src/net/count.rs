use std::fmt;

/// A number of addresses of one family: from none to all 2^128, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Count {
    // The 129th bit; with it set, `low` is zero.
    is_all_v6: bool,
    low: u128,
}

impl Count {
    /// None.
    pub const ZERO: Count = Count { is_all_v6: false, low: 0 };
    /// All of IPv6: 2^128, one more than a `u128` can say.
    pub const ALL_V6: Count = Count { is_all_v6: true, low: 0 };

    /// The number of addresses from one to another that lies `span` above it.
    pub(super) const fn of_span(span: u128) -> Self {
        match span.checked_add(1) {
            Some(low) => Count { is_all_v6: false, low },
            None => Count::ALL_V6,
        }
    }

    /// The sum of the counts of two disjoint sets of one family, which cannot be more than all.
    pub(super) const fn plus(self, other: Count) -> Self {
        if self.is_all_v6 || other.is_all_v6 {
            return Count::ALL_V6;
        }
        match self.low.checked_add(other.low) {
            Some(low) => Count { is_all_v6: false, low },
            None => Count::ALL_V6,
        }
    }

    /// What is left of these when others, which are among them, are taken away.
    #[cfg_attr(not(feature = "control"), allow(dead_code, reason = "the allocator counts so"))]
    pub(crate) const fn minus(self, other: Count) -> Self {
        match (self.is_all_v6, other.is_all_v6) {
            (true, false) if other.low == 0 => Count::ALL_V6,
            _ => Count { is_all_v6: false, low: self.low.wrapping_sub(other.low) },
        }
    }

    /// The number, or `None` for 2^128.
    #[must_use]
    pub const fn as_u128(self) -> Option<u128> {
        if self.is_all_v6 { None } else { Some(self.low) }
    }

    /// The number, with 2^128 taken for the largest `u128`, one less.
    #[must_use]
    pub const fn saturating_u128(self) -> u128 {
        if self.is_all_v6 { u128::MAX } else { self.low }
    }
}

impl From<u128> for Count {
    fn from(low: u128) -> Self {
        Count { is_all_v6: false, low }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_u128() {
            Some(number) => fmt::Display::fmt(&number, f),
            None => f.pad_integral(true, "", "340282366920938463463374607431768211456"),
        }
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_ipv6_is_one_more_than_a_u128_can_say() {
        assert_eq!(Count::of_span(u128::MAX), Count::ALL_V6);
        assert_eq!(Count::of_span(u128::MAX - 1), Count::from(u128::MAX));
        assert!(Count::from(u128::MAX) < Count::ALL_V6 && Count::ZERO < Count::from(1));
        assert_eq!(Count::ALL_V6.to_string(), "340282366920938463463374607431768211456");
        assert_eq!(Count::from(u128::MAX).to_string(), "340282366920938463463374607431768211455");
        assert_eq!((Count::ALL_V6.as_u128(), Count::ALL_V6.saturating_u128()), (None, u128::MAX));
    }

    #[test]
    fn two_halves_of_ipv6_are_all_of_it() {
        let half = Count::of_span(u128::MAX >> 1);
        assert_eq!(half.plus(half), Count::ALL_V6);
        assert_eq!(half.plus(Count::ZERO), half);
    }
}
