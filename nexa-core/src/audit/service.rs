use super::{AuditRecord, store};
use crate::actor::right;
use crate::error::Result;
use crate::nexa::Handle;
use crate::page::{Page, PageRequest};
use crate::unit::Unit;

/// Reading the audit.
pub struct Audit {
    handle: Handle,
}

impl Audit {
    pub(crate) fn new(handle: Handle) -> Self {
        Audit { handle }
    }

    /// A page of the audit, the newest rows first.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a limit outside 1..=1000; what every call can fail with.
    pub async fn list(&self, page: PageRequest) -> Result<Page<AuditRecord>> {
        page.checked_limit()?;
        self.handle.read(page, |unit, page| Box::pin(list(unit, page))).await
    }
}

async fn list(unit: &mut Unit, page: &PageRequest) -> Result<Page<AuditRecord>> {
    let authorized = unit.authorize::<right::AuditRead>()?;
    let limit = page.checked_limit()?;
    let rows = store::list(&mut unit.tx, &authorized, page.after.as_ref(), limit + 1).await?;
    Ok(Page::cut(rows, limit, |record| record.id.as_uuid()))
}
