// Nothing that can be printed prints a secret. What is planted is looked for in every form that JavaScript has of an
// instance of every exported type.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { serialize } from 'node:v8'
import * as nexa from '../index.mjs'
import {
  AuditProblemKind,
  Conf,
  Effect,
  FindingKind,
  ImportFormat,
  Nexa,
  Part,
  PrivateKey,
  Secret,
  Strategy,
  Tunnel,
} from '../index.mjs'
import { CEILING_MS, PASSWORD, connection } from './support.mjs'

const declared = await readFile(new URL('../generated.d.ts', import.meta.url), 'utf8')
const namesOf = (kind) => {
  const declarations = declared.matchAll(new RegExp(`^export (?:declare )?${kind} (\\w+)`, 'gm'))
  return Array.from(declarations, ([, name]) => name)
}

const PRESHARED = Buffer.alloc(32, 'preshared').toString('base64')

let planted
/** At least one instance of every class and record. */
let samples
let errors
const cleanUp = []

before(async () => {
  const t = { after: (undo) => cleanUp.unshift(undo) }
  const fresh = await Nexa.open('sqlite::memory:')
  t.after(() => fresh.close())
  const setupToken = fresh.takeSetupToken()
  const world = await connection(t)
  const { enrolled, deviceKey, gatewayKey, session } = world
  const profile = enrolled.profile()
  const rendered = profile.render(deviceKey)
  const conf = Conf.parse(rendered.reveal().replace('\n[Peer]\n', `\n[Peer]\nPresharedKey = ${PRESHARED}\n`))
  planted = {
    password: PASSWORD,
    setupToken: setupToken.reveal(),
    sessionToken: session.token().reveal(),
    deviceToken: enrolled.token().reveal(),
    deviceKey: deviceKey.reveal(),
    gatewayKey: gatewayKey.reveal(),
    presharedKey: PRESHARED,
    profile: rendered.reveal(),
    picture: profile.qrSvg(deviceKey).reveal(),
    code: profile.qrTerminal(deviceKey).reveal(),
    created: 'a text of our own',
  }
  samples = await sampled({ ...world, fresh, setupToken, profile, rendered, conf })
  errors = await refused(world, fresh)
})

after(async () => {
  for (const undo of cleanUp) await undo()
})

