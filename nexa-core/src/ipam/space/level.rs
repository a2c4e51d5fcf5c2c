//! Parts in their order, with what is summed up of each and of all, so that a search passes over what it need not open.

/// What is known of numbers without looking at them.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Digest {
    /// The lowest.
    pub(super) head: u128,
    /// How many there are; 0 for all there can be.
    pub(super) sum: u128,
    /// Bit n for a range whose largest block has n bits; bit 127 also for the range of all numbers, which has no other beside it.
    pub(super) sizes: u128,
}

pub(super) trait Part {
    fn digest(&self) -> Digest;
}

/// Parts of which none is empty, in their order.
#[derive(Clone, Debug)]
pub(super) struct Level<T> {
    parts: Vec<T>,
    digests: Vec<Digest>,
    whole: Digest,
    /// How many parts have each size.
    counts: [u32; 128],
}

impl<T> Default for Level<T> {
    fn default() -> Self {
        Level { parts: Vec::new(), digests: Vec::new(), whole: Digest::default(), counts: [0; 128] }
    }
}

impl<T: Part> FromIterator<T> for Level<T> {
    fn from_iter<I: IntoIterator<Item = T>>(parts: I) -> Self {
        let mut level = Level::default();
        for part in parts {
            level.insert(level.len(), part);
        }
        level
    }
}

impl<T: Part> Part for Level<T> {
    fn digest(&self) -> Digest {
        self.whole
    }
}

impl<T: Part> Level<T> {
    pub(super) const fn len(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.parts.get(index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter()
    }

    /// The last part that begins at this number or below it; the first when none does.
    pub(super) fn holding(&self, number: u128) -> usize {
        self.digests.partition_point(|digest| digest.head <= number).saturating_sub(1)
    }

    /// The part in which the number is that so many are below, and how many of that part are.
    pub(super) fn nth(&self, mut rank: u128) -> Option<(&T, u128)> {
        for (part, digest) in self.parts.iter().zip(&self.digests) {
            // A sum of 0 is that of all numbers.
            if digest.sum == 0 || rank < digest.sum {
                return Some((part, rank));
            }
            rank -= digest.sum;
        }
        None
    }

    /// The first part with a range whose largest block has so many bits.
    pub(super) fn with_size(&self, bits: u32) -> Option<&T> {
        let at = self.digests.iter().position(|digest| digest.sizes >> bits & 1 == 1)?;
        self.parts.get(at)
    }

    /// Changes a part, which may be empty after it and goes then.
    pub(super) fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let (part, digest) = (self.parts.get_mut(index)?, self.digests.get_mut(index)?);
        let changed = change(part);
        let (old, new) = (std::mem::replace(digest, part.digest()), part.digest());
        self.whole.sum = self.whole.sum.wrapping_sub(old.sum).wrapping_add(new.sum);
        if new.sizes == 0 {
            self.parts.remove(index);
            self.digests.remove(index);
        }
        self.count(old.sizes, new.sizes);
        Some(changed)
    }

    pub(super) fn insert(&mut self, index: usize, part: T) {
        let digest = part.digest();
        self.parts.insert(index, part);
        self.digests.insert(index, digest);
        self.whole.sum = self.whole.sum.wrapping_add(digest.sum);
        self.count(0, digest.sizes);
    }

    /// The second half, which is then no longer here.
    pub(super) fn split_off(&mut self) -> Self {
        let upper = self.parts.split_off(self.parts.len() / 2);
        *self = std::mem::take(&mut self.parts).into_iter().collect();
        upper.into_iter().collect()
    }

    /// What the sizes of a part became, for the whole.
    fn count(&mut self, old: u128, new: u128) {
        self.whole.head = self.digests.first().map_or(0, |digest| digest.head);
        for bits in ones(old ^ new) {
            let Some(count) = self.counts.get_mut(bits as usize) else { continue };
            *count = if new >> bits & 1 == 1 { *count + 1 } else { *count - 1 };
            let is_there = u128::from(*count > 0);
            self.whole.sizes = self.whole.sizes & !(1 << bits) | is_there << bits;
        }
    }
}

/// The bits that are set, from the lowest.
fn ones(mut of: u128) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (of != 0).then(|| of.trailing_zeros());
        of &= of.wrapping_sub(1);
        bit
    })
}
