import Foundation
import NexaKit
import Testing

@Suite struct SecretTests {
    @Test("nothing that is exported prints a secret, however it is printed")
    func nothingPrintsASecret() async throws {
        let planted = try await Planted.everywhere()
        #expect(planted.secrets.count >= 10)
        for (what, printed) in planted.samples.flatMap(printings) {
            for (name, secret) in planted.secrets where printed.contains(secret) {
                Issue.record("\(what) shows the \(name)")
            }
        }
        let covered = planted.samples.reduce(into: []) { collectTypes(of: $1, into: &$0) }
        let missing = try exportedTypes().subtracting(covered)
        #expect(missing.isEmpty, "no sample of \(missing.sorted())")
    }

    @Test("a secret gives its text only when it is asked to")
    func reveals() throws {
        let secret = try Secret.create(text: "correct horse battery staple")
        #expect(secret.reveal() == "correct horse battery staple")
        let key = try PrivateKey.generate()
        #expect(try PrivateKey.parse(text: key.reveal()).publicKey() == key.publicKey())
    }

    @Test("the list of what is exported is read from the sources")
    func exportedTypesAreRead() throws {
        let types = try exportedTypes()
        #expect(types.isSuperset(of: ["Nexa", "Secret", "User", "ErrorKind", "NexaError", "Id", "EveryItem"]))
        #expect(types.count > 80)
    }
}

/// A world in which every secret that there is was used, and a sample of every type that it gave.
private struct Planted {
    var secrets: [String: String] = [:]
    var samples: [Any] = []

    static func everywhere() async throws -> Planted {
        var planted = Planted()
        let site = try await Site.open()
        try await planted.signIn()
        try await planted.visit(site)
        try await planted.visitLists(site.world.system)
        try await planted.visitTunnels(site)
        try await planted.fail(site)
        try await site.close()
        return planted
    }

    private mutating func plant(_ name: String, _ secret: String) -> String {
        secrets[name] = secret
        return secret
    }

    private mutating func signIn() async throws {
        let nexa = try await Nexa.open(url: "sqlite::memory:")
        let setup = try #require(nexa.takeSetupToken())
        let password = plant("password", "planted horse battery")
        let user = NewUser(username: "grace")
        let anonymous = nexa.anonymous()
        _ = try await anonymous.identity().redeemSetupToken(
            token: plant("setup token", setup.reveal()), user: user, password: password)
        let signedIn = try await anonymous.identity().signIn(username: "grace", password: password)
        let handle = try await nexa.authenticate(token: plant("session token", signedIn.token().reveal()))
        let audit = try await handle.audit().list()
        let secret = try Secret.create(text: plant("secret", "planted words"))
        samples += [nexa, setup, user, anonymous, signedIn, signedIn.userId(), signedIn.sessionId(), secret]
        samples += [handle, audit, RequestContext(userAgent: "tests")]
    }

    private mutating func visit(_ site: Site) async throws {
        let profile = site.enrolled.profile()
        _ = plant("device token", site.enrolled.token().reveal())
        _ = plant("private key", site.deviceKey.reveal())
        let rendered = try profile.render(privateKey: site.deviceKey)
        let svg = try profile.qrSvg(privateKey: site.deviceKey)
        let blocks = try profile.qrTerminal(privateKey: site.deviceKey, theme: .darkOnLight)
        let preshared = plant("preshared key", try PrivateKey.generate().reveal())
        let conf = try Conf.parse(text: "\(plant("profile", rendered.reveal()))PresharedKey = \(preshared)\n")
        _ = plant("configuration", conf.render().reveal())
        _ = plant("picture", svg.reveal())
        _ = plant("blocks", blocks.reveal())
        samples += [site.enrolled, site.enrolled.device(), profile, profile.details(), site.deviceKey, rendered]
        samples += [svg, blocks, conf, conf.details(), conf.render(), TerminalTheme.darkOnLight]
        #expect(conf.details().peers.first?.hasPresharedKey == true)
    }

