import Foundation
import NexaKit
import Testing

/// What brings about an error of a kind.
struct Provoked: Sendable, CustomTestStringConvertible {
    let kind: ErrorKind
    let code: String
    var details: [String: String] = [:]
    let by: @Sendable () async throws -> Void

    var testDescription: String { "\(kind)" }
}

private let provoked = [
    Provoked(kind: .notFound, code: "identity.user_not_found") {
        _ = try await World.open().system.identity().getUser(id: Id(nobody))
    },
    Provoked(kind: .alreadyExists, code: "identity.username_taken", details: ["field": "username", "name": "ADA"]) {
        _ = try await World.withAda().admin.identity().createUser(user: NewUser(username: "ADA"))
    },
    Provoked(kind: .conflict, code: "identity.last_administrator") {
        let (_, ada, admin) = try await World.withAda()
        try await admin.identity().suspendUser(id: ada.id)
    },
    Provoked(kind: .invalidInput, code: "input.invalid", details: ["field": "id"]) {
        _ = try await World.open().system.identity().getUser(id: Id("not an id"))
    },
    Provoked(kind: .unauthenticated, code: "identity.sign_in_refused") {
        let (world, _, _) = try await World.withAda()
        _ = try await world.nexa.anonymous().identity().signIn(username: "ada", password: "wrong")
    },
    Provoked(kind: .forbidden, code: "access.forbidden") {
        let (world, _, admin) = try await World.withAda()
        _ = try await admin.identity().createUser(user: NewUser(username: "grace"), password: password)
        _ = try await world.signIn("grace").identity().createGroup(group: NewGroup(name: "hers"))
    },
    Provoked(kind: .exhausted, code: "ipam.exhausted", details: ["allocated": "1", "assignable": "1"]) {
        let ipam = try await World.open().system.ipam()
        let pool = try await ipam.createPool(
            pool: NewPool(name: "servers", cidr: "10.99.0.0/30", reserve: ["10.99.0.1"]))
        for _ in 0..<2 { _ = try await ipam.claim(pool: pool.id) }
    },
    Provoked(kind: .throttled, code: "identity.password_queue_full", by: overfillThePasswordQueue),
    Provoked(kind: .unavailable, code: "tunnel.refused") {
        let site = try await Site.open()
        let outcome = await Task { try await site.laptop.connect(to: "10.20.0.10:81") }.result
        try await site.close()
        _ = try outcome.get()
    },
    Provoked(kind: .needsOperator, code: "sealed.file_missing") {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer {
            for suffix in ["", ".lock", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: file.path + suffix)
            }
        }
        try await Nexa.open(url: "sqlite:\(file.path)").close()
        try FileManager.default.removeItem(atPath: file.path + ".key")
        _ = try await Nexa.open(url: "sqlite:\(file.path)")
    },
    Provoked(kind: .corrupt, code: "db.foreign") {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let text = String(repeating: "This is no database, and long enough to be looked at. ", count: 40)
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        _ = try await Nexa.open(url: "sqlite:\(file.path)")
    },
    Provoked(kind: .cancelled, code: "call.cancelled") {
        let cancel = try CancelHandle.create()
        cancel.cancel()
        _ = try await World.open().system.identity().listUsers(cancel: cancel)
    },
    Provoked(kind: .closed, code: "db.closed") {
        let world = try await World.open()
        try await world.nexa.close()
        _ = try await world.system.identity().listUsers()
    },
]

/// A database held by another program or made by a later version and a defect of Nexa are not to be had in a test.
private let notProvoked: Set<ErrorKind> = [.locked, .unsupported, .internal]

private let retryable: Set<ErrorKind> = [.locked, .throttled, .unavailable]

/// More sign-ins at once than wait for their turn; those that wait are given up as soon as one was turned away.
@Sendable private func overfillThePasswordQueue() async throws {
    let (world, _, _) = try await World.withAda()
    let cancel = try CancelHandle.create()
    let crowd = ProcessInfo.processInfo.activeProcessorCount * 2 + 256
    let turnedAway = await withTaskGroup(of: NexaError?.self) { group in
        for _ in 0..<crowd {
            group.addTask {
                do {
                    let identity = world.nexa.anonymous().identity()
                    _ = try await identity.signIn(username: "ada", password: "wrong", cancel: cancel)
                } catch let error as NexaError where error.kind != .unauthenticated && error.kind != .cancelled {
                    cancel.cancel()
                    return error
                } catch {}
                return nil
            }
        }
        return await group.reduce(nil) { $0 ?? $1 }
    }
    if let turnedAway { throw turnedAway }
}

@Suite struct ErrorTests {
    @Test("an error carries its kind and everything that there is to say", arguments: provoked)
    func carriesItsFields(provoked: Provoked) async throws {
        let error = try await failure(of: provoked.by)
        #expect(error.kind == provoked.kind)
        #expect(error.code == provoked.code)
        #expect(error.details.merging(provoked.details) { $1 } == error.details)
        #expect(error.retryable == retryable.contains(provoked.kind))
        #expect(!error.message.isEmpty)
    }

    @Test("every kind is provoked, or known not to be")
    func everyKind() {
        #expect(Set(provoked.map(\.kind)).union(notProvoked) == Set(ErrorKind.allCases))
        #expect(Set(provoked.map(\.kind)).isDisjoint(with: notProvoked))
    }

    @Test("every kind crosses as itself and is caught by it", arguments: ErrorKind.allCases)
    func crosses(kind: ErrorKind) throws {
        let info = ErrorInfo(
            code: "a.code", kind: kind, message: "a sentence", details: ["field": "name"], retryable: true)
        let error = try FfiConverterTypeNexaError_lift(FfiConverterTypeNexaError_lower(.Failed(error: info)))
        #expect(error.kind == kind)
        #expect(error.info == info)
        do {
            throw error
        } catch let error as NexaError where error.kind == kind {
            #expect(error.code == "a.code")
        }
    }

    @Test("an error prints its code and message, and its fields are its own")
    func prints() async throws {
        let error = NexaError.Failed(error: try await failure { _ = try PrivateKey.parse(text: "not a key") })
        #expect(error.code == "input.invalid")
        #expect(error.kind == .invalidInput)
        #expect(error.details == ["field": "private_key"])
        #expect(!error.retryable)
        #expect("\(error)" == "input.invalid: \(error.message)")
        #expect(error.localizedDescription == error.message)
    }
}
