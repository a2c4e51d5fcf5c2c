// The main job, end to end, without root and without a server: a database, a first user, a gateway and a device;
// addresses, policy and a profile; then gateway and device in one process over real UDP on loopback, an allowed
// destination that answers and a denied one that does not, and a revocation that ends it.
//
// Build the package once by `npm run build` in bindings/node, then run this by `npm install && npm start` here. Each
// line is a step and the time it took; the program ends with an error at the first one that does not hold.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Conf, Effect, ErrorKind, Nexa, PrivateKey, TargetType, Tunnel, TunnelEventType } from 'nexa'
import { Steps } from './steps.mjs'

/** Long enough for a busy machine; nothing waits for it to pass, except to see that nobody answers. */
const CEILING_MS = 20_000
/** How long a denied destination is given to answer. */
const SILENCE_MS = 500

const steps = new Steps('quickstart')
const folder = await mkdtemp(join(tmpdir(), 'nexa-quickstart-'))
try {
  const nexa = await Nexa.open(`sqlite:${join(folder, 'nexa.db')}`)
  const { admin, staff } = await setUp(nexa)
  const office = await openAnOffice(admin)
  await allowAndDeny(admin, staff)
  const { enrolled, deviceKey } = await enrolALaptop(admin)
  await explainWhatItMayReach(admin, enrolled)

  await admin.gateways().apply(office.gateway.id, office.tunnel)
  const served = serve(await office.tunnel.listen(80))
  const laptop = await startLaptop(enrolled, deviceKey)
  steps.done('gateway and laptop are up in this process, over UDP on loopback')
  await reachWhatIsAllowed(laptop)
  await missWhatIsDenied(laptop, office)
  await revoke(nexa, admin, enrolled, laptop, office)

  await laptop.close()
  await office.tunnel.close()
  await served
  await nexa.close()
  steps.done('everything is closed and every thread has ended')
  steps.finish()
} finally {
  await rm(folder, { recursive: true })
}

/** The first user, signed in, and a group with them in it. */
async function setUp(nexa) {
  const setupToken = nexa.takeSetupToken()
  const anonymous = nexa.anonymous().identity()
  const first = { username: 'ada', displayName: 'Ada Lovelace' }
  const ada = await anonymous.redeemSetupToken(setupToken.reveal(), first, 'correct horse battery')
  const signedIn = await anonymous.signIn('ada', 'correct horse battery')
  const admin = await nexa.authenticate(signedIn.token().reveal())
  steps.done(`a database, and its first user ${ada.displayName} signed in`)

  const staff = await admin.identity().createGroup({ name: 'staff' })
  await admin.identity().addMember(staff.id, ada.id)
  steps.done('a group')
  return { admin, staff }
}

/** A gateway in this process, and the network behind it. */
async function openAnOffice(admin) {
  const gatewayKey = PrivateKey.generate()
  const addresses = ['10.66.0.1', 'fd66::1']
  const tunnel = await Tunnel.serve(gatewayKey, { listen: '127.0.0.1:0', addresses })
  const gateway = await admin.gateways().create({
    name: 'hq',
    endpoint: tunnel.localAddr(),
    publicKey: gatewayKey.publicKey(),
    vpnCidrs: ['10.66.0.0/24', 'fd66::/64'],
  })
  assert.deepEqual(gateway.addresses, addresses)
  steps.done(`a gateway at ${gateway.endpoint} with ${listed(gateway.vpnCidrs)}, letting nothing through yet`)
  return { gateway, tunnel }
}

async function allowAndDeny(admin, staff) {
  const targets = [{ targetType: TargetType.Group, id: staff.id }]
  const destinations = ['10.20.0.0/16', 'fd20::/48']
  await admin.policy().create({ name: 'office', effect: Effect.Allow, targets, destinations })
  const vault = ['10.20.9.0/24']
  await admin.policy().create({ name: 'vault', effect: Effect.Deny, priority: 10, targets, destinations: vault })
  steps.done('staff may reach 10.20.0.0/16 and fd20::/48, but not 10.20.9.0/24')
}

async function enrolALaptop(admin) {
  const deviceKey = PrivateKey.generate()
  const enrolled = await admin.enrolment().enrol({
    name: "ada's laptop",
    publicKey: deviceKey.publicKey(),
    fingerprint: 'sha256:laptop',
    platform: 'linux',
  })
  const profile = enrolled.profile()
  steps.done(`ada's laptop is enrolled with ${listed(profile.details().addresses)}`)

  steps.show(profile.render(deviceKey).reveal())
  steps.show(profile.qrTerminal(deviceKey).reveal())
  steps.done("its profile, for wg-quick and for a phone's camera")
  return { enrolled, deviceKey }
}

