//! The calls that are made: each as a line of text, so that it can be written down before it is made.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use nexa_core::enrolment::NewEnrolment;
use nexa_core::identity::NewUser;
use nexa_core::net::Cidr;
use nexa_core::policy::NewPolicy;
use nexa_core::{Handle, IdempotencyKey, Nexa, RequestContext, Result};

/// The pool that addresses are claimed from.
pub(crate) const POOL: &str = "printers";

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Op {
    Claim { pool: String },
    Release { allocation: String, generation: i64 },
    Enrol { name: String, public_key: String, user: String },
    Revoke { device: String },
    CreateUser { name: String },
    Suspend { user: String },
    CreatePolicy { name: String, user: String },
    RemovePolicy { policy: String },
    Rotate,
}

/// What a call made, as its id and what else must be the same when it is answered again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) more: String,
}

impl Op {
    /// Makes the call under this key.
    pub(crate) async fn call(&self, nexa: &Nexa, key: &IdempotencyKey) -> Result<Made> {
        let context = RequestContext::default().idempotency_key(key.clone());
        let system = nexa.system("chaos").with(context);
        Box::pin(self.call_as(&system)).await
    }

    async fn call_as(&self, system: &Handle) -> Result<Made> {
        Ok(match self {
            Op::Claim { pool } => {
                let claimed = system.ipam().claim(pool.parse()?).await?;
                made(claimed.id, format!("{} {}", claimed.generation, claimed.value))
            }
            Op::Release { allocation, generation } => {
                system.ipam().release(allocation.parse()?, *generation).await?;
                made("-", "")
            }
            Op::Enrol { name, public_key, user } => {
                let new = NewEnrolment::new(name, public_key.parse()?, name).user(user.parse()?);
                let enrolled = system.enrolment().enrol(new.with_preshared_key()).await?;
                let addresses: Vec<_> = enrolled.profile.addresses.iter().map(ToString::to_string).collect();
                let shared = enrolled.profile.peer.preshared_key.map(|key| key.to_base64().expose().clone());
                made(enrolled.device.id, format!("{} {}", addresses.join(" "), shared.unwrap_or_default()))
            }
            Op::Revoke { device } => {
                system.devices().revoke(device.parse()?).await?;
                made("-", "")
            }
            Op::CreateUser { name } => {
                let user = system.identity().create_user(NewUser::without_password(name)).await?;
                made(user.id, user.uid_number.to_string())
            }
            Op::Suspend { user } => {
                system.identity().suspend_user(user.parse()?).await?;
                made("-", "")
            }
            Op::CreatePolicy { name, user } => {
                let target: nexa_core::id::UserId = user.parse()?;
                let new = NewPolicy::allow(name).target(target).destination("10.20.0.0/16".parse::<Cidr>()?);
                made(system.policy().create(new).await?.id, "")
            }
            Op::RemovePolicy { policy } => {
                system.policy().remove(policy.parse()?).await?;
                made("-", "")
            }
            Op::Rotate => {
                let keys = system.sealing().rotate().await?;
                let numbers: Vec<_> = keys.iter().map(|key| key.id.to_string()).collect();
                made("-", numbers.join(" "))
            }
        })
    }
}

fn made(id: impl fmt::Display, more: impl Into<String>) -> Made {
    Made { id: id.to_string(), more: more.into() }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Claim { pool } => write!(f, "claim {pool}"),
            Op::Release { allocation, generation } => write!(f, "release {allocation} {generation}"),
            Op::Enrol { name, public_key, user } => write!(f, "enrol {name} {public_key} {user}"),
            Op::Revoke { device } => write!(f, "revoke {device}"),
            Op::CreateUser { name } => write!(f, "create-user {name}"),
            Op::Suspend { user } => write!(f, "suspend {user}"),
            Op::CreatePolicy { name, user } => write!(f, "create-policy {name} {user}"),
            Op::RemovePolicy { policy } => write!(f, "remove-policy {policy}"),
            Op::Rotate => write!(f, "rotate"),
        }
    }
}

impl FromStr for Op {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        let mut rest = words.iter().skip(1).cloned();
        let mut word = || rest.next().context("an operation was cut short");
        Ok(match words[0].as_str() {
            "claim" => Op::Claim { pool: word()? },
            "release" => Op::Release { allocation: word()?, generation: word()?.parse()? },
            "enrol" => Op::Enrol { name: word()?, public_key: word()?, user: word()? },
            "revoke" => Op::Revoke { device: word()? },
            "create-user" => Op::CreateUser { name: word()? },
            "suspend" => Op::Suspend { user: word()? },
            "create-policy" => Op::CreatePolicy { name: word()?, user: word()? },
            "remove-policy" => Op::RemovePolicy { policy: word()? },
            "rotate" => Op::Rotate,
            other => bail!("{other:?} is no operation"),
        })
    }
}
