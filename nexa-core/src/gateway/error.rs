use std::borrow::Cow;

use crate::error::{Classify, Code};
use crate::id::GatewayId;

#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    #[error("no gateway {0}")]
    NoGateway(GatewayId),
    #[error("there is no active gateway to enrol at")]
    NoneActive,
    #[error("the gateway name {0:?} is taken")]
    NameTaken(String),
    #[error("revision {asked} of gateway {id} is yet to come: it has {revision}")]
    Ahead { id: GatewayId, asked: i64, revision: i64 },
    #[error("a gateway or a device with this public key is there already")]
    KeyTaken,
}

impl Classify for GatewayError {
    fn code(&self) -> Code {
        match self {
            GatewayError::NoGateway(_) => Code::GatewayNotFound,
            GatewayError::NoneActive => Code::GatewayNoneActive,
            GatewayError::NameTaken(_) => Code::GatewayNameTaken,
            GatewayError::KeyTaken => Code::GatewayKeyTaken,
            GatewayError::Ahead { .. } => Code::GatewayAhead,
        }
    }

    fn field(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            GatewayError::NoGateway(_) | GatewayError::NoneActive => "gateway_id".into(),
            GatewayError::NameTaken(_) => "name".into(),
            GatewayError::KeyTaken => "public_key".into(),
            GatewayError::Ahead { .. } => "revision".into(),
        })
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            GatewayError::NoGateway(id) => vec![("id", id.to_string())],
            GatewayError::Ahead { id, asked, revision } => {
                vec![("id", id.to_string()), ("asked", asked.to_string()), ("revision", revision.to_string())]
            }
            GatewayError::NameTaken(name) => vec![("name", name.clone())],
            GatewayError::NoneActive | GatewayError::KeyTaken => Vec::new(),
        }
    }
}
