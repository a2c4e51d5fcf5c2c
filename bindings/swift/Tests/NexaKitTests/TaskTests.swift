import NexaKit
import Testing

@Suite struct TaskTests {
    @Test("one object serves many tasks at once")
    func manyTasks() async throws {
        let identity = try await World.open().system.identity()
        _ = try await identity.createFirstUser(user: NewUser(username: "user0"))
        let created = try await withThrowingTaskGroup(of: User.self) { group in
            for number in 1...50 {
                group.addTask { try await identity.createUser(user: NewUser(username: "user\(number)")) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(created.map(\.uidNumber)).count == 50)
        for user in created {
            #expect(try await identity.getUser(id: user.id) == user)
        }
    }

    @Test("more calls wait at once than Swift has threads, and others go on")
    func manyThatWait() async throws {
        let world = try await World.open()
        let cancel = try CancelHandle.create()
        let waiting = try (0..<100).map { _ in
            let stream = try world.system.events().stream()
            return Task { try await stream.next(cancel: cancel) }
        }
        #expect(try await world.system.identity().listUsers().items.isEmpty)
        cancel.cancel()
        for task in waiting {
            #expect(try await failure { _ = try await task.value }.code == "call.cancelled")
        }
    }
}
