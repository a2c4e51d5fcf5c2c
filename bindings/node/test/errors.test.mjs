import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Conf, Effect, ErrorKind, Nexa, NexaError, PrivateKey, Secret, Tunnel } from '../index.mjs'
import { checkIntegers } from '../integers.mjs'
import { NOBODY, PASSWORD, connected, failure, opened, signedIn } from './support.mjs'

/** What ends in an error of each kind, with the code that it has. */
const PROVOKED = {
  [ErrorKind.NotFound]: {
    code: 'identity.user_not_found',
    by: async (t) => (await opened(t)).system.identity().getUser(NOBODY),
  },
  [ErrorKind.AlreadyExists]: {
    code: 'identity.username_taken',
    details: { field: 'username', name: 'ADA' },
    by: async (t) => (await signedIn(t)).admin.identity().createUser({ username: 'ADA' }),
  },
  [ErrorKind.Conflict]: {
    code: 'identity.last_administrator',
    by: async (t) => {
      const { admin, ada } = await signedIn(t)
      await admin.identity().suspendUser(ada.id)
    },
  },
  [ErrorKind.InvalidInput]: {
    code: 'input.invalid',
    details: { field: 'id' },
    by: async (t) => (await opened(t)).system.identity().getUser('not an id'),
  },
  [ErrorKind.Unauthenticated]: {
    code: 'identity.sign_in_refused',
    by: async (t) => (await signedIn(t)).nexa.anonymous().identity().signIn('ada', 'wrong horse battery'),
  },
  [ErrorKind.Forbidden]: {
    code: 'access.forbidden',
    by: async (t) => {
      const { nexa, admin } = await signedIn(t)
      await admin.identity().createUser({ username: 'grace' }, PASSWORD)
      const session = await nexa.anonymous().identity().signIn('grace', PASSWORD)
      const grace = await nexa.authenticate(session.token().reveal())
      await grace.identity().createGroup({ name: 'hers' })
    },
  },
  [ErrorKind.Exhausted]: {
    code: 'ipam.exhausted',
    details: { allocated: '1', assignable: '1' },
    by: async (t) => {
      const ipam = (await opened(t)).system.ipam()
      const pool = await ipam.createPool({ name: 'servers', cidr: '10.99.0.0/30', reserve: ['10.99.0.1'] })
      await ipam.claim(pool.id)
      await ipam.claim(pool.id)
    },
  },
  [ErrorKind.Throttled]: {
    code: 'identity.password_queue_full',
    by: async (t) => {
      const anonymous = (await signedIn(t)).nexa.anonymous().identity()
      // Some are checked and refused; those that the queue has no room for fail at once.
      const crowd = Array.from({ length: availableParallelism() * 2 + 256 }, () => anonymous.signIn('ada', 'wrong'))
      const outcomes = await Promise.allSettled(crowd)
      throw outcomes.map(({ reason }) => reason).find(({ kind }) => kind !== ErrorKind.Unauthenticated)
    },
  },
  [ErrorKind.Unavailable]: {
    code: 'tunnel.refused',
    by: async (t) => (await connected(t)).laptop.connect('10.20.0.10:81'),
  },
  [ErrorKind.NeedsOperator]: {
    code: 'sealed.file_missing',
    by: async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'nexa-test-'))
      t.after(() => rm(folder, { recursive: true }))
      const file = join(folder, 'nexa.db')
      await (await Nexa.open(`sqlite:${file}`)).close()
      await rm(`${file}.key`)
      await Nexa.open(`sqlite:${file}`)
    },
  },
  [ErrorKind.Corrupt]: {
    code: 'db.foreign',
    by: async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'nexa-test-'))
      t.after(() => rm(folder, { recursive: true }))
      await writeFile(join(folder, 'other.db'), 'This is no database, and long enough to be looked at. '.repeat(40))
      await Nexa.open(`sqlite:${join(folder, 'other.db')}`)
    },
  },
  [ErrorKind.Cancelled]: {
    code: 'call.cancelled',
    by: async (t) => (await opened(t)).system.identity().listUsers(null, null, { signal: AbortSignal.abort() }),
  },
  [ErrorKind.Closed]: {
    code: 'db.closed',
    by: async (t) => {
      const { nexa, system } = await opened(t)
      await nexa.close()
      await system.identity().listUsers()
    },
  },
}

