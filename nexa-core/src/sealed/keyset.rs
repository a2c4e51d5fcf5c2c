use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::cipher;
use super::error::SealedError;
use super::provider::{DataKey, KeyProvider, ProviderError, WrappedKey};
use crate::error::{Error, Result};
use crate::runtime::{Random, random_bytes};
use crate::secret::Secret;

const LONGEST_NAME: usize = 64;

/// Keys that a program holds itself, each with a name: the first one wraps, the others only unwrap what they wrapped.
///
/// As text they are `name:base64 of 32 bytes`, separated by commas or line ends; a line that begins with `#` is left out.
/// To change the key, put a new one first, open the database with both, run
/// [`Sealing::finish_rotation`](super::Sealing::finish_rotation), and take the old one away.
#[derive(Clone)]
pub struct KeySet {
    /// Never empty.
    keys: Vec<(String, Secret<[u8; 32]>)>,
}

impl KeySet {
    /// One new key. It is named after itself, so that two never have one name.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when there is no randomness.
    pub fn generate(random: &dyn Random) -> Result<Self> {
        let key = Secret::new(random_bytes(random)?);
        let fingerprint = cipher::mac(key.expose(), b"nexa key name");
        let name = fingerprint.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Ok(KeySet { keys: vec![(name, key)] })
    }

    /// What a file holds.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when it cannot be read,
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`keys`) when it holds something else.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map(Zeroizing::new);
        text.map_err(|cause| SealedError::file(path, &cause))?.parse()
    }

    /// What a variable of the environment holds.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`keys`) when it is not set or holds something else.
    pub fn from_env(variable: &str) -> Result<Self> {
        let text = std::env::var(variable).map(Zeroizing::new);
        text.map_err(|_| SealedError::NoVariable(variable.to_owned()))?.parse()
    }

    /// Writes the keys to a new file that only its owner can read, so that it is there whole or not at all.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) when there is a file,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when it cannot be written.
    pub fn create_file(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        match self.write_new(path) {
            Ok(()) => Ok(()),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                Err(SealedError::FileExists(path.display().to_string()).into())
            }
            Err(cause) => Err(SealedError::file(path, &cause).into()),
        }
    }

    /// The text that makes the same keys again.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let mut text = String::with_capacity(self.keys.len() * (LONGEST_NAME + 64));
        for (name, key) in &self.keys {
            let encoded = Zeroizing::new(STANDARD.encode(key.expose()));
            let line = Zeroizing::new(format!("{name}:{}\n", encoded.as_str()));
            text.push_str(&line);
        }
        Secret::new(text)
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        // Nobody else's: two containers may be one process number, and one process may open a database twice.
        temporary.push(format!(".{}", nobody_elses()?));
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(self.to_text().expose().as_bytes())?;
        file.sync_all()?;
        // A link is refused where something is, which a rename would replace.
        let linked = fs::hard_link(&temporary, path);
        fs::remove_file(&temporary)?;
        linked?;
        // The name has to outlive a loss of power too: what it unlocks does.
        match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => fs::File::open(folder)?.sync_all(),
            None => fs::File::open(".")?.sync_all(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host's may repeat itself, and two files must never be one"
)]
fn nobody_elses() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

impl FromStr for KeySet {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut keys: Vec<(String, Secret<[u8; 32]>)> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = if line.trim_start().starts_with('#') { "" } else { line };
            for entry in line.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
                let (name, key) = parse_entry(entry).map_err(|why| SealedError::BadKeys { number, why })?;
                if keys.iter().any(|(known, _)| *known == name) {
                    return Err(SealedError::BadKeys { number, why: "has a name for the second time" }.into());
                }
                keys.push((name, key));
            }
        }
        if keys.is_empty() {
            return Err(Error::invalid("keys", "has no key"));
        }
        Ok(KeySet { keys })
    }
}

/// The reason never repeats the text: it is a secret, or may be.
fn parse_entry(entry: &str) -> Result<(String, Secret<[u8; 32]>), &'static str> {
    let (name, encoded) = entry.split_once(':').ok_or("is not name:key")?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_name) {
        return Err("has a name that is not 1 to 64 letters, digits, '-', '_' and '.' of ASCII");
    }
    let bytes = STANDARD.decode(encoded).map(Zeroizing::new).map_err(|_| "has a key that is not base64")?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| "has a key that is not 32 bytes")?;
    Ok((name.to_owned(), Secret::new(key)))
}

