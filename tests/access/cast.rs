//! The callers of the table, and the things they own.

use std::sync::atomic::{AtomicU64, Ordering};

use nexa_core::id::{DeviceId, GatewayId, UserId};
use nexa_core::{Handle, Secret};

use crate::support::{Database, World};

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Caller {
    Anonymous,
    Member,
    Auditor,
    Administrator,
    Sysadmin,
    Device,
    System,
}

impl Caller {
    pub(crate) const ALL: [Caller; 7] = [
        Caller::Anonymous,
        Caller::Member,
        Caller::Auditor,
        Caller::Administrator,
        Caller::Sysadmin,
        Caller::Device,
        Caller::System,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Caller::Anonymous => "anonymous",
            Caller::Member => "member",
            Caller::Auditor => "auditor",
            Caller::Administrator => "administrator",
            Caller::Sysadmin => "sysadmin",
            Caller::Device => "device",
            Caller::System => "system",
        }
    }

    const fn is_person(self) -> bool {
        matches!(self, Caller::Member | Caller::Auditor | Caller::Administrator | Caller::Sysadmin)
    }
}

/// Somebody who calls: with what, and what is theirs.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) handle: Handle,
    /// Whose things are their own.
    pub(crate) user: Option<UserId>,
    /// The one device that a device token speaks for.
    pub(crate) device: Option<DeviceId>,
}

/// A world with a person for each role, one device with a token, and olga, whose things are another's.
pub(crate) struct Cast {
    pub(crate) world: World,
    pub(crate) database: Database,
    pub(crate) gateway: GatewayId,
    pub(crate) olga: UserId,
    pub(crate) setup_token: Secret<String>,
    parts: Vec<(Caller, Part)>,
    labels: AtomicU64,
}

impl Cast {
    pub(crate) async fn assemble() -> Self {
        let world = World::new().await;
        let setup_token = world.nexa.take_setup_token().unwrap();
        let gateway = world.gateway().await.id;
        let olga = world.member("olga").await;
        let mut parts = Vec::new();
        for (caller, role) in [
            (Caller::Member, "member"),
            (Caller::Auditor, "auditor"),
            (Caller::Administrator, "administrator"),
            (Caller::Sysadmin, "member"),
        ] {
            let person = world.person_as(caller.name(), role).await;
            parts.push((caller, Part { handle: person.handle, user: Some(person.id), device: None }));
        }
        let of = |wanted| parts.iter().find(|(caller, _)| *caller == wanted).unwrap().1.clone();
        let (sysadmin, member) = (of(Caller::Sysadmin).user.unwrap(), of(Caller::Member).user.unwrap());
        let sysadmins = world.sysadmins().await;
        world.system().identity().add_member(sysadmins, sysadmin).await.unwrap();
        parts.push((Caller::Device, device_part(&world, member).await));
        let nobody = |handle| Part { handle, user: None, device: None };
        parts.push((Caller::Anonymous, nobody(world.nexa.anonymous())));
        parts.push((Caller::System, nobody(world.system())));
        let (database, labels) = (world.database().await, AtomicU64::new(0));
        Cast { world, database, gateway, olga, setup_token, parts, labels }
    }

    /// Somebody as they are now.
    pub(crate) fn part(&self, caller: Caller) -> Part {
        self.parts.iter().find(|(known, _)| *known == caller).unwrap().1.clone()
    }

    /// Gives everybody back what a call may have taken from them: being let in, and a session.
    pub(crate) async fn recover(&mut self) {
        for user in self.parts.iter().filter_map(|(_, part)| part.user).chain([self.olga]) {
            self.world.system().identity().activate_user(user).await.unwrap();
        }
        for (caller, part) in self.parts.iter_mut().filter(|(caller, _)| caller.is_person()) {
            let own = part.handle.identity().get_user(part.user.unwrap()).await;
            if own.is_err() {
                part.handle = self.world.sign_in(caller.name()).await.handle;
            }
        }
    }

    /// A name that nothing has.
    pub(crate) fn label(&self) -> String {
        format!("thing-{}", self.number())
    }

    pub(crate) fn number(&self) -> u64 {
        self.labels.fetch_add(1, Ordering::SeqCst)
    }
}

/// A member's device, speaking for itself.
pub(crate) async fn device_part(world: &World, user: UserId) -> Part {
    let enrolled = world.enrol(user, "a phone").await;
    let handle = world.nexa.authenticate(enrolled.token.expose()).await.unwrap();
    Part { handle, user: Some(user), device: Some(enrolled.device.id) }
}
