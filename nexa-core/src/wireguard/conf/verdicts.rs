//! What the real tools make of small files: `wg-quick strip`, and `wg setconf` of what it leaves, by wireguard-tools
//! v1.0.20210914 (Debian 12, glibc 2.36).
//!
//! `<private>`, `<public>`, `<preshared>` and `<zero>` stand for keys. The outcome lists what wg-quick keeps for itself,
//! one `Name value` per line, and then what `wg` writes to its UAPI socket, without the lines that say a default.

use Outcome::{Read, Refused, Stricter};

pub(crate) struct Row {
    pub(crate) name: &'static str,
    text: &'static str,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// The tools read this, and so do we.
    Read(&'static str),
    /// The tools refuse the file, and so do we.
    Refused,
    /// The tools read this, and we refuse the file for the reason.
    Stricter(&'static str, &'static str),
}

/// A key's name in the rows, the key as base64, and the key as the UAPI writes it.
const KEYS: [(&str, &str, &str); 4] = [
    (
        "<private>",
        "AAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB0c=",
        "0007070707070707070707070707070707070707070707070707070707070747",
    ),
    (
        "<public>",
        "V9tLNZ8jrl4Ubk4lEgVnBHIlBjSMFQwUdT0Mkz0E1CE=",
        "57db4b359f23ae5e146e4e2512056704722506348c150c14753d0c933d04d421",
    ),
    (
        "<preshared>",
        "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=",
        "0505050505050505050505050505050505050505050505050505050505050505",
    ),
    (
        "<zero>",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "0000000000000000000000000000000000000000000000000000000000000000",
    ),
];

impl Row {
    /// The file.
    pub(crate) fn text(&self) -> String {
        KEYS.iter().fold(self.text.to_owned(), |text, (name, base64, _)| text.replace(name, base64))
    }

