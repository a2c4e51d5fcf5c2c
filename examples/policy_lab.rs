//! A laboratory for policies: an office is read from a file, and everything that Nexa can say of its policies is said of it. Who reaches
//! what, why, why not, what looks wrong, what a proposed change would give to whom and take from whom.
//!
//! Run it with `cargo run --release --example policy_lab -- examples/data/office.yaml`, or with policies of your own: beside
//! `office.yaml` it reads `office.people` for who is there, and `office-next.yaml` for what is proposed. No database is left behind.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nexa_core::enrolment::NewEnrolment;
use nexa_core::gateway::NewGateway;
use nexa_core::id::{DeviceId, GroupId};
use nexa_core::identity::{NewGroup, NewUser};
use nexa_core::net::{AddressSet, Cidr};
use nexa_core::policy::document::{Document, read};
use nexa_core::policy::{Destination, Place, Places, Policies, Protocol, ServiceRange, Traffic};
use nexa_core::runtime::{ManualClock, SystemRandom, Timestamp};
use nexa_core::wireguard::PrivateKey;
use nexa_core::{Handle, Nexa};

#[path = "support/steps.rs"]
mod steps;
use steps::Steps;

/// When the experiment takes place: noon of 2026-11-02 in UTC, so that windows in the files mean the same whenever it is run.
const NOON: Timestamp = Timestamp::from_micros(1_793_620_800_000_000);

/// The three files.
struct Office {
    policies: String,
    people: String,
    next: Option<String>,
}

impl Office {
    fn named_on_the_command_line() -> Result<Self> {
        let Some(path) = std::env::args().nth(1) else { return Ok(Office::small()) };
        let path = Path::new(&path);
        let text =
            |path: &Path| fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
        let stem = path.file_stem().context("the file has no name")?.to_string_lossy();
        let next = path.with_file_name(format!("{stem}-next.yaml"));
        Ok(Office {
            policies: text(path)?,
            people: text(&path.with_extension("people"))?,
            next: if next.exists() { Some(text(&next)?) } else { None },
        })
    }

