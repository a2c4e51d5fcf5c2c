// Plays a scenario of tests/parity through the package and writes its transcript, as every language does.
//   node parity.mjs <scenario.json> <transcript>
import { readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import methods from '../generated.methods.mjs'
import * as nexa from '../index.mjs'

/** Domains hang on a handle by these getters. */
const DOMAINS = {
  Identity: 'identity',
  Devices: 'devices',
  Gateways: 'gateways',
  Enrolment: 'enrolment',
  Ipam: 'ipam',
  Sealing: 'sealing',
  Settings: 'settings',
  Policies: 'policy',
  Audit: 'audit',
  Events: 'events',
}

const [scenario, transcript] = process.argv.slice(2)
if (!transcript) {
  console.error('usage: parity.mjs <scenario.json> <transcript>')
  process.exit(2)
}
const { steps } = JSON.parse(await readFile(scenario, 'utf8'))
const saved = new Map()
const lines = []
for (const [at, step] of steps.entries()) {
  try {
    lines.push(`${canonical(await play(step))}\n`)
  } catch (error) {
    console.error(`${scenario}: step ${at + 1}: ${JSON.stringify(step)}: ${error.message}`)
    process.exit(1)
  }
}
await writeFile(transcript, lines.join(''))

async function play(step) {
  const { op } = step
  const call = prepared(step)
  let value
  try {
    value = await call()
  } catch (thrown) {
    if (!(thrown instanceof nexa.NexaError)) throw thrown
    const { code, details, kind, message, retryable } = thrown
    const error = { code, details, kind, message, retryable }
    if (!step.expect_error) throw new Error(`failed: ${canonical(error)}`)
    check(step.expect_error, error)
    return { op, error }
  }
  const result = outward(value)
  if (step.expect_error) throw new Error(`gave ${canonical(result)}`)
  if ('expect' in step) check(resolved(step.expect), result)
  if (step.save) saved.set(step.save, isObject(value) ? value : result)
  return { op, result: op.endsWith('.reveal') && !step.show ? '<revealed>' : result }
}

/** The call itself, once the step is known to make sense. */
function prepared({ op, on, args = {} }) {
  const [className, method] = op.split('.')
  const name = camel(method ?? '')
  const described = methods[className]?.[name]
  if (!described || described.isStatic !== (on === undefined)) throw new Error(`there is no ${op}`)
  const target = on === undefined ? nexa[className] : receiver(className, on)
  const given = Object.fromEntries(Object.entries(args).map(([key, value]) => [camel(key), argument(value)]))
  const positional = described.parameters.map((parameter) => {
    const key = parameter.replace('?', '')
    if (!(key in given) && key === parameter) throw new Error(`${key} is missing`)
    return given[key]
  })
  const unknown = Object.keys(given).find((key) => !described.parameters.some((it) => it.replace('?', '') === key))
  if (unknown) throw new Error(`no argument is called ${unknown}`)
  return async () => target[name](...positional)
}

function receiver(className, on) {
  const object = saved.get(on)
  if (object instanceof nexa.Handle && className in DOMAINS) return object[DOMAINS[className]]()
  if (!isObject(object) || object.constructor.name !== className) throw new Error(`${on} is no ${className}`)
  return object
}

/** A saved object itself, or a value with its fields in camel case. Only bytes are a list of integers. */
function argument(json) {
  if (Array.isArray(json) && json.length > 0 && json.every(Number.isInteger)) return Buffer.from(json)
  const object = typeof json === 'string' && json.startsWith('$') ? saved.get(json.slice(1)) : undefined
  return isObject(object) ? object : renamed(resolved(json), camel)
}

/** With what was saved in place of its names. */
function resolved(json) {
  if (Array.isArray(json)) return json.map(resolved)
  if (typeof json === 'object' && json !== null) {
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, resolved(value)]))
  }
  if (typeof json !== 'string' || !json.startsWith('$')) return json
  const [name, field] = json.slice(1).split('.')
  if (!saved.has(name) || isObject(saved.get(name))) throw new Error(`no value was saved as ${name}`)
  return field === undefined ? saved.get(name) : (saved.get(name)[field] ?? null)
}

/** A value as the transcript shows it. */
function outward(value) {
  if (value === undefined) return null
  if (isObject(value)) return `<${value.constructor.name}>`
  return renamed(value, snake)
}

function renamed(value, rename) {
  if (Buffer.isBuffer(value)) return [...value]
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [rename(key), renamed(field, rename)]))
}

/** Every field that is expected must be there; nothing stands for a field that is absent. */
function check(expected, got) {
  const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isRecord(expected) && isRecord(got)) {
    for (const [key, value] of Object.entries(expected)) check(value, got[key] ?? null)
  } else if (!isDeepStrictEqual(expected, got)) {
    throw new Error(`expected ${canonical(expected)}, got ${canonical(got)}`)
  }
}

function canonical(value) {
  return JSON.stringify(value, (_, field) => {
    if (typeof field !== 'object' || field === null || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}

function isObject(value) {
  return typeof value === 'object' && value !== null && value.constructor.name in methods
}

function camel(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
}

function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
