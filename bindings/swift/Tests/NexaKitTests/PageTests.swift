import NexaKit
import Testing

@Suite struct PageTests {
    @Test("pages follow each other to the end, each person once")
    func toTheEnd() async throws {
        let identity = try await people(7)
        var seen: [UserId] = []
        var after: String?
        var pages = 0
        repeat {
            let page = try await identity.listUsers(after: after, limit: 3)
            #expect(!page.items.isEmpty && page.items.count <= 3)
            seen += page.items.map(\.id)
            after = page.next
            pages += 1
        } while after != nil
        #expect(pages == 3)
        #expect(Set(seen).count == 7 && seen.count == 7)
    }

    @Test("everyItem goes through all pages, and asks for none that is not needed")
    func everyItemOfAll() async throws {
        let identity = try await people(7)
        let asked = Asked()
        let all = everyItem { after in
            await asked.count()
            return try await identity.listUsers(after: after, limit: 3)
        }
        var names: Set<String> = []
        for try await user in all { names.insert(user.username) }
        #expect(names == Set((0..<7).map { "user\($0)" }))
        #expect(await asked.times == 3)

        for try await _ in all { break }
        #expect(await asked.times == 4)
    }

    @Test("everyItem of an empty list gives nothing, and hands on what fails")
    func everyItemOfNone() async throws {
        let world = try await World.open()
        for try await _ in everyItem(of: { try await world.system.devices().list(after: $0) }) {
            Issue.record("a device that nobody enrolled")
        }
        let error = try await failure {
            for try await _ in everyItem(of: { try await world.system.devices().list(after: $0, limit: 0) }) {}
        }
        #expect(error.details["field"] == "limit")
    }

    private func people(_ count: Int) async throws -> Identity {
        let identity = try await World.open().system.identity()
        _ = try await identity.createFirstUser(user: NewUser(username: "user0"))
        for number in 1..<count { _ = try await identity.createUser(user: NewUser(username: "user\(number)")) }
        return identity
    }
}

private actor Asked {
    private(set) var times = 0

    func count() {
        times += 1
    }
}
