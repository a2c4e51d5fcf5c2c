use std::borrow::Cow;
use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::str::FromStr;

use zeroize::Zeroizing;

use super::error::{ConfError, Fault, Reason};
use super::value::{is_dotted, is_space};
use super::{Conf, ConfInterface, ConfPeer, HookCommand, RoutingTable, SearchDomain};
use crate::error::Result;
use crate::net::{Cidr, Family, InterfaceAddress, is_mapped};
use crate::wireguard::{Endpoint, PresharedKey, PublicKey};

/// Room for some 10,000 peers.
pub(super) const MAX_BYTES: usize = 4 << 20;
/// Room for some 50,000 prefixes of one peer.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;

/// The key by which `wg` means none.
const ZERO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

impl Conf {
    /// Reads a file of `wg` or `wg-quick`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what the tools refuse, a value
    /// that they misread, a file over 4 MiB and a line over 1 MiB. The error's field is `line 7: AllowedIPs`, and its
    /// message repeats no value.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(ConfError { line: 0, reason: Reason::FileTooLong }.into());
        }
        let mut parser = Parser::default();
        for (number, line) in (1..).zip(text.split('\n')) {
            parser.line(number, line)?;
        }
        Ok(parser.finish()?)
    }
}

impl FromStr for Conf {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self> {
        Conf::parse(text)
    }
}

/// What was read so far; `section` is the one that is open.
#[derive(Default)]
struct Parser {
    conf: Conf,
    section: Section,
}

#[derive(Default)]
enum Section {
    #[default]
    None,
    Interface,
    /// With spaces inside its brackets: an interface to `wg` and nothing to `wg-quick`.
    SpacedInterface,
    Peer(Box<OpenPeer>),
}

/// A peer whose section may yet name its key.
#[derive(Default)]
struct OpenPeer {
    line: usize,
    public_key: Option<PublicKey>,
    preshared_key: Option<PresharedKey>,
    allowed_ips: Vec<Cidr>,
    endpoint: Option<Endpoint>,
    persistent_keepalive: Option<NonZeroU16>,
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) -> Result<(), ConfError> {
        let at = |reason| ConfError { line: number, reason };
        check(number, line).map_err(at)?;
        let stripped = line.split_once('#').map_or(line, |(before, _)| before).trim_matches(is_space);
        if matches!(self.section, Section::Interface)
            && let Some((key, value)) = quick_line(stripped)
        {
            return value
                .ok_or(Reason::NoLine)
                .and_then(|value| key.set(&mut self.conf.interface, value))
                .map_err(at);
        }
        // `wg` drops whitespace everywhere, inside a word as well.
        let mut packed = Zeroizing::new(String::with_capacity(stripped.len()));
        packed.extend(stripped.chars().filter(|character| !is_space(*character)));
        if packed.starts_with('[') {
            self.close_section()?;
            self.section = Section::open(number, &packed, stripped).map_err(at)?;
            return Ok(());
        }
        if packed.is_empty() { Ok(()) } else { self.wg_line(&packed).map_err(at) }
    }

    fn wg_line(&mut self, line: &str) -> Result<(), Reason> {
        let (name, value) = line.split_once('=').ok_or(Reason::NoLine)?;
        match &mut self.section {
            Section::None => Err(Reason::NoSection { key: shown(name, value) }),
            Section::Interface | Section::SpacedInterface => {
                match (find(&INTERFACE_KEYS, name), find(&QUICK_KEYS, name)) {
                    (Some(key), _) => key.set_some(&mut self.conf.interface, value),
                    (None, Some(key)) => Err(Reason::Spaced { key: key.name }),
                    (None, None) => Err(Reason::UnknownKey { section: "Interface", key: shown(name, value) }),
                }
            }
            Section::Peer(peer) => match find(&PEER_KEYS, name) {
                Some(key) => key.set_some(peer, value),
                None => Err(Reason::UnknownKey { section: "Peer", key: shown(name, value) }),
            },
        }
    }

    fn close_section(&mut self) -> Result<(), ConfError> {
        if let Section::Peer(peer) = std::mem::take(&mut self.section) {
            self.conf.peers.push(peer.close()?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Conf, ConfError> {
        self.close_section()?;
        Ok(self.conf)
    }
}

impl Section {
    /// The section that a header opens; `packed` is the header without whitespace.
    fn open(line: usize, packed: &str, header: &str) -> Result<Self, Reason> {
        if header.eq_ignore_ascii_case("[Interface]") {
            Ok(Section::Interface)
        } else if packed.eq_ignore_ascii_case("[Interface]") {
            Ok(Section::SpacedInterface)
        } else if packed.eq_ignore_ascii_case("[Peer]") {
            Ok(Section::Peer(Box::new(OpenPeer { line, ..OpenPeer::default() })))
        } else {
            Err(Reason::UnknownSection)
        }
    }
}

impl OpenPeer {
    fn close(self) -> Result<ConfPeer, ConfError> {
        let OpenPeer { line, public_key, preshared_key, allowed_ips, endpoint, persistent_keepalive } = self;
        let public_key = public_key.ok_or(ConfError { line, reason: Reason::NoPublicKey })?;
        Ok(ConfPeer { public_key, preshared_key, allowed_ips, endpoint, persistent_keepalive })
    }
}

fn check(number: usize, line: &str) -> Result<(), Reason> {
    if line.len() > MAX_LINE_BYTES {
        Err(Reason::LineTooLong)
    } else if number == 1 && line.starts_with('\u{feff}') {
        Err(Reason::ByteOrderMark)
    } else if line.contains('\0') {
        Err(Reason::Nul)
    } else {
        Ok(())
    }
}

/// A key that `wg-quick` takes out of `[Interface]`, and what stands after its `=`.
fn quick_line(line: &str) -> Option<(&'static Key<ConfInterface>, Option<&str>)> {
    let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value)));
    let key = find(&QUICK_KEYS, name.trim_matches(is_space))?;
    Some((key, value.map(|value| value.trim_matches(is_space))))
}

