import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Effect, ErrorKind, Nexa, UserStatus } from '../index.mjs'
import { PASSWORD, failure, opened, signedIn } from './support.mjs'

test('a new database gives its setup token once, and it makes the first user once', async (t) => {
  const { nexa } = await opened(t)
  const token = nexa.takeSetupToken().reveal()
  assert.equal(nexa.takeSetupToken(), null)
  const anonymous = nexa.anonymous().identity()
  const wrong = await failure(() => anonymous.redeemSetupToken('nxi_wrong', { username: 'eve' }, PASSWORD))
  assert.equal(wrong.kind, ErrorKind.Unauthenticated)
  const ada = await anonymous.redeemSetupToken(token, { username: 'ada', displayName: 'Ada Lovelace' }, PASSWORD)
  assert.equal(ada.displayName, 'Ada Lovelace')
  assert.equal(ada.status, UserStatus.Active)
  const again = await failure(() => anonymous.redeemSetupToken(token, { username: 'eve' }, PASSWORD))
  assert.equal(again.kind, ErrorKind.Unauthenticated)
})

test('a session speaks for its user until it is signed out', async (t) => {
  const { nexa, ada, session, admin } = await signedIn(t)
  assert.equal(session.userId(), ada.id)
  assert.equal((await admin.identity().getUser(ada.id)).username, 'ada')
  await admin.identity().signOut()
  assert.equal((await failure(() => admin.identity().getUser(ada.id))).kind, ErrorKind.Unauthenticated)
  const refused = await failure(() => nexa.authenticate(session.token().reveal()))
  assert.equal(refused.kind, ErrorKind.Unauthenticated)
})

test('the audit keeps where a request came from', async (t) => {
  const { system, admin } = await signedIn(t)
  const there = admin.withContext({ sourceIp: '192.0.2.30', requestId: 'r-1' })
  const staff = await there.identity().createGroup({ name: 'staff' })
  const { items } = await system.audit().list(undefined, 1000)
  const row = items.find((record) => record.entityId === staff.id)
  assert.deepEqual([row.ipAddress, row.requestId, row.actor], ['192.0.2.30', 'r-1', 'user'])
})

test('a field that is absent is null and never undefined', async (t) => {
  const { system } = await opened(t)
  const grace = await system.identity().createFirstUser({ username: 'grace', email: undefined })
  assert.deepEqual([grace.email, grace.sshPublicKey, grace.lastLoginAt], [null, null, null])
  const page = await system.identity().listUsers()
  assert.equal(page.next, null)
  assert(!Object.values(grace).includes(undefined))
})

test('an optional argument may be left out, undefined or null', async (t) => {
  const { system } = await signedIn(t)
  const identity = system.identity()
  const expected = await identity.listUsers()
  assert.equal(expected.items.length, 1)
  assert.deepEqual(await identity.listUsers(undefined, undefined, undefined), expected)
  assert.deepEqual(await identity.listUsers(null, null, null), expected)
})

test('integers of more than 32 bits come back exactly', async (t) => {
  const { system } = await opened(t)
  const window = { validFrom: 1_764_109_058_123_457, validUntil: Number.MAX_SAFE_INTEGER }
  const rule = { name: 'window', effect: Effect.Allow, targets: [], destinations: [], priority: 2 ** 31 - 1, ...window }
  const { id } = await system.policy().create(rule)
  const policy = await system.policy().get(id)
  assert.deepEqual({ validFrom: policy.validFrom, validUntil: policy.validUntil }, window)
  assert.equal(policy.priority, 2 ** 31 - 1)
  assert(Number.isSafeInteger((await system.events().after(0, 1))[0].createdAt))
})

test('text of any script crosses unchanged', async (t) => {
  const { system } = await opened(t)
  const description = 'Bürger & Co 🦀 中文'
  const outcome = await system.identity().createGroup({ name: 'staff', description })
  assert.equal(outcome.description, description)
})

test('two control planes in one process know nothing of each other', async (t) => {
  const [one, other] = [await opened(t), await opened(t)]
  await one.system.identity().createGroup({ name: 'only here' })
  const names = async ({ system }) => (await system.identity().listGroups()).items.map((group) => group.name)
  assert((await names(one)).includes('only here'))
  assert(!(await names(other)).includes('only here'))
  assert(one.nexa instanceof Nexa)
})