/** Kinds that a test cannot bring about: a database held by another program or made by a later version, a defect of Nexa. */
const NOT_PROVOKED = [ErrorKind.Locked, ErrorKind.Unsupported, ErrorKind.Internal]

/** Kinds after which the same call may succeed. */
const RETRYABLE = [ErrorKind.Locked, ErrorKind.Throttled, ErrorKind.Unavailable]

for (const [kind, { code, details = {}, by }] of Object.entries(PROVOKED)) {
  test(`an error of the kind ${kind} carries its fields`, async (t) => {
    const error = await failure(() => by(t))
    assert.equal(error.kind, kind)
    assert.equal(error.code, code)
    assert.deepEqual({ ...error.details, ...details }, error.details)
    assert.equal(error.retryable, RETRYABLE.includes(kind))
    assert.equal(error.name, 'NexaError')
    assert(error instanceof Error && error.message.length > 0)
  })
}

test('every kind is provoked or known not to be, and is spelled as it is named', () => {
  assert.deepEqual([...Object.keys(PROVOKED), ...NOT_PROVOKED].sort(), Object.values(ErrorKind).sort())
  for (const [name, value] of Object.entries(ErrorKind)) {
    assert.equal(name.replace(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase(), value)
  }
})

test('a method that does not wait throws what one that waits rejects with', () => {
  assert.throws(
    () => PrivateKey.parse('not a key'),
    (error) => {
      assert(error instanceof NexaError)
      assert.deepEqual(error.details, { field: 'private_key' })
      return error.kind === ErrorKind.InvalidInput && error.code === 'input.invalid'
    },
  )
})

test('only errors of ours are a NexaError', () => {
  for (const other of [new Error('no'), new TypeError('no'), { name: 'NexaError', kind: 'closed' }, null, undefined]) {
    assert(!(other instanceof NexaError))
  }
})

test('an argument of the wrong type is a TypeError, and in an async method a rejection', async (t) => {
  const { nexa, system } = await opened(t)
  const wrongType = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }
  assert.throws(() => Secret.create(42), wrongType)
  assert.throws(() => system.withContext({ sourceIp: 42 }), {
    ...wrongType,
    message: 'Handle.withContext: RequestContext.sourceIp is not of type string',
  })
  const refused = {
    'Nexa.authenticate: an argument is not of type string': () => nexa.authenticate(),
    'Identity.createUser: `username` is missing': () => system.identity().createUser({}),
    'Policies.create: NewPolicy.effect is not of type Effect': () =>
      system.policy().create({ name: 'x', effect: 'maybe', targets: [], destinations: [] }),
    'Gateways.apply: an argument is not of type Tunnel': () => system.gateways().apply(NOBODY, Secret.create('x')),
    'Tunnel.serve: GatewayOptions.mtu is not of type number': () =>
      Tunnel.serve(PrivateKey.generate(), { listen: '127.0.0.1:0', addresses: [], mtu: '1400' }),
  }
  for (const [message, call] of Object.entries(refused)) await assert.rejects(call(), { ...wrongType, message })
})

test('a number that does not fit is refused, not cut', async (t) => {
  const { system } = await opened(t)
  for (const limit of [-1, 1.5, 2 ** 32 + 5, Number.NaN, Infinity]) {
    const error = await failure(() => system.identity().listUsers(null, limit))
    assert.deepEqual([error.code, error.details.field], ['input.invalid', 'limit'], String(limit))
  }
  for (const position of [2 ** 53, 0.5, Number.NaN]) {
    assert.equal((await failure(() => system.events().after(position, 1))).details.field, 'position')
  }
  const late = await failure(() => system.identity().listUsers(null, 1, { timeoutMs: 2 ** 32 }))
  assert.equal(late.details.field, 'timeout_ms')
})

