import Foundation
import NexaKit
import Testing

// The README's examples, as they stand there.

func setUp(database url: String) async throws -> Group {
    try await Nexa.open(url: url).use { nexa in
        let anonymous = nexa.anonymous().identity()
        if let setupToken = nexa.takeSetupToken() {
            let ada = NewUser(username: "ada", displayName: "Ada Lovelace")
            _ = try await anonymous.redeemSetupToken(
                token: setupToken.reveal(), user: ada, password: "correct horse battery")
        }
        let signedIn = try await anonymous.signIn(username: "ada", password: "correct horse battery")
        let admin = try await nexa.authenticate(token: signedIn.token().reveal())
        let staff = try await admin.identity().createGroup(group: NewGroup(name: "staff"))
        try await admin.identity().addMember(group: staff.id, user: signedIn.userId())
        return staff
    }
}

func createOnce(_ name: String, _ identity: Identity) async throws {
    do {
        _ = try await identity.createGroup(group: NewGroup(name: name))
    } catch let error as NexaError where error.kind == .alreadyExists {
        print(error.code, error.details["field"] ?? "", error.message)
    }
}

func accept(_ listener: TcpListener) async throws -> TcpStream {
    try await withNexaCancellation { cancel in try await listener.accept(cancel: cancel) }
}

func ask(_ tunnel: Tunnel, _ question: Data) async throws -> Data {
    try await tunnel.connect(to: "10.20.0.10:80").use { stream in
        try await stream.write(data: question)
        try await stream.finish()
        return try await stream.readToEnd(max: 1 << 20)
    }
}

func follow(_ handle: Handle, after position: Int64) async throws {
    for try await event in try handle.events().stream(position: position) {
        print(event.position, event.eventType, event.entityId)
    }
}

func names(_ identity: Identity) async throws -> [String] {
    var names: [String] = []
    for try await user in everyItem(of: { try await identity.listUsers(after: $0, limit: 100) }) {
        names.append(user.username)
    }
    return names
}

@Suite struct ReadmeTests {
    @Test("the README's examples are those that are compiled here")
    func areCompiled() throws {
        let here = URL(filePath: #filePath)
        let readme = try String(contentsOf: here.appending(path: "../../../README.md").standardized, encoding: .utf8)
        let compiled = try String(contentsOf: here, encoding: .utf8)
        let examples = readme.components(separatedBy: "```swift\n").dropFirst()
        #expect(examples.count == 6)
        for example in examples.compactMap({ $0.components(separatedBy: "```").first }) {
            #expect(compiled.contains(example))
        }
    }

    @Test("the README's examples do what it says")
    func run() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        let staff = try await setUp(database: "sqlite:\(file.path)")
        #expect(staff.name == "staff")

        let (world, _, admin) = try await World.withAda()
        try await createOnce("staff", admin.identity())
        try await createOnce("staff", admin.identity())
        #expect(try await names(admin.identity()) == ["ada"])
        let following = Task { try await follow(world.system, after: 0) }
        following.cancel()
        #expect(try await failure { try await following.value }.code == "call.cancelled")
    }

    @Test("the README's way to ask gets an answer, by its way to accept")
    func ask() async throws {
        let site = try await Site.open()
        let listener = try await site.office.listen(port: 80)
        let answering = Task {
            try await accept(listener).use { stream in
                try await stream.write(data: try await stream.readToEnd(max: 100))
            }
        }
        #expect(try await NexaKitTests.ask(site.laptop, Data("why".utf8)) == Data("why".utf8))
        try await answering.value
        try await site.close()
    }
}
