//! Lists come in pages.

use crate::error::{Error, Result};

/// The most items a page can hold.
pub const MAX_PAGE: u32 = 1_000;

/// Which page of a list is asked for. The default is the first one, of 100 items.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PageRequest {
    /// Where the page before this one ended; `None` for the first.
    pub after: Option<Cursor>,
    /// How many items at most, from 1 to [`MAX_PAGE`].
    pub limit: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        PageRequest { after: None, limit: 100 }
    }
}

impl PageRequest {
    /// The first page, of at most `limit` items.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        PageRequest { limit, ..PageRequest::default() }
    }

    /// The page after `cursor`, of the same size.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// The limit, refused when it is not between 1 and [`MAX_PAGE`].
    pub(crate) fn checked_limit(&self) -> Result<u64> {
        match self.limit {
            1..=MAX_PAGE => Ok(u64::from(self.limit)),
            0 => Err(Error::invalid("limit", "is zero")),
            _ => Err(Error::invalid("limit", format!("is over {MAX_PAGE}"))),
        }
    }
}

/// Where a page ended. Opaque: keep it, hand it back, do not read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor(pub(crate) uuid::Uuid);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0.simple(), f)
    }
}

impl std::str::FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        uuid::Uuid::try_parse(text).map(Cursor).map_err(|_| Error::invalid("after", "is not a cursor"))
    }
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in a stable order.
    pub items: Vec<T>,
    /// What to ask the next page with; `None` when this was the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of `limit` from up to `limit + 1` items: the one too many only tells that there is a next page.
    pub(crate) fn cut(mut items: Vec<T>, limit: u64, key: impl Fn(&T) -> uuid::Uuid) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Cursor(key(last)));
        Page { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_starts_only_when_there_is_one() {
        let uuids: Vec<_> = (1..=3).map(uuid::Uuid::from_u128).collect();
        let page = Page::cut(uuids.clone(), 2, |uuid| *uuid);
        assert_eq!(page.items.len(), 2);
        assert_eq!(page.next, Some(Cursor(uuid::Uuid::from_u128(2))));
        assert_eq!(Page::cut(uuids, 3, |uuid| *uuid).next, None);
    }

    #[test]
    fn a_limit_outside_the_bounds_is_refused() {
        assert_eq!(PageRequest::first(0).checked_limit().unwrap_err().field(), Some("limit"));
        assert_eq!(PageRequest::first(MAX_PAGE + 1).checked_limit().unwrap_err().field(), Some("limit"));
        assert_eq!(PageRequest::first(MAX_PAGE).checked_limit().unwrap(), 1_000);
    }
}
