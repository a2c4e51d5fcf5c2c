//! One decision among many policies: may this device reach this address?

use std::net::{IpAddr, Ipv4Addr};

use anyhow::ensure;
use casbin::{CoreApi as _, DefaultModel, Enforcer, MemoryAdapter, MgmtApi as _};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression,
};
use nexa_core::id::{DeviceId, PolicyId, UserId};
use nexa_core::net::Cidr;
use nexa_core::policy::{NewPolicy, Places, Policy, Protocol, Subject, resolve};
use nexa_core::runtime::Timestamp;

use crate::{Numbers, Row, time};

const TIMES: usize = 9;
const ASKED: usize = 100;
const NOW: Timestamp = Timestamp::from_micros(1_000);

/// What is allowed, and what is denied out of it. Deny wins everywhere, which is the one rule that all of them have.
const CASBIN: &str = "
[request_definition]
r = sub, ip
[policy_definition]
p = sub, net, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.sub == p.sub && ipMatch(r.ip, p.net)
";

struct Rules(Vec<(bool, String)>);

pub(crate) async fn measure() -> anyhow::Result<()> {
    for count in [100, 1_000, 10_000] {
        let mut numbers = Numbers(count as u64);
        let nets: Vec<_> = (0..count).map(|_| numbers.prefix(14, 24)).collect();
        let text = |(number, (first, length)): (usize, &(u32, u8))| {
            (number % 10 != 0, format!("{}/{length}", Ipv4Addr::from_bits(*first)))
        };
        let rules = Rules(nets.iter().enumerate().map(text).collect());
        // Half of them anywhere, half of them where a policy has something to say.
        let asked = (0..ASKED).map(|number| {
            let (anywhere, (first, length)) = (numbers.next() as u32, nets[numbers.next() as usize % count]);
            let inside = first | anywhere & !(u32::MAX << (32 - length));
            Ipv4Addr::from_bits(if number % 2 == 0 { anywhere } else { inside })
        });
        let asked: Vec<_> = asked.collect();
        one_of(&rules, &asked).await?;
    }
    Ok(())
}

async fn one_of(rules: &Rules, asked: &[Ipv4Addr]) -> anyhow::Result<()> {
    let (user, device) =
        (UserId::from_uuid(uuid::Uuid::from_u128(1)), DeviceId::from_uuid(uuid::Uuid::from_u128(2)));
    let policies = rules.ours(user)?;
    let subject = Subject::new(device, user);
    let access = resolve(&subject, &policies, &Places::none(), NOW);
    let decide = |address: Ipv4Addr| access.allowed.contains(Protocol::TCP, 443, IpAddr::V4(address));
    let expected: Vec<_> = asked.iter().map(|address| decide(*address)).collect();
    ensure!(expected.contains(&true) && expected.contains(&false), "every answer is the same");
    let each = |all: std::time::Duration| all / ASKED as u32;

    let count = rules.0.len();
    let all = time(TIMES, || asked.iter().filter(|address| decide(**address)).count());
    let row = Row::new(format!("one decision, {count} policies"), each(all));
    let resolving = time(TIMES, || resolve(&subject, &policies, &Places::none(), NOW));
    row.beside("Nexa, resolving all of them first, which is done once for a device", resolving);

    let cedar = Cedar::new(rules)?;
    for (address, expected) in asked.iter().zip(&expected) {
        ensure!(cedar.decides(*address)? == *expected, "cedar-policy decides otherwise about {address}");
    }
    let few = &asked[..if count > 1_000 { 5 } else { 20 }];
    let all = time(3, || few.iter().filter(|address| cedar.decides(**address).unwrap_or(false)).count());
    row.beside("`cedar-policy`", all / few.len() as u32);

    let casbin = rules.casbin().await?;
    let enforce = |address: &Ipv4Addr| casbin.enforce(("ada", address.to_string()));
    for (address, expected) in few.iter().zip(&expected) {
        ensure!(enforce(address)? == *expected, "casbin decides otherwise about {address}");
    }
    let all = time(3, || few.iter().filter(|address| enforce(address).unwrap_or(false)).count());
    row.beside("`casbin`", all / few.len() as u32);
    Ok(())
}

impl Rules {
    fn ours(&self, user: UserId) -> anyhow::Result<Vec<Policy>> {
        let made = self.0.iter().enumerate().map(|(number, (allows, net))| {
            let name = format!("policy {number}");
            let new = if *allows { NewPolicy::allow(name) } else { NewPolicy::deny(name) };
            let id = PolicyId::from_uuid(uuid::Uuid::from_u128(number as u128 + 1));
            Ok(new.target(user).destination(net.parse::<Cidr>()?).build(id)?)
        });
        made.collect()
    }

    async fn casbin(&self) -> anyhow::Result<Enforcer> {
        let model = DefaultModel::from_str(CASBIN).await?;
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
        let lines = self.0.iter().map(|(allows, net)| {
            vec!["ada".to_owned(), net.clone(), if *allows { "allow" } else { "deny" }.to_owned()]
        });
        // Two alike are refused, and say the same anyway.
        for line in lines {
            enforcer.add_policy(line).await?;
        }
        Ok(enforcer)
    }
}

struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    user: EntityUid,
    action: EntityUid,
    network: EntityUid,
}

impl Cedar {
    fn new(rules: &Rules) -> anyhow::Result<Self> {
        let text: String = rules
            .0
            .iter()
            .map(|(allows, net)| {
                let effect = if *allows { "permit" } else { "forbid" };
                format!("{effect}(principal == User::\"ada\", action, resource) when {{ context.to.isInRange(ip(\"{net}\")) }};\n")
            })
            .collect();
        Ok(Cedar {
            policies: text.parse()?,
            entities: Entities::empty(),
            authorizer: Authorizer::new(),
            user: "User::\"ada\"".parse()?,
            action: "Action::\"reach\"".parse()?,
            network: "Network::\"office\"".parse()?,
        })
    }

    fn decides(&self, address: Ipv4Addr) -> anyhow::Result<bool> {
        let to = RestrictedExpression::new_ip(address.to_string());
        let context = Context::from_pairs([("to".to_owned(), to)])?;
        let request =
            Request::new(self.user.clone(), self.action.clone(), self.network.clone(), context, None)?;
        let response = self.authorizer.is_authorized(&request, &self.policies, &self.entities);
        Ok(response.decision() == Decision::Allow)
    }
}
