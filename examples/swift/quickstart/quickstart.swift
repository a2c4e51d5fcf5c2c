// The main job, end to end, without root and without a server: a database, a first user, a gateway and a device;
// addresses, policy and a profile; then gateway and device in one process over real UDP on loopback, an allowed
// destination that answers and a denied one that does not, and a revocation that ends it.
//
// Run it in this folder, where `$NEXA` has libnexa: `swift run -Xlinker -L$NEXA -Xlinker -rpath -Xlinker $NEXA`. Each line
// is a step and the time it took; the program ends with an error at the first one that does not hold.

import Foundation
import NexaKit

/// How long a denied destination is given to answer, in milliseconds.
let silence: UInt32 = 500

@main
struct Quickstart {
    static func main() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }

        var steps = Steps("quickstart")
        let nexa = try await Nexa.open(url: "sqlite:\(folder.path)/nexa.db")
        let (admin, staff) = try await setUp(&steps, nexa)
        let office = try await openAnOffice(&steps, admin)
        try await allowAndDeny(&steps, admin, staff)
        let (enrolled, deviceKey) = try await enrolALaptop(&steps, admin)
        try await explainWhatItMayReach(&steps, admin, enrolled)

        try await office.apply(admin)
        let server = try await serve(behind: office.tunnel)
        let laptop = try await startLaptop(enrolled, deviceKey)
        steps.done("gateway and laptop are up in this process, over UDP on loopback")
        try await reachWhatIsAllowed(&steps, laptop)
        try await missWhatIsDenied(&steps, laptop, office)
        try await revoke(&steps, nexa, admin, enrolled, laptop, office)

        try await laptop.close()
        try await office.tunnel.close()
        await server.value
        try await nexa.close()
        steps.done("everything is closed and every thread has ended")
        steps.finish()
    }
}

/// The first user, signed in, and a group with them in it.
func setUp(_ steps: inout Steps, _ nexa: Nexa) async throws -> (Handle, GroupId) {
    guard let setupToken = nexa.takeSetupToken() else { throw DoesNotHold("a new database has a setup token") }
    let identity = nexa.anonymous().identity()
    let first = NewUser(username: "ada", displayName: "Ada Lovelace")
    let ada = try await identity.redeemSetupToken(
        token: setupToken.reveal(), user: first, password: "correct horse battery")
    let signedIn = try await identity.signIn(username: "ada", password: "correct horse battery")
    let admin = try await nexa.authenticate(token: signedIn.token().reveal())
    steps.done("a database, and its first user \(ada.displayName) signed in")

    let staff = try await admin.identity().createGroup(group: NewGroup(name: "staff"))
    try await admin.identity().addMember(group: staff.id, user: ada.id)
    steps.done("a group")
    return (admin, staff.id)
}

/// A gateway in this process, and the network behind it.
struct Office {
    let gateway: Gateway
    let tunnel: Tunnel

    /// Brings the tunnel to what the control plane wants of it.
    func apply(_ admin: Handle) async throws {
        _ = try await admin.gateways().apply(id: gateway.id, tunnel: tunnel)
    }
}

func openAnOffice(_ steps: inout Steps, _ admin: Handle) async throws -> Office {
    let gatewayKey = try PrivateKey.generate()
    let addresses = ["10.66.0.1", "fd66::1"]
    let options = GatewayOptions(listen: "127.0.0.1:0", addresses: addresses)
    let tunnel = try await Tunnel.serve(privateKey: gatewayKey, options: options)
    let new = NewGateway(
        name: "hq", endpoint: tunnel.localAddr(), publicKey: gatewayKey.publicKey(),
        vpnCidrs: ["10.66.0.0/24", "fd66::/64"])
    let gateway = try await admin.gateways().create(gateway: new)
    try ensure(gateway.addresses == addresses, "the gateway got \(gateway.addresses)")
    steps.done("a gateway at \(gateway.endpoint) with \(list(gateway.vpnCidrs)), letting nothing through yet")
    return Office(gateway: gateway, tunnel: tunnel)
}

func allowAndDeny(_ steps: inout Steps, _ admin: Handle, _ staff: GroupId) async throws {
    let people = [Target(targetType: .group, id: staff.text)]
    let allow = NewPolicy(
        name: "office", effect: .allow, targets: people, destinations: ["10.20.0.0/16", "fd20::/48"])
    let deny = NewPolicy(
        name: "vault", effect: .deny, targets: people, destinations: ["10.20.9.0/24"], priority: 10)
    for policy in [allow, deny] {
        _ = try await admin.policy().create(policy: policy)
    }
    steps.done("staff may reach 10.20.0.0/16 and fd20::/48, but not 10.20.9.0/24")
}

func enrolALaptop(_ steps: inout Steps, _ admin: Handle) async throws -> (Enrolled, PrivateKey) {
    let deviceKey = try PrivateKey.generate()
    let new = NewEnrolment(
        name: "ada's laptop", publicKey: deviceKey.publicKey(), fingerprint: "sha256:laptop", platform: "linux")
    let enrolled = try await admin.enrolment().enrol(device: new)
    let profile = enrolled.profile()
    steps.done("ada's laptop is enrolled with \(list(profile.details().addresses))")

    steps.show(try profile.render(privateKey: deviceKey).reveal())
    steps.show(try profile.qrTerminal(privateKey: deviceKey).reveal())
    steps.done("its profile, for wg-quick and for a phone's camera")
    return (enrolled, deviceKey)
}

