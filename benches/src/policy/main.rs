//! What it costs to resolve policies: sets of prefixes, one device, a fleet.
//!
//! `bench-policy <scale>` prints rows of a table in Markdown; with a scale of 1 they are of the sizes that they name, with a larger one so
//! many times smaller, which only shows that they run.

#![forbid(unsafe_code)]

use std::env;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nexa_core::id::{DeviceId, GroupId, PolicyId, UserId};
use nexa_core::net::{AddressSet, Cidr};
use nexa_core::policy::{
    Destination, Fleet, NewPolicy, Part, Places, Policy, Protocol, Rule, ServiceRange, Subject, Target,
    equivalent, lint, resolve, resolve_rules,
};
use nexa_core::runtime::Timestamp;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_000);
/// How often each is timed; the median counts.
const TIMES: usize = 9;

fn main() -> anyhow::Result<()> {
    let scale: usize = env::args().nth(1).context("usage: bench-policy <scale>")?.parse()?;
    let mut numbers = Numbers(0x5eed);
    collapse(901_899 / scale, &mut numbers)?;
    subtract(10_000 / scale, &mut numbers)?;
    one_device(&mut numbers)?;
    fleet(10_000 / scale, &mut numbers)?;
    rules(1_000 / scale, &mut numbers)?;
    cover(1_000 / scale, &mut numbers)
}

/// The same numbers in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    /// A prefix of a length in this range.
    fn cidr(&mut self, shortest: u8, longest: u8) -> anyhow::Result<Cidr> {
        let length = shortest + (self.next() % u64::from(longest - shortest + 1)) as u8;
        Ok(Cidr::containing(IpAddr::V4(Ipv4Addr::from_bits(self.next() as u32)), length)?)
    }
}

fn row(what: &str, of_ours: Duration, beside: Option<(&str, Duration)>) {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    match beside {
        Some((whose, theirs)) => {
            let ratio = theirs.as_secs_f64() / of_ours.as_secs_f64();
            println!("| {what} | {:.1} | {whose} | {:.1} | {ratio:.2} |", micros(of_ours), micros(theirs));
        }
        None => println!("| {what} | {:.2} | | | |", micros(of_ours)),
    }
}