/// The unknown key as an error may show it. A key of WireGuard on a line of its own ends in `=` too, so a name is one
/// only if it looks like one and has a value.
fn shown(name: &str, value: &str) -> Option<Cow<'static, str>> {
    let longest = "PersistentKeepalive".len();
    let looks_so = name.len() <= longest && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    (looks_so && !name.is_empty() && !value.is_empty()).then(|| name.to_owned().into())
}

/// A key of a section of `T`, and what its value does.
struct Key<T> {
    name: &'static str,
    set: fn(&mut T, &str) -> Result<(), Fault>,
}

/// The keys that `wg-quick` reads itself. An empty value is none.
static QUICK_KEYS: [Key<ConfInterface>; 9] = [
    Key { name: "Address", set: |interface, value| addresses(&mut interface.addresses, value) },
    Key { name: "DNS", set: dns },
    Key { name: "MTU", set: |interface, value| mtu(value).map(|mtu| interface.mtu = mtu) },
    Key { name: "Table", set: |interface, value| table(value).map(|table| interface.table = table) },
    Key { name: "PreUp", set: |interface, value| hook(&mut interface.pre_up, value) },
    Key { name: "PostUp", set: |interface, value| hook(&mut interface.post_up, value) },
    Key { name: "PreDown", set: |interface, value| hook(&mut interface.pre_down, value) },
    Key { name: "PostDown", set: |interface, value| hook(&mut interface.post_down, value) },
    Key {
        name: "SaveConfig",
        set: |interface, value| boolean(value).map(|save| interface.save_config = save),
    },
];

/// The keys of `[Interface]` that `wg` reads.
static INTERFACE_KEYS: [Key<ConfInterface>; 3] = [
    Key { name: "PrivateKey", set: |interface, value| key(value).map(|key| interface.private_key = key) },
    Key { name: "ListenPort", set: |interface, value| port(value).map(|port| interface.listen_port = port) },
    Key { name: "FwMark", set: |interface, value| fwmark(value).map(|mark| interface.fwmark = mark) },
];

