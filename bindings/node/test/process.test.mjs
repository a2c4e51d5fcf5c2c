// What Nexa does to the process around it, seen from outside.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { CEILING_MS } from './support.mjs'

/** What a program prints, which must end by itself and well. */
async function printed(program, ...options) {
  const imported = `import * as nexa from '${new URL('../index.mjs', import.meta.url)}'\n`
  const given = [...options, '--input-type=module', '--eval', imported + program]
  const { stdout } = await promisify(execFile)(process.execPath, given, { timeout: CEILING_MS })
  return stdout.trim()
}

test('a program that has closed nothing ends when it has nothing left to do', async () => {
  const said = await printed(`
    const plane = await nexa.Nexa.open('sqlite::memory:')
    const tunnel = await nexa.Tunnel.serve(nexa.PrivateKey.generate(), { listen: '127.0.0.1:0', addresses: ['10.0.0.1'] })
    const stream = plane.system('test').events().stream()
    await tunnel.listen(80)
    console.log('done')
  `)
  assert.equal(said, 'done')
})

test('a program may exit while calls wait', async () => {
  const said = await printed(`
    const plane = await nexa.Nexa.open('sqlite::memory:')
    const tunnel = await nexa.Tunnel.serve(nexa.PrivateKey.generate(), { listen: '127.0.0.1:0', addresses: ['10.0.0.1'] })
    const listener = await tunnel.listen(80)
    for (let at = 0; at < 20; at += 1) {
      plane.system('test').events().stream().next()
      listener.accept()
    }
    console.log('leaving')
    process.exit(0)
  `)
  assert.equal(said, 'leaving')
})

test('a call that waits keeps the program running until it has its answer', async () => {
  const said = await printed(`
    const plane = await nexa.Nexa.open('sqlite::memory:')
    const system = plane.system('test')
    system.events().stream(0, 1).next().then((event) => console.log(event.position))
    system.identity().createGroup({ name: 'staff' })
  `)
  assert.equal(said, '1')
})

test('after shutdown what was under way has ended as closed, and Nexa can be used again', async () => {
  const said = await printed(`
    const before = await nexa.Nexa.open('sqlite::memory:')
    const codes = (error) => [error.code, error.kind].join(' ')
    const waiting = before.system('test').events().stream().next().catch(codes)
    nexa.shutdown()
    nexa.shutdown()
    console.log(await waiting)
    const after = await nexa.Nexa.open('sqlite::memory:')
    await after.system('test').identity().createGroup({ name: 'staff' })
    console.log((await after.system('test').events().after(0, 10)).length)
    await after.close()
  `)
  assert.equal(said, 'runtime.ended closed\n1')
})

test('shutdown closes every tunnel, and its UDP port can be bound again', async () => {
  const said = await printed(`
    import { createSocket } from 'node:dgram'
    import { once } from 'node:events'
    const tunnel = await nexa.Tunnel.serve(nexa.PrivateKey.generate(), { listen: '127.0.0.1:0', addresses: ['10.0.0.1'] })
    const [address, port] = tunnel.localAddr().split(':')
    const bound = async () => {
      const socket = createSocket('udp4').bind(Number(port), address)
      const outcome = await once(socket, 'listening').then(() => 'bound', ({ code }) => code)
      socket.close()
      return outcome
    }
    console.log(await bound())
    nexa.shutdown()
    console.log(await bound())
    console.log(await tunnel.listen(80).catch(({ kind }) => kind))
    await tunnel.close()
  `)
  assert.equal(said, 'EADDRINUSE\nbound\nclosed')
})

test('a thread uses Nexa by itself, and may be ended while its calls wait', async () => {
  const said = await printed(`
    import { once } from 'node:events'
    import { Worker } from 'node:worker_threads'
    const inside = \`
      const { parentPort } = require('node:worker_threads')
      import('${new URL('../index.mjs', import.meta.url)}').then(async ({ Nexa, NexaError }) => {
        const system = (await Nexa.open('sqlite::memory:')).system('worker')
        const refused = await system.identity().getUser('not an id').catch((error) => error)
        for (let at = 0; at < 20; at += 1) system.events().stream().next()
        parentPort.postMessage(refused instanceof NexaError)
      })
    \`
    for (let at = 0; at < 3; at += 1) {
      const worker = new Worker(inside, { eval: true, execArgv: [] })
      console.log((await once(worker, 'message'))[0])
      await worker.terminate()
    }
    const plane = await nexa.Nexa.open('sqlite::memory:')
    console.log((await plane.system('test').events().after(0, 10)).length)
  `)
  assert.equal(said, 'true\ntrue\ntrue\n0')
})

test('a tunnel that nothing refers to any more is closed', async () => {
  const said = await printed(
    `
    const options = (listen) => ({ listen, addresses: ['10.0.0.1'] })
    const key = nexa.PrivateKey.generate()
    const port = await (async () => (await nexa.Tunnel.serve(key, options('127.0.0.1:0'))).localAddr())()
    let again
    while (!again) {
      gc()
      again = await nexa.Tunnel.serve(key, options(port)).catch(() => undefined)
    }
    console.log(again.localAddr() === port)
  `,
    '--expose-gc',
  )
  assert.equal(said, 'true')
})