func explainWhatItMayReach(_ steps: inout Steps, _ admin: Handle, _ enrolled: Enrolled) async throws {
    for (address, expected) in [("10.20.0.10", true), ("fd20::10", true), ("10.20.9.10", false)] {
        let why = try await admin.policy().explain(device: enrolled.device().id, address: address)
        steps.show(why.text)
        try ensure(why.isAllowed == expected, why.text)
    }
    steps.show("AllowedIPs: \(list(enrolled.profile().details().peer.allowedIps))")
    steps.done("what it may reach, and why")
}

/// The device: its end of the tunnel, and a TCP/IP stack that sends into it.
func startLaptop(_ enrolled: Enrolled, _ deviceKey: PrivateKey) async throws -> Tunnel {
    // A person who edits the client's configuration sends everything into the tunnel. It must not help.
    let edited = try enrolled.profile().render(privateKey: deviceKey).reveal()
        .replacing(/AllowedIPs = .*/, with: "AllowedIPs = 0.0.0.0/0, ::/0")
    return try await Tunnel.upConf(conf: Conf.parse(text: edited))
}

func reachWhatIsAllowed(_ steps: inout Steps, _ laptop: Tunnel) async throws {
    var took = try await laptop.ping(to: "10.20.0.10")
    try await waitForHandshake(laptop)
    steps.done("a handshake, and ping 10.20.0.10 answered after \(milliseconds(took)) ms")
    took = try await laptop.ping(to: "fd20::10")
    steps.done("ping fd20::10 answered after \(milliseconds(took)) ms")

    for allowed in ["10.20.0.10:80", "[fd20::10]:80"] {
        let page = try await httpGet(laptop, from: allowed)
        try ensure(page.hasSuffix("you reached \(allowed)"), page)
        steps.done("HTTP from \(allowed) through the tunnel: 200, \(page.utf8.count) bytes")
    }
}

func missWhatIsDenied(_ steps: inout Steps, _ laptop: Tunnel, _ office: Office) async throws {
    let dropped = office.tunnel.counters().droppedFilter
    try await fails(with: .cancelled) { _ = try await httpGet(laptop, from: "10.20.9.10:80", waitMs: silence) }
    let nowDropped = office.tunnel.counters().droppedFilter
    try ensure(nowDropped > dropped, "the gateway dropped nothing")
    steps.done("HTTP to 10.20.9.10 is not answered; the gateway dropped \(nowDropped - dropped) packets")

    for peer in office.tunnel.peers() {
        steps.show("\(peer.publicKey): \(peer.receivedBytes) bytes in, \(peer.sentBytes) bytes out")
        try ensure(peer.receivedBytes > 0 && peer.sentBytes > 0, "the gateway counted nothing")
    }
    steps.done("the gateway counted")
}

func revoke(
    _ steps: inout Steps, _ nexa: Nexa, _ admin: Handle, _ enrolled: Enrolled, _ laptop: Tunnel, _ office: Office
) async throws {
    try await admin.devices().revoke(id: enrolled.device().id)
    try await office.apply(admin)
    try ensure(office.tunnel.peers().isEmpty, "the gateway still has a peer")
    try await fails(with: .cancelled) { _ = try await laptop.ping(to: "10.20.0.10", waitMs: silence) }
    try await fails(with: .unauthenticated) { _ = try await nexa.authenticate(token: enrolled.token().reveal()) }
    steps.done("the laptop is revoked: the tunnel is silent and its token is refused")
}

/// Answers HTTP on port 80 for every address behind the gateway, until its tunnel is closed.
func serve(behind gateway: Tunnel) async throws -> Task<Void, Never> {
    let listener = try await gateway.listen(port: 80)
    return Task {
        while let stream = try? await listener.accept() {
            // A client that went away loses its answer; the next one is served all the same.
            try? await stream.use { stream in
                _ = try await stream.read(max: 1024)
                let body = "you reached \(stream.localAddr())"
                let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
                try await stream.write(data: Data((head + body).utf8))
            }
        }
    }
}

func httpGet(_ tunnel: Tunnel, from address: String, waitMs: UInt32? = nil) async throws -> String {
    try await tunnel.connect(to: address, waitMs: waitMs).use { stream in
        let request = "GET / HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n"
        try await stream.write(data: Data(request.utf8))
        return String(decoding: try await stream.readToEnd(max: 1 << 16), as: UTF8.self)
    }
}

func waitForHandshake(_ tunnel: Tunnel) async throws {
    while let event = try await tunnel.nextEvent(waitMs: 20_000) {
        if event.eventType == .handshakeCompleted { return }
    }
    throw DoesNotHold("no handshake")
}

/// Lets through the failure that is expected, and nothing else.
func fails(with kind: ErrorKind, _ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as NexaError where error.kind == kind {
        return
    }
    throw DoesNotHold("this should have failed with \(kind)")
}

func ensure(_ holds: Bool, _ reason: String) throws {
    if !holds { throw DoesNotHold(reason) }
}

struct DoesNotHold: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

func list(_ items: [String]) -> String {
    "[\(items.joined(separator: ", "))]"
}

func milliseconds(_ number: Double) -> String {
    String(format: "%.2f", number)
}

/// One line per step with its time.
struct Steps {
    private let name: String
    private let began = ContinuousClock.now
    private var last = ContinuousClock.now
    private var count = 0

    init(_ name: String) {
        self.name = name
    }

    /// Says that a step holds, and how long it took.
    mutating func done(_ what: String) {
        let now = ContinuousClock.now
        count += 1
        print(String(format: "%2d. %8.2f ms  ", count, (now - last) / .milliseconds(1)) + what)
        last = now
    }

    /// Shows what a step made.
    func show(_ text: String) {
        text.enumerateLines { line, _ in print("        | \(line)") }
    }

    /// Says that every step held.
    func finish() {
        let took = (ContinuousClock.now - began) / .milliseconds(1)
        print("\(name): ok, \(count) steps in " + String(format: "%.0f ms", took))
    }
}
