//! Pools, what is free of them, and the lives of what they hand out, as rows.

mod free;
mod gateways;
mod lives;
mod pools;
mod waits;

pub(super) use free::*;
pub(super) use gateways::*;
pub(super) use lives::*;
pub(super) use pools::*;
pub(crate) use waits::applied;
pub(super) use waits::*;

use sea_query::Value as Sql;

use super::space::Interval;
use super::value::{PoolKind, Value, ValueRange};
use crate::db::{DbError, Row};

/// A value in 17 bytes: the tag of its kind, then its number, big-endian. Byte order is the order of the values.
fn bytes(value: Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(17);
    bytes.push(value.kind().tag());
    bytes.extend_from_slice(&value.number().to_be_bytes());
    bytes
}

fn number_of(kind: PoolKind, column: &'static str, row: &Row) -> Result<u128, DbError> {
    from_bytes(kind, column, &row.bytes(column)?)
}

fn from_bytes(kind: PoolKind, column: &'static str, bytes: &[u8]) -> Result<u128, DbError> {
    let bad = || DbError::corrupt(column, format!("is no {} in 17 bytes", kind.what()));
    let (tag, number) = bytes.split_first().ok_or_else(bad)?;
    let number = u128::from_be_bytes(number.try_into().map_err(|_| bad())?);
    match *tag == kind.tag() {
        true => Ok(Value::new(kind, number).map_err(|_| bad())?.number()),
        false => Err(bad()),
    }
}

/// The two ends of a range in columns of this kind.
fn ends(kind: PoolKind, (first, last): Interval) -> (Vec<u8>, Vec<u8>) {
    (bytes(Value::of_number(kind, first)), bytes(Value::of_number(kind, last)))
}

/// The range in the columns `first` and `last`.
fn interval(kind: PoolKind, row: &Row) -> Result<Interval, DbError> {
    let (first, last) = (number_of(kind, "first", row)?, number_of(kind, "last", row)?);
    match first <= last {
        true => Ok((first, last)),
        false => Err(DbError::corrupt(
            "first",
            format!("{} is reversed", ValueRange::of_numbers(kind, (last, first))),
        )),
    }
}

/// Where allocations of a kind are, and in which columns their values.
#[derive(Clone, Copy)]
struct Lives {
    kind: PoolKind,
    table: &'static str,
    first: &'static str,
    last: &'static str,
}

impl Lives {
    fn of(kind: PoolKind) -> Self {
        match kind.family() {
            Some(_) => Lives { kind, table: "ip_allocations", first: "address", last: "last_address" },
            None => Lives { kind, table: "number_allocations", first: "number", last: "last_number" },
        }
    }

    fn sql(self, number: u128) -> Sql {
        match self.kind.family() {
            Some(_) => Sql::Bytes(Some(bytes(Value::of_number(self.kind, number)))),
            // Every number of these kinds has 48 bits at most.
            None => Sql::BigInt(Some(i64::try_from(number).unwrap_or(i64::MAX))),
        }
    }

    fn value(self, column: &'static str, row: &Row) -> Result<Value, DbError> {
        let number = match self.kind.family() {
            Some(_) => number_of(self.kind, column, row)?,
            None => row.fitted::<u64>(column)?.into(),
        };
        Value::new(self.kind, number).map_err(|cause| DbError::corrupt(column, cause))
    }
}
