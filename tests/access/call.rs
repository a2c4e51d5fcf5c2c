//! One call of each method, on things that are made for it.

use nexa_core::Result;
use nexa_core::gateway::NewGateway;
use nexa_core::id::{DeviceId, GroupId, PolicyId, PolicyTestId, PoolId, ReservationId, UserId};
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::ipam::{
    Allocation, Claim, ImportFormat, NewPool, PoolChange, PoolKind, Strategy, Value, ValueRange,
};
use nexa_core::page::PageRequest;
use nexa_core::policy::document::DocumentFormat;
use nexa_core::policy::{
    Destination, NewPolicy, NewPolicyTest, Part as HowMuch, PolicyChanges, Protocol, ServiceRange,
};

use crate::cast::{Cast, Part};
use crate::support::{PASSWORD, device, key};
use crate::table::{Object, Row};

/// What a call is about; made by the program before the call, so that the call itself is all that is refused.
pub(crate) struct Props {
    user: UserId,
    device: Option<DeviceId>,
    group: Option<GroupId>,
    pool: Option<PoolId>,
    /// A pool of which nothing is used.
    free_pool: Option<PoolId>,
    reservation: Option<ReservationId>,
    allocation: Option<Allocation>,
    policy: Option<PolicyId>,
    test: Option<PolicyTestId>,
    label: String,
    number: u64,
}

impl Cast {
    /// Makes what a row's call needs. `part` owns it, or olga does.
    pub(crate) async fn props(&self, row: &Row, part: &Part) -> Props {
        let owner = part.user.filter(|_| row.object == Object::Own).unwrap_or(self.olga);
        let mut props = Props {
            user: owner,
            device: None,
            group: None,
            pool: None,
            free_pool: None,
            reservation: None,
            allocation: None,
            policy: None,
            test: None,
            label: self.label(),
            number: self.number(),
        };
        match row.method {
            "devices.get" | "devices.revoke" | "enrolment.profile" | "policy.resolve" | "policy.explain"
            | "policy.why_not" => {
                props.device = Some(self.device(row, part, owner, &props.label).await);
            }
            "identity.get_group" | "identity.add_member" | "identity.remove_member" => {
                props.group = Some(self.group(row, owner, &props.label).await);
            }
            "identity.activate_user" if row.object == Object::Anothers => {
                self.world.system().identity().suspend_user(owner).await.unwrap();
            }
            "identity.redeem_setup_token" => {
                self.database.tamper("UPDATE one_time_tokens SET used_at = NULL").await;
            }
            method if method.starts_with("ipam.") && !WITHOUT_A_POOL.contains(&method) => {
                let pool = NewPool::new(&props.label, network(101, props.number));
                let pool = self.world.system().ipam().create_pool(pool).await.unwrap().id;
                props.pool = Some(pool);
                let kept = network(101, props.number).range().last();
                let kept = ValueRange::from(nexa_core::net::AddressRange::host(before(kept)));
                props.reservation =
                    Some(self.world.system().ipam().reserve(pool, kept, "kept").await.unwrap().id);
                let unused = NewPool::new(format!("unused {}", props.label), network(105, props.number));
                props.free_pool = Some(self.world.system().ipam().create_pool(unused).await.unwrap().id);
                props.allocation = Some(self.world.system().ipam().claim(pool).await.unwrap());
            }
            "policy.remove_test" => {
                let to = "10.20.0.1".parse().unwrap();
                let test = NewPolicyTest::deny(&props.label, self.olga, to);
                props.test = Some(self.world.system().policy().create_test(test).await.unwrap().id);
            }
            "policy.get" | "policy.remove" | "policy.update" => {
                let new = NewPolicy::allow(&props.label).target(self.olga);
                props.policy = Some(self.world.system().policy().create(new).await.unwrap().id);
            }
            _ => {}
        }
        props
    }

    async fn device(&self, row: &Row, part: &Part, owner: UserId, label: &str) -> DeviceId {
        match part.device.filter(|_| row.object == Object::Own) {
            Some(itself) => itself,
            None => self.world.enrol(owner, label).await.device.id,
        }
    }

    async fn group(&self, row: &Row, member: UserId, label: &str) -> GroupId {
        let identity = self.world.system().identity();
        let group = identity.create_group(NewGroup::new(label)).await.unwrap().id;
        if row.method == "identity.remove_member" {
            identity.add_member(group, member).await.unwrap();
        }
        group
    }

