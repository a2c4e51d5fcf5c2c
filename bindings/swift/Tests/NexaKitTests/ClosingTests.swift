import NexaKit
import Testing

@Suite struct ClosingTests {
    @Test("a database that was closed refuses every call, and is closed again without complaint")
    func closedDatabase() async throws {
        let (world, _, _) = try await World.withAda()
        let stream = try world.system.events().stream()
        let signedIn = try await world.nexa.anonymous().identity().signIn(username: "ada", password: password)
        try await world.nexa.close()
        try await world.nexa.close()
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await world.system.identity().listUsers() },
            { _ = try await world.system.gateways().get(id: Id(nobody)) },
            { _ = try await world.system.audit().list() },
            { _ = try await world.nexa.authenticate(token: signedIn.token().reveal()) },
            { _ = try await stream.next() },
        ]
        for call in calls {
            #expect(try await failure(of: call).kind == .closed)
        }
    }

    @Test("a tunnel, its listeners and its connections are closed again without complaint")
    func closedTunnel() async throws {
        let site = try await Site.open()
        let (client, server) = try await site.connection()
        let listener = try await site.office.listen(port: 80)
        #expect(try listener.port() == 80)
        for _ in 0..<2 {
            try await client.close()
            try await listener.close()
        }
        #expect(try await failure { _ = try await client.read(max: 1) }.kind == .closed)
        #expect(try await failure { _ = try await listener.accept() }.kind == .closed)
        #expect(try await failure { _ = try listener.port() }.kind == .closed)
        #expect(try await server.readToEnd(max: 1).isEmpty)

        for _ in 0..<2 { try await site.laptop.close() }
        #expect(try await failure { _ = try await site.laptop.ping(to: "10.20.0.10") }.kind == .closed)
        #expect(try await failure { _ = try await site.laptop.listen(port: 80) }.kind == .closed)
        #expect(try await failure { _ = try await site.laptop.nextEvent(waitMs: 60_000) }.kind == .closed)
        try await site.close()
    }

    @Test("closing ends the accept that waits")
    func closingEndsAnAccept() async throws {
        let site = try await Site.open()
        let listener = try await site.office.listen(port: 80)
        let waiting = Task { try await listener.accept() }
        _ = try await site.office.listen(port: 81)
        try await site.office.close()
        #expect(try await failure { _ = try await waiting.value }.kind == .closed)
        try await site.close()
    }

    @Test("use closes whether its body ends well or throws")
    func useCloses() async throws {
        var nexa = try await Nexa.open(url: "sqlite::memory:")
        let count = try await nexa.use { try await $0.system(reason: "tests").identity().listUsers().items.count }
        #expect(count == 0)
        #expect(try await isClosed(nexa))

        nexa = try await Nexa.open(url: "sqlite::memory:")
        await #expect(throws: NothingFailed.self) { try await nexa.use { _ in throw NothingFailed() } }
        #expect(try await isClosed(nexa))
    }

    @Test("letting go of a tunnel closes it: its address is free again")
    func deinitCloses() async throws {
        let key = try PrivateKey.generate()
        func address(listen: String) async throws -> String {
            let options = GatewayOptions(listen: listen, addresses: ["10.66.0.1"])
            return try await Tunnel.serve(privateKey: key, options: options).localAddr()
        }
        let first = try await address(listen: "127.0.0.1:0")
        #expect(try await address(listen: first) == first)
    }

    private func isClosed(_ nexa: Nexa) async throws -> Bool {
        try await failure { _ = try await nexa.system(reason: "tests").identity().listUsers() }.kind == .closed
    }
}
