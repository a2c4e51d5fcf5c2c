//! Many rows at once.
//!
//! Where each value is bound by itself, a statement of many rows costs the server more to read than the rows cost it to keep. PostgreSQL
//! takes a column as one array, and MariaDB rows as one JSON text, with what all rows share beside it.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use sea_query::Value;
use sea_query::{Expr, InsertStatement, Query};

use super::{DbError, Tx};

/// How many rows one INSERT has at most where each value is bound by itself: each has up to 17 values, and a statement of SQLite's
/// 32766.
const MOST: usize = 500;
/// How many make it worth while to have them as one value: a single row is the same INSERT as any other.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const MANY: usize = 2;

impl Tx {
    /// Inserts rows, in their order; each has a value for every column. Like [`Tx::later`], its error may be that of the next call.
    ///
    /// # Errors
    /// [`DbError::Contended`] when other than all of them were inserted.
    pub(crate) async fn insert_rows(
        &mut self,
        table: &'static str,
        columns: &[&'static str],
        rows: Vec<Vec<Expr>>,
    ) -> Result<(), DbError> {
        #[cfg(feature = "postgres")]
        if let Tx::Postgres(tx) = self
            && rows.len() >= MANY
        {
            return postgres::insert(tx, table, columns, rows).await;
        }
        #[cfg(feature = "mysql")]
        if let Tx::Mysql(tx) = self
            && rows.len() >= MANY
        {
            return mysql::insert(tx, table, columns, rows).await;
        }
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let some: Vec<_> = rows.by_ref().take(MOST).collect();
            let count = some.len() as u64;
            let statement = insert(table, columns, some);
            self.later(&statement, count).await?;
        }
        Ok(())
    }
}

/// An INSERT that binds each value.
fn insert(table: &'static str, columns: &[&'static str], rows: Vec<Vec<Expr>>) -> InsertStatement {
    let mut statement = Query::insert();
    statement.into_table(table).columns(columns.iter().copied());
    for row in rows {
        // As many values as columns, by construction: the only thing that `values` refuses.
        if statement.values(row).is_err() {
            tracing::error!(table, "an INSERT lost its values");
        }
    }
    statement
}

/// The values of a row, which has nothing else.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn values(row: Vec<Expr>) -> Result<Vec<Value>, DbError> {
    let value = |value| match value {
        Expr::Value(value) => Ok(value),
        other => Err(DbError::NotPortable(format!("{other:?} in many rows"))),
    };
    row.into_iter().map(value).collect()
}

#[cfg(feature = "postgres")]
mod postgres {
    use sqlx::postgres::PgArguments;
    use sqlx::{Arguments as _, AssertSqlSafe, Postgres, Transaction};
    use uuid::Uuid;

    use super::{DbError, Expr, Value};

    pub(super) async fn insert(
        tx: &mut Transaction<'static, Postgres>,
        table: &'static str,
        columns: &[&'static str],
        rows: Vec<Vec<Expr>>,
    ) -> Result<(), DbError> {
        let count = rows.len();
        let mut filled: Vec<_> = columns.iter().map(|_| Column::Empty).collect();
        for row in rows {
            for (column, value) in filled.iter_mut().zip(super::values(row)?) {
                column.push(value, count)?;
            }
        }
        let named: Vec<_> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let types = filled.iter().zip(1..).map(|(column, at)| format!("${at}::{}", column.array_type()));
        let sql = format!(
            "INSERT INTO \"{table}\" ({}) SELECT * FROM unnest({})",
            named.join(", "),
            types.collect::<Vec<_>>().join(", ")
        );
        let mut arguments = PgArguments::default();
        for column in filled {
            column.bind(&mut arguments)?;
        }
        let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut **tx).await?;
        super::super::changed(done.rows_affected(), count as u64)
    }

    /// The values of one column, all of one type.
    enum Column {
        Empty,
        Numbers(Vec<Option<i64>>),
        Texts(Vec<Option<String>>),
        Bytes(Vec<Option<Vec<u8>>>),
        Uuids(Vec<Option<Uuid>>),
    }

    impl Column {
        fn push(&mut self, value: Value, expected: usize) -> Result<(), DbError> {
            if matches!(self, Column::Empty) {
                *self = match value {
                    Value::BigInt(_) => Column::Numbers(Vec::with_capacity(expected)),
                    Value::String(_) => Column::Texts(Vec::with_capacity(expected)),
                    Value::Bytes(_) => Column::Bytes(Vec::with_capacity(expected)),
                    Value::Uuid(_) => Column::Uuids(Vec::with_capacity(expected)),
                    other => return Err(DbError::NotPortable(format!("{other:?}"))),
                };
            }
            match (self, value) {
                (Column::Numbers(column), Value::BigInt(value)) => column.push(value),
                (Column::Texts(column), Value::String(value)) => column.push(value),
                (Column::Bytes(column), Value::Bytes(value)) => column.push(value),
                (Column::Uuids(column), Value::Uuid(value)) => column.push(value),
                (_, other) => return Err(DbError::NotPortable(format!("{other:?} beside another type"))),
            }
            Ok(())
        }

