//! Input that is refused where it is parsed, before there is a call.

use std::net::IpAddr;

use nexa_core::id::{DeviceId, GatewayId, PolicyId, UserId};
use nexa_core::net::{AddressRange, Cidr};
use nexa_core::page::Cursor;
use nexa_core::wireguard::{Endpoint, PresharedKey, PrivateKey, PublicKey};
use nexa_core::{Error, ErrorKind};

use crate::support::parts;

/// The error of parsing `text` as a `T`.
fn parsed<T: std::str::FromStr<Err = Error>>(text: &str) -> Option<Error> {
    text.parse::<T>().err()
}

#[test]
fn what_cannot_be_parsed_is_refused_by_field() {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let key_of_31_bytes = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
    let cases: Vec<(&str, Option<Error>, &str)> = vec![
        ("a CIDR with host bits", parsed::<Cidr>("10.20.0.1/16"), "cidr"),
        ("a CIDR with host bits, IPv6", parsed::<Cidr>("fd00::1/64"), "cidr"),
        ("a CIDR without a length", parsed::<Cidr>("10.20.0.0"), "cidr"),
        ("a CIDR with a zone id", parsed::<Cidr>("fe80::%eth0/64"), "cidr"),
        ("a CIDR in IPv4-mapped spelling", parsed::<Cidr>("::ffff:10.0.0.0/104"), "cidr"),
        ("a reversed range", AddressRange::new(address("10.0.0.9"), address("10.0.0.1")).err(), "range"),
        ("a range over two families", AddressRange::new(address("10.0.0.9"), address("::1")).err(), "range"),
        ("a public key of 31 bytes", PublicKey::from_bytes(&[9; 31]).err(), "public_key"),
        ("a public key of 33 bytes", PublicKey::from_bytes(&[9; 33]).err(), "public_key"),
        ("a public key of 31 bytes, in base64", parsed::<PublicKey>(key_of_31_bytes), "public_key"),
        ("a public key of zeros", PublicKey::from_bytes(&[0; 32]).err(), "public_key"),
        ("a private key of 31 bytes", PrivateKey::from_bytes(&[9; 31]).err(), "private_key"),
        ("a private key of 31 bytes, in base64", parsed::<PrivateKey>(key_of_31_bytes), "private_key"),
        ("a preshared key of 31 bytes", PresharedKey::from_bytes(&[9; 31]).err(), "preshared_key"),
        ("an endpoint without a port", parsed::<Endpoint>("vpn.example.org"), "endpoint"),
        ("an endpoint at port 0", parsed::<Endpoint>("vpn.example.org:0"), "endpoint"),
        ("an endpoint with a path", parsed::<Endpoint>("vpn.example.org/x:1"), "endpoint"),
        ("an endpoint with a NUL", parsed::<Endpoint>("vpn\0.example.org:1"), "endpoint"),
        ("a device id that is no UUID", parsed::<DeviceId>("42"), "id"),
        ("a user id that is empty", parsed::<UserId>(""), "id"),
        ("a gateway id with a NUL", parsed::<GatewayId>("01890a5d-ac96-774b-bcce-b302099a805\0"), "id"),
        ("a policy id of 10 kB", parsed::<PolicyId>(&"a".repeat(10_000)), "id"),
        ("a cursor that is none", parsed::<Cursor>("the second page"), "after"),
    ];
    for (what, refused, field) in cases {
        let error = refused.unwrap_or_else(|| panic!("{what} was taken"));
        assert_eq!(parts(&error), (ErrorKind::InvalidInput, Some(field.to_owned())), "{what}: {error}");
    }
}

#[test]
fn the_reason_tells_what_to_write_instead() {
    let said = |error: Option<Error>| error.unwrap().to_string();
    insta::assert_snapshot!(said(parsed::<Cidr>("10.20.0.1/16")), @"cidr: 10.20.0.1/16 has host bits; did you mean 10.20.0.0/16?");
    insta::assert_snapshot!(said(PublicKey::from_bytes(&[9; 31]).err()), @"public_key: is 31 bytes; a key is 32");
}
