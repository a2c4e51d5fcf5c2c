//! Every cell of the table, called.

use nexa_core::ErrorKind;

use crate::cast::{Caller, Cast, Part};
use crate::table::{Row, rows};

#[nexa_test_macros::every_database]
async fn every_cell_of_the_table_is_what_a_caller_gets() {
    let mut cast = Cast::assemble().await;
    let mut wrong = Vec::new();
    let mut called = 0;
    for row in rows() {
        for caller in Caller::ALL {
            let Some(expected) = row.outcome(caller) else { continue };
            cast.recover().await;
            let part = cast.part(caller);
            wrong.extend(check(&cast, &row, &part, caller.name(), expected).await);
            called += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {called} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(called > 300, "only {called} cells were called");
}

/// Calls one cell. Says what is wrong with it, if anything: another outcome, or a refusal that changed something.
pub(crate) async fn check(
    cast: &Cast,
    row: &Row,
    part: &Part,
    caller: &str,
    expected: &str,
) -> Option<String> {
    let props = cast.props(row, part).await;
    let before = cast.database.snapshot().await;
    let outcome = cast.call(row, part, props).await;
    let got = outcome.as_ref().err().map_or("ok", |error| error.kind().as_str());
    let cell = format!("  {} ({:?}) by {caller}", row.method, row.object);
    if got != expected {
        let why = outcome.err().map(|error| format!(": {error}")).unwrap_or_default();
        return Some(format!("{cell}: {expected} in the table, {got} in fact{why}"));
    }
    let difference = before.difference(&cast.database.snapshot().await);
    match outcome.map_err(|error| error.kind()) {
        Err(
            ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Conflict,
        ) if !difference.is_empty() => Some(format!("{cell}: {expected}, and yet it changed\n{difference}")),
        _ => None,
    }
}
