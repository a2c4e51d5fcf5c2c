//! What must be there, by what was answered; and what is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use nexa_core::devices::DeviceStatus;
use nexa_core::id::PoolId;
use nexa_core::identity::UserStatus;
use nexa_core::page::{Page, PageRequest};
use nexa_core::{Nexa, Result};

use crate::op::{Made, Op};

/// What is there, under the id it was given: what kind of thing, and what of it must not change.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Things(BTreeMap<String, String>);

/// What must never happen, counted.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Found {
    pub(crate) kills: u64,
    pub(crate) acked: u64,
    pub(crate) lost: u64,
    pub(crate) duplicates: u64,
    pub(crate) leaked: u64,
    /// Of no kind that was looked for: a call that failed, or a damaged file.
    pub(crate) wrong: u64,
}

impl Found {
    pub(crate) fn is_clean(&self) -> bool {
        self.acked > 0 && self.lost + self.duplicates + self.leaked + self.wrong == 0
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { kills, acked, lost, duplicates, leaked, wrong } = self;
        write!(f, "kills={kills} acked={acked} lost={lost} duplicates={duplicates} leaked={leaked}")?;
        if *wrong > 0 { write!(f, " wrong={wrong}") } else { Ok(()) }
    }
}

impl Things {
    pub(crate) fn did(&mut self, op: &Op, made: &Made) {
        match op {
            Op::Claim { .. } => drop(self.0.insert(made.id.clone(), format!("address {}", made.more))),
            Op::Enrol { .. } => {
                // The secret is not looked at here.
                let addresses: Vec<_> = made.more.split(' ').collect();
                let addresses = addresses[..addresses.len() - 1].join(" ");
                self.0.insert(made.id.clone(), format!("device {addresses}"));
            }
            Op::CreateUser { .. } => drop(self.0.insert(made.id.clone(), "user active".to_owned())),
            Op::CreatePolicy { .. } => drop(self.0.insert(made.id.clone(), "policy".to_owned())),
            Op::Suspend { user } => drop(self.0.insert(user.clone(), "user suspended".to_owned())),
            Op::Release { allocation: id, .. }
            | Op::Revoke { device: id }
            | Op::RemovePolicy { policy: id } => {
                self.0.remove(id);
            }
            Op::Rotate => {}
        }
    }

    /// The people who are neither suspended nor the first.
    pub(crate) fn active_users(&self) -> impl Iterator<Item = &String> {
        self.0.iter().filter(|(_, what)| *what == "user active").map(|(id, _)| id)
    }

    /// What a database holds.
    pub(crate) async fn read(nexa: &Nexa, pool: PoolId) -> Result<Self> {
        let system = nexa.system("chaos");
        let mut things = BTreeMap::new();
        for held in all(async |page| system.ipam().list_allocations(pool, page).await).await? {
            things.insert(held.id.to_string(), format!("address {} {}", held.generation, held.value));
        }
        let mut addresses = BTreeMap::<_, Vec<_>>::new();
        for other in system.ipam().list_pools(PageRequest::default()).await?.items {
            for held in all(async |page| system.ipam().list_allocations(other.id, page).await).await? {
                if let Some(device) = held.device_id {
                    addresses.entry(device).or_default().push(held.value);
                }
            }
        }
        for device in all(async |page| system.devices().list(page).await).await? {
            let mut own = addresses.remove(&device.id).unwrap_or_default();
            own.sort();
            let own: Vec<_> = own.iter().map(ToString::to_string).collect();
            if device.status == DeviceStatus::Active || !own.is_empty() {
                things.insert(device.id.to_string(), format!("device {}", own.join(" ")));
            }
        }
        for user in all(async |page| system.identity().list_users(page).await).await? {
            let is = if user.status == UserStatus::Active { "active" } else { "suspended" };
            if user.username != "ada" {
                things.insert(user.id.to_string(), format!("user {is}"));
            }
        }
        for policy in all(async |page| system.policy().list(page).await).await? {
            things.insert(policy.id.to_string(), "policy".to_owned());
        }
        Ok(Things(things))
    }

    /// Compares what must be there with what is, and counts the differences.
    pub(crate) fn compare(&self, there: &Things, found: &mut Found) {
        for (id, what) in &self.0 {
            if there.0.get(id) != Some(what) {
                println!("lost: {id} is {:?} and not {what}", there.0.get(id));
                found.lost += 1;
            }
        }
        for (id, what) in there.0.iter().filter(|(id, _)| !self.0.contains_key(*id)) {
            println!("leaked: {what} {id}");
            found.leaked += 1;
        }
        let mut taken = BTreeSet::new();
        let held = there.0.values().flat_map(|what| match what.split_once(' ') {
            Some(("address", held)) => held.split(' ').skip(1).collect(),
            Some(("device", held)) => held.split(' ').collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        for address in held.filter(|address| !address.is_empty()) {
            if !taken.insert(address) {
                println!("duplicate: {address} is held twice");
                found.duplicates += 1;
            }
        }
    }
}

/// Every page of a list.
async fn all<T>(list: impl AsyncFn(PageRequest) -> Result<Page<T>>) -> Result<Vec<T>> {
    let (mut items, mut request) = (Vec::new(), PageRequest::first(1_000));
    loop {
        let page = list(request.clone()).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(items),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(things: &mut Things, id: &str, address: &str) {
        let made = Made { id: id.to_owned(), more: format!("1 {address}") };
        things.did(&Op::Claim { pool: "p".to_owned() }, &made);
    }

    #[test]
    fn what_is_not_there_is_lost_and_what_nobody_asked_for_is_leaked() {
        let (mut expected, mut there, mut found) = (Things::default(), Things::default(), Found::default());
        claimed(&mut expected, "kept", "10.0.0.1");
        claimed(&mut there, "kept", "10.0.0.1");
        claimed(&mut expected, "gone", "10.0.0.2");
        claimed(&mut expected, "moved", "10.0.0.3");
        claimed(&mut there, "moved", "10.0.0.4");
        claimed(&mut there, "stranger", "10.0.0.5");
        expected.compare(&there, &mut found);
        assert_eq!((found.lost, found.leaked, found.duplicates), (2, 1, 0));
    }

    #[test]
    fn an_address_that_two_hold_is_a_duplicate() {
        let (mut things, mut found) = (Things::default(), Found::default());
        claimed(&mut things, "one", "10.0.0.1");
        let device = Made { id: "two".to_owned(), more: "10.0.0.1 fd00::1 secret".to_owned() };
        let enrol = Op::Enrol { name: String::new(), public_key: String::new(), user: String::new() };
        things.did(&enrol, &device);
        things.clone().compare(&things, &mut found);
        assert_eq!((found.lost, found.leaked, found.duplicates), (0, 0, 1));
    }

    #[test]
    fn only_a_run_that_did_something_and_lost_nothing_is_clean() {
        let found = |acked, lost| Found { acked, lost, ..Found::default() };
        assert!(found(1, 0).is_clean() && !found(0, 0).is_clean() && !found(1, 1).is_clean());
        assert_eq!(found(1, 0).to_string(), "kills=0 acked=1 lost=0 duplicates=0 leaked=0");
    }
}
