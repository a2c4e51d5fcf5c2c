//! Measuring in turns.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long, and how often.
pub(crate) struct Plan {
    pub(crate) slices: usize,
    pub(crate) slice: Duration,
}

impl Plan {
    /// Both in turns; what they did in a second, and the median of the ratios of neighbours.
    pub(crate) async fn compare<A, B, F, G>(&self, tasks: usize, ours: A, bare: B) -> anyhow::Result<String>
    where
        A: Fn() -> F,
        B: Fn() -> G,
        F: Future<Output = anyhow::Result<u64>>,
        G: Future<Output = anyhow::Result<u64>>,
    {
        let (mut pairs, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..self.slices {
            let pair = (self.rate(tasks, &ours).await?, self.rate(tasks, &bare).await?);
            ratios.push(pair.0 / pair.1);
            pairs.push(pair);
        }
        let (ours, bare): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Ok(format!("{:.0} | {:.0} | {:.2}", median(ours), median(bare), median(ratios)))
    }

    #[allow(dead_code, reason = "not every program measures one thing alone")]
    pub(crate) async fn measure<A, F>(&self, tasks: usize, work: A) -> anyhow::Result<f64>
    where
        A: Fn() -> F,
        F: Future<Output = anyhow::Result<u64>>,
    {
        let mut rates = Vec::new();
        for _ in 0..self.slices {
            rates.push(self.rate(tasks, &work).await?);
        }
        Ok(median(rates))
    }

    /// How many a second, in one slice.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
    async fn rate<A, F>(&self, tasks: usize, work: &A) -> anyhow::Result<f64>
    where
        A: Fn() -> F,
        F: Future<Output = anyhow::Result<u64>>,
    {
        let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let worker = async || {
            while !over.load(Ordering::Relaxed) {
                done.fetch_add(work().await?, Ordering::Relaxed);
            }
            anyhow::Ok(())
        };
        let begin = Instant::now();
        let timer = async {
            tokio::time::sleep(self.slice).await;
            over.store(true, Ordering::Relaxed);
        };
        // The tasks are futures of one: what they wait for is the database, and each call runs in a task of its own.
        let all = async {
            match tasks {
                1 => worker().await,
                _ => tokio::try_join!(
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker(),
                    worker()
                )
                .map(drop),
            }
        };
        let (outcome, ()) = tokio::join!(all, timer);
        outcome?;
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        Ok(done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_median_is_the_one_in_the_middle() {
        assert!((super::median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(super::median(Vec::new()).is_nan());
    }
}