async function sampled({ nexa: plane, fresh, admin, ada, system, setupToken, profile, rendered, conf, ...rest }) {
  const { session, enrolled, deviceKey, gatewayKey, office, laptop, listener, near, far, gateway } = rest
  const device = enrolled.device()
  const identity = admin.identity()
  const group = await identity.createGroup({ name: 'staff' })
  const pool = await admin.ipam().createPool({ name: 'servers', cidr: '10.99.0.0/24' })
  const allocation = await admin.ipam().claim(pool.id)
  const ipam = admin.ipam()
  const reservation = await ipam.reserve(pool.id, '10.99.0.6', 'kept')
  const imported = await ipam.checkImport(ImportFormat.Csv, 'nothing')
  const moved = await ipam.createPool({ name: 'moved', cidr: '10.97.0.0/29', reserve: ['10.97.0.6'] })
  await ipam.claim(moved.id)
  const renumbered = await ipam.renumber(moved.id, '10.97.0.0/29', '10.96.0.0/29')
  const policies = await admin.policy().list()
  const denied = await admin.policy().explain(device.id, '10.20.9.1')
  const newTest = { name: 't', who: policies.items[0].targets[0], to: '192.0.2.1', expect: Effect.Deny }
  const kept = await admin.policy().createTest(newTest)
  const whyNot = await admin.policy().whyNot(device.id, '192.0.2.1', 'tcp', 443)
  const matrix = await admin.policy().matrix(['10.20.0.0/16', '192.0.2.0/24'])
  const faulty = await admin.policy().checkDocument('policies: [')
  const state = await admin.gateways().desiredState(gateway.id)
  const audit = await system.audit().list(undefined, 1000)
  await laptop.ping('10.20.0.10', CEILING_MS)
  const event = await laptop.nextEvent(CEILING_MS)
  const stream = admin.events().stream()
  return {
    Access: [await admin.policy().resolve(device.id)],
    Counterexample: [await admin.policy().compareDocument('policies: []')],
    AccessChange: await admin.policy().previewDocument('policies: []'),
    Allocation: [allocation],
    AllocationPage: [await admin.ipam().listAllocations(pool.id)],
    Answer: denied.answers,
    Audit: [admin.audit()],
    AuditExport: [await admin.audit().export(undefined, 1)],
    AuditFilter: [{ eventType: 'user.created' }],
    AuditPage: [audit],
    AuditProblem: [{ kind: AuditProblemKind.CutOff, seal: 1, record: null }],
    AuditPublicKey: await admin.audit().publicKeys(),
    AuditRecord: audit.items,
    AuditReport: [await admin.audit().verify()],
    AuditSealed: [await admin.audit().seal()],
    CallOptions: [{ timeoutMs: 1, signal: AbortSignal.abort() }],
    Claim: [{ holder: 'printer' }],
    Conf: [conf],
    ConfDetails: [conf.details()],
    ConfPeerDetails: conf.details().peers,
    Counters: [office.counters(), laptop.counters()],
    DataKeyRecord: await admin.sealing().listKeys(),
    DesiredPeer: state.peers,
    DesiredState: [state],
    Destination: policies.items[0].destinations,
    Device: [device],
    DevicePage: [await admin.devices().list()],
    Devices: [admin.devices()],
    DocumentFault: faulty.faults,
    DocumentReport: [faulty],
    Enforcement: [state.peers[0].enforcement],
    Enrolled: [enrolled],
    Enrolment: [admin.enrolment()],
    ErrorInfo: [await identity.getUser('not an id').catch((error) => ({ ...error }))],
    Event: await admin.events().after(0, 1000),
    Events: [admin.events()],
    EventStream: [stream],
    Explanation: [denied],
    Finding: [{ poolId: pool.id, kind: FindingKind.Lost, range: '10.99.0.1', message: 'is in no part' }],
    Forecast: [await ipam.forecast(pool.id)],
    Gateway: [gateway],
    GatewayOptions: [{ listen: '127.0.0.1:0', addresses: [] }],
    GatewayPage: [await admin.gateways().list()],
    Gateways: [admin.gateways()],
    Group: [group],
    GroupPage: [await identity.listGroups()],
    Handle: [admin, system, plane.anonymous(), await plane.authenticate(planted.deviceToken)],
    HeatMap: [await ipam.heatMap('10.99.0.0/24')],
    Identity: [identity],
    ImportConflict: imported.conflicts,
    ImportReport: [imported],
    Ipam: [admin.ipam()],
    Loser: denied.answers[0].losers,
    Matrix: [matrix],
    MatrixRow: matrix.rows,
    Move: renumbered.moves,
    NewEnrolment: [{ name: 'x', publicKey: deviceKey.publicKey(), fingerprint: 'x' }],
    NewGateway: [{ name: 'x', endpoint: 'x:1', publicKey: gatewayKey.publicKey(), vpnCidrs: [] }],
    NewGroup: [{ name: 'x' }],
    NewPolicy: [{ name: 'x', effect: Effect.Allow, targets: [], destinations: [] }],
    NewPolicyTest: [newTest],
    NewPool: [{ name: 'x', cidr: '10.98.0.0/24' }],
    NewUser: [{ username: 'x' }],
    Nexa: [plane, fresh],
    PeerStatus: [...office.peers(), ...laptop.peers()],
    Policies: [admin.policy()],
    Policy: policies.items,
    PolicyChanges: [{ name: 'office' }],
    PolicyFinding: [{ kind: 'over', policy: null, text: 'its window is over' }],
    PolicyPage: [policies],
    PolicySummary: [denied.answers[0].winner.policy],
    PolicyTest: [kept],
    PolicyTestPage: [await admin.policy().listTests()],
    PolicyTestResult: await admin.policy().runTests(),
    Pool: [pool],
    PoolChange: [{ name: 'others', strategy: Strategy.Sticky }],
    PoolPage: [await admin.ipam().listPools()],
    PoolUsage: [await admin.ipam().usage(pool.id)],
    PrivateKey: [deviceKey, gatewayKey],
    Profile: [profile],
    ProfileDetails: [profile.details()],
    ProfilePeer: [profile.details().peer],
    Reach: (await admin.policy().resolve(device.id)).allowed,
    Reacher: await admin.policy().whoCanReach('10.20.0.0/16', Part.Any),
    Rebuilt: [await ipam.rebuild(pool.id)],
    Remedy: whyNot.remedies,
    Renumbering: [renumbered],
    RequestContext: [{ sourceIp: '192.0.2.1' }],
    Reservation: [reservation],
    ReservationPage: [await ipam.listReservations(pool.id)],
    ReservedRange: renumbered.reservations,
    Resize: [await ipam.previewResize(pool.id, ['10.99.0.0/25'])],
    Rotation: [await admin.sealing().finishRotation()],
    Sealing: [admin.sealing()],
    Secret: [setupToken, session.token(), enrolled.token(), rendered, conf.render(), Secret.create(planted.created)],
    Setting: await admin.settings().list(),
    Settings: [admin.settings()],
    SignedHead: [await admin.audit().signedHead()],
    SignedIn: [session],
    Target: policies.items[0].targets,
    TcpListener: [listener],
    TcpStream: [near, far],
    Tunnel: [office, laptop],
    TunnelEvent: [event],
    TunnelOptions: [{ mtu: 1300 }],
    User: [ada],
    UserPage: [await identity.listUsers()],
    WhyNot: [whyNot],
    Winner: [denied.answers[0].winner],
  }
}

