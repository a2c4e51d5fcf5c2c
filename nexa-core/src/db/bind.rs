//! From sea-query's values to a driver's arguments.
//!
//! Our own, because the published binder does not compile when a host turns a value type of sea-query on that the
//! binder's own features do not know. What is not in the portable subset is refused here, at run time, by name.

use sea_query::{QueryStatementBuilder, Value};

use super::DbError;

macro_rules! binder {
    ($feature:literal $name:ident $into:ident $builder:ident $arguments:ty) => {
        #[cfg(feature = $feature)]
        pub(super) fn $name(statement: &impl QueryStatementBuilder) -> Result<(String, $arguments), DbError> {
            let mut arguments = <$arguments>::default();
            Ok(($into(statement, &mut arguments)?, arguments))
        }

        /// Puts its arguments after those that are there.
        #[cfg(feature = $feature)]
        pub(super) fn $into(
            statement: &impl QueryStatementBuilder,
            arguments: &mut $arguments,
        ) -> Result<String, DbError> {
            use sqlx::Arguments as _;

            let (sql, values) = statement.build_any(&sea_query::$builder);
            for value in values {
                match value {
                    Value::BigInt(number) => arguments.add(number),
                    // sea-query writes LIMIT and OFFSET as u64; nothing else of ours is unsigned.
                    Value::BigUnsigned(Some(number)) => {
                        arguments.add(i64::try_from(number).unwrap_or(i64::MAX))
                    }
                    Value::String(text) => arguments.add(text),
                    Value::Bytes(bytes) => arguments.add(bytes),
                    Value::Uuid(uuid) => arguments.add(uuid),
                    other => return Err(DbError::NotPortable(format!("{other:?}"))),
                }
                .map_err(|cause| DbError::Driver(cause.to_string()))?;
            }
            Ok(sql)
        }
    };
}

binder!("sqlite" sqlite sqlite_into SqliteQueryBuilder sqlx::sqlite::SqliteArguments);
binder!("postgres" postgres postgres_into PostgresQueryBuilder sqlx::postgres::PgArguments);
binder!("mysql" mysql mysql_into MysqlQueryBuilder sqlx::mysql::MySqlArguments);

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use sea_query::{Expr, ExprTrait as _, Query};

    use super::*;

    #[test]
    fn a_value_outside_the_portable_subset_is_refused_by_name() {
        let query =
            Query::select().column("id").from("users").and_where(Expr::col("id").eq(1.5_f64)).to_owned();
        assert!(matches!(sqlite(&query), Err(DbError::NotPortable(what)) if what.contains("Double")));
    }
}
