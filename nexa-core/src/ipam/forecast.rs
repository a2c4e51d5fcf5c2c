//! When a pool will be used up, if it goes on as it did.

use std::time::Duration;

use crate::net::Count;
use crate::runtime::Timestamp;

/// How many days are looked back at most.
pub(super) const WINDOW_DAYS: u32 = 30;
/// With how few days nothing is said.
const FEWEST_DAYS: u32 = 7;
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// What the last days say of the days to come.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Forecast {
    /// How many days were looked at. Fewer than seven say nothing: all the others are then zero or none.
    pub observed_days: u32,
    /// How many more are handed out than given back in a day: the middle one of the slopes between each two days, which a single day
    /// with very many does not move (Theil and Sen).
    pub per_day: f64,
    /// When the last one is handed out. None when no more are handed out than given back, or that is further off than time is counted.
    pub exhausted_at: Option<Timestamp>,
    /// The same by the slope that a quarter of the slopes are above.
    pub earliest: Option<Timestamp>,
    /// The same by the slope that a quarter of the slopes are below.
    pub latest: Option<Timestamp>,
}

impl Forecast {
    /// From how many are free now, and how many more or fewer were handed out at which moments since the pool began.
    #[must_use]
    pub fn new(free: Count, began: Timestamp, now: Timestamp, changes: &[(Timestamp, i128)]) -> Self {
        let age = now.as_micros().saturating_sub(began.as_micros()).max(0) / DAY;
        let observed_days = u32::try_from(age).unwrap_or(u32::MAX).min(WINDOW_DAYS);
        let nothing =
            Forecast { observed_days, per_day: 0.0, exhausted_at: None, earliest: None, latest: None };
        if observed_days < FEWEST_DAYS {
            return nothing;
        }
        let levels = levels(observed_days, now, changes);
        let slopes = slopes(&levels);
        let at = |share: f64| quantile(&slopes, share);
        let free = free.saturating_u128() as f64;
        Forecast {
            per_day: at(0.5),
            exhausted_at: reached(free, at(0.5), now),
            earliest: reached(free, at(0.75), now),
            latest: reached(free, at(0.25), now),
            ..nothing
        }
    }
}

/// How many more were handed out at the end of each day than when the first began.
fn levels(days: u32, now: Timestamp, changes: &[(Timestamp, i128)]) -> Vec<f64> {
    let mut by_day = vec![0_i128; days as usize];
    for (at, change) in changes {
        let ago = now.as_micros().saturating_sub(at.as_micros()).max(0) / DAY;
        let day = i64::from(days) - 1 - ago;
        if let Some(sum) = usize::try_from(day).ok().and_then(|day| by_day.get_mut(day)) {
            *sum = sum.saturating_add(*change);
        }
    }
    let mut level = 0.0;
    let levels = by_day.into_iter().map(|change| {
        level += change as f64;
        level
    });
    levels.collect()
}

/// The slopes between each two days, in order.
fn slopes(levels: &[f64]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(levels.len() * levels.len() / 2);
    for (nth, later) in levels.iter().enumerate() {
        for (before, earlier) in levels.iter().enumerate().take(nth) {
            slopes.push((later - earlier) / (nth - before) as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    slopes
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    // A share of one at most of a length that there is.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and the last index"
    )]
    let nth = (last * share).round() as usize;
    sorted.get(nth).copied().unwrap_or(0.0)
}

/// When so many are used up at so many a day.
fn reached(free: f64, per_day: f64, now: Timestamp) -> Option<Timestamp> {
    if per_day <= 0.0 {
        return None;
    }
    let seconds = free / per_day * 86_400.0;
    let ahead = Duration::try_from_secs_f64(seconds).ok()?;
    let micros = i64::try_from(ahead.as_micros()).ok()?;
    now.as_micros().checked_add(micros).map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn day(days: i64) -> Timestamp {
        Timestamp::from_micros(days * DAY)
    }

    /// So many more on each of thirty days.
    fn steady(per_day: i128) -> Vec<(Timestamp, i128)> {
        (0..30).map(|nth| (day(1_000 - nth), per_day)).collect()
    }

    #[test]
    fn steady_growth_gives_the_day() {
        let forecast = Forecast::new(Count::from(200), day(0), day(1_000), &steady(10));
        assert_eq!((forecast.per_day, forecast.exhausted_at), (10.0, Some(day(1_020))));
        assert_eq!(
            (forecast.earliest, forecast.latest, forecast.observed_days),
            (Some(day(1_020)), Some(day(1_020)), 30)
        );
    }

    #[test]
    fn what_does_not_grow_or_was_not_seen_long_enough_is_not_forecast() {
        for changes in [vec![], steady(0), steady(-5)] {
            assert_eq!(Forecast::new(Count::from(200), day(0), day(1_000), &changes).exhausted_at, None);
        }
        let young = Forecast::new(Count::from(200), day(995), day(1_000), &steady(10));
        assert_eq!((young.observed_days, young.per_day, young.exhausted_at), (5, 0.0, None));
        assert_eq!(Forecast::new(Count::ALL_V6, day(0), day(1_000), &steady(1)).exhausted_at, None);
    }

    #[test]
    fn one_day_with_very_many_does_not_ruin_it() {
        let mut changes = steady(10);
        changes.push((day(985), 100_000));
        let forecast = Forecast::new(Count::from(200), day(0), day(1_000), &changes);
        assert!((9.0..=5_000.0).contains(&forecast.per_day), "{forecast:?}");
        let last_day = [steady(10), vec![(day(1_000), 100_000)]].concat();
        assert_eq!(Forecast::new(Count::from(200), day(0), day(1_000), &last_day).per_day, 10.0);
    }

    proptest! {
        #[test]
        fn no_time_and_no_number_makes_it_fail(
            began in any::<i64>(), now in any::<i64>(), free in any::<u128>(),
            changes in prop::collection::vec((any::<i64>(), any::<i128>()), 0..20)
        ) {
            let changes: Vec<_> = changes.into_iter().map(|(at, n)| (Timestamp::from_micros(at), n)).collect();
            let (began, now) = (Timestamp::from_micros(began), Timestamp::from_micros(now));
            let forecast = Forecast::new(Count::from(free), began, now, &changes);
            prop_assert!(forecast.per_day.is_finite());
        }
    }
}
