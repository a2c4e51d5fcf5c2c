import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { ErrorKind } from '../index.mjs'
import { CEILING_MS, connected, connection, failure, opened } from './support.mjs'

test('a reader of events that was given up takes no event away', async (t) => {
  const { system } = await opened(t)
  const stream = system.events().stream(0, 1)
  const controller = new AbortController()
  const waiting = failure(() => stream.next({ signal: controller.signal }))
  // A call that was begun later has come back, so this one is under way.
  await system.identity().listUsers()
  controller.abort()
  const error = await waiting
  assert.deepEqual([error.code, error.kind], ['call.cancelled', ErrorKind.Cancelled])
  const staff = await system.identity().createGroup({ name: 'staff' })
  const event = await stream.next()
  assert.deepEqual([event.position, event.entityId], [1, staff.id])
  await stream.close()
  assert.equal(await stream.next(), null)
})

test('an accept that was given up takes no connection away', async (t) => {
  const { office, laptop, system } = await connected(t)
  const listener = await office.listen(80)
  const controller = new AbortController()
  const waiting = failure(() => listener.accept({ signal: controller.signal }))
  await system.identity().listUsers()
  controller.abort()
  assert.equal((await waiting).code, 'call.cancelled')
  const near = await laptop.connect('10.20.0.10:80', CEILING_MS)
  const far = await listener.accept()
  await near.write(Buffer.from('still here'))
  assert.equal((await far.read(100)).toString(), 'still here')
})

test('a read that was given up loses no bytes', async (t) => {
  const { near, far, system } = await connection(t)
  const controller = new AbortController()
  const waiting = failure(() => far.read(100, { signal: controller.signal }))
  await system.identity().listUsers()
  controller.abort()
  assert.equal((await waiting).code, 'call.cancelled')
  await near.write(Buffer.from('every byte'))
  await near.finish()
  assert.equal((await far.readToEnd(100)).toString(), 'every byte')
})

test('a call whose signal was aborted before it began does nothing', async (t) => {
  const { system } = await opened(t)
  const begun = () => system.identity().createGroup({ name: 'staff' }, { signal: AbortSignal.abort() })
  assert.equal((await failure(begun)).code, 'call.cancelled')
  assert.deepEqual(await system.events().after(0, 10), [])
})

test('one signal gives up many calls without a warning, and nothing stays on it', async (t) => {
  const warnings = []
  const warned = (warning) => warnings.push(warning.message)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const { system } = await opened(t)
  const controller = new AbortController()
  const { signal } = controller
  await system.identity().listUsers(null, null, { signal })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  const streams = Array.from({ length: 20 }, () => system.events().stream())
  const waiting = streams.map((stream) => failure(() => stream.next({ signal })))
  assert.equal(getEventListeners(signal, 'abort').length, 20)
  controller.abort()
  const codes = (await Promise.all(waiting)).map((error) => error.code)
  assert.deepEqual(codes, Array(20).fill('call.cancelled'))
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.deepEqual(warnings, [])
})

test('a call that takes longer than it was given fails, and the stream goes on', async (t) => {
  const { system } = await opened(t)
  const stream = system.events().stream(0, 1)
  const error = await failure(() => stream.next({ timeoutMs: 1 }))
  assert.deepEqual([error.code, error.kind], ['call.timed_out', ErrorKind.Cancelled])
  await system.identity().createGroup({ name: 'staff' })
  assert.equal((await stream.next({ timeoutMs: CEILING_MS })).position, 1)
})

test('what the control plane has no time for is not done', async (t) => {
  const { system } = await opened(t)
  const error = await failure(() => system.identity().createGroup({ name: 'staff' }, { timeoutMs: 0 }))
  assert.equal(error.kind, ErrorKind.Cancelled)
  assert.deepEqual(await system.events().after(0, 10), [])
})
