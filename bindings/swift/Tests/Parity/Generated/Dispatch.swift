// Written by `cargo xtask bindings` from the generated sources of NexaKit.

import NexaKit

extension AuditFilter: Argument {
    static func of(_ value: Value) throws -> AuditFilter {
        var fields = try Arguments(value)
        let record = AuditFilter(actorUserId: try fields.take("actor_user_id"), actorDeviceId: try fields.take("actor_device_id"), eventType: try fields.take("event_type"), entityType: try fields.take("entity_type"), entityId: try fields.take("entity_id"), status: try fields.take("status"), requestId: try fields.take("request_id"), since: try fields.take("since"), until: try fields.take("until"))
        try fields.finish()
        return record
    }
}

extension AuditStatus: Choice {}

extension Claim: Argument {
    static func of(_ value: Value) throws -> Claim {
        var fields = try Arguments(value)
        let record = Claim(holder: try fields.take("holder"), specific: try fields.take("specific"), block: try fields.take("block"))
        try fields.finish()
        return record
    }
}

extension Conf: ObjectArgument {}

extension DocumentFormat: Choice {}

extension Effect: Choice {}

extension GatewayOptions: Argument {
    static func of(_ value: Value) throws -> GatewayOptions {
        var fields = try Arguments(value)
        let record = GatewayOptions(listen: try fields.take("listen"), addresses: try fields.take("addresses"), mtu: try fields.take("mtu"))
        try fields.finish()
        return record
    }
}

extension ImportFormat: Choice {}

extension NewEnrolment: Argument {
    static func of(_ value: Value) throws -> NewEnrolment {
        var fields = try Arguments(value)
        let record = NewEnrolment(name: try fields.take("name"), publicKey: try fields.take("public_key"), fingerprint: try fields.take("fingerprint"), platform: try fields.take("platform"), userId: try fields.take("user_id"), gatewayId: try fields.take("gateway_id"), withPresharedKey: try fields.take("with_preshared_key"))
        try fields.finish()
        return record
    }
}

extension NewGateway: Argument {
    static func of(_ value: Value) throws -> NewGateway {
        var fields = try Arguments(value)
        let record = NewGateway(name: try fields.take("name"), endpoint: try fields.take("endpoint"), publicKey: try fields.take("public_key"), vpnCidrs: try fields.take("vpn_cidrs"), dnsServers: try fields.take("dns_servers"), mtu: try fields.take("mtu"))
        try fields.finish()
        return record
    }
}

extension NewGroup: Argument {
    static func of(_ value: Value) throws -> NewGroup {
        var fields = try Arguments(value)
        let record = NewGroup(name: try fields.take("name"), description: try fields.take("description"))
        try fields.finish()
        return record
    }
}

extension NewPolicy: Argument {
    static func of(_ value: Value) throws -> NewPolicy {
        var fields = try Arguments(value)
        let record = NewPolicy(name: try fields.take("name"), effect: try fields.take("effect"), targets: try fields.take("targets"), destinations: try fields.take("destinations"), description: try fields.take("description"), priority: try fields.take("priority"), isActive: try fields.take("is_active"), fullTunnel: try fields.take("full_tunnel"), validFrom: try fields.take("valid_from"), validUntil: try fields.take("valid_until"))
        try fields.finish()
        return record
    }
}

extension NewPolicyTest: Argument {
    static func of(_ value: Value) throws -> NewPolicyTest {
        var fields = try Arguments(value)
        let record = NewPolicyTest(name: try fields.take("name"), who: try fields.take("who"), to: try fields.take("to"), expect: try fields.take("expect"), service: try fields.take("service"))
        try fields.finish()
        return record
    }
}

