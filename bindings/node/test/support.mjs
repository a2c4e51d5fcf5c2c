// What the tests have in common: real control planes in memory, and real tunnels on loopback.
import assert from 'node:assert/strict'
import { Conf, Effect, Nexa, NexaError, PrivateKey, TargetType, Tunnel } from '../index.mjs'

export const PASSWORD = 'correct horse battery'
/** An id that nothing has. */
export const NOBODY = '00000000-0000-7000-8000-000000000000'
/** Nothing waits for it to pass. */
export const CEILING_MS = 60_000

/** A control plane in memory that is closed when the test has ended, and the program's own handle. */
export async function opened(t) {
  const nexa = await Nexa.open('sqlite::memory:')
  t.after(() => nexa.close())
  return { nexa, system: nexa.system('test') }
}

/** The same with its first user, signed in. */
export async function signedIn(t) {
  const { nexa, system } = await opened(t)
  const anonymous = nexa.anonymous().identity()
  const ada = await anonymous.redeemSetupToken(nexa.takeSetupToken().reveal(), { username: 'ada' }, PASSWORD)
  const session = await anonymous.signIn('ada', PASSWORD)
  const admin = await nexa.authenticate(session.token().reveal())
  return { nexa, system, ada, session, admin }
}

/**
 * The same with a gateway that runs here and an enrolled laptop whose tunnel is up: 10.20.0.0/16 is allowed, but for
 * 10.20.9.0/24.
 */
export async function connected(t) {
  const world = await signedIn(t)
  const { admin, ada } = world
  const gatewayKey = PrivateKey.generate()
  const office = await Tunnel.serve(gatewayKey, { listen: '127.0.0.1:0', addresses: ['10.66.0.1'] })
  t.after(() => office.close())
  const gateway = await admin.gateways().create({
    name: 'hq',
    endpoint: office.localAddr(),
    publicKey: gatewayKey.publicKey(),
    vpnCidrs: ['10.66.0.0/24'],
  })
  const targets = [{ targetType: TargetType.User, id: ada.id }]
  const rules = [
    { name: 'office', effect: Effect.Allow, targets, destinations: ['10.20.0.0/16'] },
    { name: 'vault', effect: Effect.Deny, priority: 10, targets, destinations: ['10.20.9.0/24'] },
  ]
  for (const rule of rules) await admin.policy().create(rule)
  const deviceKey = PrivateKey.generate()
  const enrolled = await admin.enrolment().enrol({
    name: 'laptop',
    publicKey: deviceKey.publicKey(),
    fingerprint: 'sha256:laptop',
  })
  await admin.gateways().apply(gateway.id, office)
  const laptop = await Tunnel.upConf(Conf.parse(everythingInto(enrolled.profile().render(deviceKey).reveal())))
  t.after(() => laptop.close())
  return { ...world, office, gateway, gatewayKey, enrolled, deviceKey, laptop }
}

/** A client whose person sends everything into the tunnel. */
function everythingInto(conf) {
  return conf.replace(/^AllowedIPs = .*$/m, 'AllowedIPs = 0.0.0.0/0')
}

/** Both ends of a connection inside the tunnel. */
export async function connection(t) {
  const world = await connected(t)
  const listener = await world.office.listen(80)
  const [near, far] = await Promise.all([world.laptop.connect('10.20.0.10:80', CEILING_MS), listener.accept()])
  return { ...world, listener, near, far }
}

/** The error that a call ends in, which must be one of ours. The call begins at once. */
export async function failure(call) {
  let value
  try {
    value = await call()
  } catch (error) {
    assert(error instanceof NexaError, `no error of ours: ${error}`)
    return error
  }
  assert.fail(`no error, but ${value}`)
}
