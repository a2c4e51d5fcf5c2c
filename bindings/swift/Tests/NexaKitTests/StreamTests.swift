import NexaKit
import Testing

@Suite struct StreamTests {
    @Test("a stream gives each event once and in order, also those that come later")
    func eachOnce() async throws {
        let world = try await World.open()
        let stream = try world.system.events().stream(lookEveryMs: 1)
        var expected = [try await world.createGroup("group0").id.text]
        var seen: [String] = []
        var positions: [Int64] = []
        for try await event in stream {
            #expect(event.eventType == "group.created")
            seen.append(event.entityId)
            positions.append(event.position)
            if seen.count == 5 { break }
            expected.append(try await world.createGroup("group\(seen.count)").id.text)
        }
        #expect(seen == expected)
        #expect(positions == [1, 2, 3, 4, 5])

        let next = try await world.createGroup("group5")
        #expect(try await stream.next()?.entityId == next.id.text)
    }

    @Test("a stream begins after the position that it is given")
    func fromAPosition() async throws {
        let world = try await World.open()
        for number in 1...3 { try await world.createGroup("group\(number)") }
        let stream = try world.system.events().stream(position: 2)
        #expect(try await stream.next()?.position == 3)
    }

    @Test("closing ends the iteration, also one that waits")
    func closingEnds() async throws {
        let world = try await World.open()
        try await world.createGroup("staff")
        let stream = try world.system.events().stream(lookEveryMs: 1)
        let (first, announce) = AsyncStream.makeStream(of: Void.self)
        let counting = Task {
            var count = 0
            for try await _ in stream {
                count += 1
                announce.yield()
            }
            return count
        }
        for await _ in first { break }
        try await stream.close()
        #expect(try await counting.value == 1)
        try await stream.close()
        #expect(try await stream.next() == nil)
    }

    @Test("cancelling the task that iterates ends the iteration, and the stream goes on")
    func cancellingTheTask() async throws {
        let world = try await World.open()
        try await world.createGroup("staff")
        let stream = try world.system.events().stream(lookEveryMs: 1)
        let (first, announce) = AsyncStream.makeStream(of: Void.self)
        let iterating = Task { for try await _ in stream { announce.yield() } }
        for await _ in first { break }
        iterating.cancel()
        #expect(try await failure { try await iterating.value }.code == "call.cancelled")
        let group = try await world.createGroup("later")
        #expect(try await stream.next()?.entityId == group.id.text)
    }

    @Test("of two readers of one stream, each gets other events")
    func twoReaders() async throws {
        let world = try await World.open()
        let stream = try world.system.events().stream(lookEveryMs: 1)
        for number in 1...10 { try await world.createGroup("group\(number)") }
        let read: @Sendable () async throws -> [Int64] = {
            var positions: [Int64] = []
            for _ in 1...5 { if let event = try await stream.next() { positions.append(event.position) } }
            return positions
        }
        async let one = read()
        async let other = read()
        #expect(try await (one + other).sorted() == Array(1...10))
    }
}
