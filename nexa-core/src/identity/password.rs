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
/// What is verified when there is no such user, so that an unknown name takes as long as a wrong password: a hash with
/// today's parameters, of a password that nobody has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5MTIzNA$yphe2p4SkBBWKKLR0e8E7w9IyKkbJGDFAuGLPuXcqLM";

/// argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), away from the async threads, a few at a time.
pub(crate) struct Passwords {
    running: Semaphore,
    admitted: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Passwords { running: Semaphore::new(cores), admitted: Semaphore::new(cores + QUEUE) }
    }
}

impl Passwords {
    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: Secret<String>, random: &dyn Random) -> Result<Secret<String>> {
        let salt = random_bytes::<16>(random)?;
        let hashed = self.off_thread(move || hash_now(password.expose().as_bytes(), &salt)).await?;
        Ok(Secret::new(hashed?))
    }

    /// Whether the password is the one that was hashed; without a hash, the same work and a no.
    pub(crate) async fn verify(
        &self,
        password: Secret<String>,
        hash: Option<Secret<String>>,
    ) -> Result<bool> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| Secret::from(NOBODY));
        let matched =
            self.off_thread(move || verify_now(password.expose().as_bytes(), hash.expose())).await?;
        Ok(matched? && known)
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _admitted = self.admitted.try_acquire().map_err(|_| IdentityError::PasswordQueueFull)?;
        let _running = self.running.acquire().await.map_err(|_| IdentityError::PasswordQueueFull)?;
        let done = tokio::task::spawn_blocking(work).await;
        Ok(done.map_err(|_| IdentityError::PasswordHash("the hashing task ended".to_owned()))?)
    }
}

/// A password that may be set: 8 to 1,024 bytes, no NUL.
pub(super) fn checked(password: &Secret<String>) -> Result<()> {
    match password.expose() {
        text if text.len() < 8 => Err(Error::invalid("password", "is shorter than 8 bytes")),
        text if text.len() > 1_024 => Err(Error::invalid("password", "is longer than 1024 bytes")),
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

    #[test]
    fn a_planted_hash_that_costs_too_much_is_refused() {
        let planted = NOBODY.replace("m=19456", "m=4194304");
        assert!(matches!(verify_now(b"x", &planted), Err(IdentityError::PasswordHash(_))));
        assert!(verify_now(b"x", "plain").is_err());
    }
}
