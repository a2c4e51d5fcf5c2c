use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, CustomizedPasswordHasher as _, Params, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use super::error::IdentityError;
use crate::error::{Error, Result};
use crate::runtime::{Random, random_bytes};
use crate::secret::Secret;

/// How many wait for a hash at most; more are turned away, so that a flood of sign-ins cannot hoard memory.
const QUEUE: usize = 64;
/// The dearest stored hash that is still computed: a planted one must not stop the process.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
/// The longest password in bytes, set or tried.
const MAX_LENGTH: usize = 1_024;
/// What is verified when there is no such user, so that an unknown name takes as long as a wrong password: a hash with
/// today's parameters, of a password that nobody has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MTIzNA$yphe2p4SkBBWKKLR0e8E7w9IyKkbJGDFAuGLPuXcqLM";

/// argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), away from the async threads, a few at a time.
pub(crate) struct Passwords {
    running: Semaphore,
    admitted: Semaphore,
    /// The costly comparison, so that a test can see that it is made and of what.
    compare: fn(&[u8], &str) -> Result<bool, IdentityError>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Passwords {
            running: Semaphore::new(cores),
            admitted: Semaphore::new(cores + QUEUE),
            compare: verify_now,
        }
    }
}

impl Passwords {
    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: Secret<String>, random: &dyn Random) -> Result<Secret<String>> {
        let salt = random_bytes::<16>(random)?;
        let hashed = self.off_thread(move || hash_now(password.expose().as_bytes(), &salt)).await?;
        Ok(Secret::new(hashed?))
    }

    /// Whether the password is the one that was hashed. Without a hash, and for a password that is too long to have
    /// been set, the same work and a no.
    pub(crate) async fn verify(
        &self,
        password: Secret<String>,
        hash: Option<Secret<String>>,
    ) -> Result<bool> {
        let could_match = hash.is_some() && password.expose().len() <= MAX_LENGTH;
        let hash = hash.unwrap_or_else(|| Secret::from(NOBODY));
        let compare = self.compare;
        let compared = self.off_thread(move || {
            let tried = password.expose().as_bytes();
            compare(if tried.len() > MAX_LENGTH { b"too long" } else { tried }, hash.expose())
        });
        Ok(compared.await?? && could_match)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _admitted = self.admitted.try_acquire().map_err(|_| IdentityError::PasswordQueueFull)?;
        let _running = self.running.acquire().await.map_err(|_| IdentityError::PasswordQueueFull)?;
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| IdentityError::PasswordHash("the hashing task ended".to_owned()))?)
    }
}

#[cfg(test)]
impl Passwords {
    /// Turns every further one away, as when the queue is full.
    pub(super) fn admit_no_more(&self) {
        self.admitted.close();
    }
}

/// A password that may be set: 8 to 1,024 bytes, no NUL.
pub(super) fn checked(password: &Secret<String>) -> Result<()> {
    match password.expose() {
        text if text.len() < 8 => Err(Error::invalid("password", "is shorter than 8 bytes")),
        text if text.len() > MAX_LENGTH => {
            Err(Error::invalid("password", format!("is longer than {MAX_LENGTH} bytes")))
        }
        text if text.contains('\0') => Err(Error::invalid("password", "holds a NUL")),
        _ => Ok(()),
    }
}

fn hash_now(password: &[u8], salt: &[u8]) -> Result<String, IdentityError> {
    let bad = |cause: argon2::password_hash::Error| IdentityError::PasswordHash(cause.to_string());
    let hash = Argon2::default()
        .hash_password_customized(password, salt, Some("argon2id"), None, Params::default())
        .map_err(bad)?;
    Ok(hash.to_string())
}

fn verify_now(password: &[u8], stored: &str) -> Result<bool, IdentityError> {
    let bad = |cause: &dyn std::fmt::Display| IdentityError::PasswordHash(cause.to_string());
    let hash = PasswordHash::new(stored).map_err(|cause| bad(&cause))?;
    let params = Params::try_from(&hash).map_err(|cause| bad(&cause))?;
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES {
        return Err(bad(&"it costs more than is allowed"));
    }
    match Argon2::new(Algorithm::Argon2id, Version::V0x13, params).verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(cause) => Err(bad(&cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    #[tokio::test]
    async fn a_password_is_recognised_and_another_is_not() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Secret::from("correct horse"), &SystemRandom).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert!(passwords.verify(Secret::from("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(Secret::from("wrong horse"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(Secret::from("correct horse"), None).await.unwrap());
    }

    #[test]
    fn the_hash_of_nobody_is_well_formed_and_costs_what_a_new_one_costs() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        let today = Params::default();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (today.m_cost(), today.t_cost(), today.p_cost())
        );
        assert!(!verify_now(b"", NOBODY).unwrap());
    }

    /// Says what was compared instead of comparing it.
    fn told(passwords: &Passwords, password: &str, hash: Option<&str>) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(passwords.verify(Secret::from(password), hash.map(Secret::from)));
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_name_and_a_password_that_is_too_long_cost_one_comparison_like_any_other() {
        let compare: fn(&[u8], &str) -> Result<bool, IdentityError> = |tried, stored| {
            Err(IdentityError::PasswordHash(format!("{} with {stored}", String::from_utf8_lossy(tried))))
        };
        let passwords = Passwords { compare, ..Passwords::default() };
        let (long, longest) = ("x".repeat(MAX_LENGTH + 1), "x".repeat(MAX_LENGTH));
        for (password, hash, expected) in [
            ("battery", Some("a hash"), "battery with a hash".to_owned()),
            ("battery", None, format!("battery with {NOBODY}")),
            (&longest, Some("a hash"), format!("{longest} with a hash")),
            (&long, Some("a hash"), "too long with a hash".to_owned()),
            (&long, None, format!("too long with {NOBODY}")),
        ] {
            let told = told(&passwords, password, hash);
            assert!(told.ends_with(&format!(": {expected}")), "{told}");
        }
    }

    #[tokio::test]
    async fn what_stands_in_for_a_password_that_is_too_long_matches_nothing() {
        let passwords = Passwords::default();
        let hash = passwords.hash(Secret::from("too long"), &SystemRandom).await.unwrap();
        assert!(passwords.verify(Secret::from("too long"), Some(hash.clone())).await.unwrap());
        let long = Secret::new("x".repeat(MAX_LENGTH + 1));
        assert!(!passwords.verify(long, Some(hash)).await.unwrap());
    }

    #[test]
    fn a_planted_hash_that_costs_too_much_is_refused() {
        for (today, planted) in [("m=19456", "m=262145"), ("t=2", "t=17"), ("m=19456", "m=4194304")] {
            let planted = NOBODY.replace(today, planted);
            let Err(IdentityError::PasswordHash(why)) = verify_now(b"x", &planted) else {
                panic!("{planted}")
            };
            assert_eq!(why, "it costs more than is allowed");
        }
        assert!(verify_now(b"x", "plain").is_err());
    }

    #[test]
    fn a_stored_hash_may_take_as_many_passes_as_are_allowed() {
        let dear = NOBODY.replace("m=19456,t=2", "m=8,t=16");
        assert!(!verify_now(b"x", &dear).unwrap());
    }
}