static PEER_KEYS: [Key<OpenPeer>; 5] = [
    Key { name: "PublicKey", set: |peer, value| public_key(value).map(|key| peer.public_key = Some(key)) },
    Key { name: "PresharedKey", set: |peer, value| key(value).map(|key| peer.preshared_key = key) },
    Key { name: "AllowedIPs", set: |peer, value| allowed_ips(&mut peer.allowed_ips, value) },
    Key {
        name: "Endpoint",
        set: |peer, value| endpoint(value).map(|endpoint| peer.endpoint = Some(endpoint)),
    },
    Key {
        name: "PersistentKeepalive",
        set: |peer, value| keepalive(value).map(|seconds| peer.persistent_keepalive = seconds),
    },
];

fn find<T>(keys: &'static [Key<T>], name: &str) -> Option<&'static Key<T>> {
    keys.iter().find(|key| key.name.eq_ignore_ascii_case(name))
}

impl<T> Key<T> {
    fn set(&self, target: &mut T, value: &str) -> Result<(), Reason> {
        (self.set)(target, value).map_err(|fault| Reason::Value { key: self.name, fault })
    }

    /// As `wg` does, which takes no empty value.
    fn set_some(&self, target: &mut T, value: &str) -> Result<(), Reason> {
        if value.is_empty() {
            return Err(Reason::Value { key: self.name, fault: Fault::Empty });
        }
        self.set(target, value)
    }
}

/// The words of a value of `wg-quick`, which stand between commas or blanks.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ' ', '\t']).filter(|word| !word.is_empty())
}

fn addresses(list: &mut Vec<InterfaceAddress>, value: &str) -> Result<(), Fault> {
    for word in words(value) {
        let (address, prefix_len) = address_and_len(word)?;
        list.push(InterfaceAddress::new(address, prefix_len).map_err(|_| Fault::PrefixLen)?);
    }
    Ok(())
}

fn dns(interface: &mut ConfInterface, value: &str) -> Result<(), Fault> {
    for word in words(value) {
        if is_dotted(word) || word.contains(':') {
            interface.dns.push(word.parse().map_err(|_| Fault::NameServer)?);
        } else {
            interface.dns_search.push(SearchDomain::new(word).map_err(|_| Fault::SearchDomain)?);
        }
    }
    Ok(())
}

fn mtu(value: &str) -> Result<Option<u16>, Fault> {
    // `ip` would read 01420 in octal.
    match number(value).filter(|_| value == "0" || !value.starts_with('0')).map(u16::try_from) {
        Some(Ok(mtu)) => Ok(Some(mtu)),
        None if value.is_empty() => Ok(None),
        _ => Err(Fault::Number { max: u16::MAX }),
    }
}

fn table(value: &str) -> Result<RoutingTable, Fault> {
    if value.is_empty() { Ok(RoutingTable::Auto) } else { value.parse().map_err(|_| Fault::Table) }
}

fn hook(hooks: &mut Vec<HookCommand>, value: &str) -> Result<(), Fault> {
    if !value.is_empty() {
        hooks.push(HookCommand::new(value).map_err(Fault::Hook)?);
    }
    Ok(())
}

fn boolean(value: &str) -> Result<bool, Fault> {
    match value {
        _ if value.eq_ignore_ascii_case("true") => Ok(true),
        _ if value.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Fault::Bool),
    }
}

fn key<T: FromStr<Err = crate::Error>>(value: &str) -> Result<Option<T>, Fault> {
    if value == ZERO_KEY { Ok(None) } else { value.parse().map(Some).map_err(Fault::Key) }
}

fn public_key(value: &str) -> Result<PublicKey, Fault> {
    value.parse().map_err(Fault::Key)
}

fn endpoint(value: &str) -> Result<Endpoint, Fault> {
    value.parse().map_err(Fault::Endpoint)
}

