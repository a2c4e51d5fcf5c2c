//! Pieces of statements that every store needs.

use sea_query::{Condition, Expr, ExprTrait as _, InsertStatement, Order, Query, SelectStatement};

use crate::actor::Scope;
use crate::page::Cursor;

/// An INSERT of one row, each value beside its column.
pub(crate) fn insert_row<const N: usize>(
    table: &'static str,
    row: [(&'static str, Expr); N],
) -> InsertStatement {
    let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
    let mut statement = Query::insert();
    statement.into_table(table).columns(columns);
    // As many values as columns, by construction: the only thing that `values` refuses.
    if statement.values(values).is_err() {
        tracing::error!(table, "an INSERT lost its values");
    }
    statement
}

/// Narrows a query to one page of a list in the order of ids.
pub(crate) fn page_by_id(query: &mut SelectStatement, after: Option<&Cursor>, limit: u64) {
    if let Some(Cursor(last)) = after {
        query.and_where(Expr::col("id").gt(*last));
    }
    query.order_by("id", Order::Asc).limit(limit);
}

/// Which columns of a row say whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    /// The row is a person's.
    User(&'static str),
    /// The row is a device's, and so also a person's.
    Device { user: &'static str, device: &'static str },
    /// The row is nobody's own: only a caller who may touch all of them reaches it.
    NoOne,
}

/// The WHERE that keeps a call inside its scope. What a scope cannot be compared with matches nothing.
pub(crate) fn within(scope: Scope, owner: Owner) -> Condition {
    let is = |column: &'static str, id: sea_query::Value| Condition::all().add(Expr::col(column).eq(id));
    match (scope, owner) {
        (Scope::All, _) => Condition::all(),
        (Scope::User(id), Owner::User(user) | Owner::Device { user, .. }) => is(user, id.into()),
        (Scope::Device(id), Owner::Device { device, .. }) => is(device, id.into()),
        (Scope::User(_), Owner::NoOne) | (Scope::Device(_), Owner::User(_) | Owner::NoOne) => {
            Condition::all().add(Expr::val(1_i64).eq(0_i64))
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use sea_query::SqliteQueryBuilder;

    use super::*;
    use crate::id::{DeviceId, UserId};

    fn sql(scope: Scope, owner: Owner) -> String {
        Query::select().column("id").from("t").cond_where(within(scope, owner)).to_string(SqliteQueryBuilder)
    }

    #[test]
    fn a_scope_narrows_or_matches_nothing() {
        let user = Scope::User(UserId::from_uuid(uuid::Uuid::nil()));
        let device = Scope::Device(DeviceId::from_uuid(uuid::Uuid::nil()));
        let owned = Owner::Device { user: "user_id", device: "id" };
        assert!(!sql(Scope::All, owned).contains("_id"));
        assert!(sql(user, owned).contains(r#""user_id" = "#));
        assert!(sql(device, owned).contains(r#""id" = "#));
        for (scope, owner) in [(user, Owner::NoOne), (device, Owner::NoOne), (device, Owner::User("user_id"))]
        {
            assert!(sql(scope, owner).contains("1 = 0"), "{scope:?} {owner:?}");
        }
    }
}
