//! Prefixes to the fewest that cover them, and all of IPv4 without some.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ipnet::Ipv4Net;
use iprange::IpRange;
use nexa_core::net::{AddressSet, Cidr};

use crate::{Numbers, Row, time};

const TIMES: usize = 5;
const COVERED: usize = 50_000;
const DENIED: usize = 2_000;

/// The lists in the middle of the program's text are read from its input: one line each, prefixes by spaces.
const PYTHON: &str = r#"
import ipaddress, sys, time
import netaddr

covered, denied = (line.split() for line in sys.stdin)

def timed(work, times):
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[times // 2], result

def say(what, seconds, result):
    print(what, seconds, *result)

nets = [ipaddress.ip_network(text) for text in covered]
say("cover ipaddress", *timed(lambda: list(ipaddress.collapse_addresses(nets)), 3))
nets = [netaddr.IPNetwork(text) for text in covered]
say("cover netaddr", *timed(lambda: netaddr.cidr_merge(nets), 3))

outs = list(ipaddress.collapse_addresses(ipaddress.ip_network(text) for text in denied))

def without():
    # Each is in one of what is left, found by where that begins: the library has no set of its own.
    left, rest = [ipaddress.ip_network("0.0.0.0/0")], []
    for out in sorted(outs):
        while not out.subnet_of(left[-1]):
            rest.append(left.pop())
        left.extend(sorted(left.pop().address_exclude(out), reverse=True))
    return rest + left[::-1]

say("subtract ipaddress", *timed(without, 3))
everything, outs = netaddr.IPSet(["0.0.0.0/0"]), netaddr.IPSet(denied)
say("subtract netaddr", *timed(lambda: list((everything - outs).iter_cidrs()), 3))
"#;

struct Nets(Vec<(u32, u8)>);

impl Nets {
    fn ours(&self) -> anyhow::Result<Vec<Cidr>> {
        let nets = self.0.iter();
        nets.map(|(first, length)| Ok(Cidr::new(IpAddr::V4(Ipv4Addr::from_bits(*first)), *length)?)).collect()
    }

    fn theirs(&self) -> anyhow::Result<Vec<Ipv4Net>> {
        self.0.iter().map(|(first, length)| Ok(Ipv4Net::new(Ipv4Addr::from_bits(*first), *length)?)).collect()
    }

    fn line(&self) -> String {
        let nets = self.0.iter();
        nets.map(|(first, length)| format!("{}/{length}", Ipv4Addr::from_bits(*first)))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

pub(crate) fn measure(python: &str) -> anyhow::Result<()> {
    let mut numbers = Numbers(0x5eed);
    // As routers announce them: in order, most of them /24, many beside each other.
    let (mut at, mut covered) = (0x0100_0000_u32, Vec::new());
    while covered.len() < COVERED {
        let length = if numbers.next() % 5 < 3 { 24 } else { 18 + (numbers.next() % 6) as u8 };
        let first = at & (u32::MAX << (32 - length));
        covered.push((first, length));
        at = (first + (1 << (32 - length))) + if numbers.next() % 4 == 0 { 1 << (32 - length) } else { 0 };
    }
    let covered = Nets(covered);
    let denied = Nets((0..DENIED).map(|_| numbers.prefix(20, 32)).collect());
    let others = others(python, &covered, &denied)?;
    cover(&covered, &others)?;
    subtract(&denied, &others)
}

fn cover(covered: &Nets, others: &[Other]) -> anyhow::Result<()> {
    let (cidrs, nets) = (covered.ours()?, covered.theirs()?);
    let ours = cidrs.iter().copied().collect::<AddressSet>().to_cidrs();
    let what = format!("{COVERED} announced prefixes to the {} that cover them", ours.len());
    let row = Row::new(what, time(TIMES, || cidrs.iter().copied().collect::<AddressSet>().to_cidrs()));
    agrees("ipnet", &ours, Ipv4Net::aggregate(&nets))?;
    row.beside("`ipnet::Ipv4Net::aggregate`", time(TIMES, || Ipv4Net::aggregate(&nets)));
    let simplified = || nets.iter().copied().collect::<IpRange<Ipv4Net>>().iter().collect::<Vec<_>>();
    agrees("iprange", &ours, simplified())?;
    row.beside("`iprange`", time(TIMES, simplified));
    beside(&row, "cover", &ours, others)
}

fn subtract(denied: &Nets, others: &[Other]) -> anyhow::Result<()> {
    let (all, outs): (_, AddressSet) = (AddressSet::from(Cidr::ALL_V4), denied.ours()?.into_iter().collect());
    let ours = all.difference(&outs).to_cidrs();
    let what = format!("0.0.0.0/0 without {DENIED} prefixes, as {}", ours.len());
    let row = Row::new(what, time(TIMES, || all.difference(&outs).to_cidrs()));
    let everything: IpRange<Ipv4Net> = [Ipv4Net::default()].into_iter().collect();
    let theirs: IpRange<Ipv4Net> = denied.theirs()?.into_iter().collect();
    let without = || everything.exclude(&theirs).iter().collect::<Vec<_>>();
    agrees("iprange", &ours, without())?;
    row.beside("`iprange`", time(TIMES, without));
    beside(&row, "subtract", &ours, others)
}

/// That another one has made the same of it, whatever the order.
fn agrees<N: ToString>(who: &str, ours: &[Cidr], theirs: Vec<N>) -> anyhow::Result<()> {
    let mut theirs: Vec<_> = theirs.iter().map(ToString::to_string).collect();
    let mut ours: Vec<_> = ours.iter().map(ToString::to_string).collect();
    (theirs.sort(), ours.sort());
    ensure!(ours == theirs, "{who} has {} prefixes, and not the same", theirs.len());
    Ok(())
}

/// What a program in another language found, and how long it took.
struct Other {
    what: String,
    who: String,
    time: Duration,
    found: Vec<String>,
}

fn beside(row: &Row, what: &str, ours: &[Cidr], others: &[Other]) -> anyhow::Result<()> {
    for other in others.iter().filter(|other| other.what == what) {
        agrees(&other.who, ours, other.found.clone())?;
        row.beside(&format!("Python's `{}`", other.who), other.time);
    }
    Ok(())
}

fn others(python: &str, covered: &Nets, denied: &Nets) -> anyhow::Result<Vec<Other>> {
    let mut program = Command::new(python)
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {python}"))?;
    let mut input = program.stdin.take().context("no input")?;
    writeln!(input, "{}\n{}", covered.line(), denied.line())?;
    drop(input);
    let output = program.wait_with_output()?;
    ensure!(output.status.success(), "{python} failed: does it have netaddr?");
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut next = || words.next().context("a line is too short");
            let (what, who, seconds) = (next()?, next()?, next()?);
            let time = Duration::from_secs_f64(seconds.parse()?);
            Ok(Other { what, who, time, found: words.collect() })
        })
        .collect()
}