    /// The one that comes with the source.
    fn small() -> Self {
        Office {
            policies: include_str!("data/office.yaml").to_owned(),
            people: include_str!("data/office.people").to_owned(),
            next: Some(include_str!("data/office-next.yaml").to_owned()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut steps = Steps::new("policy_lab");
    let office = Office::named_on_the_command_line()?;
    let document = match read(&office.policies) {
        Ok(document) => document,
        Err(faults) => bail!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    let (places, people) = parse(&office.people)?;
    let clock = Arc::new(ManualClock::new(NOON));
    let nexa = Nexa::builder("sqlite::memory:")
        .clock(Arc::clone(&clock) as _)
        .locator(Arc::new(places))
        .open()
        .await?;
    let system = nexa.system("policy_lab");
    let names = move_in(&system, &clock, &people).await?;
    steps.done(&format!("an office of {} people", people.len()));

    let policies = system.policy();
    let report = policies.import_document(&office.policies).await?;
    let failed: Vec<_> = policies.run_tests().await?.into_iter().filter(|result| !result.passed).collect();
    ensure!(failed.is_empty(), "tests do not hold: {failed:?}");
    steps.done(&format!("{} policies and {} tests, which hold", report.created, report.tests));

    let asked = destinations(&document);
    resolve(&mut steps, &policies, &asked, &names).await?;
    explain(&mut steps, &policies, &asked, &names).await?;
    lint(&mut steps, &policies, &names).await?;
    diff(&mut steps, &policies, office.next.as_deref()).await?;
    nexa.close().await;
    steps.finish()
}

/// A person as a line of the file has it.
struct Person {
    name: String,
    groups: Vec<String>,
    device: String,
}

fn parse(text: &str) -> Result<(Places, Vec<Person>)> {
    let (mut places, mut people) = (Places::none(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<_> = line.split('#').next().unwrap_or("").split_whitespace().collect();
        match words[..] {
            [] => {}
            ["person", name, groups, device] => people.push(Person {
                name: name.to_owned(),
                groups: groups.split(',').map(str::to_owned).collect(),
                device: device.to_owned(),
            }),
            ["place", what, ref at @ ..] => {
                let place: Place = what.parse().with_context(|| format!("line {number}"))?;
                let Place::Reference(reference) = place else {
                    bail!("line {number}: {what} is an address already")
                };
                places = places.with(reference, &addresses(at).with_context(|| format!("line {number}"))?);
            }
            _ => bail!("line {number}: is neither `person NAME GROUPS DEVICE` nor `place NAME PREFIX…`"),
        }
    }
    Ok((places, people))
}

fn addresses(prefixes: &[&str]) -> Result<AddressSet> {
    let prefixes = prefixes.iter().map(|prefix| Ok(prefix.parse::<Cidr>()?));
    Ok(prefixes.collect::<Result<Vec<_>>>()?.into_iter().collect())
}

/// The devices by who has them, and what ids are called, for texts that have them.
struct Names {
    devices: Vec<(String, DeviceId)>,
    called: BTreeMap<String, String>,
}

impl Names {
    /// How wide the longest name is.
    fn width(&self) -> usize {
        self.devices.iter().map(|(label, _)| label.len()).max().unwrap_or(0)
    }

    fn of(&self, text: &impl ToString) -> String {
        let named = |text: String, (id, name): (&String, &String)| text.replace(id, name);
        self.called.iter().fold(text.to_string(), named)
    }
}

/// Everybody with their groups and an enrolled device, behind one gateway.
async fn move_in(system: &Handle, clock: &ManualClock, people: &[Person]) -> Result<Names> {
    let random = SystemRandom;
    let key = PrivateKey::generate(&random)?.public_key();
    let gateway = NewGateway::new("office", "vpn.example.org:51820".parse()?, key);
    let gateway = gateway.vpn_cidr("10.99.0.0/24".parse()?).vpn_cidr("fd99::/64".parse()?);
    system.gateways().create(gateway).await?;
    let mut groups = BTreeMap::<&str, GroupId>::new();
    let mut names = Names { devices: Vec::new(), called: BTreeMap::new() };
    for person in people {
        clock.advance(Duration::from_secs(1));
        let new = NewUser::without_password(&person.name);
        let user = match names.devices.is_empty() {
            true => system.identity().create_first_user(new).await?.id,
            false => system.identity().create_user(new).await?.id,
        };
        for group in &person.groups {
            let id = match groups.get(group.as_str()) {
                Some(id) => *id,
                None => system.identity().create_group(NewGroup::new(group)).await?.id,
            };
            groups.insert(group, id);
            names.called.insert(id.to_string(), group.clone());
            system.identity().add_member(id, user).await?;
        }
        let (key, label) =
            (PrivateKey::generate(&random)?.public_key(), format!("{}/{}", person.name, person.device));
        let new = NewEnrolment::new(&person.device, key, format!("sha256:{label}")).user(user);
        let device = system.enrolment().enrol(new).await?.device.id;
        names.called.insert(user.to_string(), person.name.clone());
        names.called.insert(device.to_string(), label.clone());
        names.devices.push((label, device));
    }
    Ok(names)
}

/// Everything that the policies name, once.
fn destinations(document: &Document) -> Vec<Destination> {
    let mut asked: Vec<Destination> = Vec::new();
    for destination in document.policies.iter().flat_map(|policy| &policy.destinations) {
        let plain = Destination::new(destination.to.clone()).by(destination.services);
        if !asked.contains(&plain) {
            asked.push(plain);
        }
    }
    asked
}

/// What everybody reaches of what the policies name, and what the first of them routes.
async fn resolve(steps: &mut Steps, policies: &Policies, asked: &[Destination], names: &Names) -> Result<()> {
    let matrix = policies.matrix(asked.to_vec()).await?;
    ensure!(matrix.rows.len() == names.devices.len(), "somebody is missing in the matrix");
    steps.done("who reaches what");
    let widest = names.width();
    for (column, title) in matrix.columns.iter().enumerate() {
        let reaching: Vec<_> = matrix
            .rows
            .iter()
            .map(|row| {
                format!("{:widest$} {:4}", row.label, row.cells.get(column).map_or("", |cell| cell.as_str()))
            })
            .collect();
        steps.show(&format!("{title}\n    {}", reaching.join("  ")));
    }
    for (label, device) in &names.devices {
        let access = policies.resolve(*device).await?;
        let prefixes: Vec<_> = access.addresses().to_cidrs().iter().map(ToString::to_string).collect();
        ensure!(!access.allowed.is_empty(), "{label} reaches nothing at all");
        steps.show(&format!("{label:widest$} {}", prefixes.join(" ")));
    }
    Ok(())
}

/// Why each device may or may not reach the last thing that policies name first, and what would help where it may not.
async fn explain(steps: &mut Steps, policies: &Policies, asked: &[Destination], names: &Names) -> Result<()> {
    let narrow = asked.iter().filter_map(|destination| match &destination.to {
        Place::Cidr(cidr) => Some((cidr.first(), destination.services)),
        _ => None,
    });
    let (address, services): (IpAddr, ServiceRange) =
        match narrow.clone().find(|(_, services)| *services != ServiceRange::ANY) {
            Some(found) => found,
            None => narrow.clone().next_back().context("no policy names an address")?,
        };
    steps.done(&format!("why, of {address}"));
    for (label, device) in &names.devices {
        let explanation = policies.explain(*device, address, services).await?;
        let access = policies.resolve(*device).await?;
        let reaches = access.allowed.addresses_by(Protocol::TCP, 443).contains(address);
        if services.contains(Protocol::TCP, 443) {
            ensure!(
                explanation.is_allowed_somehow() || !reaches,
                "{label}: an explanation that contradicts the result"
            );
        }
        steps.show(&format!("{label}\n{}", indented(&names.of(&explanation))));
        if !explanation.is_allowed_somehow() {
            let why_not = policies.why_not(*device, address, Protocol::TCP, 443).await?;
            steps.show(&indented(&names.of(&why_not)));
        }
    }
    Ok(())
}

async fn lint(steps: &mut Steps, policies: &Policies, names: &Names) -> Result<()> {
    let findings = policies.lint().await?;
    steps.done(&format!("{} things are worth a look", findings.len()));
    findings.iter().for_each(|finding| steps.show(&names.of(finding)));
    Ok(())
}

/// What a proposal would change, without doing it, and then that doing it changes just that.
async fn diff(steps: &mut Steps, policies: &Policies, next: Option<&str>) -> Result<()> {
    let Some(next) = next else { return Ok(()) };
    let changes = policies.preview_document(next).await?;
    steps.done(&format!("a proposal changes what {} devices reach", changes.len()));
    for change in &changes {
        for (sign, traffic) in [('+', &change.gained), ('-', &change.lost)] {
            for (services, addresses) in by_services(traffic) {
                let prefixes: Vec<_> = addresses.to_cidrs().iter().map(ToString::to_string).collect();
                steps.show(&format!("{sign} {:18} {services}: {}", change.who.label, prefixes.join(" ")));
            }
        }
    }
    policies.import_document(next).await?;
    ensure!(policies.preview_document(next).await?.is_empty(), "what is imported changes nothing more");
    steps.done("and is in force, with its tests");
    Ok(())
}

/// What can be reached by every service, and then what by some only.
fn by_services(traffic: &Traffic) -> Vec<(String, AddressSet)> {
    let mut every = traffic.services().map(|(_, addresses)| addresses.clone()).collect::<Vec<_>>();
    let every = every.pop().map(|last| every.iter().fold(last, |both, one| both.intersection(one)));
    let is_every = |set: &AddressSet| Traffic::new(ServiceRange::ANY, set.clone()).is_subset(traffic);
    let every = every.filter(is_every).unwrap_or_default();
    let mut parts: Vec<(String, AddressSet)> = vec![("any service".to_owned(), every.clone())];
    for (services, addresses) in traffic.services() {
        let rest = addresses.difference(&every);
        match parts.iter_mut().skip(1).find(|(_, other)| *other == rest) {
            Some((named, _)) => *named = format!("{named} {services}"),
            None => parts.push((services.to_string(), rest)),
        }
    }
    parts.retain(|(_, addresses)| !addresses.is_empty());
    parts
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
