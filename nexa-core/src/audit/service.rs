use super::head::{AuditKey, SignedHead, public, signing_key};
use super::mac::{BEGINNING, checkpoint_mac};
use super::model::{AuditExport, AuditFilter, AuditReport, AuditSealed, StoredRecord};
use super::verify::Verifier;
use super::{AuditRecord, sealer, store};
use crate::actor::right;
use crate::db::{Mode, hex};
use crate::error::{Error, Result};
use crate::events::Change;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::runtime::Timestamp;
use crate::sealed::Purpose;
use crate::settings::registry;
use crate::unit::Unit;

const DAY_IN_MICROS: u64 = 86_400_000_000;
/// How many seals, or rows that are not sealed, are read at a time.
const AT_A_TIME: u64 = 1_000;
/// How many seals the program itself prunes at a time.
const SEALS_IN_ONE_TRANSACTION: i64 = 20;

/// Reading the audit, verifying it, and keeping it in bounds.
pub struct Audit {
    handle: Handle,
}

impl Audit {
    pub(crate) fn new(handle: Handle) -> Self {
        Audit { handle }
    }

    /// A page of the rows that the filter lets through, the newest first.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list(&self, filter: AuditFilter, page: PageRequest) -> Result<Page<AuditRecord>> {
        page.checked_limit()?;
        self.handle.read((filter, page), |unit, (filter, page)| Box::pin(list(unit, filter, page))).await
    }

    /// A part of the audit as JSON Lines, the oldest rows first: every field, the number of the seal, and the MAC in
    /// hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn export(&self, page: PageRequest) -> Result<AuditExport> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(export(unit, page))).await
    }

    /// Whether every row and every seal is what was written, as far as the database itself can tell: rows that were changed,
    /// taken away or put there, seals that were changed or taken away. That the newest ones were cut off is told by
    /// [`verify_against`](Self::verify_against) alone.
    ///
    /// # Errors
    /// What every call can fail with; what is found is in the report.
    pub async fn verify(&self) -> Result<AuditReport> {
        self.handle.read(None, |unit, kept| Box::pin(verify(unit, kept.as_ref()))).await
    }

    /// The same, and whether the chain still goes on from a head that was kept elsewhere.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) (`head`) for one that this control plane did not sign; what every call
    /// can fail with.
    pub async fn verify_against(&self, head: SignedHead) -> Result<AuditReport> {
        self.handle.read(Some(head), |unit, kept| Box::pin(verify(unit, kept.as_ref()))).await
    }

    /// The end of the chain, signed, to be kept outside the database.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn signed_head(&self) -> Result<SignedHead> {
        self.handle.read((), |unit, ()| Box::pin(signed_head(unit))).await
    }

    /// The public keys that heads are signed with, by the number of the data key that each belongs to.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn public_keys(&self) -> Result<Vec<(i64, AuditKey)>> {
        self.handle.read((), |unit, ()| Box::pin(public_keys(unit))).await
    }

    /// Seals what is not sealed yet, without waiting for the task that does it about once a second.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn seal(&self) -> Result<AuditSealed> {
        let mut all = AuditSealed::default();
        loop {
            let batch = self.handle.run(Mode::Write, None, self.handle.core.sealer, |unit, sealer| {
                Box::pin(async move {
                    unit.authorize::<right::AuditSeal>()?.unowned()?;
                    let keyring = unit.keyring();
                    sealer::seal_now(&mut unit.tx, &keyring, *sealer, unit.now).await
                })
            });
            let batch = batch.await?;
            all = AuditSealed { seal: batch.seal, rows: all.rows + batch.rows };
            if batch.rows < i64::try_from(sealer::BATCH).unwrap_or(i64::MAX) {
                return Ok(all);
            }
        }
    }

    /// Deletes the rows that were sealed before this moment, whole seals at a time, up to the first seal that was not. The last of those seals stays, as a
    /// checkpoint that says under a MAC how many rows were deleted, and the chain goes on from it.
    ///
    /// # Errors
    /// What every call can fail with.
    pub async fn prune(&self, before: Timestamp) -> Result<AuditSealed> {
        let call = self.handle.call("audit.prune", &before);
        call.write(before, |unit, before| Box::pin(prune(unit, *before, None))).await
    }
}

impl Audit {
    /// Deletes what is older than the setting says, if it says anything: some seals in each transaction, so that no change
    /// waits long for years that are deleted at once.
    pub(super) async fn prune_old(&self) -> Result<()> {
        let Some(before) = self.handle.read((), |unit, ()| Box::pin(cut_off(unit))).await? else {
            return Ok(());
        };
        loop {
            let call = self.handle.call("audit.prune", &before);
            let pruned = call
                .write(before, |unit, before| Box::pin(prune(unit, *before, Some(SEALS_IN_ONE_TRANSACTION))));
            if pruned.await?.rows == 0 {
                return Ok(());
            }
        }
    }
}

/// The moment before which rows are too old.
async fn cut_off(unit: &mut Unit) -> Result<Option<Timestamp>> {
    let days: u64 = unit.settings().await?.number(&registry::AUDIT_RETENTION)?;
    let kept = i64::try_from(days.saturating_mul(DAY_IN_MICROS)).unwrap_or(i64::MAX);
    Ok((days > 0).then(|| Timestamp::from_micros(unit.now.as_micros().saturating_sub(kept))))
}

