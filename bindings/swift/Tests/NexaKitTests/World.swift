import NexaKit
import Testing

let password = "correct horse battery"

/// What well-formed ids have that nothing has.
let nobody = "00000000-0000-7000-8000-000000000000"

/// A control plane in memory, and the program's own handle.
struct World {
    let nexa: Nexa
    let system: Handle

    static func open() async throws -> World {
        let nexa = try await Nexa.open(url: "sqlite::memory:")
        return World(nexa: nexa, system: nexa.system(reason: "tests"))
    }

    /// With a first user, who is signed in.
    static func withAda() async throws -> (world: World, ada: User, admin: Handle) {
        let world = try await open()
        let new = NewUser(username: "ada", displayName: "Ada Lovelace")
        let ada = try await world.system.identity().createFirstUser(user: new, password: password)
        return (world, ada, try await world.signIn("ada"))
    }

    func signIn(_ username: String) async throws -> Handle {
        let signedIn = try await nexa.anonymous().identity().signIn(username: username, password: password)
        return try await nexa.authenticate(token: signedIn.token().reveal())
    }

    /// Makes one event.
    @discardableResult
    func createGroup(_ name: String) async throws -> Group {
        try await system.identity().createGroup(group: NewGroup(name: name))
    }
}

/// A gateway and a laptop in this process: staff may reach 10.20.0.0/16, but not 10.20.9.0/24.
struct Site {
    let world: World
    let gateway: Gateway
    let office: Tunnel
    let laptop: Tunnel
    let enrolled: Enrolled
    let deviceKey: PrivateKey

    static func open() async throws -> Site {
        let world = try await World.open()
        let ada = try await world.system.identity().createFirstUser(user: NewUser(username: "ada"))
        let gatewayKey = try PrivateKey.generate()
        let options = GatewayOptions(listen: "127.0.0.1:0", addresses: ["10.66.0.1", "fd66::1"])
        let office = try await Tunnel.serve(privateKey: gatewayKey, options: options)
        let gateway = try await world.system.gateways().create(
            gateway: NewGateway(
                name: "hq", endpoint: office.localAddr(), publicKey: gatewayKey.publicKey(),
                vpnCidrs: ["10.66.0.0/24", "fd66::/64"]))
        for (effect, prefix) in [(Effect.allow, "10.20.0.0/16"), (.deny, "10.20.9.0/24")] {
            let target = Target(targetType: .user, id: ada.id.text)
            let new = NewPolicy(
                name: "\(effect)", effect: effect, targets: [target], destinations: [prefix],
                priority: effect == .deny ? 10 : 20)
            _ = try await world.system.policy().create(policy: new)
        }
        let deviceKey = try PrivateKey.generate()
        let new = NewEnrolment(
            name: "laptop", publicKey: deviceKey.publicKey(), fingerprint: "sha256:laptop", userId: ada.id)
        let enrolled = try await world.system.enrolment().enrol(device: new)
        _ = try await world.system.gateways().apply(id: gateway.id, tunnel: office)
        let everything = TunnelOptions(listen: "127.0.0.1:0", allowedIps: ["0.0.0.0/0", "::/0"])
        let laptop = try await Tunnel.up(
            profile: enrolled.profile(), privateKey: deviceKey, options: everything)
        return Site(
            world: world, gateway: gateway, office: office, laptop: laptop, enrolled: enrolled,
            deviceKey: deviceKey)
    }

    /// A connection from the laptop to a server behind the gateway: both of its ends.
    func connection(port: UInt32 = 7) async throws -> (client: TcpStream, server: TcpStream) {
        let listener = try await office.listen(port: port)
        async let accepted = listener.accept()
        let client = try await laptop.connect(to: "10.20.0.10:\(port)")
        return (client, try await accepted)
    }

    /// Also what keeps the tunnels until here: the last use of a value may be the end of it.
    func close() async throws {
        try await laptop.close()
        try await office.close()
        try await world.nexa.close()
    }
}

/// What a call that must fail fails with.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation,
    isolation: isolated (any Actor)? = #isolation,
    of call: () async throws -> Void
) async throws -> ErrorInfo {
    do {
        try await call()
    } catch let error as NexaError {
        return error.info
    }
    Issue.record("nothing failed", sourceLocation: sourceLocation)
    throw NothingFailed()
}

struct NothingFailed: Error {}
