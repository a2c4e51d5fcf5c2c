//! What a URL says to us and not to the driver: how many connections, and how long.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::error::{Error, Result};

#[cfg(any(feature = "postgres", feature = "mysql"))]
const POOL_SIZE: &str = "pool_size";
#[cfg(any(feature = "postgres", feature = "mysql"))]
const ACQUIRE_TIMEOUT: &str = "acquire_timeout_ms";
#[cfg(any(feature = "postgres", feature = "mysql"))]
const STATEMENT_TIMEOUT: &str = "statement_timeout_ms";

#[cfg(feature = "sqlite")]
const BUSY_TIMEOUT: &str = "busy_timeout_ms";
#[cfg(any(feature = "postgres", feature = "mysql"))]
/// Options of the drivers that name a file.
const FILES: [&str; 8] =
    ["sslrootcert", "ssl-root-cert", "ssl-ca", "sslca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

#[cfg(any(feature = "postgres", feature = "mysql"))]
const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
/// Up to an hour.
const MILLISECONDS: RangeInclusive<u32> = 1..=3_600_000;

#[cfg(any(feature = "postgres", feature = "mysql"))]
/// How a pool of connections to a server behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tuning {
    /// At most, in each pool.
    pub(super) connections: u32,
    /// How long a call waits for one; nothing where the URL does not say it.
    pub(super) acquire_timeout: Option<Duration>,
    /// How long one statement may take.
    pub(super) statement_timeout: Duration,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Tuning {
    const USUAL: Tuning =
        Tuning { connections: 10, acquire_timeout: None, statement_timeout: Duration::from_secs(30) };

    /// How long a statement waits for a lock that somebody else holds, in whole seconds: before it takes too long altogether,
    /// so that the error says what was in the way.
    pub(super) fn lock_timeout(&self) -> Duration {
        self.statement_timeout.mul_f64(2.0 / 3.0).max(Duration::from_secs(1))
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
/// The URL without these options, and what they say.
pub(super) fn split(url: &str) -> Result<(String, Tuning)> {
    let Some((place, options)) = url.split_once('?') else { return Ok((url.to_owned(), Tuning::USUAL)) };
    let (mut tuning, mut others) = (Tuning::USUAL, Vec::new());
    for option in options.split('&') {
        match option.split_once('=').unwrap_or((option, "")) {
            (POOL_SIZE, value) => tuning.connections = number(POOL_SIZE, value, CONNECTIONS)?,
            (ACQUIRE_TIMEOUT, value) => {
                tuning.acquire_timeout = Some(milliseconds(ACQUIRE_TIMEOUT, value)?);
            }
            (STATEMENT_TIMEOUT, value) => {
                tuning.statement_timeout = milliseconds(STATEMENT_TIMEOUT, value)?;
            }
            (name, value) => {
                if FILES.contains(&name) {
                    is_readable(name, value)?;
                }
                others.push(option);
            }
        }
    }
    let separator = if others.is_empty() { "" } else { "?" };
    Ok((format!("{place}{separator}{}", others.join("&")), tuning))
}

/// What stands before the options of an SQLite file, and how long a statement waits for another program's write, where they
/// say it.
#[cfg(feature = "sqlite")]
pub(super) fn split_busy_timeout(rest: &str) -> Result<(&str, Option<Duration>)> {
    let Some((path, options)) = rest.split_once('?') else { return Ok((rest, None)) };
    let patience = match options.split_once('=') {
        Some((BUSY_TIMEOUT, value)) => milliseconds(BUSY_TIMEOUT, value)?,
        _ => return Err(Error::invalid("url", format!("has other options than {BUSY_TIMEOUT}"))),
    };
    Ok((path, Some(patience)))
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
/// The drivers say of a file that is not there what they say of a server that is not.
fn is_readable(name: &str, value: &str) -> Result<()> {
    let path = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    match std::fs::File::open(path.as_ref()) {
        Ok(_) => Ok(()),
        Err(cause) => Err(Error::invalid("url", format!("has a {name} that cannot be read: {cause}"))),
    }
}

fn milliseconds(name: &str, value: &str) -> Result<Duration> {
    Ok(Duration::from_millis(number(name, value, MILLISECONDS)?.into()))
}

fn number(name: &str, value: &str, range: RangeInclusive<u32>) -> Result<u32> {
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        let (least, most) = range.into_inner();
        Error::invalid("url", format!("has a {name} that is no whole number from {least} to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "sqlite")]
    fn a_file_has_one_option() {
        assert_eq!(split_busy_timeout("nexa.db").unwrap(), ("nexa.db", None));
        let waits = ("nexa.db", Some(Duration::from_millis(250)));
        assert_eq!(split_busy_timeout("nexa.db?busy_timeout_ms=250").unwrap(), waits);
        for options in ["", "mode=ro", "busy_timeout_ms", "busy_timeout_ms=0", "busy_timeout_ms=1&mode=ro"] {
            let refused = split_busy_timeout(&format!("nexa.db?{options}")).unwrap_err();
            assert_eq!(refused.field(), Some("url"), "{options}");
        }
    }

    #[test]
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn our_options_are_taken_out_and_the_drivers_stay_as_they_were() {
        let url = "postgres://n:p%3F@db/nexa?sslmode=verify-full&pool_size=3&options=-csearch_path%3Da&acquire_timeout_ms=250";
        let (rest, tuning) = split(url).unwrap();
        assert_eq!(rest, "postgres://n:p%3F@db/nexa?sslmode=verify-full&options=-csearch_path%3Da");
        let expected = Tuning {
            connections: 3,
            acquire_timeout: Some(Duration::from_millis(250)),
            statement_timeout: Duration::from_secs(30),
        };
        assert_eq!(tuning, expected);
        for url in ["postgres://db/nexa", "postgres://db/nexa?statement_timeout_ms=30000"] {
            assert_eq!(split(url).unwrap(), ("postgres://db/nexa".to_owned(), Tuning::USUAL));
        }
    }

    #[test]
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn a_value_out_of_bounds_is_refused_by_its_name() {
        for (name, value) in [
            ("pool_size", "0"),
            ("pool_size", "1001"),
            ("acquire_timeout_ms", "-1"),
            ("statement_timeout_ms", "3s"),
            ("pool_size", ""),
        ] {
            let refused = split(&format!("mysql://db/nexa?{name}={value}")).unwrap_err();
            assert_eq!(refused.field(), Some("url"));
            assert!(refused.to_string().contains(name), "{refused}");
        }
    }

    #[test]
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn a_file_that_is_named_and_not_there_is_refused_by_its_option() {
        let refused = split("postgres://db/nexa?sslrootcert=%2Fno%2Fsuch%2Fca.pem").unwrap_err();
        assert_eq!(refused.field(), Some("url"));
        assert!(refused.to_string().contains("sslrootcert"), "{refused}");
        assert!(split("postgres://db/nexa?ssl-ca=%2Fdev%2Fnull").is_ok());
    }

    #[test]
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn a_lock_is_given_up_before_the_statement_is() {
        let tuning = Tuning { statement_timeout: Duration::from_secs(30), ..Tuning::USUAL };
        assert_eq!(tuning.lock_timeout(), Duration::from_secs(20));
    }
}