fn port(value: &str) -> Result<Option<NonZeroU16>, Fault> {
    let port = number(value).and_then(|number| number.try_into().ok());
    port.map(NonZeroU16::new).ok_or(Fault::Number { max: u16::MAX })
}

fn fwmark(value: &str) -> Result<Option<NonZeroU32>, Fault> {
    if value.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let mark = match value.strip_prefix("0x") {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => number(value),
    };
    mark.map(NonZeroU32::new).ok_or(Fault::Mark)
}

fn keepalive(value: &str) -> Result<Option<NonZeroU16>, Fault> {
    if value.eq_ignore_ascii_case("off") { Ok(None) } else { port(value).map_err(|_| Fault::Keepalive) }
}

/// A number in digits alone; `parse` would take a sign.
fn number(value: &str) -> Option<u32> {
    if value.bytes().all(|byte| byte.is_ascii_digit()) { value.parse().ok() } else { None }
}

fn allowed_ips(list: &mut Vec<Cidr>, value: &str) -> Result<(), Fault> {
    for entry in value.split(',') {
        if entry.starts_with(['+', '-']) {
            return Err(Fault::Incremental);
        }
        let (address, prefix_len) = address_and_len(entry)?;
        list.push(Cidr::containing(address, prefix_len).map_err(|_| Fault::PrefixLen)?);
    }
    Ok(())
}

