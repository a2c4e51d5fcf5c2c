//! Domain values as the portable column types: UUID, BIGINT, TEXT and bytes.

use std::net::{IpAddr, Ipv6Addr};

use sea_query::Value;

use super::DbError;
use crate::id;
use crate::net::{Cidr, Family};
use crate::runtime::Timestamp;
use crate::wireguard::PublicKey;

macro_rules! id_values {
    ($($id:ident)*) => {$(
        impl From<id::$id> for Value {
            fn from(id: id::$id) -> Value {
                Value::Uuid(Some(id.as_uuid()))
            }
        }

        impl sea_query::Nullable for id::$id {
            fn null() -> Value {
                Value::Uuid(None)
            }
        }
    )*};
}

id_values! { UserId GroupId RoleId SessionId DeviceId GatewayId PeerId PoolId AllocationId ReservationId PolicyId PolicyTestId AuditId }

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        Value::BigInt(Some(at.as_micros()))
    }
}

impl sea_query::Nullable for Timestamp {
    fn null() -> Value {
        Value::BigInt(None)
    }
}

impl From<PublicKey> for Value {
    fn from(key: PublicKey) -> Value {
        Value::Bytes(Some(key.as_bytes().to_vec()))
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| DIGITS.get(usize::from(digit)).copied().map(char::from)).collect()
}

/// 4 or 6, then the address in 16 bytes, big-endian: byte order is numeric order, IPv4 before IPv6.
pub(crate) fn ip_bytes(address: IpAddr) -> Vec<u8> {
    let (family, number) = match address {
        IpAddr::V4(_) => (4, Family::number(address)),
        IpAddr::V6(_) => (6, Family::number(address)),
    };
    let mut bytes = Vec::with_capacity(17);
    bytes.push(family);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes
}

pub(crate) fn ip_from_bytes(column: &str, bytes: &[u8]) -> Result<IpAddr, DbError> {
    let bad = || DbError::corrupt(column, "is not an address in 17 bytes");
    let (family, number) = bytes.split_first().ok_or_else(bad)?;
    let number = u128::from_be_bytes(number.try_into().map_err(|_| bad())?);
    match family {
        4 => u32::try_from(number).map(|bits| IpAddr::from(bits.to_be_bytes())).map_err(|_| bad()),
        6 => Ok(IpAddr::V6(Ipv6Addr::from_bits(number))),
        _ => Err(bad()),
    }
}

/// A prefix as its three columns: first, last, length.
pub(crate) fn cidr_columns(cidr: &Cidr) -> (Vec<u8>, Vec<u8>, i64) {
    (ip_bytes(cidr.first()), ip_bytes(cidr.last()), i64::from(cidr.prefix_len()))
}

pub(crate) fn bytes_to_cidr(column: &str, first: &[u8], last: &[u8], prefix: i64) -> Result<Cidr, DbError> {
    let first = ip_from_bytes(column, first)?;
    let prefix = u8::try_from(prefix).map_err(|_| DbError::corrupt(column, "has an impossible length"))?;
    let cidr = Cidr::new(first, prefix).map_err(|cause| DbError::corrupt(column, cause))?;
    if cidr.last() != ip_from_bytes(column, last)? {
        return Err(DbError::corrupt(column, "its last address does not belong to its length"));
    }
    Ok(cidr)
}

/// Values as a JSON array of their texts.
pub(crate) fn list_to_text<T: ToString>(values: &[T]) -> String {
    let texts: Vec<_> = values.iter().map(|value| serde_json::Value::String(value.to_string())).collect();
    serde_json::Value::Array(texts).to_string()
}

pub(crate) fn list_from_text<T>(column: &str, text: &str) -> Result<Vec<T>, DbError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let texts: Vec<String> = serde_json::from_str(text).map_err(|cause| DbError::corrupt(column, cause))?;
    let parse = |text: &String| text.parse().map_err(|cause| DbError::corrupt(column, cause));
    texts.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_stored_addresses_is_the_order_of_addresses() {
        let mut addresses: Vec<IpAddr> =
            ["10.0.0.9", "10.0.0.10", "9.255.255.255", "::1", "255.255.255.255", "ffff::"]
                .map(|a| a.parse().unwrap())
                .to_vec();
        addresses.sort_by_key(|address| ip_bytes(*address));
        let text: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["9.255.255.255", "10.0.0.9", "10.0.0.10", "255.255.255.255", "::1", "ffff::"]);
        for address in addresses {
            assert_eq!(ip_from_bytes("a", &ip_bytes(address)).unwrap(), address);
        }
    }

    #[test]
    fn a_stored_prefix_that_contradicts_itself_is_corrupt() {
        let cidr: Cidr = "10.1.0.0/16".parse().unwrap();
        let (first, last, prefix) = cidr_columns(&cidr);
        assert_eq!(bytes_to_cidr("c", &first, &last, prefix).unwrap(), cidr);
        for (first, last, prefix) in [
            (&first, &last, 17),
            (&first, &first, 16),
            (&last, &last, 16),
            (&first, &last, 300),
            (&vec![4], &last, 16),
        ] {
            assert!(matches!(bytes_to_cidr("c", first, last, prefix), Err(DbError::Corrupt { .. })));
        }
    }
}
