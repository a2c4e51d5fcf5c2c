import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { Effect, TargetType, pages } from '../index.mjs'
import { CEILING_MS, connected, connection, failure, opened } from './support.mjs'

const groups = (count) => Array.from({ length: count }, (_, at) => `group ${at}`)

test('events are given in order, once each, those that come later too', async (t) => {
  const { system } = await opened(t)
  const stream = system.events().stream(0, 1)
  const seen = []
  const reading = (async () => {
    for await (const event of stream) {
      seen.push(event.position)
      if (seen.length === 150) await stream.close()
    }
  })()
  for (const name of groups(150)) await system.identity().createGroup({ name })
  await reading
  assert.deepEqual(seen, Array.from({ length: 150 }, (_, at) => at + 1))
})

test('breaking off leaves a stream open, at the next event', async (t) => {
  const { system } = await opened(t)
  for (const name of groups(3)) await system.identity().createGroup({ name })
  const stream = system.events().stream(1)
  for await (const event of stream) {
    assert.equal(event.position, 2)
    break
  }
  assert.equal((await stream.next()).position, 3)
})

test('closing ends an iteration that waits', async (t) => {
  const { system } = await opened(t)
  const stream = system.events().stream()
  const reading = collected(stream)
  await stream.close()
  assert.deepEqual(await reading, [])
  assert.equal(await stream.next(), null)
})

test('of several calls at once each gets another event', async (t) => {
  const { system } = await opened(t)
  const stream = system.events().stream(0, 1)
  const waiting = [stream.next(), stream.next(), stream.next()]
  for (const name of groups(3)) await system.identity().createGroup({ name })
  const positions = (await Promise.all(waiting)).map((event) => event.position)
  assert.deepEqual(positions.sort(), [1, 2, 3])
})

test('a stream that looks never is refused', async (t) => {
  const { system } = await opened(t)
  const error = await failure(() => system.events().stream(0, 0))
  assert.equal(error.details.field, 'look_every_ms')
})

test('a listener is iterated until it is closed', async (t) => {
  const { office, laptop } = await connected(t)
  const listener = await office.listen(80)
  const served = (async () => {
    const asked = []
    for await (const stream of listener) {
      asked.push((await stream.readToEnd(100)).toString())
      if (asked.length === 2) await listener.close()
    }
    return asked
  })()
  for (const word of ['one', 'two']) {
    const stream = await laptop.connect('10.20.0.10:80', CEILING_MS)
    await stream.write(Buffer.from(word))
    await stream.finish()
  }
  assert.deepEqual(await served, ['one', 'two'])
})

test('a connection is iterated to its end, and feeds a Readable', async (t) => {
  const { near, far } = await connection(t)
  const sent = Buffer.alloc(300_000, 'nexa')
  const received = Readable.from(far).toArray()
  await near.write(sent)
  await near.finish()
  assert.deepEqual(Buffer.concat(await received), sent)
})

test('pages are read to the end, each item once', async (t) => {
  const { system } = await opened(t)
  const identity = system.identity()
  await identity.createFirstUser({ username: 'user0' })
  for (let at = 1; at < 25; at += 1) await identity.createUser({ username: `user${at}` })
  const users = await collected(pages((after) => identity.listUsers(after, 10)))
  assert.equal(users.length, 25)
  assert.equal(new Set(users.map((user) => user.id)).size, 25)
  const first = await identity.listUsers(undefined, 10)
  assert.deepEqual(first.items, users.slice(0, 10))
  assert.deepEqual((await identity.listUsers(first.next, 1000)).items, users.slice(10))
})

test('a list without a second page, and one without an item, end', async (t) => {
  const { system } = await opened(t)
  const policies = system.policy()
  assert.deepEqual(await collected(pages((after) => policies.list(after))), [])
  const user = await system.identity().createFirstUser({ username: 'ada' })
  const targets = [{ targetType: TargetType.User, id: user.id }]
  const policy = await policies.create({ name: 'all', effect: Effect.Allow, targets, destinations: [], fullTunnel: true })
  assert.deepEqual(await collected(pages((after) => policies.list(after))), [policy])
})

async function collected(iterable) {
  const items = []
  for await (const item of iterable) items.push(item)
  return items
}
