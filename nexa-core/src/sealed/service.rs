use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use super::column::{COLUMNS, Column};
use super::model::{DataKeyRecord, Purpose, Rotation};
use super::store;
use crate::actor::{Authorized, right};
use crate::db::{Mode, counter};
use crate::error::{ErrorKind, Result};
use crate::events::Change;
use crate::nexa::Handle;
use crate::unit::Unit;

/// How many values are looked at in one transaction, which other writers of a file wait for.
const BATCH: u64 = 100;
/// How long a key stays after it was retired: no transaction that began to seal under it is open for that long.
const GRACE: Duration = Duration::from_secs(3600);

/// The keys that secrets are kept under in the database.
pub struct Sealing {
    handle: Handle,
}

impl Sealing {
    pub(crate) fn new(handle: Handle) -> Self {
        Sealing { handle }
    }

    /// The data keys there are, without the keys themselves, in the order they were made.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn list_keys(&self) -> Result<Vec<DataKeyRecord>> {
        self.handle.read((), |unit, ()| Box::pin(list_keys(unit))).await
    }

    /// Puts a new data key in the place of each active one, in one transaction. What was sealed before stays readable, and
    /// is sealed again by [`finish_rotation`](Self::finish_rotation).
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> nexa_core::Result<()> {
    /// # let nexa = nexa_core::Nexa::open("sqlite::memory:").await?;
    /// let sealing = nexa.system("yearly rotation").sealing();
    /// let fresh = sealing.rotate().await?;
    /// assert!(fresh.iter().all(|key| key.retired_at.is_none()));
    /// let done = sealing.finish_rotation().await?;
    /// assert!(done.damaged.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when the provider of keys fails; what every call can fail with.
    pub async fn rotate(&self) -> Result<Vec<DataKeyRecord>> {
        self.handle.call("sealing.rotate", &()).write((), |unit, ()| Box::pin(rotate(unit))).await
    }

    /// Seals every value again that is sealed under a retired data key, wraps data keys again that are not under the
    /// provider's current one, and deletes retired ones that nothing is sealed under: each an hour after it was retired, so
    /// run it again then. Keys of the audit are not deleted.
    ///
    /// It works in small transactions. Wherever it ends, everything is readable, and the next call goes on from there; it
    /// needs no idempotency key, and looks at none.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`keys`) for a data key that the provider does not unwrap,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when it fails; what every call can fail with.
    pub async fn finish_rotation(&self) -> Result<Rotation> {
        let mut done = Rotation::default();
        let mut in_use = BTreeSet::new();
        for column in 0..COLUMNS.len() {
            let mut after = None;
            loop {
                let batch = self
                    .write((column, after), |unit, (column, after)| Box::pin(reseal(unit, *column, *after)));
                let batch = batch.await?;
                done.resealed += batch.resealed;
                done.damaged.extend(batch.damaged);
                in_use.extend(batch.in_use);
                after = batch.last;
                if after.is_none() {
                    break;
                }
            }
        }
        done.rewrapped = self.write((), |unit, ()| Box::pin(rewrap(unit))).await?;
        self.write((done, in_use), |unit, (done, in_use)| Box::pin(sweep(unit, done, in_use))).await
    }

    async fn write<I, T>(
        &self,
        input: I,
        work: for<'u> fn(&'u mut Unit, &'u I) -> crate::unit::Work<'u, T>,
    ) -> Result<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.handle.run(Mode::Write, None, input, work).await
    }
}

async fn list_keys(unit: &mut Unit) -> Result<Vec<DataKeyRecord>> {
    let authorized = unit.authorize::<right::KeysRead>()?;
    authorized.unowned()?;
    Ok(store::list(&mut unit.tx, &authorized).await?)
}