    private mutating func visitLists(_ system: Handle) async throws {
        let device = try #require(try await system.devices().list().items.first)
        samples += [try await system.identity().listUsers(), try await system.identity().listGroups()]
        samples += [try await system.devices().list(), try await system.gateways().list()]
        samples += [try await system.policy().list(), try await system.policy().resolve(device: device.id)]
        for address in ["10.20.0.10", "10.20.9.10"] {
            samples.append(try await system.policy().explain(device: device.id, address: address))
        }
        try await visitPolicies(system.policy(), device.id)
        let pools = try await system.ipam().listPools()
        let pool = try #require(pools.items.first)
        samples += [pools, try await system.ipam().listAllocations(pool: pool.id)]
        samples += [try await system.ipam().usage(pool: pool.id)]
        try await visitPools(system.ipam())
        samples += try await system.events().after(position: 0, limit: 9)
        samples += [system.identity(), system.devices(), system.gateways(), system.enrolment(), system.ipam()]
        samples += [system.policy(), system.audit(), system.events(), try system.events().stream()]
        samples += [system.sealing(), try await system.sealing().finishRotation(), Purpose.audit]
        samples += try await system.sealing().listKeys()
        samples.append(system.settings())
        samples += try await system.settings().list()
        samples += [try await system.audit().verify(), try await system.audit().signedHead()]
        samples += try await system.audit().publicKeys()
        samples += [try await system.audit().seal(), try await system.audit().export(limit: 1)]
        samples += [AuditFilter(eventType: "user.created"), AuditProblemKind.cutOff]
        samples.append(AuditProblem(kind: .cutOff, seal: 1, record: nil))
        let all = everyItem { try await system.identity().listUsers(after: $0) }
        samples += [all, all.makeAsyncIterator(), try system.events().stream().makeAsyncIterator()]
        samples += [Bar.deviceRevoked, NewGroup(name: "x"), NewPool(name: "x", cidr: "10.0.0.0/24")]
        samples += [NewPolicy(name: "x", effect: .deny, targets: [], destinations: []), try CancelHandle.create()]
        samples.append(NewEnrolment(name: "x", publicKey: device.publicKey, fingerprint: "x"))
        samples.append(NewGateway(name: "x", endpoint: "x:1", publicKey: device.publicKey, vpnCidrs: []))
    }