test('a number in a record that does not fit is refused, not cut', async (t) => {
  const { system } = await opened(t)
  const refused = async (call) => {
    const { kind, details, message, retryable } = await failure(call)
    assert.deepEqual([kind, retryable], [ErrorKind.InvalidInput, false], message)
    return details.field
  }
  const key = PrivateKey.generate()
  const conf = Conf.parse(`[Interface]\nPrivateKey = ${key.reveal()}\nAddress = 10.66.0.2/32\n`)
  const served = { listen: '127.0.0.1:0', addresses: ['10.66.0.1'] }
  const hq = { name: 'hq', endpoint: '192.0.2.1:51820', publicKey: key.publicKey(), vpnCidrs: ['10.0.0.0/8'] }
  // The last one is an integer that the core refuses.
  for (const mtu of [2 ** 32 + 1380, -1, 1400.5, Number.NaN, 70_000]) {
    assert.equal(await refused(() => Tunnel.serve(key, { ...served, mtu })), 'mtu', `serve with ${mtu}`)
    assert.equal(await refused(() => Tunnel.upConf(conf, { mtu })), 'mtu', `upConf with ${mtu}`)
    assert.equal(await refused(() => system.gateways().create({ ...hq, mtu })), 'mtu', `create with ${mtu}`)
  }
  const rule = { name: 'x', effect: Effect.Allow, targets: [], destinations: [] }
  const named = { priority: 'priority', validFrom: 'valid_from', validUntil: 'valid_until' }
  for (const [field, name] of Object.entries(named)) {
    for (const number of [2 ** 53, -(2 ** 53), 0.5, Infinity]) {
      assert.equal(await refused(() => system.policy().create({ ...rule, [field]: number })), name, String(number))
    }
  }
  assert.deepEqual((await system.policy().list()).items, [])
  const { code, message } = await failure(() => Tunnel.serve(key, { ...served, mtu: -1 }))
  assert.deepEqual([code, message], ['input.invalid', 'mtu: is not an integer in range'])
})

test('integers are looked at in records within records, and in lists', () => {
  const records = { Outer: { inner: 'Inner', all: 'Inner', bytes: 'u32' }, Inner: { at: 'i64' } }
  const refused = (value) => {
    const fields = []
    checkIntegers(records, 'Outer', value, (field) => fields.push(field))
    return fields
  }
  const whole = { inner: null, all: [null, { at: -1 }], bytes: 2 ** 32 - 1 }
  for (const fine of [null, undefined, 3, {}, whole, { bytes: '7' }]) assert.deepEqual(refused(fine), [])
  assert.deepEqual(refused({ inner: { at: 2 ** 53 } }), ['at'])
  assert.deepEqual(refused({ all: [{ at: 1 }, { at: 0.5 }] }), ['at'])
  assert.deepEqual(refused({ bytes: [1, -1] }), ['bytes'])
  assert.deepEqual(refused([{ bytes: 1 }, { bytes: 2 ** 32 }]), ['bytes'])
})

test('a message never quotes an argument of the wrong type', async (t) => {
  const { nexa, system } = await opened(t)
  const secret = 'hunter2'
  const calls = [
    () => nexa.authenticate({ token: secret }),
    () => system.identity().createFirstUser({ username: 'ada' }, { password: secret }),
    () => system.policy().create({ name: 'x', effect: secret, targets: [], destinations: [] }),
    async () => PrivateKey.parse([secret]),
  ]
  for (const call of calls) {
    await assert.rejects(call(), (error) => !`${error.stack}${JSON.stringify(error)}`.includes(secret))
  }
})