async fn rotate(unit: &mut Unit) -> Result<Vec<DataKeyRecord>> {
    let authorized = may_rotate(unit)?;
    let mut fresh = Vec::new();
    for purpose in Purpose::ALL {
        // Its counter is held to the end, so that there is one rotation at a time.
        let id = counter::next(&mut unit.tx, counter::DATA_KEYS).await?;
        store::retire(&mut unit.tx, &authorized, purpose, unit.now).await?;
        fresh.push(unit.make_data_key(id, purpose).await?);
    }
    let id = unit.new_uuid()?;
    unit.record(Change::KeysRotated(id), "each purpose has a new data key").await?;
    Ok(fresh)
}

/// What one transaction did.
struct Batch {
    resealed: u64,
    damaged: Vec<String>,
    /// The data keys of values that were left.
    in_use: Vec<i64>,
    /// Where the next one goes on; `None` at the end.
    last: Option<Uuid>,
}

async fn reseal(unit: &mut Unit, column: usize, after: Option<Uuid>) -> Result<Batch> {
    let authorized = may_rotate(unit)?;
    let mut batch = Batch { resealed: 0, damaged: Vec::new(), in_use: Vec::new(), last: None };
    let Some(column) = COLUMNS.get(column) else { return Ok(batch) };
    let active = unit.keyring().active(&mut unit.tx, column.purpose).await?.id;
    let values = store::values(&mut unit.tx, &authorized, column, after, BATCH).await?;
    batch.last = (values.len() as u64 == BATCH).then(|| values.last().map(|(row, _)| *row)).flatten();
    for (row, stored) in values {
        match column.key_of(row, &stored) {
            Ok(key) if key == active => {}
            Ok(key) => match reseal_one(unit, &authorized, column, (row, &stored)).await {
                Ok(true) => batch.resealed += 1,
                // It was changed meanwhile, and so is under the active key or gone.
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    batch.damaged.push(format!("{} of {row}", column.name()));
                    batch.in_use.push(key);
                }
                Err(error) => return Err(error),
            },
            Err(_) => batch.damaged.push(format!("{} of {row}", column.name())),
        }
    }
    Ok(batch)
}

async fn reseal_one(
    unit: &mut Unit,
    authorized: &Authorized<right::KeysRotate>,
    column: &'static Column,
    (row, stored): (Uuid, &[u8]),
) -> Result<bool> {
    let plain = unit.open(column, row, stored).await?;
    let sealed = unit.seal(column, row, &plain).await?;
    Ok(store::replace(&mut unit.tx, authorized, column, row, (stored, sealed)).await?)
}

async fn rewrap(unit: &mut Unit) -> Result<u64> {
    let authorized = may_rotate(unit)?;
    let mut rewrapped = 0;
    for key in store::all(&mut unit.tx).await? {
        if let Some(wrapped) = unit.keyring().rewrapped(&key).await? {
            rewrapped += u64::from(store::rewrap(&mut unit.tx, &authorized, &key, &wrapped).await?);
        }
    }
    Ok(rewrapped)
}

/// Deletes what nothing needs, and says what was done.
async fn sweep(unit: &mut Unit, done: &Rotation, in_use: &BTreeSet<i64>) -> Result<Rotation> {
    let authorized = may_rotate(unit)?;
    let mut done = done.clone();
    for key in store::all(&mut unit.tx).await? {
        let is_over = key.record.retired_at.is_some_and(|at| unit.now.since(at) >= GRACE);
        let stays = key.record.purpose == Purpose::Audit || in_use.contains(&key.record.id);
        if is_over && !stays {
            done.deleted += u64::from(store::delete(&mut unit.tx, &authorized, key.record.id).await?);
        }
    }
    if done != Rotation::default() {
        let message = format!(
            "{} values were sealed again, {} data keys wrapped again, {} deleted, {} values are damaged",
            done.resealed,
            done.rewrapped,
            done.deleted,
            done.damaged.len()
        );
        let id = unit.new_uuid()?;
        unit.record(Change::KeysSwept(id), message).await?;
    }
    Ok(done)
}

fn may_rotate(unit: &mut Unit) -> Result<Authorized<right::KeysRotate>> {
    let authorized = unit.authorize::<right::KeysRotate>()?;
    authorized.unowned()?;
    Ok(authorized)
}