    /// What the tools read, or `None` when they refuse the file.
    pub(crate) fn read_by_tools(&self) -> Option<String> {
        let (Read(lines) | Stricter(lines, _)) = self.outcome else { return None };
        Some(KEYS.iter().fold(lines.to_owned(), |text, (name, _, hex)| text.replace(name, hex)))
    }
}

const fn row(name: &'static str, text: &'static str, outcome: Outcome) -> Row {
    Row { name, text, outcome }
}

pub(crate) const ROWS: &[Row] = &[
    row("an empty file", "", Read("")),
    row("a comment alone", "# nothing here", Read("")),
    row("an interface without keys", "[Interface]\n", Read("")),
    row(
        "a client of wg-quick",
        "[Interface]\nPrivateKey = <private>\nAddress = 10.0.0.2/24, fd00::2/64\nDNS = 10.0.0.53, corp.example\nMTU = 1420\n\n[Peer]\nPublicKey = <public>\nPresharedKey = <preshared>\nEndpoint = [2001:db8::1]:51820\nAllowedIPs = 0.0.0.0/0, ::/0\nPersistentKeepalive = 25\n",
        Read(
            "Address 10.0.0.2/24\nAddress fd00::2/64\nDNS 10.0.0.53\nSearch corp.example\nMTU 1420\nprivate_key=<private>\npublic_key=<public>\npreshared_key=<preshared>\nendpoint=[2001:db8::1]:51820\npersistent_keepalive_interval=25\nallowed_ip=0.0.0.0/0\nallowed_ip=::/0",
        ),
    ),
    row(
        "a gateway of wg",
        "[Interface]\nListenPort = 51820\nFwMark = 0xca6c\nPrivateKey = <private>\n\n[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.2/32\nAllowedIPs = 10.0.0.3/32,10.0.0.4/32\n",
        Read(
            "private_key=<private>\nlisten_port=51820\nfwmark=51820\npublic_key=<public>\nallowed_ip=10.0.0.2/32\nallowed_ip=10.0.0.3/32\nallowed_ip=10.0.0.4/32",
        ),
    ),
    row(
        "everything that wg-quick takes",
        "[Interface]\nTable = 51820\nSaveConfig = true\nPreUp = echo a = b\nPreUp = echo c\nPostUp = iptables -A FORWARD -i %i -j ACCEPT; true\nPreDown = true\nPostDown = wg show \"%i\" | cat\n",
        Read(
            "Table 51820\nPreUp echo a = b\nPreUp echo c\nPostUp iptables -A FORWARD -i %i -j ACCEPT; true\nPreDown true\nPostDown wg show \"%i\" | cat\nSaveConfig true",
        ),
    ),
    row("peers without an interface", "[Peer]\nPublicKey = <public>\n", Read("public_key=<public>")),
    row(
        "two peers of one key",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/8\n[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:1\n",
        Read("public_key=<public>\nallowed_ip=10.0.0.0/8\npublic_key=<public>\nendpoint=192.0.2.1:1"),
    ),
    row(
        "two interfaces",
        "[Interface]\nListenPort = 1\nAddress = 10.0.0.1/8\n[Interface]\nFwMark = 2\nAddress = 10.0.0.2/8\n",
        Read("Address 10.0.0.1/8\nAddress 10.0.0.2/8\nlisten_port=1\nfwmark=2"),
    ),
    row(
        "an interface after a peer",
        "[Peer]\nPublicKey = <public>\n[Interface]\nListenPort = 7\n",
        Read("listen_port=7\npublic_key=<public>"),
    ),
    row(
        "keys and sections in another case",
        "[INTERFACE]\nprivatekey = <private>\nADDRESS = 10.0.0.2/24\nmtu = 1300\n[peer]\nPUBLICKEY = <public>\nallowedips = ::/0\n",
        Read("Address 10.0.0.2/24\nMTU 1300\nprivate_key=<private>\npublic_key=<public>\nallowed_ip=::/0"),
    ),
    row(
        "CRLF line ends",
        "[Interface]\r\nPrivateKey = <private>\r\nAddress = 10.0.0.2/24\r\nPostUp = true\r\n[Peer]\r\nPublicKey = <public>\r\nAllowedIPs = ::/0\r\n",
        Read("Address 10.0.0.2/24\nPostUp true\nprivate_key=<private>\npublic_key=<public>\nallowed_ip=::/0"),
    ),
    row(
        "no line feed at the end",
        "[Interface]\nAddress = 10.0.0.2/24\nListenPort = 5",
        Read("Address 10.0.0.2/24\nlisten_port=5"),
    ),
    row(
        "tabs, blanks and empty lines",
        "\n\t [Interface] \t\n\n \tAddress\t=\t10.0.0.2/24\t\n\x0b\n  ListenPort=5\n\n",
        Read("Address 10.0.0.2/24\nlisten_port=5"),
    ),
    row(
        "whitespace inside of words",
        "[Interface]\nListen Port = 1 2\nPrivate\tKey = AAcHBwcHBwcHBwcHBwcH BwcHBwcHBwcHBwcHBwcHB0c=\n[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0 / 8\n",
        Read("private_key=<private>\nlisten_port=12\npublic_key=<public>\nallowed_ip=10.0.0.0/8"),
    ),
    row(
        "trailing comments",
        "[Interface] # mine\nListenPort = 5 # five\nPostUp = echo 1 #2\nAddress = 10.0.0.2/24#x\n#Address = 10.0.0.3/24\n",
        Read("Address 10.0.0.2/24\nPostUp echo 1\nlisten_port=5"),
    ),
    row("a byte order mark", "\u{feff}[Interface]\n", Refused),
    row("a carriage return that ends no line", "[Interface]\rListenPort = 1\n", Refused),
    row("a semicolon for a comment", "; no\n[Interface]\n", Refused),
    row("a key before any section", "ListenPort = 1\n", Refused),
    row("an unknown section", "[Foo]\n", Refused),
    row("a section that is not closed", "[Interface\n", Refused),
    row("a value after a section", "[Interface] = 1\n", Refused),
    row("a key of wg-quick below a spaced section", "[ Interface ]\nAddress = 10.0.0.2/24\n", Refused),
    row(
        "a key of wg below a spaced section",
        "[ Inter face ]\nListenPort = 1\n[ Peer ]\nPublicKey = <public>\n",
        Read("listen_port=1\npublic_key=<public>"),
    ),
    row("an unknown key in the interface", "[Interface]\nFoo = 1\n", Refused),
    row("an unknown key in a peer", "[Peer]\nPublicKey = <public>\nFoo = 1\n", Refused),
    row("a key of the interface in a peer", "[Peer]\nPublicKey = <public>\nListenPort = 1\n", Refused),
    row("a key of a peer in the interface", "[Interface]\nPublicKey = <public>\n", Refused),
    row("a key of wg-quick in a peer", "[Peer]\nPublicKey = <public>\nAddress = 10.0.0.2/24\n", Refused),
    row("a key of wg-quick with a space inside", "[Interface]\nAdd ress = 10.0.0.2/24\n", Refused),
    row("a word", "[Interface]\nhello\n", Refused),
    row("a key of wg without =", "[Interface]\nListenPort\n", Refused),
    row(
        "a key of wg-quick without =",
        "[Interface]\nPostUp\n",
        Stricter("PostUp PostUp", "wg-quick takes the name for the value"),
    ),
    row("no key but a value", "[Interface]\n= 1\n", Refused),
    row("a peer without a key", "[Peer]\nAllowedIPs = ::/0\n", Refused),
    row("a peer without a key before another", "[Peer]\n[Peer]\nPublicKey = <public>\n", Refused),
    row("a private key named twice", "[Interface]\nPrivateKey = <private>\nPrivateKey = <zero>\n", Read("")),
    row(
        "single values named twice",
        "[Interface]\nListenPort = 1\nListenPort = 2\nMTU = 1300\nMTU = 1400\nTable = 5\nTable = off\nSaveConfig = true\nSaveConfig = false\n[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:1\nEndpoint = 192.0.2.2:2\nPersistentKeepalive = 1\nPersistentKeepalive = 2\n",
        Read(
            "MTU 1400\nTable off\nlisten_port=2\npublic_key=<public>\nendpoint=192.0.2.2:2\npersistent_keepalive_interval=2",
        ),
    ),
    row(
        "a public key named twice",
        "[Peer]\nPublicKey = <preshared>\nPublicKey = <public>\n",
        Read("public_key=<public>"),
    ),
    row(
        "values of wg-quick taken back",
        "[Interface]\nMTU = 1300\nMTU =\nTable = off\nTable =\nAddress =\nDNS = ,\nPostUp =\n",
        Read(""),
    ),
    row(
        "a private key that is not clamped",
        "[Interface]\nPrivateKey = /////////////////////////////////////////w==\n",
        Refused,
    ),
    row(
        "a private key that has its free bits set",
        "[Interface]\nPrivateKey = //////////////////////////////////////////8=\n",
        Read("private_key=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ),
    row("a private key of zeros", "[Interface]\nPrivateKey = <zero>\n", Read("")),
    row(
        "a preshared key of zeros",
        "[Peer]\nPublicKey = <public>\nPresharedKey = <zero>\n",
        Read("public_key=<public>"),
    ),
    row(
        "a public key of zeros",
        "[Peer]\nPublicKey = <zero>\n",
        Stricter("public_key=<zero>", "every private key agrees with it on the same secret"),
    ),
    row(
        "a key without its padding",
        "[Interface]\nPrivateKey = AAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB0c\n",
        Refused,
    ),
    row(
        "a key with unused bits set",
        "[Interface]\nPrivateKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
        Refused,
    ),
    row(
        "a key in hexadecimal",
        "[Interface]\nPrivateKey = abababababababababababababababababababababababababababababababab\n",
        Refused,
    ),
    row("an empty private key", "[Interface]\nPrivateKey =\n", Refused),
    row(
        "the placeholder of a profile",
        "[Interface]\nPrivateKey = (the private key of this device)\n",
        Refused,
    ),
    row("ListenPort 0", "[Interface]\nListenPort = 0\n", Read("")),
    row("ListenPort 65535", "[Interface]\nListenPort = 65535\n", Read("listen_port=65535")),
    row("ListenPort 00080", "[Interface]\nListenPort = 00080\n", Read("listen_port=80")),
    row(
        "ListenPort 65536",
        "[Interface]\nListenPort = 65536\n",
        Stricter("", "wg keeps the low 16 bits, here 0"),
    ),
    row("ListenPort +5", "[Interface]\nListenPort = +5\n", Stricter("listen_port=5", "a port is digits")),
    row("ListenPort -1", "[Interface]\nListenPort = -1\n", Refused),
    row("ListenPort 0x50", "[Interface]\nListenPort = 0x50\n", Refused),
    row("ListenPort 5a", "[Interface]\nListenPort = 5a\n", Refused),
    row(
        "ListenPort domain",
        "[Interface]\nListenPort = domain\n",
        Stricter("listen_port=53", "the port of a name depends on the machine"),
    ),
    row("an empty ListenPort", "[Interface]\nListenPort = \n", Refused),
    row("FwMark off", "[Interface]\nFwMark = off\n", Read("")),
    row("FwMark OFF", "[Interface]\nFwMark = OFF\n", Read("")),
    row("FwMark 0", "[Interface]\nFwMark = 0\n", Read("")),
    row("FwMark 0x1F", "[Interface]\nFwMark = 0x1F\n", Read("fwmark=31")),
    row("FwMark 0X1f", "[Interface]\nFwMark = 0X1f\n", Refused),
    row("FwMark 0x", "[Interface]\nFwMark = 0x\n", Refused),
    row("FwMark 4294967295", "[Interface]\nFwMark = 4294967295\n", Read("fwmark=4294967295")),
    row("FwMark 4294967296", "[Interface]\nFwMark = 4294967296\n", Refused),
    row("FwMark 0xffffffff", "[Interface]\nFwMark = 0xffffffff\n", Read("fwmark=4294967295")),
    row("FwMark 0x100000000", "[Interface]\nFwMark = 0x100000000\n", Refused),
    row("FwMark 0x+1", "[Interface]\nFwMark = 0x+1\n", Refused),
    row("FwMark -1", "[Interface]\nFwMark = -1\n", Refused),
    row("FwMark +1", "[Interface]\nFwMark = +1\n", Refused),
    row("FwMark 010", "[Interface]\nFwMark = 010\n", Read("fwmark=10")),
    row("an empty FwMark", "[Interface]\nFwMark = \n", Refused),
    row(
        "PersistentKeepalive off",
        "[Peer]\nPublicKey = <public>\nPersistentKeepalive = off\n",
        Read("public_key=<public>"),
    ),
    row(
        "PersistentKeepalive Off",
        "[Peer]\nPublicKey = <public>\nPersistentKeepalive = Off\n",
        Read("public_key=<public>"),
    ),
    row(
        "PersistentKeepalive 0",
        "[Peer]\nPublicKey = <public>\nPersistentKeepalive = 0\n",
        Read("public_key=<public>"),
    ),
    row(
        "PersistentKeepalive 65535",
        "[Peer]\nPublicKey = <public>\nPersistentKeepalive = 65535\n",
        Read("public_key=<public>\npersistent_keepalive_interval=65535"),
    ),
    row("PersistentKeepalive 65536", "[Peer]\nPublicKey = <public>\nPersistentKeepalive = 65536\n", Refused),
    row(
        "PersistentKeepalive 025",
        "[Peer]\nPublicKey = <public>\nPersistentKeepalive = 025\n",
        Read("public_key=<public>\npersistent_keepalive_interval=25"),
    ),
    row("PersistentKeepalive +1", "[Peer]\nPublicKey = <public>\nPersistentKeepalive = +1\n", Refused),
    row("PersistentKeepalive 2s", "[Peer]\nPublicKey = <public>\nPersistentKeepalive = 2s\n", Refused),
    row("an empty PersistentKeepalive", "[Peer]\nPublicKey = <public>\nPersistentKeepalive = \n", Refused),
    row(
        "AllowedIPs 10.0.0.1",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.1\n",
        Read("public_key=<public>\nallowed_ip=10.0.0.1/32"),
    ),
    row(
        "AllowedIPs ::1",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = ::1\n",
        Read("public_key=<public>\nallowed_ip=::1/128"),
    ),
    row(
        "AllowedIPs 10.0.0.1/24",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.1/24\n",
        Read("public_key=<public>\nallowed_ip=10.0.0.1/24"),
    ),
    row(
        "AllowedIPs fd00::1/64",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = fd00::1/64\n",
        Read("public_key=<public>\nallowed_ip=fd00::1/64"),
    ),
    row(
        "AllowedIPs 10.0.0.1/0",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.1/0\n",
        Read("public_key=<public>\nallowed_ip=10.0.0.1/0"),
    ),
    row("AllowedIPs 10.0.0.0/", "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/\n", Refused),
    row("AllowedIPs 10.0.0.0/33", "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/33\n", Refused),
    row("AllowedIPs ::/129", "[Peer]\nPublicKey = <public>\nAllowedIPs = ::/129\n", Refused),
    row(
        "AllowedIPs 10.0.0.0/024",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/024\n",
        Read("public_key=<public>\nallowed_ip=10.0.0.0/24"),
    ),
    row("AllowedIPs 10.0.0.0/+8", "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/+8\n", Refused),
    row(
        "AllowedIPs 10.0.0.0/255.0.0.0",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/255.0.0.0\n",
        Refused,
    ),
    row("AllowedIPs 10.0.0.0/8/8", "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/8/8\n", Refused),
    row("AllowedIPs 10.0.0.0/8,", "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/8,\n", Refused),
    row("AllowedIPs ,10.0.0.0/8", "[Peer]\nPublicKey = <public>\nAllowedIPs = ,10.0.0.0/8\n", Refused),
    row(
        "AllowedIPs 10.0.0.0/8,,::/0",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/8,,::/0\n",
        Refused,
    ),
    row(
        "AllowedIPs 10.0.0.0/8 10.1.0.0/16",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/8 10.1.0.0/16\n",
        Refused,
    ),
    row(
        "AllowedIPs 10.0.0.0/8, 10.0.0.0/8",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0.0.0/8, 10.0.0.0/8\n",
        Read("public_key=<public>\nallowed_ip=10.0.0.0/8\nallowed_ip=10.0.0.0/8"),
    ),
    row("an empty AllowedIPs", "[Peer]\nPublicKey = <public>\nAllowedIPs = \n", Refused),
    row("AllowedIPs 10.0/16", "[Peer]\nPublicKey = <public>\nAllowedIPs = 10.0/16\n", Refused),
    row("AllowedIPs 010.0.0.1", "[Peer]\nPublicKey = <public>\nAllowedIPs = 010.0.0.1\n", Refused),
    row("AllowedIPs fe80::1%lo/64", "[Peer]\nPublicKey = <public>\nAllowedIPs = fe80::1%lo/64\n", Refused),
    row("AllowedIPs +10.0.0.0/8", "[Peer]\nPublicKey = <public>\nAllowedIPs = +10.0.0.0/8\n", Refused),
    row("AllowedIPs -10.0.0.0/8", "[Peer]\nPublicKey = <public>\nAllowedIPs = -10.0.0.0/8\n", Refused),
    row(
        "AllowedIPs FD00:0::A/128",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = FD00:0::A/128\n",
        Read("public_key=<public>\nallowed_ip=fd00::a/128"),
    ),
    row(
        "AllowedIPs ::10.0.0.1/128",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = ::10.0.0.1/128\n",
        Read("public_key=<public>\nallowed_ip=::10.0.0.1/128"),
    ),
    row(
        "AllowedIPs vpn.example.org",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = vpn.example.org\n",
        Refused,
    ),
    row(
        "AllowedIPs ::ffff:10.0.0.1/128",
        "[Peer]\nPublicKey = <public>\nAllowedIPs = ::ffff:10.0.0.1/128\n",
        Stricter(
            "public_key=<public>\nallowed_ip=::ffff:10.0.0.1/128",
            "a second spelling of an IPv4 address",
        ),
    ),
    row(
        "Endpoint 192.0.2.1:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:1\n",
        Read("public_key=<public>\nendpoint=192.0.2.1:1"),
    ),
    row(
        "Endpoint [2001:db8::1]:65535",
        "[Peer]\nPublicKey = <public>\nEndpoint = [2001:db8::1]:65535\n",
        Read("public_key=<public>\nendpoint=[2001:db8::1]:65535"),
    ),
    row(
        "Endpoint 192.0.2.1:00080",
        "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:00080\n",
        Read("public_key=<public>\nendpoint=192.0.2.1:80"),
    ),
    row("Endpoint 192.0.2.1", "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1\n", Refused),
    row("Endpoint 192.0.2.1:", "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:\n", Refused),
    row("Endpoint [::1]", "[Peer]\nPublicKey = <public>\nEndpoint = [::1]\n", Refused),
    row("Endpoint [::1:1", "[Peer]\nPublicKey = <public>\nEndpoint = [::1:1\n", Refused),
    row("Endpoint :1", "[Peer]\nPublicKey = <public>\nEndpoint = :1\n", Refused),
    row("an empty Endpoint", "[Peer]\nPublicKey = <public>\nEndpoint = \n", Refused),
    row("Endpoint 192.0.2.1:-1", "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:-1\n", Refused),
    row(
        "Endpoint 192.0.2.1:0",
        "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:0\n",
        Stricter("public_key=<public>\nendpoint=192.0.2.1:0", "port 0 cannot be reached"),
    ),
    row(
        "Endpoint 192.0.2.1:65536",
        "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:65536\n",
        Stricter("public_key=<public>\nendpoint=192.0.2.1:0", "wg keeps the low 16 bits, here 0"),
    ),
    row(
        "Endpoint 192.0.2.1:+1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:+1\n",
        Stricter("public_key=<public>\nendpoint=192.0.2.1:1", "a port is digits"),
    ),
    row(
        "Endpoint 192.0.2.1:domain",
        "[Peer]\nPublicKey = <public>\nEndpoint = 192.0.2.1:domain\n",
        Stricter("public_key=<public>\nendpoint=192.0.2.1:53", "the port of a name depends on the machine"),
    ),
    row(
        "Endpoint 2001:db8::1:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 2001:db8::1:1\n",
        Stricter(
            "public_key=<public>\nendpoint=[2001:db8::1]:1",
            "without brackets the port may be part of the address",
        ),
    ),
    row(
        "Endpoint [192.0.2.1]:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = [192.0.2.1]:1\n",
        Stricter("public_key=<public>\nendpoint=192.0.2.1:1", "brackets are for IPv6"),
    ),
    row(
        "Endpoint [fe80::1%lo]:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = [fe80::1%lo]:1\n",
        Stricter(
            "public_key=<public>\nendpoint=[fe80::1%lo]:1",
            "a zone id means something on one machine only",
        ),
    ),
    row(
        "Endpoint 010.0.0.1:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 010.0.0.1:1\n",
        Stricter("public_key=<public>\nendpoint=8.0.0.1:1", "read in octal"),
    ),
    row(
        "Endpoint 1.2:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 1.2:1\n",
        Stricter("public_key=<public>\nendpoint=1.0.0.2:1", "read as 1.0.0.2"),
    ),
    row(
        "Endpoint 0x7f000001:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 0x7f000001:1\n",
        Stricter("public_key=<public>\nendpoint=127.0.0.1:1", "read as 127.0.0.1"),
    ),
    row(
        "Endpoint [::ffff:192.0.2.1]:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = [::ffff:192.0.2.1]:1\n",
        Stricter(
            "public_key=<public>\nendpoint=[::ffff:192.0.2.1]:1",
            "a second spelling of an IPv4 address",
        ),
    ),
    row(
        "Endpoint 0.0.0.0:1",
        "[Peer]\nPublicKey = <public>\nEndpoint = 0.0.0.0:1\n",
        Stricter("public_key=<public>\nendpoint=0.0.0.0:1", "not the address of one host"),
    ),
    row(
        "addresses between blanks and commas",
        "[Interface]\nAddress = 10.0.0.2/24 10.0.0.3/24,,\tfd00::2/64 ,\nAddress = 10.0.0.4\n",
        Read("Address 10.0.0.2/24\nAddress 10.0.0.3/24\nAddress fd00::2/64\nAddress 10.0.0.4"),
    ),
    row(
        "Address 10.0.0.2/33",
        "[Interface]\nAddress = 10.0.0.2/33\n",
        Stricter("Address 10.0.0.2/33", "wg-quick passes it to `ip`, which refuses it"),
    ),
    row(
        "Address hello",
        "[Interface]\nAddress = hello\n",
        Stricter("Address hello", "wg-quick passes it to `ip`, which refuses it"),
    ),
    row(
        "name servers and domains",
        "[Interface]\nDNS = 1.1.1.1,2606:4700::1111 corp.example\nDNS = ~. , 9.9.9.9\n",
        Read("DNS 1.1.1.1\nDNS 2606:4700::1111\nDNS 9.9.9.9\nSearch corp.example\nSearch ~."),
    ),
    row(
        "DNS 1.2.3",
        "[Interface]\nDNS = 1.2.3\n",
        Stricter("DNS 1.2.3", "passed to resolvconf as a name server"),
    ),
    row(
        "DNS a/b",
        "[Interface]\nDNS = a/b\n",
        Stricter("Search a/b", "passed to resolvconf as a search domain"),
    ),
    row(
        "MTU 01420",
        "[Interface]\nMTU = 01420\n",
        Stricter("MTU 01420", "wg-quick passes it to `ip`, which reads it in octal"),
    ),
    row("MTU 65536", "[Interface]\nMTU = 65536\n", Stricter("MTU 65536", "no packet is as long")),
    row(
        "MTU hello",
        "[Interface]\nMTU = hello\n",
        Stricter("MTU hello", "wg-quick passes it to `ip`, which refuses it"),
    ),
    row("Table auto", "[Interface]\nTable = auto\n", Read("Table auto")),
    row("Table main", "[Interface]\nTable = main\n", Read("Table main")),
    row(
        "Table OFF",
        "[Interface]\nTable = OFF\n",
        Stricter("Table OFF", "wg-quick passes it to `ip`, which takes it for the name of a table"),
    ),
    row("SaveConfig TRUE", "[Interface]\nSaveConfig = TRUE\n", Read("SaveConfig true")),
    row("SaveConfig yes", "[Interface]\nSaveConfig = yes\n", Refused),
    row("an empty SaveConfig", "[Interface]\nSaveConfig =\n", Refused),
    row(
        "a command with bytes past ASCII",
        "[Interface]\nPostUp = echo \"é  è\" \\\\n\n",
        Read("PostUp echo \"é  è\" \\\\n"),
    ),
];