async function explainWhatItMayReach(admin, enrolled) {
  const expected = { '10.20.0.10': true, 'fd20::10': true, '10.20.9.10': false }
  for (const [address, isAllowed] of Object.entries(expected)) {
    const why = await admin.policy().explain(enrolled.device().id, address)
    steps.show(why.text)
    assert.equal(why.isAllowed, isAllowed)
  }
  steps.show(`AllowedIPs: ${listed(enrolled.profile().details().peer.allowedIps)}`)
  steps.done('what it may reach, and why')
}

/** The device: its end of the tunnel, with TCP and ping inside it. */
function startLaptop(enrolled, deviceKey) {
  const text = enrolled.profile().render(deviceKey).reveal()
  // A person who edits the client's configuration sends everything into the tunnel. It must not help.
  const edited = text.replace(/^AllowedIPs = .*$/m, 'AllowedIPs = 0.0.0.0/0, ::/0')
  return Tunnel.upConf(Conf.parse(edited))
}

async function reachWhatIsAllowed(laptop) {
  let took = await laptop.ping('10.20.0.10', CEILING_MS)
  await waitForHandshake(laptop)
  steps.done(`a handshake, and ping 10.20.0.10 answered after ${took.toFixed(2)} ms`)
  took = await laptop.ping('fd20::10', CEILING_MS)
  steps.done(`ping fd20::10 answered after ${took.toFixed(2)} ms`)

  for (const allowed of ['10.20.0.10:80', '[fd20::10]:80']) {
    const page = await httpGet(laptop, allowed, CEILING_MS)
    assert(page.endsWith(`you reached ${allowed}`), page)
    steps.done(`HTTP from ${allowed} through the tunnel: 200, ${page.length} bytes`)
  }
}

async function missWhatIsDenied(laptop, office) {
  const dropped = office.tunnel.counters().droppedFilter
  await assert.rejects(httpGet(laptop, '10.20.9.10:80', SILENCE_MS), { kind: ErrorKind.Cancelled })
  const nowDropped = office.tunnel.counters().droppedFilter
  assert(nowDropped > dropped, 'the gateway dropped nothing')
  steps.done(`HTTP to 10.20.9.10 is not answered; the gateway dropped ${nowDropped - dropped} packets`)

  for (const peer of office.tunnel.peers()) {
    steps.show(`${peer.publicKey}: ${peer.receivedBytes} bytes in, ${peer.sentBytes} bytes out`)
    assert(peer.receivedBytes > 0 && peer.sentBytes > 0)
  }
  steps.done('the gateway counted')
}

async function revoke(nexa, admin, enrolled, laptop, office) {
  await admin.devices().revoke(enrolled.device().id)
  await admin.gateways().apply(office.gateway.id, office.tunnel)
  assert.deepEqual(office.tunnel.peers(), [])
  await assert.rejects(laptop.ping('10.20.0.10', SILENCE_MS), { kind: ErrorKind.Cancelled })
  await assert.rejects(nexa.authenticate(enrolled.token().reveal()), { kind: ErrorKind.Unauthenticated })
  steps.done('the laptop is revoked: the tunnel is silent and its token is refused')
}

/** Answers HTTP for every address behind the gateway, until the tunnel is closed. */
async function serve(listener) {
  for await (const stream of listener) {
    // A client that went away loses its answer; the next one is served all the same.
    await answer(stream).catch(() => {})
  }
}

async function answer(stream) {
  const body = `you reached ${stream.localAddr()}`
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  await stream.read(1024)
  await stream.write(Buffer.from(head + body))
  await stream.close()
}

async function httpGet(tunnel, from, waitMs) {
  const stream = await tunnel.connect(from, waitMs)
  await stream.write(Buffer.from(`GET / HTTP/1.1\r\nHost: ${from}\r\nConnection: close\r\n\r\n`))
  const page = await stream.readToEnd(64 * 1024)
  await stream.close()
  return page.toString()
}

async function waitForHandshake(tunnel) {
  for (;;) {
    const event = await tunnel.nextEvent(CEILING_MS)
    assert(event, 'no handshake')
    if (event.eventType === TunnelEventType.HandshakeCompleted) return
  }
}

function listed(values) {
  return `[${values.join(', ')}]`
}