extension NewPool: Argument {
    static func of(_ value: Value) throws -> NewPool {
        var fields = try Arguments(value)
        let record = NewPool(name: try fields.take("name"), cidr: try fields.take("cidr"), reserve: try fields.take("reserve"), kind: try fields.take("kind"), ranges: try fields.take("ranges"), scope: try fields.take("scope"), parent: try fields.take("parent"), prefixLen: try fields.take("prefix_len"), strategy: try fields.take("strategy"), quarantine: try fields.take("quarantine"), parallel: try fields.take("parallel"))
        try fields.finish()
        return record
    }
}

extension NewUser: Argument {
    static func of(_ value: Value) throws -> NewUser {
        var fields = try Arguments(value)
        let record = NewUser(username: try fields.take("username"), displayName: try fields.take("display_name"), sn: try fields.take("sn"), givenName: try fields.take("given_name"), email: try fields.take("email"), sshPublicKey: try fields.take("ssh_public_key"), role: try fields.take("role"))
        try fields.finish()
        return record
    }
}

extension Part: Choice {}

extension PolicyChanges: Argument {
    static func of(_ value: Value) throws -> PolicyChanges {
        var fields = try Arguments(value)
        let record = PolicyChanges(name: try fields.take("name"), description: try fields.take("description"), priority: try fields.take("priority"), effect: try fields.take("effect"), isActive: try fields.take("is_active"), fullTunnel: try fields.take("full_tunnel"), targets: try fields.take("targets"), destinations: try fields.take("destinations"), validFrom: try fields.take("valid_from"), validUntil: try fields.take("valid_until"), isValidAlways: try fields.take("is_valid_always"), isValidForEver: try fields.take("is_valid_for_ever"))
        try fields.finish()
        return record
    }
}

extension PoolChange: Argument {
    static func of(_ value: Value) throws -> PoolChange {
        var fields = try Arguments(value)
        let record = PoolChange(name: try fields.take("name"), strategy: try fields.take("strategy"), quarantine: try fields.take("quarantine"), parallel: try fields.take("parallel"))
        try fields.finish()
        return record
    }
}

extension PoolKind: Choice {}

extension PrivateKey: ObjectArgument {}

extension Profile: ObjectArgument {}

extension RequestContext: Argument {
    static func of(_ value: Value) throws -> RequestContext {
        var fields = try Arguments(value)
        let record = RequestContext(sourceIp: try fields.take("source_ip"), userAgent: try fields.take("user_agent"), requestId: try fields.take("request_id"))
        try fields.finish()
        return record
    }
}

extension Strategy: Choice {}

extension Target: Argument {
    static func of(_ value: Value) throws -> Target {
        var fields = try Arguments(value)
        let record = Target(targetType: try fields.take("target_type"), id: try fields.take("id"))
        try fields.finish()
        return record
    }
}

extension TargetType: Choice {}

extension TerminalTheme: Choice {}

extension Tunnel: ObjectArgument {}

extension TunnelOptions: Argument {
    static func of(_ value: Value) throws -> TunnelOptions {
        var fields = try Arguments(value)
        let record = TunnelOptions(listen: try fields.take("listen"), allowedIps: try fields.take("allowed_ips"), mtu: try fields.take("mtu"))
        try fields.finish()
        return record
    }
}

/// What hangs on a handle, by its class.
func domain(_ name: String, of handle: Handle) -> AnyObject? {
    switch name {
    case "Audit": handle.audit()
    case "Devices": handle.devices()
    case "Enrolment": handle.enrolment()
    case "Events": handle.events()
    case "Gateways": handle.gateways()
    case "Identity": handle.identity()
    case "Ipam": handle.ipam()
    case "Policies": handle.policy()
    case "Sealing": handle.sealing()
    case "Settings": handle.settings()
    default: nil
    }
}

