//! Secrets in the database: under whose keys they are, what cannot be done to them unseen, and how the keys are changed.

#[path = "../support/mod.rs"]
mod support;

mod damaged;
mod keys;
mod killed;
mod rotated;

use std::sync::Arc;

use nexa_core::id::{DeviceId, UserId};
use nexa_core::runtime::SystemRandom;
use nexa_core::sealed::KeySet;
use nexa_core::wireguard::PresharedKey;
use nexa_core::{Handle, Nexa, Result};

use support::{World, device};

/// A key nobody else has.
fn some_keys() -> KeySet {
    KeySet::generate(&SystemRandom).unwrap()
}

/// Several of them in this order.
fn all_of(sets: &[&KeySet]) -> KeySet {
    let texts: Vec<_> = sets.iter().map(|set| set.to_text().expose().clone()).collect();
    texts.concat().parse().unwrap()
}

/// The same database again, under these keys.
async fn open_with(world: &World, keys: &KeySet) -> Result<Nexa> {
    let builder = Nexa::builder(world.url()).clock(Arc::clone(&world.clock) as _);
    builder.keys(Arc::new(keys.clone())).open().await
}

/// Devices that share a secret with their gateway.
async fn devices(world: &World, user: UserId, count: usize) -> Vec<DeviceId> {
    let mut ids = Vec::new();
    for number in 0..count {
        world.tick();
        let new = device(&format!("device {number}")).user(user).with_preshared_key();
        ids.push(world.system().enrolment().enrol(new).await.unwrap().device.id);
    }
    ids
}

async fn preshared_key(handle: &Handle, device: DeviceId) -> Result<PresharedKey> {
    Ok(handle.enrolment().profile(device).await?.peer.preshared_key.expect("the device shares a secret"))
}

async fn preshared_keys(handle: &Handle, devices: &[DeviceId]) -> Vec<PresharedKey> {
    let mut keys = Vec::new();
    for device in devices {
        keys.push(preshared_key(handle, *device).await.unwrap());
    }
    keys
}
