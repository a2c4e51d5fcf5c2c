import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorKind, EventStream, Nexa, TcpListener, TcpStream, Tunnel } from '../index.mjs'
import { connected, connection, failure, opened, signedIn } from './support.mjs'

test('after closing every call fails as closed, and closing again is fine', async (t) => {
  const { nexa, system, session } = await signedIn(t)
  await nexa.close()
  await nexa.close()
  const error = await failure(() => system.identity().listUsers())
  assert.deepEqual([error.kind, error.code], [ErrorKind.Closed, 'db.closed'])
  assert.equal((await failure(() => nexa.authenticate(session.token().reveal()))).kind, ErrorKind.Closed)
})

test('a stream whose control plane is closed while it waits ends as closed', async (t) => {
  const { nexa, system } = await opened(t)
  const waiting = failure(() => system.events().stream(0, 1).next())
  await system.identity().listUsers()
  await nexa.close()
  assert.equal((await waiting).kind, ErrorKind.Closed)
})

test('a tunnel that is closed ends what waits in it and what comes after', async (t) => {
  const { office } = await connected(t)
  const listener = await office.listen(80)
  const waiting = failure(() => listener.accept())
  await office.close()
  await office.close()
  assert.equal((await waiting).kind, ErrorKind.Closed)
  for (const call of [
    () => listener.accept(),
    () => office.listen(81),
    () => office.nextEvent(0),
    () => office.ping('10.66.0.2', 0),
    () => office.connect('10.66.0.2:80', 0),
  ]) {
    assert.equal((await failure(call)).kind, ErrorKind.Closed, String(call))
  }
})

test('a listener that is closed accepts no more, and its connections go on', async (t) => {
  const { listener, near, far } = await connection(t)
  const waiting = failure(() => listener.accept())
  await listener.close()
  await listener.close()
  assert.equal((await waiting).kind, ErrorKind.Closed)
  assert.throws(() => listener.port(), { kind: ErrorKind.Closed })
  await near.write(Buffer.from('go on'))
  assert.equal((await far.read(100)).toString(), 'go on')
})

test('a connection that is closed delivers what was written, and does nothing more', async (t) => {
  const { near, far } = await connection(t)
  await near.write(Buffer.from('the last words'))
  await near.close()
  await near.close()
  assert.equal((await far.readToEnd(100)).toString(), 'the last words')
  assert.equal((await failure(() => near.write(Buffer.from('x')))).kind, ErrorKind.Closed)
  assert.equal((await failure(() => near.read(1))).kind, ErrorKind.Closed)
})

test('what closes can be disposed of', async (t) => {
  const { nexa, system, office, listener, near } = await connection(t)
  const stream = system.events().stream()
  for (const closable of [stream, near, listener, office, nexa]) await closable[Symbol.asyncDispose]()
  assert.equal(await stream.next(), null)
  for (const call of [
    () => near.read(1),
    () => listener.accept(),
    () => office.listen(1),
    () => system.identity().listUsers(),
  ]) {
    assert.equal((await failure(call)).kind, ErrorKind.Closed, String(call))
  }
})

test('every class with close can be disposed of', () => {
  for (const Class of [Nexa, EventStream, Tunnel, TcpListener, TcpStream]) {
    assert.equal(typeof Class.prototype[Symbol.asyncDispose], 'function', Class.name)
  }
})