impl KeyProvider for KeySet {
    fn current(&self) -> Result<String, ProviderError> {
        let first = self.keys.first().ok_or("there is no key")?;
        Ok(first.0.clone())
    }

    fn wrap(&self, key: &DataKey, context: &str) -> Result<WrappedKey, ProviderError> {
        let (name, wrapping) = self.keys.first().ok_or("there is no key")?;
        let bytes = cipher::seal_key(wrapping.expose(), context.as_bytes(), key.expose());
        Ok(WrappedKey { by: name.clone(), bytes })
    }

    fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<Option<DataKey>, ProviderError> {
        let found = self.keys.iter().find(|(name, _)| *name == wrapped.by);
        let opened =
            found.and_then(|(_, key)| cipher::open(key.expose(), context.as_bytes(), &wrapped.bytes));
        Ok(opened.and_then(|bytes| DataKey::from_bytes(&bytes).ok()))
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|(name, _)| name).collect();
        f.debug_struct("KeySet").field("names", &names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemRandom;

    fn data_key() -> DataKey {
        DataKey::from_bytes(&[9; 32]).unwrap()
    }

    #[test]
    fn keys_are_read_back_from_their_text_and_never_print() {
        let keys = KeySet::generate(&SystemRandom).unwrap();
        let text = keys.to_text();
        let again: KeySet = text.expose().parse().unwrap();
        assert_eq!(again.to_text().expose(), text.expose());
        let secret = text.expose().split_once(':').unwrap().1.trim();
        assert!(!format!("{keys:?}").contains(secret));
        assert!(format!("{keys:?}").contains(text.expose().split_once(':').unwrap().0));
    }

    #[test]
    fn the_first_key_wraps_and_all_of_them_unwrap() {
        let (old, new) = (KeySet::generate(&SystemRandom).unwrap(), KeySet::generate(&SystemRandom).unwrap());
        let text = format!("# the new one first\n{}{}", new.to_text().expose(), old.to_text().expose());
        let both: KeySet = text.parse().unwrap();
        let wrapped = old.wrap(&data_key(), "here").unwrap();
        assert_eq!(both.unwrap(&wrapped, "here").unwrap().unwrap().expose(), data_key().expose());
        assert_eq!(both.wrap(&data_key(), "here").unwrap().by, new.current().unwrap());
        assert!(new.unwrap(&wrapped, "here").unwrap().is_none());
        assert!(both.unwrap(&wrapped, "there").unwrap().is_none());
    }

    #[test]
    fn a_changed_wrapped_key_does_not_unwrap() {
        let keys = KeySet::generate(&SystemRandom).unwrap();
        let wrapped = keys.wrap(&data_key(), "here").unwrap();
        for at in 0..wrapped.bytes.len() {
            let mut changed = wrapped.clone();
            changed.bytes[at] ^= 1;
            assert!(keys.unwrap(&changed, "here").unwrap().is_none(), "byte {at}");
            changed.bytes.truncate(at);
            assert!(keys.unwrap(&changed, "here").unwrap().is_none(), "{at} bytes");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_line_without_repeating_it() {
        let good = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert!(good.parse::<KeySet>().is_ok());
        for bad in ["", "# only a comment", ",", " \n "] {
            let error = bad.parse::<KeySet>().unwrap_err();
            assert_eq!(
                (error.field(), error.to_string().as_str()),
                (Some("keys"), "keys: has no key"),
                "{bad:?}"
            );
        }
        for bad in ["planted", "a:planted", "a:cGxhbnRlZA==", ":AAAA", "planted key:AAAA", good] {
            let error = format!("{good}\n{bad}").parse::<KeySet>().unwrap_err();
            let said = error.to_string();
            assert!(said.contains("line 2") && !said.contains("planted"), "{bad}: {said}");
            assert_eq!(error.field(), Some("keys"), "{bad}");
        }
    }

    #[test]
    fn a_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nexa.key");
        let keys = KeySet::generate(&SystemRandom).unwrap();
        keys.create_file(&path).unwrap();
        assert_eq!(KeySet::from_file(&path).unwrap().to_text().expose(), keys.to_text().expose());
        let again = KeySet::generate(&SystemRandom).unwrap().create_file(&path).unwrap_err();
        assert_eq!(again.kind(), crate::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let missing = KeySet::from_file(folder.path().join("other.key")).unwrap_err();
        assert_eq!(missing.kind(), crate::ErrorKind::Unavailable);
    }
}