/** What calls that were given secrets fail with. */
async function refused({ nexa: plane, admin, enrolled, deviceKey, gatewayKey }, fresh) {
  const { password, setupToken, sessionToken, presharedKey, profile } = planted
  const anonymous = plane.anonymous().identity()
  const key = deviceKey.reveal()
  const calls = [
    () => anonymous.signIn('nobody', password),
    () => anonymous.signIn(password, 'wrong'),
    () => anonymous.redeemSetupToken(setupToken, { username: 'eve' }, password),
    () => fresh.anonymous().identity().redeemSetupToken(setupToken, { username: 'no spaces' }, password),
    () => admin.identity().createUser({ username: 'no spaces' }, password),
    () => plane.authenticate(`${sessionToken}x`),
    () => plane.authenticate({ token: sessionToken }),
    () => admin.identity().createUser({ username: 'grace' }, { password }),
    () => Nexa.open(`postgres://nexa:${encodeURIComponent(presharedKey)}@localhost/nexa`),
    () => Nexa.open(`mysql://nexa:${presharedKey}@localhost/nexa`),
    () => PrivateKey.parse(`${key}x`),
    () => PrivateKey.parse([key]),
    () => Secret.create([key]),
    () => Conf.parse(`[Interface]\nPrivateKey = ${key}x\n`),
    () => Conf.parse(`${profile}PresharedKey = ${presharedKey}x\n`),
    () => Conf.parse(`${profile}${key}\n`),
    () => Conf.parse(`[Interface]\n${key} = 1\n`),
    () => Conf.parse(`[${key}]\n`),
    () => enrolled.profile().render(gatewayKey),
    () => Tunnel.up(enrolled.profile(), gatewayKey),
    () => admin.enrolment().enrol({ name: 'x', publicKey: `${key}x`, fingerprint: 'x' }),
  ]
  const outcomes = await Promise.allSettled(calls.map(async (call) => call()))
  return outcomes.map(({ status, reason }, at) => {
    assert.equal(status, 'rejected', String(calls[at]))
    return reason
  })
}

/** Everything that JavaScript can make of a value without being told how. */
function shown(value) {
  const forms = [
    inspect(value, { depth: null, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null }),
    String(value),
    JSON.stringify(value),
    JSON.stringify(Object.getOwnPropertyDescriptors(value)),
    value.stack,
  ]
  try {
    forms.push(serialize(value).toString('latin1'), serialize(value).toString('utf16le'))
  } catch (cause) {
    // Functions and signals cannot be copied.
    assert.match(cause.message, /could not be cloned/)
  }
  return forms.join('\n')
}

function assertSilent(what, value) {
  const text = shown(value)
  for (const [name, secret] of Object.entries(planted)) {
    assert(!text.includes(secret), `${what} shows the ${name}`)
    assert(!text.includes(JSON.stringify(secret).slice(1, -1)), `${what} shows the ${name}`)
  }
}

describe('secrets', () => {
  test('every exported type has a sample, of its own', () => {
    const classes = namesOf('class')
    assert.deepEqual(Object.keys(samples).sort(), [...classes, ...namesOf('interface')].sort())
    for (const [name, instances] of Object.entries(samples)) {
      assert(instances.length > 0, name)
      if (classes.includes(name)) assert(instances.every((it) => it instanceof nexa[name]), name)
    }
    for (const name of [...namesOf('interface')]) {
      // A record of the addon's has every field that is declared and has no default.
      const [, body] = new RegExp(`^export interface ${name} \\{$([^]*?)^\\}$`, 'm').exec(declared)
      const fields = Array.from(body.matchAll(/^ {2}(\w+): /gm), ([, field]) => field)
      for (const field of fields) assert(field === 'message' || field in samples[name][0], `${name}.${field}`)
    }
  })

  test('no instance of any type shows a secret', () => {
    for (const [name, instances] of Object.entries(samples)) {
      for (const instance of instances) assertSilent(name, instance)
    }
  })

  test('no error shows a secret that its call was given', () => {
    for (const error of errors) assertSilent(inspect(error).split('\n')[0], error)
  })

  test('what is exported itself shows none', () => {
    for (const [name, exported] of Object.entries(nexa)) assertSilent(name, exported)
  })

  test('a secret says itself when it is asked to, and nowhere is it looked for in vain', () => {
    assert.equal(Secret.create(planted.created).reveal(), planted.created)
    for (const [name, secret] of Object.entries(planted)) {
      assert(secret.length > 10, name)
      assert.throws(() => assertSilent('a box', { it: secret }), /a box shows the/)
      assert.throws(() => assertSilent('an error', new Error(`no: ${secret}`)), /an error shows the/)
    }
  })
})