func construct(_ op: String, _ arguments: inout Arguments) async throws -> Value {
    switch op {
    case "CancelHandle.create":
        return Value(try CancelHandle.create())
    case "Conf.parse":
        return Value(try Conf.parse(text: arguments.take("text")))
    case "Nexa.open":
        return Value(try await Nexa.open(url: arguments.take("url")))
    case "Nexa.open_with_keys":
        return Value(try await Nexa.openWithKeys(url: arguments.take("url"), keys: arguments.take("keys")))
    case "PrivateKey.generate":
        return Value(try PrivateKey.generate())
    case "PrivateKey.parse":
        return Value(try PrivateKey.parse(text: arguments.take("text")))
    case "Secret.create":
        return Value(try Secret.create(text: arguments.take("text")))
    case "Tunnel.serve":
        return Value(try await Tunnel.serve(privateKey: arguments.take("private_key"), options: arguments.take("options")))
    case "Tunnel.up":
        return Value(try await Tunnel.up(profile: arguments.take("profile"), privateKey: arguments.take("private_key"), options: arguments.take("options")))
    case "Tunnel.up_conf":
        return Value(try await Tunnel.upConf(conf: arguments.take("conf"), options: arguments.take("options")))
    default: throw Broken("there is no \(op)")
    }
}