    /// Calls the row's method.
    pub(crate) async fn call(&self, row: &Row, part: &Part, props: Props) -> Result<()> {
        match row.method.split_once('.').unwrap() {
            ("identity", method) => self.call_identity(method, part, props).await,
            ("enrolment", method) => call_enrolment(method, row, part, props).await,
            ("policy", method) => call_policy(method, part, props).await,
            ("gateway", method) => self.call_gateway(method, part, props).await,
            ("ipam", method) => call_ipam(method, part, props).await,
            ("devices", "get") => part.handle.devices().get(props.device.unwrap()).await.map(drop),
            ("devices", "list") => part.handle.devices().list(page()).await.map(drop),
            ("devices", "revoke") => part.handle.devices().revoke(props.device.unwrap()).await,
            ("audit", "list") => part.handle.audit().list(Default::default(), page()).await.map(drop),
            ("audit", "export") => part.handle.audit().export(page()).await.map(drop),
            ("audit", "verify") => part.handle.audit().verify().await.map(drop),
            ("audit", "verify_against") => {
                let head = self.world.system().audit().signed_head().await?;
                part.handle.audit().verify_against(head).await.map(drop)
            }
            ("audit", "signed_head") => part.handle.audit().signed_head().await.map(drop),
            ("audit", "public_keys") => part.handle.audit().public_keys().await.map(drop),
            ("audit", "seal") => part.handle.audit().seal().await.map(drop),
            ("audit", "prune") => {
                part.handle.audit().prune(nexa_core::runtime::Timestamp::from_micros(0)).await.map(drop)
            }
            ("settings", "list") => part.handle.settings().list().await.map(drop),
            ("settings", "get") => part.handle.settings().get("enrolment", "routes").await.map(drop),
            ("settings", "set") => part.handle.settings().set("enrolment", "routes", "exact").await.map(drop),
            ("settings", "reset") => part.handle.settings().reset("enrolment", "routes").await.map(drop),
            ("sealed", "list_keys") => part.handle.sealing().list_keys().await.map(drop),
            ("sealed", "rotate") => part.handle.sealing().rotate().await.map(drop),
            ("sealed", "finish_rotation") => part.handle.sealing().finish_rotation().await.map(drop),
            ("events", "after") => part.handle.events().after(0, 10).await.map(drop),
            _ => no_call(row.method),
        }
    }

    async fn call_identity(&self, method: &str, part: &Part, props: Props) -> Result<()> {
        let identity = part.handle.identity();
        let new = || NewUser::without_password(&props.label);
        match method {
            "issue_setup_token" => identity.issue_setup_token().await.map(drop),
            "redeem_setup_token" => {
                identity.redeem_setup_token(self.setup_token.expose(), new()).await.map(drop)
            }
            "create_first_user" => identity.create_first_user(new()).await.map(drop),
            "sign_in" => identity.sign_in("member", PASSWORD).await.map(drop),
            "sign_out" => identity.sign_out().await,
            "create_user" => identity.create_user(new()).await.map(drop),
            "get_user" => identity.get_user(props.user).await.map(drop),
            "list_users" => identity.list_users(page()).await.map(drop),
            "suspend_user" => identity.suspend_user(props.user).await,
            "activate_user" => identity.activate_user(props.user).await,
            "create_group" => identity.create_group(NewGroup::new(props.label)).await.map(drop),
            "get_group" => identity.get_group(props.group.unwrap()).await.map(drop),
            "list_groups" => identity.list_groups(page()).await.map(drop),
            "add_member" => identity.add_member(props.group.unwrap(), props.user).await,
            "remove_member" => identity.remove_member(props.group.unwrap(), props.user).await,
            _ => no_call(method),
        }
    }

    async fn call_gateway(&self, method: &str, part: &Part, props: Props) -> Result<()> {
        let gateways = part.handle.gateways();
        match method {
            "create" => {
                let prefix = network(100, props.number);
                let endpoint = "gw.example.org:51820".parse().unwrap();
                let new = NewGateway::new(&props.label, endpoint, key(&props.label).public_key());
                gateways.create(new.vpn_cidr(prefix)).await.map(drop)
            }
            "get" => gateways.get(self.gateway).await.map(drop),
            "list" => gateways.list(page()).await.map(drop),
            "report_applied" => gateways.report_applied(self.gateway, 0).await,
            "desired_state" => gateways.desired_state(self.gateway).await.map(drop),
            _ => no_call(method),
        }
    }
}

async fn call_enrolment(method: &str, row: &Row, part: &Part, props: Props) -> Result<()> {
    let enrolment = part.handle.enrolment();
    let new = device(&props.label);
    match (method, row.object) {
        ("enrol", Object::Own) => enrolment.enrol(new).await.map(drop),
        ("enrol", _) => enrolment.enrol(new.user(props.user)).await.map(drop),
        ("profile", _) => enrolment.profile(props.device.unwrap()).await.map(drop),
        _ => no_call(method),
    }
}

