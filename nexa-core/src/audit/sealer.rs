//! Makes the seals: one process at a time, under a lease, a batch in each transaction.

use std::sync::{Arc, Weak};
use std::time::Duration;

use uuid::Uuid;

use super::mac::{BEGINNING, Seal, chain_hash, seal_mac};
use super::model::AuditSealed;
use super::store;
use crate::db::{DbError, Mode, Tx};
use crate::error::Result;
use crate::idempotency;
use crate::nexa::{Core, Handle};
use crate::runtime::Timestamp;
use crate::sealed::{Keyring, Purpose};

/// How long a row waits for its seal, about.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many passes it takes until what is too old is looked for, in the audit and among the answers that are kept, after the
/// first one: about an hour.
const PRUNE_EVERY: u32 = 3_600;
/// How many rows one seal is made over at most.
pub(super) const BATCH: u64 = 1_000;
/// How long nobody else makes seals when the one who did has gone.
const LEASE: Duration = Duration::from_secs(10);

/// Makes seals as long as the control plane is open, in a task that does not keep it open.
pub(crate) fn keep_sealing(core: &Arc<Core>) {
    let (runtime, core) = (core.runtime.clone(), Arc::downgrade(core));
    runtime.spawn(async move {
        let mut passes: u32 = 0;
        loop {
            #[expect(clippy::disallowed_methods, reason = "rows that other processes write tell nobody")]
            tokio::time::sleep(INTERVAL).await;
            match pass(&core).await {
                Ok(true) if passes.is_multiple_of(PRUNE_EVERY) => {
                    prune(&core).await;
                    forget(&core).await;
                }
                Ok(true) => {}
                Ok(false) => return,
                Err(cause) => tracing::warn!(%cause, "the audit was not sealed; the next pass tries again"),
            }
            passes = passes.wrapping_add(1);
        }
    });
}

/// Seals what there is, if nobody else does; false when the control plane is closed.
async fn pass(core: &Weak<Core>) -> Result<bool> {
    loop {
        let Some(core) = core.upgrade() else { return Ok(false) };
        match batch(&core).await {
            Ok(Some(sealed)) if sealed.rows == i64::try_from(BATCH).unwrap_or(i64::MAX) => {}
            Ok(_) => return Ok(true),
            Err(closed) if closed.kind() == crate::ErrorKind::Closed => return Ok(false),
            // Another process was in the way; its rows and ours are there in the next pass.
            Err(raced) if crate::db::is_worth_repeating(&raced) => return Ok(true),
            Err(other) => return Err(other),
        }
    }
}

/// Prunes what is older than the setting says.
async fn prune(core: &Weak<Core>) {
    let Some(core) = core.upgrade() else { return };
    if let Err(cause) = Handle::of_the_program(core, "audit retention").audit().prune_old().await {
        tracing::warn!(%cause, "the audit was not pruned; it is tried again in an hour");
    }
}

/// Deletes the answers that are kept for callers who ask again, once their time is over.
async fn forget(core: &Weak<Core>) {
    let Some(core) = core.upgrade() else { return };
    if let Err(cause) = forget_expired(&core).await {
        tracing::warn!(%cause, "answers past their time were not deleted; it is tried again in an hour");
    }
}

async fn forget_expired(core: &Core) -> Result<()> {
    let mut tx = core.db.begin(Mode::Write).await?;
    idempotency::forget_expired(&mut tx, core.clock.now()).await?;
    Ok(tx.commit().await?)
}

async fn batch(core: &Core) -> Result<Option<AuditSealed>> {
    let mut tx = core.db.begin(Mode::Read).await?;
    let is_needed = store::has_unsealed(&mut tx).await?;
    drop(tx);
    if !is_needed {
        return Ok(None);
    }
    let mut tx = core.db.begin(Mode::Write).await?;
    let now = core.clock.now();
    core.keyring.refresh_audit_key(&mut tx).await?;
    let free = store::is_free(core.sealer, now, now.saturating_add(LEASE.saturating_mul(2)));
    if !store::take_lease(&mut tx, core.sealer, now.saturating_add(LEASE), Some(free)).await? {
        return Ok(None);
    }
    let sealed = seal(&mut tx, &core.keyring, now).await?;
    tx.commit().await?;
    Ok(Some(sealed))
}

/// The same whoever has the lease, for a caller who wants it now.
pub(super) async fn seal_now(
    tx: &mut Tx,
    keyring: &Keyring,
    sealer: Uuid,
    now: Timestamp,
) -> Result<AuditSealed> {
    if !store::take_lease(tx, sealer, now.saturating_add(LEASE), None).await? {
        return Err(DbError::corrupt("leases.name", "has no lease for the audit").into());
    }
    seal(tx, keyring, now).await
}

/// Adds one seal to the chain. The lease is locked, so nobody else adds one meanwhile; on a cluster, where it is not, one of
/// the two is refused at its commit.
async fn seal(tx: &mut Tx, keyring: &Keyring, now: Timestamp) -> Result<AuditSealed> {
    let last = store::last_seal(tx).await?;
    let (seq, before) = last.map_or((0, BEGINNING), |seal| (seal.seq, seal.hash));
    let rows = store::rows_of(tx, None, None, BATCH).await?;
    if rows.is_empty() {
        return Ok(AuditSealed { seal: seq, rows: 0 });
    }
    let key = keyring.active(tx, Purpose::Audit).await?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let macs = rows.iter().map(|row| (row.record.id.as_uuid(), row.mac.as_slice()));
    let hash = chain_hash(&before, seq + 1, macs);
    let mut seal = Seal {
        seq: seq + 1,
        row_count: count,
        hash,
        created_at: now,
        data_key: key.id,
        mac: Vec::new(),
        checkpoint: None,
    };
    seal.mac = seal_mac(key.expose(), &seal).to_vec();
    store::insert_seal(tx, &seal).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.record.id.as_uuid()).collect();
    if store::mark_sealed(tx, &ids, seal.seq).await? != rows.len() as u64 {
        return Err(DbError::Contended("rows of the audit were sealed meanwhile".to_owned()).into());
    }
    Ok(AuditSealed { seal: seal.seq, rows: count })
}
