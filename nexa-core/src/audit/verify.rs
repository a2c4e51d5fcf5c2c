//! Whether the audit is what was written: decided row by row and seal by seal. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::head::SignedHead;
use super::mac::{BEGINNING, Hash, Seal, chain_hash, checkpoint_mac, is_same, row_mac, seal_mac};
use super::model::{AuditProblem, AuditProblemKind, AuditReport, StoredRecord};
use crate::db::hex;
use crate::id::AuditId;
use crate::sealed::OpenKey;

const MOST_PROBLEMS: usize = 100;

/// Is shown the seals in order, each with its rows in the order of their ids, and then what is not sealed.
pub(super) struct Verifier {
    keys: BTreeMap<i64, Arc<OpenKey>>,
    before: Option<(i64, Hash)>,
    kept: Option<SignedHead>,
    report: AuditReport,
}

impl Verifier {
    /// With the keys of the audit, and a head that was kept elsewhere.
    pub(super) fn new(keys: Vec<Arc<OpenKey>>, kept: Option<SignedHead>) -> Self {
        let keys = keys.into_iter().map(|key| (key.id, key)).collect();
        Verifier {
            keys,
            before: None,
            kept: kept.filter(|head| head.seal > 0),
            report: AuditReport::default(),
        }
    }

    pub(super) fn seal(&mut self, seal: &Seal, rows: &[StoredRecord]) {
        self.report.seals += 1;
        self.report.sealed += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let before = self.place(seal);
        if !self.is_vouched_for(seal.data_key, &seal.mac, |key| seal_mac(key, seal)) {
            self.problem(AuditProblemKind::SealChanged, Some(seal.seq), None);
        }
        for row in rows {
            self.row(row);
        }
        match before {
            // What this one was made over is gone on purpose.
            None if rows.is_empty() => {}
            None => self.problem(AuditProblemKind::RecordsMissing, Some(seal.seq), None),
            Some(before) => {
                let macs = rows.iter().map(|row| (row.record.id.as_uuid(), row.mac.as_slice()));
                let is_whole = chain_hash(&before, seal.seq, macs) == seal.hash
                    && i64::try_from(rows.len()) == Ok(seal.row_count);
                if !is_whole {
                    self.problem(AuditProblemKind::RecordsMissing, Some(seal.seq), None);
                }
            }
        }
        self.goes_on_from_kept(seal);
        self.before = Some((seal.seq, seal.hash));
    }

    /// A head that is older than the first seal there is was pruned; any other must be one of the seals.
    fn goes_on_from_kept(&mut self, seal: &Seal) {
        let is_first = self.before.is_none();
        let reached = self.kept.take_if(|head| head.seal == seal.seq || (is_first && head.seal < seal.seq));
        if let Some(head) = reached
            && head.seal == seal.seq
            && head.hash != hex(&seal.hash)
        {
            self.problem(AuditProblemKind::CutOff, Some(head.seal), None);
        }
    }

    pub(super) fn unsealed(&mut self, row: &StoredRecord) {
        self.report.unsealed += 1;
        let oldest = self.report.oldest_unsealed.get_or_insert(row.record.created_at);
        *oldest = row.record.created_at.min(*oldest);
        self.row(row);
    }

    /// With how many rows there are in all, also those that no seal leads to.
    pub(super) fn finish(mut self, rows: i64) -> AuditReport {
        if rows != self.report.sealed + self.report.unsealed {
            self.problem(AuditProblemKind::RecordsMissing, None, None);
        }
        if let Some(head) = self.kept.take() {
            self.problem(AuditProblemKind::CutOff, Some(head.seal), None);
        }
        self.report
    }

    /// The hash that a seal goes on from; `None` for a checkpoint, of which nothing is left to compare.
    fn place(&mut self, seal: &Seal) -> Option<Hash> {
        if let Some((seq, hash)) = self.before {
            if seal.seq != seq + 1 {
                self.problem(AuditProblemKind::SealMissing, Some(seq + 1), None);
            }
            return Some(hash);
        }
        if let Some((pruned, mac)) = &seal.checkpoint {
            self.report.pruned = *pruned;
            if !self.is_vouched_for(seal.data_key, mac, |key| checkpoint_mac(key, seal, *pruned)) {
                self.problem(AuditProblemKind::SealMissing, Some(seal.seq - 1), None);
            }
            return None;
        }
        if seal.seq != 1 {
            self.problem(AuditProblemKind::SealMissing, Some(seal.seq - 1), None);
        }
        Some(BEGINNING)
    }

    fn row(&mut self, row: &StoredRecord) {
        if !self.is_vouched_for(row.data_key, &row.mac, |key| row_mac(key, row)) {
            self.problem(AuditProblemKind::RecordChanged, row.record.seal, Some(row.record.id));
        }
    }

    fn is_vouched_for(&self, key: i64, mac: &[u8], expected: impl FnOnce(&[u8; 32]) -> Hash) -> bool {
        self.keys.get(&key).is_some_and(|key| is_same(&expected(key.expose()), mac))
    }

    fn problem(&mut self, kind: AuditProblemKind, seal: Option<i64>, record: Option<AuditId>) {
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(AuditProblem { kind, seal, record });
        }
    }
}