/// How long it takes, as the median of several.
fn time<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut times: Vec<_> = (0..TIMES)
        .map(|_| {
            let begin = now();
            black_box(work());
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(TIMES / 2).copied().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn now() -> Instant {
    Instant::now()
}

/// Prefixes such as routers announce, most of them /24 and many beside each other, in the order of their addresses.
fn collapse(count: usize, numbers: &mut Numbers) -> anyhow::Result<()> {
    let mut prefixes = Vec::with_capacity(count);
    let mut at = 0x0100_0000_u32;
    while prefixes.len() < count {
        let length = if numbers.below(5) < 3 { 24 } else { 16 + numbers.below(8) as u8 };
        prefixes.push(Cidr::containing(IpAddr::V4(Ipv4Addr::from_bits(at)), length)?);
        let step = (1_u32 << (32 - length)) * (1 + u32::from(numbers.below(4) == 0));
        at = if at > 0xdf00_0000 { 0x0100_0080 } else { at + step };
    }
    let nets: Vec<ipnet::Ipv4Net> =
        prefixes.iter().map(|cidr| cidr.to_string().parse()).collect::<Result<_, _>>()?;
    let ours = prefixes.iter().copied().collect::<AddressSet>().to_cidrs();
    let theirs = ipnet::Ipv4Net::aggregate(&nets);
    anyhow::ensure!(
        ours.iter().map(Cidr::to_string).eq(theirs.iter().map(ToString::to_string)),
        "both cover alike"
    );
    row(
        &format!("{count} announced prefixes to the {} that cover them", ours.len()),
        time(|| prefixes.iter().copied().collect::<AddressSet>().to_cidrs()),
        Some(("`ipnet::Ipv4Net::aggregate`", time(|| ipnet::Ipv4Net::aggregate(&nets)))),
    );
    Ok(())
}

fn subtract(count: usize, numbers: &mut Numbers) -> anyhow::Result<()> {
    let denied: AddressSet = (0..count).map(|_| numbers.cidr(20, 32)).collect::<Result<_, _>>()?;
    let all = AddressSet::from(Cidr::ALL_V4);
    let rest = all.difference(&denied).to_cidrs().len();
    row(
        &format!("0.0.0.0/0 without {count} prefixes, as {rest}"),
        time(|| all.difference(&denied).to_cidrs()),
        None,
    );
    Ok(())
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

fn policy(number: usize, target: Target, numbers: &mut Numbers) -> anyhow::Result<Policy> {
    let new = match number % 10 {
        0 => NewPolicy::deny(format!("policy {number}")),
        _ => NewPolicy::allow(format!("policy {number}")),
    };
    let mut new = new.target(target).priority(numbers.below(5) as i64);
    for _ in 0..3 {
        new = new.destination(Destination::new(numbers.cidr(12, 28)?));
    }
    Ok(new.build(PolicyId::from_uuid(uuid(number)))?)
}

fn one_device(numbers: &mut Numbers) -> anyhow::Result<()> {
    let (user, places) = (UserId::from_uuid(uuid(1)), Places::none());
    let subject = Subject::new(DeviceId::from_uuid(uuid(1)), user);
    for count in [50, 500] {
        let policies: Vec<_> =
            (0..count).map(|number| policy(number, user.into(), numbers)).collect::<Result<_, _>>()?;
        row(
            &format!("one device, {count} policies of 3 prefixes"),
            time(|| resolve(&subject, &policies, &places, NOW)),
            None,
        );
    }
    Ok(())
}

/// Devices of people in groups, each combination of groups a signature of its own.
fn fleet(count: usize, numbers: &mut Numbers) -> anyhow::Result<()> {
    let (signatures, groups, places) = (500.min(count), 500.min(count), Places::none());
    let group = |number: usize| GroupId::from_uuid(uuid(number % groups));
    let policies: Vec<_> =
        (0..count).map(|number| policy(number, group(number).into(), numbers)).collect::<Result<_, _>>()?;
    let subjects: Vec<_> = (0..count)
        .map(|number| {
            let signature = number % signatures;
            let user = UserId::from_uuid(uuid(number));
            Subject::new(DeviceId::from_uuid(uuid(number)), user)
                .in_groups([group(signature), group(signature + 1)])
        })
        .collect();
    let resolved = Fleet::resolve(&subjects, &policies, &places, NOW);
    anyhow::ensure!(resolved.resolutions() == signatures, "each signature once");
    let what = format!("{count} devices, {count} policies, {signatures} signatures");
    row(
        &format!("{what}: all of them, from nothing"),
        time(|| Fleet::resolve(&subjects, &policies, &places, NOW)),
        None,
    );
    let asked = AddressSet::from(numbers.cidr(24, 24)?).into();
    row(&format!("{what}: who can reach a /24"), time(|| resolved.who_can_reach(&asked, Part::Any)), None);
    let changed = Fleet::resolve(&subjects, &policies[1..], &places, NOW);
    row(&format!("{what}: what one policy less changes"), time(|| resolved.diff(&changed).len()), None);
    let (_, access) = resolved.accesses().next().context("a device")?;
    let addresses: Vec<_> =
        (0..1_000).map(|_| IpAddr::V4(Ipv4Addr::from_bits(numbers.next() as u32))).collect();
    let decisions = time(|| {
        addresses.iter().filter(|address| access.allowed.contains(Protocol::TCP, 443, **address)).count()
    });
    row("one decision", decisions / 1_000, None);
    let equal = || equivalent(&policies, policies.iter().rev(), &places, NOW);
    anyhow::ensure!(equal().is_ok(), "the order does not matter");
    row(&format!("two sets of {count} policies are equivalent"), time(equal), None);
    let found = || equivalent(&policies, &policies[1..], &places, NOW);
    anyhow::ensure!(found().is_err(), "one policy less is another set");
    row(&format!("two sets of {count} policies are not"), time(found), None);
    row(&format!("{what}: lint"), time(|| lint(&policies, &subjects, &[], &places, NOW).len()), None);
    Ok(())
}

/// Rules over ports, a few over each, and some over everything.
fn rules(count: usize, numbers: &mut Numbers) -> anyhow::Result<()> {
    let services = ["any", "tcp/443", "tcp/22", "udp/53", "tcp/8000-8999", "icmp", "tcp/5432", "udp"];
    let services: Vec<ServiceRange> = services.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let mut all = Vec::with_capacity(count);
    for number in 0..count {
        let services = services.get(number % services.len()).copied().context("a service")?;
        let (cidr, priority) = (numbers.cidr(12, 28)?, numbers.below(5) as i64);
        all.push(if number % 10 == 0 {
            Rule::deny(services, cidr, priority)
        } else {
            Rule::allow(services, cidr, priority)
        });
    }
    row(&format!("{count} rules over eight services"), time(|| resolve_rules(all.iter().copied())), None);
    Ok(())
}

fn cover(count: usize, numbers: &mut Numbers) -> anyhow::Result<()> {
    let wanted: AddressSet = (0..count).map(|_| numbers.cidr(20, 32)).collect::<Result<_, _>>()?;
    let never: AddressSet = (0..8).map(|_| numbers.cidr(28, 32)).collect::<Result<_, _>>()?;
    let never = never.difference(&wanted);
    let exact = wanted.to_cidrs().len();
    let most = wanted.cover(64, &never)?.cidrs.len();
    row(&format!("{exact} prefixes covered by {most}"), time(|| wanted.cover(64, &never).is_ok()), None);
    Ok(())
}