async fn call_policy(method: &str, part: &Part, props: Props) -> Result<()> {
    let policy = part.handle.policy();
    let address = "10.20.0.1".parse().unwrap();
    let office = || "10.20.0.0/16".parse::<Destination>().unwrap();
    let device = || props.device.unwrap();
    match method {
        "create" => policy.create(NewPolicy::deny(props.label)).await.map(drop),
        "get" => policy.get(props.policy.unwrap()).await.map(drop),
        "list" => policy.list(page()).await.map(drop),
        "remove" => policy.remove(props.policy.unwrap()).await,
        "update" => policy.update(props.policy.unwrap(), 1, PolicyChanges::new().priority(7)).await.map(drop),
        "why_not" => policy.why_not(device(), address, Protocol::TCP, 443).await.map(drop),
        "who_can_reach" => policy.who_can_reach(office(), HowMuch::Any).await.map(drop),
        "matrix" => policy.matrix(vec![office()]).await.map(drop),
        "lint" => policy.lint().await.map(drop),
        "export_document" => policy.export_document(DocumentFormat::Yaml).await.map(drop),
        "check_document" => policy.check_document("policies: []").await.map(drop),
        "compare_document" => policy.compare_document("policies: []").await.map(drop),
        "preview_document" => policy.preview_document("policies: []").await.map(drop),
        "import_document" => policy.import_document("policies: []").await.map(drop),
        "create_test" => {
            let test = NewPolicyTest::deny(props.label, props.user, address);
            policy.create_test(test).await.map(drop)
        }
        "list_tests" => policy.list_tests(page()).await.map(drop),
        "remove_test" => policy.remove_test(props.test.unwrap()).await,
        "run_tests" => policy.run_tests().await.map(drop),
        "resolve" => policy.resolve(device()).await.map(drop),
        "explain" => policy.explain(device(), address, ServiceRange::ANY).await.map(drop),
        _ => no_call(method),
    }
}

async fn call_ipam(method: &str, part: &Part, props: Props) -> Result<()> {
    let ipam = part.handle.ipam();
    let pool = || props.pool.unwrap();
    let (whole, other) = (network(101, props.number).into(), network(103, props.number).into());
    let address = |host| {
        let first = Value::from(network(101, props.number).first());
        Value::new(PoolKind::Ipv4, first.number() + host).unwrap()
    };
    let text = format!("record,type,value,name\npool,ipv4,{},{}\n", network(104, props.number), props.label);
    match method {
        "create_pool" => {
            ipam.create_pool(NewPool::new(props.label, network(102, props.number))).await.map(drop)
        }
        "list_pools" => ipam.list_pools(page()).await.map(drop),
        "claim" => ipam.claim(pool()).await.map(drop),
        "release" => {
            let allocation = props.allocation.unwrap();
            ipam.release(allocation.id, allocation.generation).await
        }
        "list_allocations" => ipam.list_allocations(pool(), page()).await.map(drop),
        "usage" => ipam.usage(pool()).await.map(drop),
        "get_pool" => ipam.get_pool(pool()).await.map(drop),
        "change_pool" => ipam.change_pool(pool(), PoolChange::new().strategy(Strategy::Next)).await.map(drop),
        "delete_pool" => ipam.delete_pool(props.free_pool.unwrap()).await,
        "reserve" => ipam.reserve(pool(), address(30).into(), "kept").await.map(drop),
        "unreserve" => ipam.unreserve(props.reservation.unwrap()).await,
        "list_reservations" => ipam.list_reservations(pool(), page()).await.map(drop),
        "preview_resize" => ipam.preview_resize(pool(), vec![whole]).await.map(drop),
        "resize" => ipam.resize(pool(), vec![whole]).await.map(drop),
        "preview_renumber" => ipam.preview_renumber(pool(), whole, other).await.map(drop),
        "renumber" => ipam.renumber(pool(), whole, other).await.map(drop),
        "claim_with" => ipam.claim_with(pool(), Claim::new().holder("printer")).await.map(drop),
        "claim_many" => ipam.claim_many(pool(), 2).await.map(drop),
        "next_free" => ipam.next_free(pool()).await.map(drop),
        "who_holds" => ipam.who_holds("", address(1)).await.map(drop),
        "history" => ipam.history("", address(1)).await.map(drop),
        "forecast" => ipam.forecast(pool()).await.map(drop),
        "heat_map" => ipam.heat_map("", network(101, props.number)).await.map(drop),
        "check_import" => ipam.check_import("", ImportFormat::Csv, &text).await.map(drop),
        "import_pools" => ipam.import_pools("", ImportFormat::Csv, &text).await.map(drop),
        "export_pools" => ipam.export_pools("", ImportFormat::Csv).await.map(drop),
        "verify" => ipam.verify().await.map(drop),
        "rebuild" => ipam.rebuild(pool()).await.map(drop),
        _ => no_call(method),
    }
}

fn page() -> PageRequest {
    PageRequest::first(10)
}

fn no_call(method: &str) -> ! {
    panic!("permissions.txt names {method}, and call.rs does not know how to call it")
}

/// Calls about pools that name none.
const WITHOUT_A_POOL: [&str; 5] =
    ["ipam.create_pool", "ipam.list_pools", "ipam.check_import", "ipam.import_pools", "ipam.export_pools"];

/// The address that comes before another one.
fn before(address: std::net::IpAddr) -> std::net::IpAddr {
    match address {
        std::net::IpAddr::V4(address) => (address.to_bits() - 1).to_be_bytes().into(),
        std::net::IpAddr::V6(address) => (address.to_bits() - 1).to_be_bytes().into(),
    }
}

/// A prefix that no other call has: pools may not overlap.
fn network(first: u8, number: u64) -> nexa_core::net::Cidr {
    let [.., high, low] = number.to_be_bytes();
    nexa_core::net::Cidr::new([first, high, low, 0].into(), 24).unwrap()
}
