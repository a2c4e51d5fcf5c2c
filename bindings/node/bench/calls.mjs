// What calls cost: one line of JSON with the median of several batches for each, in nanoseconds.
//   node bench/calls.mjs
import { Nexa, version } from '../index.mjs'

const PEOPLE = 1000
const WARM_UP_BATCHES = 3
const BATCHES = 15

const nexa = await Nexa.open('sqlite::memory:')
const system = nexa.system('calls')
const identity = system.identity()
const first = await identity.createFirstUser({ username: 'user0' })
for (let number = 1; number < PEOPLE; number += 1) await identity.createUser({ username: `user${number}` })
const stream = system.events().stream()

const costs = {
  async_ns: await median(1_000, () => stream.close()),
  page_ns: await median(5, async () => {
    const { items } = await identity.listUsers(undefined, PEOPLE)
    if (items.length !== PEOPLE) throw new Error(`${items.length} people`)
  }),
  read_ns: await median(200, () => identity.getUser(first.id)),
  sync_ns: medianOfSync(10_000, version),
}
console.log(JSON.stringify(costs))
await nexa.close()

/** Nanoseconds of one call, one after the other. */
async function median(calls, call) {
  const batches = []
  for (let batch = 0; batch < WARM_UP_BATCHES + BATCHES; batch += 1) {
    const began = process.hrtime.bigint()
    for (let at = 0; at < calls; at += 1) await call()
    batches.push(Number(process.hrtime.bigint() - began) / calls)
  }
  return middle(batches)
}

function medianOfSync(calls, call) {
  const batches = []
  for (let batch = 0; batch < WARM_UP_BATCHES + BATCHES; batch += 1) {
    const began = process.hrtime.bigint()
    for (let at = 0; at < calls; at += 1) call()
    batches.push(Number(process.hrtime.bigint() - began) / calls)
  }
  return middle(batches)
}

function middle(batches) {
  const measured = batches.slice(WARM_UP_BATCHES).sort((one, other) => one - other)
  return Math.round(measured[Math.floor(BATCHES / 2)])
}
