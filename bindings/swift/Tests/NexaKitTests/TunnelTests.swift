import Foundation
import NexaKit
import Testing

@Suite struct TunnelTests {
    @Test("what is allowed answers: ping, and TCP in both directions to its end")
    func allowed() async throws {
        let site = try await Site.open()
        #expect(try await site.laptop.ping(to: "10.20.0.10") > 0)
        let (client, server) = try await site.connection()
        #expect(server.localAddr() == "10.20.0.10:7")
        #expect(client.peerAddr() == "10.20.0.10:7")
        let sent = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        async let written: Void = {
            try await client.write(data: sent)
            try await client.finish()
        }()
        let received = try await server.readToEnd(max: 1 << 20)
        try await written
        #expect(received == sent)
        try await server.write(data: Data("you sent \(received.count)".utf8))
        try await server.finish()
        #expect(try await client.readToEnd(max: 100) == Data("you sent 300000".utf8))
        try await site.close()
    }

    @Test("more than was asked for is refused and still there")
    func tooMuch() async throws {
        let site = try await Site.open()
        let (client, server) = try await site.connection()
        try await server.write(data: Data("123456".utf8))
        try await server.finish()
        #expect(try await failure { _ = try await client.readToEnd(max: 3) }.kind == .exhausted)
        #expect(try await client.readToEnd(max: 6) == Data("123456".utf8))
        try await site.close()
    }

    @Test("what is denied is dropped by the gateway and counted, though the laptop sends it")
    func denied() async throws {
        let site = try await Site.open()
        let before = site.office.counters().droppedFilter
        let silent = try await failure { _ = try await site.laptop.connect(to: "10.20.9.10:80", waitMs: 300) }
        #expect(silent.kind == .cancelled)
        #expect(site.office.counters().droppedFilter > before)
        try await site.close()
    }

    @Test("counters, peers and events say what happened")
    func status() async throws {
        let site = try await Site.open()
        _ = try await site.laptop.ping(to: "10.20.0.10")
        var event = try #require(try await site.laptop.nextEvent(waitMs: 20_000))
        while event.eventType != .handshakeCompleted {
            event = try #require(try await site.laptop.nextEvent(waitMs: 20_000))
        }
        #expect(event.peer == site.gateway.publicKey)
        #expect(event.reason == nil)
        let peer = try #require(site.office.peers().first)
        #expect(peer.publicKey == site.deviceKey.publicKey())
        #expect(peer.allowedIps == ["10.66.0.2/32", "fd66::2/128"])
        #expect(peer.endpoint == site.laptop.localAddr())
        #expect(peer.receivedBytes > 0 && peer.sentBytes > 0)
        let counters = site.laptop.counters()
        #expect(counters.packetsSent >= 1 && counters.packetsDelivered >= 1)
        #expect(counters.handshakesCompleted == 1)
        #expect(try await site.laptop.nextEvent(waitMs: 0) == nil)
        try await site.close()
    }

    @Test("a revoked device is silent at once, and its token is refused")
    func revoked() async throws {
        let site = try await Site.open()
        _ = try await site.laptop.ping(to: "10.20.0.10")
        let device = site.enrolled.device().id
        #expect(try await site.world.system.policy().resolve(device: device).barred == nil)
        try await site.world.system.devices().revoke(id: device)
        let state = try await site.world.system.gateways().apply(id: site.gateway.id, tunnel: site.office)
        #expect(state.peers.isEmpty && site.office.peers().isEmpty)
        #expect(try await failure { _ = try await site.laptop.ping(to: "10.20.0.10", waitMs: 300) }.kind == .cancelled)
        #expect(try await site.world.system.policy().resolve(device: device).barred == .deviceRevoked)
        let token = site.enrolled.token().reveal()
        #expect(try await failure { _ = try await site.world.nexa.authenticate(token: token) }.kind == .unauthenticated)
        try await site.close()
    }

    @Test("a configuration's text is enough to bring the same tunnel up")
    func fromText() async throws {
        let site = try await Site.open()
        try await site.laptop.close()
        let text = try site.enrolled.profile().render(privateKey: site.deviceKey).reveal()
        let conf = try Conf.parse(text: text)
        #expect(conf.details().publicKey == site.deviceKey.publicKey())
        #expect(conf.render().reveal().contains(site.deviceKey.reveal()))
        let again = try await Tunnel.upConf(conf: conf, options: TunnelOptions(listen: "127.0.0.1:0"))
        #expect(try await again.ping(to: "10.20.0.10") > 0)
        try await again.close()
        try await site.close()
    }

    @Test("a profile's picture is an SVG, of another code when the key is in it")
    func picture() async throws {
        let site = try await Site.open()
        let profile = site.enrolled.profile()
        let pictures = try [nil, site.deviceKey].map { try profile.qrSvg(privateKey: $0).reveal() }
        let modules = try pictures.map { picture in
            #expect(picture.hasPrefix(#"<?xml version="1.0" standalone="yes"?><svg xmlns="http://www.w3.org/2000/svg""#))
            #expect(picture.hasSuffix("</svg>"))
            let path = /<path fill="#000" d="(?<modules>(?:M\d+ \d+h\d+v\d+H\d+V\d+)+)"\/>/
            return try #require(try path.firstMatch(in: picture)).modules
        }
        #expect(modules[0] != modules[1])
        try await site.close()
    }

    @Test("a port in use and a port out of range are refused")
    func ports() async throws {
        let site = try await Site.open()
        let office = site.office
        let listener = try await office.listen(port: 80)
        #expect(try await failure { _ = try await office.listen(port: 80) }.kind == .alreadyExists)
        #expect(try await failure { _ = try await office.listen(port: 65_536) }.details["field"] == "port")
        #expect(try listener.port() == 80)
        try await site.close()
    }
}
