import Foundation
import NexaKit
import Testing

@Suite struct ValueTests {
    @Test("what is not given is absent, and what is given comes back")
    func optionalFields() async throws {
        let identity = try await World.open().system.identity()
        let bare = try await identity.createFirstUser(user: NewUser(username: "ada"))
        #expect(bare.email == nil)
        #expect(bare.sshPublicKey == nil)
        #expect(bare.lastLoginAt == nil)
        #expect(bare.sn == "")
        let full = try await identity.createUser(
            user: NewUser(
                username: "grace", displayName: "Grace Höpper 🦀", sn: "Höpper", givenName: "Grace",
                email: "grace@example.org", role: "auditor"))
        #expect(full.displayName == "Grace Höpper 🦀")
        #expect(full.email == "grace@example.org")
        #expect(full.roleId != bare.roleId)
        #expect(try await identity.getUser(id: full.id) == full)
    }

    @Test("moments are exact, also those that a double does not hold")
    func moments() async throws {
        let policies = try await World.open().system.policy()
        let (from, until): (Int64, Int64) = (1_764_109_058_123_457, 9_007_199_254_740_993)
        let policy = try await policies.create(
            policy: NewPolicy(
                name: "later", effect: .deny, targets: [], destinations: [], validFrom: from, validUntil: until))
        #expect(policy.validFrom == from)
        #expect(policy.validUntil == until)
        #expect(try await policies.get(id: policy.id) == policy)
        let always = try await policies.create(
            policy: NewPolicy(name: "always", effect: .deny, targets: [], destinations: []))
        #expect(always.validFrom == nil && always.validUntil == nil)
    }

    @Test("the clock is in microseconds since 1970")
    func clock() async throws {
        let now = { Int64(Date().timeIntervalSince1970 * 1e6) }
        let before = now()
        let user = try await World.open().system.identity().createFirstUser(user: NewUser(username: "ada"))
        #expect((before - 1_000_000...now() + 1_000_000).contains(user.createdAt))
    }

    @Test("counts that may be longer than any integer are text in decimal")
    func hugeCounts() async throws {
        let ipam = try await World.open().system.ipam()
        let pool = try await ipam.createPool(pool: NewPool(name: "six", cidr: "fd20::/64"))
        #expect(pool.gatewayId == nil)
        let allocation = try await ipam.claim(pool: pool.id)
        #expect(allocation.deviceId == nil)
        let usage = try await ipam.usage(pool: pool.id)
        #expect(usage.allocated == "1")
        let (assignable, free) = (try #require(Decimal(string: usage.assignable)), Decimal(string: usage.free))
        #expect(assignable > Decimal(UInt64.max) - 16)
        #expect(free == assignable - 1)
    }

    @Test("an id is its text, equal by it, and encoded as it")
    func ids() throws {
        let id: UserId = Id("0198f0a2-7c61-7d3a-9b57-1f0f6c1d2e3f")
        #expect("\(id)" == id.text)
        #expect(Set([id, Id(id.text)]).count == 1)
        let encoded = try JSONEncoder().encode([id])
        #expect(String(decoding: encoded, as: UTF8.self) == "[\"\(id.text)\"]")
        #expect(try JSONDecoder().decode([UserId].self, from: encoded) == [id])
    }

    @Test("the library says its version")
    func itsVersion() {
        #expect(version().split(separator: ".").count == 3)
    }
}
