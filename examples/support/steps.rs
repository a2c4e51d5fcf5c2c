//! One line per step with its time.

use std::time::Instant;

/// The steps of an example.
pub(crate) struct Steps {
    name: &'static str,
    began: Instant,
    last: Instant,
    count: usize,
}

impl Steps {
    /// Begins.
    #[expect(clippy::disallowed_methods, reason = "an example tells how long its steps take")]
    pub(crate) fn new(name: &'static str) -> Self {
        let now = Instant::now();
        Steps { name, began: now, last: now, count: 0 }
    }

    /// Says that a step holds, and how long it took.
    #[expect(clippy::disallowed_methods, reason = "an example tells how long its steps take")]
    pub(crate) fn done(&mut self, what: &str) {
        let now = Instant::now();
        self.count += 1;
        println!("{:>2}. {:>8.2} ms  {what}", self.count, (now - self.last).as_secs_f64() * 1e3);
        self.last = now;
    }

    /// Shows what a step made.
    pub(crate) fn show(&self, text: &str) {
        for line in text.lines() {
            println!("        | {line}");
        }
    }

    /// Says that every step held.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        println!(
            "{}: ok, {} steps in {:.0} ms",
            self.name,
            self.count,
            self.began.elapsed().as_secs_f64() * 1e3
        );
        Ok(())
    }
}
