// What a call costs: nanoseconds by kind, the median over batches after one that is not counted.

import NexaKit

let people = 1_000
let batches = 15

@main
struct Calls {
    static func main() async throws {
        let nexa = try await Nexa.open(url: "sqlite::memory:")
        let identity = nexa.system(reason: "bench").identity()
        let first = try await identity.createFirstUser(user: NewUser(username: "user0"))
        for number in 1..<people {
            _ = try await identity.createUser(user: NewUser(username: "user\(number)"))
        }
        let stream = try nexa.system(reason: "bench").events().stream()

        let sync = median { clock in clock.measure { for _ in 0..<20_000 { _ = version() } } / 20_000 }
        let async = try await median(1_000) { try await stream.close() }
        let read = try await median(200) { _ = try await identity.getUser(id: first.id) }
        let page = try await median(5) {
            let page = try await identity.listUsers(limit: UInt32(people))
            precondition(page.items.count == people)
        }
        try await nexa.close()
        print(#"{"async_ns":\#(async),"page_ns":\#(page),"read_ns":\#(read),"sync_ns":\#(sync)}"#)
    }
}

/// Of a call that waits for nothing. What measures it is no part of it.
func median(_ batch: (ContinuousClock) -> Duration) -> Int {
    median(of: (0...batches).map { _ in batch(ContinuousClock()) })
}

func median(_ calls: Int, _ call: @Sendable () async throws -> Void) async throws -> Int {
    var each: [Duration] = []
    for _ in 0...batches {
        let began = ContinuousClock.now
        for _ in 0..<calls { try await call() }
        each.append((ContinuousClock.now - began) / calls)
    }
    return median(of: each)
}

func median(of each: [Duration]) -> Int {
    Int(each.dropFirst().sorted()[batches / 2] / .nanoseconds(1))
}
