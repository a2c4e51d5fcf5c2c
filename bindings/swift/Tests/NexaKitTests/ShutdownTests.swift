import NexaKit
import XCTest

/// `shutdown` is for the whole process. Tests of this kind run in one of their own, beside those of Swift Testing.
final class ShutdownTests: XCTestCase {
    func testAfterAShutdownTheNextCallStartsAgain() async throws {
        for _ in 0..<2 {
            let nexa = try await Nexa.open(url: "sqlite::memory:")
            let stream = try nexa.system(reason: "tests").events().stream(lookEveryMs: 1)
            async let waiting = stream.next()
            _ = try await nexa.system(reason: "tests").identity().listUsers()
            shutdown()
            do {
                let event = try await waiting
                XCTFail("\(String(describing: event)) after the end")
            } catch let error as NexaError {
                XCTAssertEqual(error.kind, .closed)
            }
        }
        let nexa = try await Nexa.open(url: "sqlite::memory:")
        let users = try await nexa.system(reason: "tests").identity().listUsers()
        XCTAssertEqual(users.items, [])
    }

    func testAShutdownGivesTheUdpPortOfATunnelBack() async throws {
        let key = try PrivateKey.generate()
        let first = try await Tunnel.serve(
            privateKey: key, options: GatewayOptions(listen: "127.0.0.1:0", addresses: ["10.66.0.1"]))
        let place = GatewayOptions(listen: first.localAddr(), addresses: ["10.66.0.1"])
        do {
            _ = try await Tunnel.serve(privateKey: key, options: place)
            XCTFail("two tunnels at \(place.listen)")
        } catch let error as NexaError {
            XCTAssertEqual(error.kind, .unavailable)
        }
        shutdown()
        let second = try await Tunnel.serve(privateKey: key, options: place)
        XCTAssertEqual(second.localAddr(), place.listen)
        do {
            _ = try await first.ping(to: "10.66.0.2")
            XCTFail("a tunnel that answers after the end")
        } catch let error as NexaError {
            XCTAssertEqual(error.kind, .closed)
        }
        try await second.close()
    }
}
