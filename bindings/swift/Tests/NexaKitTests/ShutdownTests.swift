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
}
