import NexaKit
import Testing

@Suite struct SignInTests {
    @Test("a new database is set up once, and its first user signs in and out")
    func setUpAndSignIn() async throws {
        let nexa = try await Nexa.open(url: "sqlite::memory:")
        let setupToken = try #require(nexa.takeSetupToken())
        #expect(nexa.takeSetupToken() == nil)
        let anonymous = nexa.anonymous().identity()
        let ada = try await anonymous.redeemSetupToken(
            token: setupToken.reveal(), user: NewUser(username: "ada"), password: password)
        #expect(ada.username == "ada")
        #expect(ada.uidNumber == 2000)
        #expect(ada.status == .active)
        let again = try await failure {
            _ = try await anonymous.redeemSetupToken(
                token: setupToken.reveal(), user: NewUser(username: "eve"), password: password)
        }
        #expect(again.kind == .unauthenticated)

        let signedIn = try await anonymous.signIn(username: "ada", password: password)
        #expect(signedIn.userId() == ada.id)
        let admin = try await nexa.authenticate(token: signedIn.token().reveal())
        #expect(try await admin.identity().getUser(id: ada.id).username == "ada")

        try await admin.identity().signOut()
        let signedOut = try await failure { _ = try await admin.identity().listUsers() }
        #expect(signedOut.kind == .unauthenticated)
    }

    @Test("what is done is in the audit with the request that it came with")
    func auditShowsTheContext() async throws {
        let (world, _, admin) = try await World.withAda()
        let context = RequestContext(sourceIp: "192.0.2.30", userAgent: "tests", requestId: "r-1")
        let group = try await admin.withContext(context: context).identity()
            .createGroup(group: NewGroup(name: "staff"))
        let records = try await world.system.audit().list(limit: 100).items
        let record = try #require(records.first { $0.entityId == group.id.text })
        #expect(record.ipAddress == "192.0.2.30")
        #expect(record.requestId == "r-1")
        #expect(record.status == .done)
    }
}