func invoke(_ op: String, on object: AnyObject, _ arguments: inout Arguments) async throws -> Value {
    switch op {
    case "Audit.export":
        return Value(try await cast(object, to: Audit.self).export(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Audit.list":
        return Value(try await cast(object, to: Audit.self).list(after: arguments.take("after"), limit: arguments.take("limit"), filter: arguments.take("filter")))
    case "Audit.prune":
        return Value(try await cast(object, to: Audit.self).prune(before: arguments.take("before")))
    case "Audit.public_keys":
        return Value(try await cast(object, to: Audit.self).publicKeys())
    case "Audit.seal":
        return Value(try await cast(object, to: Audit.self).seal())
    case "Audit.signed_head":
        return Value(try await cast(object, to: Audit.self).signedHead())
    case "Audit.verify":
        return Value(try await cast(object, to: Audit.self).verify())
    case "Audit.verify_against":
        return Value(try await cast(object, to: Audit.self).verifyAgainst(head: arguments.take("head")))
    case "CancelHandle.cancel":
        try cast(object, to: CancelHandle.self).cancel()
        return .json(.null)
    case "CancelHandle.is_cancelled":
        return Value(try cast(object, to: CancelHandle.self).isCancelled())
    case "Conf.details":
        return Value(try cast(object, to: Conf.self).details())
    case "Conf.render":
        return Value(try cast(object, to: Conf.self).render())
    case "Devices.get":
        return Value(try await cast(object, to: Devices.self).get(id: arguments.take("id")))
    case "Devices.list":
        return Value(try await cast(object, to: Devices.self).list(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Devices.revoke":
        try await cast(object, to: Devices.self).revoke(id: arguments.take("id"))
        return .json(.null)
    case "Enrolled.device":
        return Value(try cast(object, to: Enrolled.self).device())
    case "Enrolled.profile":
        return Value(try cast(object, to: Enrolled.self).profile())
    case "Enrolled.token":
        return Value(try cast(object, to: Enrolled.self).token())
    case "Enrolment.enrol":
        return Value(try await cast(object, to: Enrolment.self).enrol(device: arguments.take("device")))
    case "Enrolment.profile":
        return Value(try await cast(object, to: Enrolment.self).profile(device: arguments.take("device")))
    case "EventStream.close":
        try await cast(object, to: EventStream.self).close()
        return .json(.null)
    case "EventStream.next":
        return Value(try await cast(object, to: EventStream.self).next())
    case "Events.after":
        return Value(try await cast(object, to: Events.self).after(position: arguments.take("position"), limit: arguments.take("limit")))
    case "Events.stream":
        return Value(try cast(object, to: Events.self).stream(position: arguments.take("position"), lookEveryMs: arguments.take("look_every_ms")))
    case "Gateways.apply":
        return Value(try await cast(object, to: Gateways.self).apply(id: arguments.take("id"), tunnel: arguments.take("tunnel")))
    case "Gateways.create":
        return Value(try await cast(object, to: Gateways.self).create(gateway: arguments.take("gateway")))
    case "Gateways.desired_state":
        return Value(try await cast(object, to: Gateways.self).desiredState(id: arguments.take("id")))
    case "Gateways.get":
        return Value(try await cast(object, to: Gateways.self).get(id: arguments.take("id")))
    case "Gateways.list":
        return Value(try await cast(object, to: Gateways.self).list(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Gateways.report_applied":
        try await cast(object, to: Gateways.self).reportApplied(id: arguments.take("id"), revision: arguments.take("revision"))
        return .json(.null)
    case "Handle.audit":
        return Value(try cast(object, to: Handle.self).audit())
    case "Handle.devices":
        return Value(try cast(object, to: Handle.self).devices())
    case "Handle.enrolment":
        return Value(try cast(object, to: Handle.self).enrolment())
    case "Handle.events":
        return Value(try cast(object, to: Handle.self).events())
    case "Handle.gateways":
        return Value(try cast(object, to: Handle.self).gateways())
    case "Handle.identity":
        return Value(try cast(object, to: Handle.self).identity())
    case "Handle.ipam":
        return Value(try cast(object, to: Handle.self).ipam())
    case "Handle.policy":
        return Value(try cast(object, to: Handle.self).policy())
    case "Handle.sealing":
        return Value(try cast(object, to: Handle.self).sealing())
    case "Handle.settings":
        return Value(try cast(object, to: Handle.self).settings())
    case "Handle.with_context":
        return Value(try cast(object, to: Handle.self).withContext(context: arguments.take("context")))
    case "Handle.with_idempotency_key":
        return Value(try cast(object, to: Handle.self).withIdempotencyKey(key: arguments.take("key")))
    case "Identity.activate_user":
        try await cast(object, to: Identity.self).activateUser(id: arguments.take("id"))
        return .json(.null)
    case "Identity.add_member":
        try await cast(object, to: Identity.self).addMember(group: arguments.take("group"), user: arguments.take("user"))
        return .json(.null)
    case "Identity.create_first_user":
        return Value(try await cast(object, to: Identity.self).createFirstUser(user: arguments.take("user"), password: arguments.take("password")))
    case "Identity.create_group":
        return Value(try await cast(object, to: Identity.self).createGroup(group: arguments.take("group")))
    case "Identity.create_user":
        return Value(try await cast(object, to: Identity.self).createUser(user: arguments.take("user"), password: arguments.take("password")))
    case "Identity.get_group":
        return Value(try await cast(object, to: Identity.self).getGroup(id: arguments.take("id")))
    case "Identity.get_user":
        return Value(try await cast(object, to: Identity.self).getUser(id: arguments.take("id")))
    case "Identity.issue_setup_token":
        return Value(try await cast(object, to: Identity.self).issueSetupToken())
    case "Identity.list_groups":
        return Value(try await cast(object, to: Identity.self).listGroups(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Identity.list_users":
        return Value(try await cast(object, to: Identity.self).listUsers(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Identity.redeem_setup_token":
        return Value(try await cast(object, to: Identity.self).redeemSetupToken(token: arguments.take("token"), user: arguments.take("user"), password: arguments.take("password")))
    case "Identity.remove_member":
        try await cast(object, to: Identity.self).removeMember(group: arguments.take("group"), user: arguments.take("user"))
        return .json(.null)
    case "Identity.sign_in":
        return Value(try await cast(object, to: Identity.self).signIn(username: arguments.take("username"), password: arguments.take("password")))
    case "Identity.sign_out":
        try await cast(object, to: Identity.self).signOut()
        return .json(.null)
    case "Identity.suspend_user":
        try await cast(object, to: Identity.self).suspendUser(id: arguments.take("id"))
        return .json(.null)
    case "Ipam.change_pool":
        return Value(try await cast(object, to: Ipam.self).changePool(id: arguments.take("id"), change: arguments.take("change")))
    case "Ipam.check_import":
        return Value(try await cast(object, to: Ipam.self).checkImport(format: arguments.take("format"), text: arguments.take("text"), scope: arguments.take("scope")))
    case "Ipam.claim":
        return Value(try await cast(object, to: Ipam.self).claim(pool: arguments.take("pool")))
    case "Ipam.claim_many":
        return Value(try await cast(object, to: Ipam.self).claimMany(pool: arguments.take("pool"), count: arguments.take("count")))
    case "Ipam.claim_with":
        return Value(try await cast(object, to: Ipam.self).claimWith(pool: arguments.take("pool"), claim: arguments.take("claim")))
    case "Ipam.create_pool":
        return Value(try await cast(object, to: Ipam.self).createPool(pool: arguments.take("pool")))
    case "Ipam.delete_pool":
        try await cast(object, to: Ipam.self).deletePool(id: arguments.take("id"))
        return .json(.null)
    case "Ipam.export_pools":
        return Value(try await cast(object, to: Ipam.self).exportPools(format: arguments.take("format"), scope: arguments.take("scope")))
    case "Ipam.forecast":
        return Value(try await cast(object, to: Ipam.self).forecast(pool: arguments.take("pool")))
    case "Ipam.get_pool":
        return Value(try await cast(object, to: Ipam.self).getPool(id: arguments.take("id")))
    case "Ipam.heat_map":
        return Value(try await cast(object, to: Ipam.self).heatMap(prefix: arguments.take("prefix"), scope: arguments.take("scope")))
    case "Ipam.history":
        return Value(try await cast(object, to: Ipam.self).history(kind: arguments.take("kind"), value: arguments.take("value"), scope: arguments.take("scope")))
    case "Ipam.import_pools":
        return Value(try await cast(object, to: Ipam.self).importPools(format: arguments.take("format"), text: arguments.take("text"), scope: arguments.take("scope")))
    case "Ipam.list_allocations":
        return Value(try await cast(object, to: Ipam.self).listAllocations(pool: arguments.take("pool"), after: arguments.take("after"), limit: arguments.take("limit")))
    case "Ipam.list_pools":
        return Value(try await cast(object, to: Ipam.self).listPools(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Ipam.list_reservations":
        return Value(try await cast(object, to: Ipam.self).listReservations(pool: arguments.take("pool"), after: arguments.take("after"), limit: arguments.take("limit")))
    case "Ipam.next_free":
        return Value(try await cast(object, to: Ipam.self).nextFree(pool: arguments.take("pool")))
    case "Ipam.preview_renumber":
        return Value(try await cast(object, to: Ipam.self).previewRenumber(pool: arguments.take("pool"), oldRange: arguments.take("old_range"), newRange: arguments.take("new_range")))
    case "Ipam.preview_resize":
        return Value(try await cast(object, to: Ipam.self).previewResize(pool: arguments.take("pool"), ranges: arguments.take("ranges")))
    case "Ipam.rebuild":
        return Value(try await cast(object, to: Ipam.self).rebuild(pool: arguments.take("pool")))
    case "Ipam.release":
        try await cast(object, to: Ipam.self).release(allocation: arguments.take("allocation"), generation: arguments.take("generation"))
        return .json(.null)
    case "Ipam.renumber":
        return Value(try await cast(object, to: Ipam.self).renumber(pool: arguments.take("pool"), oldRange: arguments.take("old_range"), newRange: arguments.take("new_range")))
    case "Ipam.reserve":
        return Value(try await cast(object, to: Ipam.self).reserve(pool: arguments.take("pool"), range: arguments.take("range"), reason: arguments.take("reason")))
    case "Ipam.resize":
        return Value(try await cast(object, to: Ipam.self).resize(pool: arguments.take("pool"), ranges: arguments.take("ranges")))
    case "Ipam.unreserve":
        try await cast(object, to: Ipam.self).unreserve(id: arguments.take("id"))
        return .json(.null)
    case "Ipam.usage":
        return Value(try await cast(object, to: Ipam.self).usage(pool: arguments.take("pool")))
    case "Ipam.verify":
        return Value(try await cast(object, to: Ipam.self).verify())
    case "Ipam.who_holds":
        return Value(try await cast(object, to: Ipam.self).whoHolds(kind: arguments.take("kind"), value: arguments.take("value"), scope: arguments.take("scope")))
    case "Nexa.anonymous":
        return Value(try cast(object, to: Nexa.self).anonymous())
    case "Nexa.authenticate":
        return Value(try await cast(object, to: Nexa.self).authenticate(token: arguments.take("token")))
    case "Nexa.close":
        try await cast(object, to: Nexa.self).close()
        return .json(.null)
    case "Nexa.system":
        return Value(try cast(object, to: Nexa.self).system(reason: arguments.take("reason")))
    case "Nexa.take_setup_token":
        return Value(try cast(object, to: Nexa.self).takeSetupToken())
    case "Policies.check_document":
        return Value(try await cast(object, to: Policies.self).checkDocument(text: arguments.take("text")))
    case "Policies.compare_document":
        return Value(try await cast(object, to: Policies.self).compareDocument(text: arguments.take("text")))
    case "Policies.create":
        return Value(try await cast(object, to: Policies.self).create(policy: arguments.take("policy")))
    case "Policies.create_test":
        return Value(try await cast(object, to: Policies.self).createTest(test: arguments.take("test")))
    case "Policies.explain":
        return Value(try await cast(object, to: Policies.self).explain(device: arguments.take("device"), address: arguments.take("address"), services: arguments.take("services")))
    case "Policies.export_document":
        return Value(try await cast(object, to: Policies.self).exportDocument(format: arguments.take("format")))
    case "Policies.get":
        return Value(try await cast(object, to: Policies.self).get(id: arguments.take("id")))
    case "Policies.import_document":
        return Value(try await cast(object, to: Policies.self).importDocument(text: arguments.take("text")))
    case "Policies.lint":
        return Value(try await cast(object, to: Policies.self).lint())
    case "Policies.list":
        return Value(try await cast(object, to: Policies.self).list(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Policies.list_tests":
        return Value(try await cast(object, to: Policies.self).listTests(after: arguments.take("after"), limit: arguments.take("limit")))
    case "Policies.matrix":
        return Value(try await cast(object, to: Policies.self).matrix(destinations: arguments.take("destinations")))
    case "Policies.preview_document":
        return Value(try await cast(object, to: Policies.self).previewDocument(text: arguments.take("text")))
    case "Policies.remove":
        try await cast(object, to: Policies.self).remove(id: arguments.take("id"))
        return .json(.null)
    case "Policies.remove_test":
        try await cast(object, to: Policies.self).removeTest(id: arguments.take("id"))
        return .json(.null)
    case "Policies.resolve":
        return Value(try await cast(object, to: Policies.self).resolve(device: arguments.take("device")))
    case "Policies.run_tests":
        return Value(try await cast(object, to: Policies.self).runTests())
    case "Policies.update":
        return Value(try await cast(object, to: Policies.self).update(id: arguments.take("id"), revision: arguments.take("revision"), changes: arguments.take("changes")))
    case "Policies.who_can_reach":
        return Value(try await cast(object, to: Policies.self).whoCanReach(destination: arguments.take("destination"), part: arguments.take("part")))
    case "Policies.why_not":
        return Value(try await cast(object, to: Policies.self).whyNot(device: arguments.take("device"), address: arguments.take("address"), protocol: arguments.take("protocol"), port: arguments.take("port")))
    case "PrivateKey.public_key":
        return Value(try cast(object, to: PrivateKey.self).publicKey())
    case "PrivateKey.reveal":
        return Value(try cast(object, to: PrivateKey.self).reveal())
    case "Profile.details":
        return Value(try cast(object, to: Profile.self).details())
    case "Profile.qr_svg":
        return Value(try cast(object, to: Profile.self).qrSvg(privateKey: arguments.take("private_key")))
    case "Profile.qr_terminal":
        return Value(try cast(object, to: Profile.self).qrTerminal(privateKey: arguments.take("private_key"), theme: arguments.take("theme")))
    case "Profile.render":
        return Value(try cast(object, to: Profile.self).render(privateKey: arguments.take("private_key")))
    case "Sealing.finish_rotation":
        return Value(try await cast(object, to: Sealing.self).finishRotation())
    case "Sealing.list_keys":
        return Value(try await cast(object, to: Sealing.self).listKeys())
    case "Sealing.rotate":
        return Value(try await cast(object, to: Sealing.self).rotate())
    case "Secret.reveal":
        return Value(try cast(object, to: Secret.self).reveal())
    case "Settings.get":
        return Value(try await cast(object, to: Settings.self).get(category: arguments.take("category"), key: arguments.take("key")))
    case "Settings.list":
        return Value(try await cast(object, to: Settings.self).list())
    case "Settings.reset":
        return Value(try await cast(object, to: Settings.self).reset(category: arguments.take("category"), key: arguments.take("key")))
    case "Settings.set":
        return Value(try await cast(object, to: Settings.self).set(category: arguments.take("category"), key: arguments.take("key"), value: arguments.take("value")))
    case "SignedIn.expires_at":
        return Value(try cast(object, to: SignedIn.self).expiresAt())
    case "SignedIn.session_id":
        return Value(try cast(object, to: SignedIn.self).sessionId())
    case "SignedIn.token":
        return Value(try cast(object, to: SignedIn.self).token())
    case "SignedIn.user_id":
        return Value(try cast(object, to: SignedIn.self).userId())
    case "TcpListener.accept":
        return Value(try await cast(object, to: TcpListener.self).accept())
    case "TcpListener.close":
        try await cast(object, to: TcpListener.self).close()
        return .json(.null)
    case "TcpListener.port":
        return Value(try cast(object, to: TcpListener.self).port())
    case "TcpStream.close":
        try await cast(object, to: TcpStream.self).close()
        return .json(.null)
    case "TcpStream.finish":
        try await cast(object, to: TcpStream.self).finish()
        return .json(.null)
    case "TcpStream.local_addr":
        return Value(try cast(object, to: TcpStream.self).localAddr())
    case "TcpStream.peer_addr":
        return Value(try cast(object, to: TcpStream.self).peerAddr())
    case "TcpStream.read":
        return Value(try await cast(object, to: TcpStream.self).read(max: arguments.take("max")))
    case "TcpStream.read_to_end":
        return Value(try await cast(object, to: TcpStream.self).readToEnd(max: arguments.take("max")))
    case "TcpStream.write":
        try await cast(object, to: TcpStream.self).write(data: arguments.take("data"))
        return .json(.null)
    case "Tunnel.close":
        try await cast(object, to: Tunnel.self).close()
        return .json(.null)
    case "Tunnel.connect":
        return Value(try await cast(object, to: Tunnel.self).connect(to: arguments.take("to"), waitMs: arguments.take("wait_ms")))
    case "Tunnel.counters":
        return Value(try cast(object, to: Tunnel.self).counters())
    case "Tunnel.listen":
        return Value(try await cast(object, to: Tunnel.self).listen(port: arguments.take("port")))
    case "Tunnel.local_addr":
        return Value(try cast(object, to: Tunnel.self).localAddr())
    case "Tunnel.next_event":
        return Value(try await cast(object, to: Tunnel.self).nextEvent(waitMs: arguments.take("wait_ms")))
    case "Tunnel.open_sockets":
        return Value(try cast(object, to: Tunnel.self).openSockets())
    case "Tunnel.peers":
        return Value(try cast(object, to: Tunnel.self).peers())
    case "Tunnel.ping":
        return Value(try await cast(object, to: Tunnel.self).ping(to: arguments.take("to"), waitMs: arguments.take("wait_ms")))
    default: throw Broken("there is no \(op)")
    }
}
