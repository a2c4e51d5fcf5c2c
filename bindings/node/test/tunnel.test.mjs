import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bar, Conf, ErrorKind, PrivateKey, Tunnel, TunnelEventType, Verdict } from '../index.mjs'
import { CEILING_MS, connected, connection, failure } from './support.mjs'

/** How long something that is denied is given to answer. */
const SILENCE_MS = 300

test('bytes written inside the tunnel come back from an allowed destination, without root', async (t) => {
  const { near, far } = await connection(t)
  assert.equal(far.localAddr(), '10.20.0.10:80')
  assert.equal(near.peerAddr(), '10.20.0.10:80')
  assert.equal(far.peerAddr(), near.localAddr())
  const echo = (async () => {
    for await (const chunk of far) await far.write(chunk)
    await far.finish()
  })()
  const sent = new TextEncoder().encode('over the tunnel and back. '.repeat(4000))
  const received = near.readToEnd(sent.length)
  await near.write(sent)
  await near.finish()
  assert.deepEqual(new Uint8Array(await received), sent)
  await echo
})

test('a buffer that is changed after the call to write is sent as it was', async (t) => {
  const { near, far } = await connection(t)
  const data = Buffer.from('as it was')
  const written = near.write(data)
  data.fill('x')
  await written
  await near.finish()
  assert.equal((await far.readToEnd(100)).toString(), 'as it was')
})

test('more than a reader wants is not given to it, and not lost', async (t) => {
  const { near, far } = await connection(t)
  await near.write(Buffer.from('eleven byte'))
  await near.finish()
  const error = await failure(() => far.readToEnd(10))
  assert.deepEqual([error.kind, error.code], [ErrorKind.Exhausted, 'tunnel.too_much'])
  assert.equal((await far.readToEnd(11)).toString(), 'eleven byte')
  assert.equal((await far.read(1)).length, 0)
})

test('an allowed destination answers ping and the counters move', async (t) => {
  const { office, laptop, deviceKey } = await connected(t)
  assert((await laptop.ping('10.20.0.10', CEILING_MS)) > 0)
  const [peer] = office.peers()
  assert.equal(peer.publicKey, deviceKey.publicKey())
  assert(peer.receivedBytes > 0 && peer.sentBytes > 0)
  assert(Number.isInteger(peer.lastHandshakeMsAgo))
  assert(office.counters().packetsDelivered > 0)
  assert.equal(office.counters().droppedFilter, 0)
})

test('a denied destination is silent, and the gateway counts what it dropped', async (t) => {
  const { office, laptop, admin, enrolled } = await connected(t)
  const error = await failure(() => laptop.connect('10.20.9.10:80', SILENCE_MS))
  assert.deepEqual([error.kind, error.code], [ErrorKind.Cancelled, 'tunnel.timed_out'])
  assert(office.counters().droppedFilter > 0)
  const why = await admin.policy().explain(enrolled.device().id, '10.20.9.10')
  const [{ verdict, winner }] = why.answers
  assert.deepEqual([why.isAllowed, verdict, winner.policy.name], [false, Verdict.Policy, 'vault'])
})

test('a revoked device has no peer, no answer, no access and no token', async (t) => {
  const { nexa, admin, office, gateway, laptop, enrolled } = await connected(t)
  await laptop.ping('10.20.0.10', CEILING_MS)
  const { id } = enrolled.device()
  await admin.devices().revoke(id)
  const state = await admin.gateways().apply(gateway.id, office)
  assert.deepEqual([state.peers, office.peers()], [[], []])
  assert.equal((await failure(() => laptop.ping('10.20.0.10', SILENCE_MS))).kind, ErrorKind.Cancelled)
  assert.equal((await admin.policy().resolve(id)).barred, Bar.DeviceRevoked)
  const refused = await failure(() => nexa.authenticate(enrolled.token().reveal()))
  assert.equal(refused.kind, ErrorKind.Unauthenticated)
})

test('a tunnel tells of its handshake', async (t) => {
  const { laptop, gatewayKey } = await connected(t)
  await laptop.ping('10.20.0.10', CEILING_MS)
  const event = await laptop.nextEvent(CEILING_MS)
  assert.deepEqual([event.eventType, event.peer], [TunnelEventType.HandshakeCompleted, gatewayKey.publicKey()])
  assert.equal(event.reason, null)
})

test('a device comes up by its profile, with its key alone', async (t) => {
  const { enrolled, deviceKey, laptop } = await connected(t)
  await laptop.close()
  const refused = await failure(() => Tunnel.up(enrolled.profile(), PrivateKey.generate()))
  assert.equal(refused.details.field, 'private_key')
  const again = await Tunnel.up(enrolled.profile(), deviceKey, { listen: '127.0.0.1:0', mtu: 1300 })
  t.after(() => again.close())
  assert((await again.ping('10.20.0.10', CEILING_MS)) > 0)
  assert.match(again.localAddr(), /^127\.0\.0\.1:\d+$/)
})

test('a profile is what a configuration reads back', async (t) => {
  const { enrolled, deviceKey } = await connected(t)
  const profile = enrolled.profile()
  const conf = Conf.parse(profile.render(deviceKey).reveal())
  const { publicKey, addresses, listenPort, peers } = conf.details()
  assert.deepEqual([publicKey, addresses, listenPort], [deviceKey.publicKey(), ['10.66.0.2/32'], null])
  assert.deepEqual(peers[0].allowedIps, profile.details().peer.allowedIps)
})

test('a profile is the same QR code as a picture and on a terminal', async (t) => {
  const { enrolled, deviceKey } = await connected(t)
  const profile = enrolled.profile()
  const picture = profile.qrSvg(deviceKey).reveal()
  assert.deepEqual(darkInPicture(picture), darkOnTerminal(profile.qrTerminal(deviceKey).reveal()))
  assert.notEqual(profile.qrSvg().reveal(), picture)
})

/** The dark modules of a drawing as `column,row`, of which it must have those of a QR code's corner. */
function darkInPicture(svg) {
  const [, side] = /^<\?xml [^>]+\?><svg xmlns="[^"]+"[^>]* viewBox="0 0 (\d+) \1"/.exec(svg)
  const dark = Array.from(svg.matchAll(/M?(\d+) (\d+)h(\d+)v\3H\1V\2/g), ([, ...at]) => at.map(Number))
  const [, , module] = dark[0]
  assert.equal((side / module - 8 - 17) % 4, 0, 'a border of four modules around a square that a QR code can have')
  const modules = new Set(dark.map(([x, y]) => `${x / module},${y / module}`))
  for (let at = 4; at < 11; at += 1) assert(modules.has(`${at},4`) && modules.has(`4,${at}`))
  assert.match(svg, /<\/svg>$/)
  return modules
}

/** The same of lines that each hold two rows, where a block is light. */
function darkOnTerminal(text) {
  const dark = new Set()
  for (const [at, line] of text.trimEnd().split('\n').entries()) {
    for (const [column, block] of [...line].entries()) {
      if (' ▄'.includes(block)) dark.add(`${column},${2 * at}`)
      // Below the last row there is nothing.
      if (' ▀'.includes(block) && 2 * at + 1 < line.length) dark.add(`${column},${2 * at + 1}`)
    }
  }
  return dark
}