        const fn array_type(&self) -> &'static str {
            match self {
                Column::Empty | Column::Numbers(_) => "bigint[]",
                Column::Texts(_) => "text[]",
                Column::Bytes(_) => "bytea[]",
                Column::Uuids(_) => "uuid[]",
            }
        }

        fn bind(self, arguments: &mut PgArguments) -> Result<(), DbError> {
            match self {
                Column::Empty => arguments.add(Vec::<Option<i64>>::new()),
                Column::Numbers(values) => arguments.add(values),
                Column::Texts(values) => arguments.add(values),
                Column::Bytes(values) => arguments.add(values),
                Column::Uuids(values) => arguments.add(values),
            }
            .map_err(|cause| DbError::Driver(cause.to_string()))
        }
    }
}

#[cfg(feature = "mysql")]
mod mysql {
    use sqlx::mysql::MySqlArguments;
    use sqlx::{Arguments as _, AssertSqlSafe, MySql, Transaction};

    use super::super::hex;
    use super::{DbError, Expr, Value};

    /// How many rows one text has at most: a server takes 16 MiB at once unless told otherwise.
    const MOST: usize = 10_000;

    pub(super) async fn insert(
        tx: &mut Transaction<'static, MySql>,
        table: &'static str,
        columns: &[&'static str],
        rows: Vec<Vec<Expr>>,
    ) -> Result<(), DbError> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let some = rows.by_ref().take(MOST).map(super::values).collect::<Result<Vec<_>, _>>()?;
            let count = some.len() as u64;
            let (sql, arguments) = statement(table, columns, some)?;
            let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut **tx).await?;
            super::super::changed(done.rows_affected(), count)?;
        }
        Ok(())
    }

    fn statement(
        table: &'static str,
        columns: &[&'static str],
        rows: Vec<Vec<Value>>,
    ) -> Result<(String, MySqlArguments), DbError> {
        let mut arguments = MySqlArguments::default();
        let (mut names, mut selected, mut read) = (Vec::new(), Vec::new(), Vec::new());
        let mut differing = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let mut all = rows.iter().filter_map(|row| row.get(at));
            let Some(first) = all.next() else { continue };
            names.push(format!("`{column}`"));
            if all.all(|value| value == first) {
                selected.push("?".to_owned());
                bind(&mut arguments, first.clone())?;
                continue;
            }
            let (kind, is_hex) = match first {
                Value::BigInt(_) => ("BIGINT", false),
                Value::String(_) => ("LONGTEXT", false),
                Value::Bytes(_) | Value::Uuid(_) => ("LONGTEXT", true),
                other => return Err(DbError::NotPortable(format!("{other:?}"))),
            };
            let place = differing.len();
            selected.push(if is_hex { format!("UNHEX(r.c{place})") } else { format!("r.c{place}") });
            read.push(format!("c{place} {kind} PATH '$[{place}]'"));
            differing.push(at);
        }
        let rows = rows.iter().map(|row| {
            let cells = differing.iter().filter_map(|at| row.get(*at)).map(json);
            cells.collect::<Result<Vec<_>, _>>().map(serde_json::Value::Array)
        });
        let rows = serde_json::Value::Array(rows.collect::<Result<_, _>>()?);
        arguments.add(rows.to_string()).map_err(|cause| DbError::Driver(cause.to_string()))?;
        // Rows that are all alike have a column all the same: a table of nothing cannot be written.
        if read.is_empty() {
            read.push("c0 BIGINT PATH '$[0]'".to_owned());
        }
        let sql = format!(
            "INSERT INTO `{table}` ({}) SELECT {} FROM JSON_TABLE(?, '$[*]' COLUMNS ({})) AS r",
            names.join(", "),
            selected.join(", "),
            read.join(", ")
        );
        Ok((sql, arguments))
    }

    fn json(value: &Value) -> Result<serde_json::Value, DbError> {
        Ok(match value {
            Value::BigInt(Some(number)) => (*number).into(),
            Value::String(Some(text)) => text.as_str().into(),
            Value::Bytes(Some(bytes)) => hex(bytes).into(),
            Value::Uuid(Some(uuid)) => hex(uuid.as_bytes()).into(),
            Value::BigInt(None) | Value::String(None) | Value::Bytes(None) | Value::Uuid(None) => {
                serde_json::Value::Null
            }
            other => return Err(DbError::NotPortable(format!("{other:?}"))),
        })
    }

    fn bind(arguments: &mut MySqlArguments, value: Value) -> Result<(), DbError> {
        match value {
            Value::BigInt(value) => arguments.add(value),
            Value::String(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
            other => return Err(DbError::NotPortable(format!("{other:?}"))),
        }
        .map_err(|cause| DbError::Driver(cause.to_string()))
    }
}