    private mutating func visitPolicies(_ policies: Policies, _ device: Id<Device>) async throws {
        let who = try #require(try await policies.list().items.first?.targets.first)
        let test = NewPolicyTest(name: "t", who: who, to: "192.0.2.1", expect: .deny)
        samples += [test, try await policies.createTest(test: test), try await policies.listTests()]
        samples += try await policies.runTests()
        samples += [PolicyChanges(name: "x"), DocumentFormat.yaml, RemedyKind.create, Extent.whole, Part.any]
        samples.append(try await policies.whyNot(device: device, address: "192.0.2.1", protocol: "tcp", port: 443))
        samples += try await policies.whoCanReach(destination: "10.20.0.0/16", part: .any)
        samples.append(try await policies.matrix(destinations: ["10.20.0.0/16", "192.0.2.0/24"]))
        samples += try await policies.lint()
        samples.append(PolicyFinding(kind: "over", policy: nil, text: "its window is over"))
        samples.append(try await policies.checkDocument(text: "policies: ["))
        samples += try await policies.previewDocument(text: "policies: []")
        samples.append(try #require(try await policies.compareDocument(text: "policies: []")))
    }

    private mutating func visitPools(_ ipam: Ipam) async throws {
        let new = NewPool(name: "moved", cidr: "10.97.0.0/29", reserve: ["10.97.0.6"])
        let pool = try await ipam.createPool(pool: new)
        samples += [try await ipam.claimWith(pool: pool.id, claim: Claim(holder: "printer"))]
        samples += [try await ipam.reserve(pool: pool.id, range: "10.97.0.5", reason: "kept")]
        samples += [try await ipam.listReservations(pool: pool.id), PoolKind.ipv4, Strategy.sticky]
        samples += [try await ipam.previewResize(pool: pool.id, ranges: ["10.97.0.0/30"])]
        samples += [try await ipam.forecast(pool: pool.id), try await ipam.heatMap(prefix: "10.97.0.0/29")]
        samples += [try await ipam.checkImport(format: .csv, text: "nothing"), ImportFormat.csv]
        samples += [try await ipam.rebuild(pool: pool.id), Claim(holder: "x"), PoolChange(name: "x")]
        samples += [Finding(poolId: pool.id, kind: .lost, range: "10.97.0.1", message: "x"), FindingKind.lost]
        samples += [try await ipam.renumber(pool: pool.id, oldRange: "10.97.0.0/29", newRange: "10.96.0.0/29")]
        samples += [AllocationStatus.allocated]
    }

    private mutating func visitTunnels(_ site: Site) async throws {
        let (client, _) = try await site.connection()
        let options = GatewayOptions(listen: "127.0.0.1:0", addresses: ["10.0.0.1"])
        let state = try await site.world.system.gateways().desiredState(id: site.gateway.id)
        samples += [site.office, client, try await site.office.listen(port: 9), options, TunnelOptions(), state]
        samples += [site.office.counters(), site.office.peers()]
        samples.append(try #require(try await site.laptop.nextEvent(waitMs: 20_000)))
    }

    /// What fails because of a secret must not quote it.
    private mutating func fail(_ site: Site) async throws {
        let anonymous = site.world.nexa.anonymous().identity()
        let (wrong, key) = (plant("wrong password", "wrong planted horse"), site.deviceKey)
        let text = try site.enrolled.profile().render(privateKey: key).reveal()
        let token = plant("wrong token", "nxs_planted0000000000000000000000000000000000")
        let url = "postgres://nexa:\(plant("password of a database", "planted-database-password"))@localhost/nexa"
        let calls: [() async throws -> Void] = [
            { _ = try await anonymous.signIn(username: "ada", password: wrong) },
            { _ = try await anonymous.redeemSetupToken(token: token, user: NewUser(username: "x"), password: wrong) },
            { _ = try await site.world.nexa.authenticate(token: token) },
            { _ = try await site.world.nexa.authenticate(token: key.reveal()) },
            { _ = try PrivateKey.parse(text: key.reveal() + "=") },
            { _ = try PrivateKey.parse(text: "\(wrong) and more") },
            { _ = try Conf.parse(text: text.replacing("PrivateKey = ", with: "PrivateKey = x")) },
            { _ = try Conf.parse(text: text.replacing("PublicKey = ", with: "PresharedKey = \(key.reveal())x\nX = ")) },
            { _ = try site.enrolled.profile().render(privateKey: PrivateKey.generate()) },
            { _ = try await Nexa.open(url: url) },
        ]
        for call in calls {
            let info = try await failure(of: call)
            samples += [NexaError.Failed(error: info), info]
        }
    }
}

/// Everything that Swift writes of a value, with the way it was asked to.
private func printings(of sample: Any) -> [(what: String, printed: String)] {
    var dumped = ""
    dump(sample, to: &dumped)
    var printed = ["\(sample)", String(describing: sample), String(reflecting: sample), dumped]
    if let error = sample as? any Error {
        let cocoa = error as NSError
        printed += [error.localizedDescription, "\(cocoa)", "\(cocoa.userInfo)", cocoa.debugDescription]
    }
    if let encodable = sample as? any Encodable, let json = try? JSONEncoder().encode(encodable) {
        printed.append(String(decoding: json, as: UTF8.self))
    }
    return printed.map { ("a \(type(of: sample))", $0) }
}

/// The name of its type and of what is inside it, without the parameters of a generic one.
private func collectTypes(of sample: Any, into types: inout Set<String>) {
    types.insert(String(String(describing: type(of: sample)).prefix { $0 != "<" }))
    Mirror(reflecting: sample).children.forEach { collectTypes(of: $0.value, into: &types) }
}

/// The types that the package's sources export, but for those of which there are no values and UniFFI's own.
private func exportedTypes() throws -> Set<String> {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/NexaKit")
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
    var types: Set<String> = []
    while let file = files?.nextObject() as? URL {
        guard file.pathExtension == "swift" else { continue }
        let text = try String(contentsOf: file, encoding: .utf8)
        // UniFFI writes `public` on a line of its own before an error.
        for declared in text.matches(of: /(?:public|open)\s+(?:final\s+)?(?:struct|class|enum|actor)\s+(\w+)/) {
            types.insert(String(declared.1))
        }
    }
    return types.filter { !$0.hasPrefix("FfiConverter") }.subtracting(["NoHandle", "Role", "Session"])
}
