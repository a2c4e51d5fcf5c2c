import Foundation
import NexaKit
import Testing

@Suite struct CancellationTests {
    @Test("a stream that was given up while it waited gives the next event to the next call")
    func givenUpStreamGoesOn() async throws {
        let world = try await World.open()
        let stream = try world.system.events().stream(lookEveryMs: 1)
        for round in 1...20 {
            let cancel = try CancelHandle.create()
            async let waiting = stream.next(cancel: cancel)
            // Another call of the same runtime, so that the first is under way.
            _ = try await world.system.events().after(position: 0, limit: 1)
            cancel.cancel()
            #expect(cancel.isCancelled())
            do {
                _ = try await waiting
                Issue.record("an event that nobody made")
            } catch let error as NexaError {
                #expect(error.code == "call.cancelled")
                #expect(error.kind == .cancelled)
            }
            let group = try await world.createGroup("group\(round)")
            let event = try #require(try await stream.next())
            #expect(event.entityId == group.id.text)
        }
    }

    @Test("bytes that come after a read was given up are the next reader's")
    func givenUpReadLosesNothing() async throws {
        let site = try await Site.open()
        let (client, server) = try await site.connection()
        let cancel = try CancelHandle.create()
        async let reading = client.read(max: 100, cancel: cancel)
        cancel.cancel()
        do {
            _ = try await reading
            Issue.record("bytes that nobody wrote")
        } catch let error as NexaError where error.code == "call.cancelled" {}
        try await server.write(data: Data("hello".utf8))
        try await server.finish()
        #expect(try await client.readToEnd(max: 100) == Data("hello".utf8))
        try await site.close()
    }

    @Test("a connection that comes after an accept was given up is the next one's")
    func givenUpAcceptLosesNothing() async throws {
        let site = try await Site.open()
        let listener = try await site.office.listen(port: 80)
        let cancel = try CancelHandle.create()
        async let accepting = listener.accept(cancel: cancel)
        cancel.cancel()
        do {
            _ = try await accepting
            Issue.record("a connection that nobody made")
        } catch let error as NexaError where error.code == "call.cancelled" {}
        let client = try await site.laptop.connect(to: "10.20.0.10:80")
        let server = try await listener.accept()
        #expect(server.peerAddr() == client.localAddr())
        try await client.write(data: Data("hello".utf8))
        #expect(try await server.read(max: 100) == Data("hello".utf8))
        try await site.close()
    }

    @Test("one handle gives up every call that has it, also a later one")
    func oneHandleForManyCalls() async throws {
        let world = try await World.open()
        let cancel = try CancelHandle.create()
        #expect(!cancel.isCancelled())
        let (one, other) = (try world.system.events().stream(), try world.system.events().stream())
        let tasks = [one, other].map { stream in Task { try await stream.next(cancel: cancel) } }
        cancel.cancel()
        for task in tasks {
            #expect(try await failure { _ = try await task.value }.code == "call.cancelled")
        }
        let later = try await failure { _ = try await world.system.identity().listUsers(cancel: cancel) }
        #expect(later.code == "call.cancelled")
    }

    @Test("cancelling a task ends what it waits for inside withNexaCancellation")
    func taskCancellation() async throws {
        let world = try await World.open()
        let stream = try world.system.events().stream(lookEveryMs: 1)
        let task = Task { try await withNexaCancellation { cancel in try await stream.next(cancel: cancel) } }
        _ = try await world.system.events().after(position: 0, limit: 1)
        task.cancel()
        let error = try await failure { _ = try await task.value }
        #expect(error.code == "call.cancelled")
        let group = try await world.createGroup("staff")
        #expect(try await stream.next()?.entityId == group.id.text)
    }

    @Test("withNexaCancellation hands back what its body gives and throws")
    func taskCancellationIsTransparent() async throws {
        #expect(try await withNexaCancellation { _ in 42 } == 42)
        await #expect(throws: NothingFailed.self) { try await withNexaCancellation { _ in throw NothingFailed() } }
    }

    @Test("a call that takes too long fails with the code of a timeout, and the next one goes on")
    func timeout() async throws {
        let world = try await World.open()
        let stream = try world.system.events().stream(lookEveryMs: 1)
        let error = try await failure { _ = try await stream.next(timeoutMs: 1) }
        #expect(error.code == "call.timed_out")
        #expect(error.kind == .cancelled)
        let group = try await world.createGroup("staff")
        #expect(try await stream.next()?.entityId == group.id.text)
    }
}
