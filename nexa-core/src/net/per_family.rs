use super::Family;

/// One value for IPv4 and one for IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct PerFamily<T> {
    /// The value for IPv4.
    pub v4: T,
    /// The value for IPv6.
    pub v6: T,
}

impl<T> PerFamily<T> {
    /// The value for a family.
    #[must_use]
    pub const fn get(&self, family: Family) -> &T {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// The value for a family, to change it.
    #[must_use]
    pub const fn get_mut(&mut self, family: Family) -> &mut T {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }
}

impl<T: Copy> PerFamily<T> {
    /// The same value for both.
    #[must_use]
    pub const fn both(value: T) -> Self {
        PerFamily { v4: value, v6: value }
    }
}