/// An address with the length after its slash, or that of a host without one.
fn address_and_len(entry: &str) -> Result<(IpAddr, u8), Fault> {
    let (address, len) = entry.split_once('/').map_or((entry, None), |(address, len)| (address, Some(len)));
    let address: IpAddr = address.parse().map_err(|_| Fault::Address)?;
    if is_mapped(address) {
        return Err(Fault::Mapped);
    }
    let bits = Family::of(address).bits();
    let prefix_len = match len {
        None => bits,
        Some(len) => number(len).and_then(|len| len.try_into().ok()).ok_or(Fault::PrefixLen)?,
    };
    if prefix_len > bits { Err(Fault::PrefixLen) } else { Ok((address, prefix_len)) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::super::render::tests::{conf, facts};
    use super::super::verdicts::{Outcome, ROWS};
    use super::*;
    use crate::error::ErrorKind;
    use crate::wireguard::PrivateKey;
    use crate::wireguard::profile::tests::{private_key, profile};

    const KEY: &str = "V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=";

    #[test]
    fn a_file_is_read_as_the_tools_read_it_or_refused_for_a_stated_reason() {
        for row in ROWS {
            let (name, read) = (row.name, Conf::parse(&row.text()));
            let refused = match row.outcome {
                Outcome::Read(_) => {
                    let conf = read.unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(outcome(&conf), canonical(&row.read_by_tools().unwrap()), "{name}");
                    settles(&row.text()).unwrap();
                    continue;
                }
                Outcome::Refused => read.expect_err(name),
                Outcome::Stricter(_, reason) => read.expect_err(&format!("{name}: {reason}")),
            };
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{name}");
            assert!(refused.field().unwrap().starts_with("line "), "{name}: {refused}");
        }
    }

    /// The lines of a row that a file of ours stands for.
    fn outcome(conf: &Conf) -> String {
        let mut text = String::new();
        let interface = &conf.interface;
        let mut line = |name: &str, value: &dyn std::fmt::Display| writeln!(text, "{name}{value}").unwrap();
        interface.addresses.iter().for_each(|address| line("Address ", address));
        interface.dns.iter().for_each(|server| line("DNS ", server));
        interface.dns_search.iter().for_each(|domain| line("Search ", &domain.as_str()));
        interface.mtu.iter().for_each(|mtu| line("MTU ", mtu));
        if interface.table != RoutingTable::Auto {
            line("Table ", &interface.table);
        }
        interface.pre_up.iter().for_each(|hook| line("PreUp ", &hook.expose()));
        interface.post_up.iter().for_each(|hook| line("PostUp ", &hook.expose()));
        interface.pre_down.iter().for_each(|hook| line("PreDown ", &hook.expose()));
        interface.post_down.iter().for_each(|hook| line("PostDown ", &hook.expose()));
        if interface.save_config {
            line("SaveConfig ", &true);
        }
        interface.private_key.iter().for_each(|key| line("private_key=", &hex(key.expose())));
        interface.listen_port.iter().for_each(|port| line("listen_port=", port));
        interface.fwmark.iter().for_each(|mark| line("fwmark=", mark));
        for peer in &conf.peers {
            line("public_key=", &hex(peer.public_key.as_bytes()));
            peer.preshared_key.iter().for_each(|key| line("preshared_key=", &hex(key.expose())));
            peer.endpoint.iter().for_each(|endpoint| line("endpoint=", endpoint));
            peer.persistent_keepalive.iter().for_each(|s| line("persistent_keepalive_interval=", s));
            peer.allowed_ips.iter().for_each(|cidr| line("allowed_ip=", cidr));
        }
        text
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// The same, after what the kernel and `ip` do: they cut host bits off, clamp the private key, take an address
    /// without a length for a host, and have no name for the table `auto`.
    fn canonical(lines: &str) -> String {
        let mut text = String::new();
        for line in lines.lines().filter(|line| *line != "Table auto") {
            if let Some(value) = line.strip_prefix("allowed_ip=") {
                let (address, prefix_len) = address_and_len(value).unwrap();
                writeln!(text, "allowed_ip={}", Cidr::containing(address, prefix_len).unwrap()).unwrap();
            } else if let Some(value) = line.strip_prefix("Address ") {
                let (address, prefix_len) = address_and_len(value).unwrap();
                writeln!(text, "Address {address}/{prefix_len}").unwrap();
            } else if let Some(value) = line.strip_prefix("private_key=") {
                let bytes = (0..32).map(|at| u8::from_str_radix(&value[2 * at..2 * at + 2], 16).unwrap());
                let key = PrivateKey::from_bytes(&bytes.collect::<Vec<_>>()).unwrap();
                writeln!(text, "private_key={}", hex(key.expose())).unwrap();
            } else {
                writeln!(text, "{line}").unwrap();
            }
        }
        text
    }

    #[test]
    fn a_refusal_names_its_line_and_key_and_says_why() {
        let peer = format!("[Peer]\nPublicKey = {KEY}\n");
        let refused = [
            (
                format!("{peer}\n\nAllowedIPs = 10.0.0.0/8, +10.1.0.0/16"),
                "line 5: AllowedIPs",
                "running interface",
            ),
            (format!("{peer}allowedips = 10.0.0.0/33"), "line 3: AllowedIPs", "up to 32 or 128"),
            (format!("{peer}Endpoint = example.org"), "line 3: Endpoint", "not an endpoint"),
            (
                format!("{peer}PersistentKeepalive = 25s"),
                "line 3: PersistentKeepalive",
                "whole number up to 65535",
            ),
            (format!("{peer}PresharedKey ="), "line 3: PresharedKey", "no value"),
            (format!("{peer}Adress = 10.0.0.1"), "line 3: Adress", "no key of [Peer]"),
            ("\n[Interface]\nMTU = big".into(), "line 3: MTU", "whole number up to 65535"),
            ("[Interface]\nPeer = 1".into(), "line 2: Peer", "no key of [Interface]"),
            ("[ Interface]\naddress = 10.0.0.1".into(), "line 2: Address", "has spaces in it"),
            ("Address = 10.0.0.1/8".into(), "line 1: Address", "before the first section"),
            ("[Interface]\nAddress".into(), "line 2", "neither a section"),
            ("[Interface]\nSaveConfig = yes".into(), "line 2: SaveConfig", "neither true nor false"),
            (
                "[Peer]\nAllowedIPs = ::/0\n[Interface]\n".into(),
                "line 1: PublicKey",
                "missing in the section",
            ),
            ("\n[Peers]".into(), "line 2", "no section"),
            ("\u{feff}[Interface]".into(), "line 1", "byte order mark"),
            ("[Interface]\nPostUp = a\0b".into(), "line 2", "NUL"),
        ];
        for (text, field, reason) in refused {
            let error = Conf::parse(&text).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some(field)), "{text:?}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn a_refusal_repeats_no_key() {
        let text = [
            "<key>",
            "[Interface]\n<key>",
            "[Interface]\nPrivteKey = <key>",
            "[Interface]\nPrivateKey = <key>x",
            "[Interface]\n<key> = 1",
            "[Interface]\nListenPort = <key>",
            "[Interface]\nAddress = <key>",
            "[Interface]\nDNS = :<key>",
            "[Interface]\nTable = <key>",
            "[Interface]\nSaveConfig = <key>",
            "[<key>]",
            "[Peer]\n<key>",
            "[Peer]\nPublicKey = x<key>",
            "[Peer]\nEndpoint = <key>",
            "[Peer]\nAllowedIPs = <key>",
        ];
        for text in text {
            let error = Conf::parse(&text.replace("<key>", KEY)).unwrap_err();
            let shown = format!("{error} {error:?} {:?}", error.field());
            assert!(!shown.contains(&KEY[1..9]) && !shown.contains(&KEY[30..43]), "{shown}");
        }
    }

    #[test]
    fn a_profile_without_its_key_is_refused() {
        let error = Conf::parse(profile().render(None).unwrap().expose()).unwrap_err();
        assert_eq!(error.field(), Some("line 2: PrivateKey"));
        Conf::parse(profile().render(Some(&private_key())).unwrap().expose()).unwrap();
    }

    #[test]
    fn a_file_and_a_line_have_a_longest_length() {
        let lines = "# comment\n".repeat(MAX_BYTES / 10);
        Conf::parse(&lines).unwrap();
        let error = Conf::parse(&(lines + "# comment\n")).unwrap_err();
        assert_eq!(error.to_string(), "conf: is over 4096 KiB");
        Conf::parse(&" ".repeat(MAX_LINE_BYTES)).unwrap();
        let error = Conf::parse(&format!("\n{}", " ".repeat(MAX_LINE_BYTES + 1))).unwrap_err();
        assert_eq!(error.to_string(), "line 2: is over 1024 KiB");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = Conf::parse(&text);
        }

        #[test]
        fn any_lines_are_read_or_refused(lines in proptest::collection::vec(any_line(), 0..12)) {
            settles(&lines.join("\n"))?;
        }

        #[test]
        fn a_damaged_file_is_read_or_refused(
            conf in conf(),
            cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..3_u8), 1..6),
        ) {
            let mut text: Vec<char> = conf.to_text().expose().chars().collect();
            for (index, character, what) in cuts {
                let at = index.index(text.len());
                match what {
                    0 => text[at] = character,
                    1 => text.insert(at, character),
                    _ => text.truncate(at + 1),
                }
            }
            settles(&text.into_iter().collect::<String>())?;
        }
    }

    fn any_line() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "[Interface]",
            "[Peer]",
            "PublicKey",
            "PrivateKey",
            "PresharedKey",
            "Endpoint",
            "AllowedIPs",
            "Address",
            "DNS",
            "MTU",
            "Table",
            "PostUp",
            "SaveConfig",
            "ListenPort",
            "FwMark",
            "PersistentKeepalive",
        ]);
        let value = prop_oneof![
            Just(format!("= {KEY}")),
            Just(String::new()),
            "= [0-9a-fx:./, -]{0,12}",
            "= [0-9]{1,3}(\\.[0-9]{1,3}){3}(/[0-9]{1,2})?",
            "[ =#]{0,3}\\PC{0,8}",
        ];
        (key, value).prop_map(|(key, value)| format!("{key} {value}"))
    }

    /// Whatever is read survives its text.
    fn settles(text: &str) -> Result<(), TestCaseError> {
        if let Ok(conf) = Conf::parse(text) {
            let again = Conf::parse(conf.to_text().expose()).unwrap();
            prop_assert_eq!(facts(&again), facts(&conf));
        }
        Ok(())
    }
}