async fn list(unit: &mut Unit, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRecord>> {
    let authorized = unit.authorize::<right::AuditRead>()?;
    let limit = page.checked_limit()?;
    let rows = store::list(&mut unit.tx, &authorized, filter, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(rows, limit, |record| record.id.as_uuid()))
}

async fn export(unit: &mut Unit, page: &PageRequest) -> Result<AuditExport> {
    let authorized = unit.authorize::<right::AuditRead>()?;
    let limit = page.checked_limit()?;
    let rows = store::export(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    let page = Page::cut(rows, limit, |row| row.record.id.as_uuid());
    Ok(AuditExport { lines: page.items.iter().map(line).collect(), next: page.next })
}

fn line(row: &StoredRecord) -> String {
    let record = &row.record;
    let mut line = serde_json::json!({
        "id": record.id.to_string(),
        "actor": record.actor,
        "actor_user_id": record.actor_user_id.map(|id| id.to_string()),
        "actor_device_id": record.actor_device_id.map(|id| id.to_string()),
        "event_type": record.event_type,
        "entity_type": record.entity_type,
        "entity_id": record.entity_id.map(|id| id.to_string()),
        "status": record.status.as_str(),
        "ip_address": record.ip_address.map(|address| address.to_string()),
        "request_id": record.request_id,
        "message": record.message,
        "metadata": row.metadata,
        "created_at": record.created_at.to_string(),
        "seal": record.seal,
        "data_key": row.data_key,
        "mac": hex(&row.mac),
    })
    .to_string();
    line.push('\n');
    line
}

async fn verify(unit: &mut Unit, kept: Option<&SignedHead>) -> Result<AuditReport> {
    unit.authorize::<right::AuditRead>()?.unowned()?;
    let keys = unit.keyring().all_of(&mut unit.tx, Purpose::Audit).await?;
    if let Some(head) = kept {
        let signer = keys.iter().find(|key| key.id == head.data_key);
        if !signer.is_some_and(|key| head.is_signed_by(&public(&signing_key(key.expose())))) {
            return Err(Error::invalid("head", "was not signed by this control plane"));
        }
    }
    let mut verifier = Verifier::new(keys, kept.cloned());
    let mut last = 0;
    loop {
        let seals = store::seals(&mut unit.tx, last, AT_A_TIME).await?;
        let Some(end) = seals.last() else { break };
        last = end.seq;
        for seal in &seals {
            // One more than there can be: rows that were put there are found too.
            let rows = store::rows_of(&mut unit.tx, Some(seal.seq), None, sealer::BATCH + 1).await?;
            verifier.seal(seal, &rows);
        }
    }
    let mut after = None;
    loop {
        let rows = store::rows_of(&mut unit.tx, None, after, AT_A_TIME).await?;
        let Some(end) = rows.last() else { break };
        after = Some(end.record.id.as_uuid());
        rows.iter().for_each(|row| verifier.unsealed(row));
    }
    let rows = store::count_rows(&mut unit.tx).await?;
    Ok(verifier.finish(rows))
}

async fn signed_head(unit: &mut Unit) -> Result<SignedHead> {
    let authorized = unit.authorize::<right::AuditRead>()?;
    authorized.unowned()?;
    let key = unit.keyring().active(&mut unit.tx, Purpose::Audit).await?;
    let last = store::last_seal(&mut unit.tx).await?;
    let (seal, hash) = last.map_or((0, BEGINNING), |seal| (seal.seq, seal.hash));
    let rows = store::vouched_for(&mut unit.tx, &authorized).await?;
    Ok(SignedHead::sign(&signing_key(key.expose()), key.id, (seal, rows, &hash), unit.now))
}

async fn public_keys(unit: &mut Unit) -> Result<Vec<(i64, AuditKey)>> {
    unit.authorize::<right::AuditRead>()?.unowned()?;
    let keys = unit.keyring().all_of(&mut unit.tx, Purpose::Audit).await?;
    Ok(keys.iter().map(|key| (key.id, public(&signing_key(key.expose())))).collect())
}

async fn prune(unit: &mut Unit, before: Timestamp, most_seals: Option<i64>) -> Result<AuditSealed> {
    let authorized = unit.authorize::<right::AuditPrune>()?;
    authorized.unowned()?;
    store::lock_chain(&mut unit.tx).await?;
    let Some(mut seal) = store::last_seal_before(&mut unit.tx, before, most_seals).await? else {
        return Ok(AuditSealed::default());
    };
    if seal.checkpoint.is_some() {
        return Ok(AuditSealed { seal: seal.seq, rows: 0 });
    }
    let so_far = store::pruned_so_far(&mut unit.tx).await?;
    let rows = store::delete_up_to(&mut unit.tx, &authorized, seal.seq).await?;
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    // What vouches for it is the key that vouches for the seal: it stays as long as the seal does.
    let keyring = unit.keyring();
    let key = keyring.active(&mut unit.tx, Purpose::Audit).await?;
    let signer = keyring.find(&mut unit.tx, seal.data_key).await?.unwrap_or(key);
    seal.data_key = signer.id;
    let mac = checkpoint_mac(signer.expose(), &seal, so_far + rows);
    store::make_checkpoint(&mut unit.tx, &authorized, seal.seq, (so_far + rows, &mac)).await?;
    let id = unit.new_uuid()?;
    let message = format!("{rows} rows of the audit, up to seal {}, were pruned", seal.seq);
    unit.record(Change::AuditPruned(id), message).await?;
    Ok(AuditSealed { seal: seal.seq, rows })
}
