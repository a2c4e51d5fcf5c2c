use std::borrow::Cow;

use crate::error::{Classify, ErrorKind};
use crate::id::GatewayId;

#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    #[error("no gateway {0}")]
    NoGateway(GatewayId),
    #[error("there is no active gateway to enrol at")]
    NoneActive,
    #[error("the gateway name {0:?} is taken")]
    NameTaken(String),
    #[error("a gateway or a device with this public key is there already")]
    KeyTaken,
}

impl Classify for GatewayError {
    fn kind(&self) -> ErrorKind {
        match self {
            GatewayError::NoGateway(_) | GatewayError::NoneActive => ErrorKind::NotFound,
            GatewayError::NameTaken(_) | GatewayError::KeyTaken => ErrorKind::AlreadyExists,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            GatewayError::NoGateway(_) | GatewayError::NoneActive => "gateway_id".into(),
            GatewayError::NameTaken(_) => "name".into(),
            GatewayError::KeyTaken => "public_key".into(),
        })
    }
}
