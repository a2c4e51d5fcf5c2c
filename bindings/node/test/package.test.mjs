import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { promisify } from 'node:util'
import native from '../generated.cjs'
import methods, { records } from '../generated.methods.mjs'
import * as nexa from '../index.mjs'
import { CEILING_MS } from './support.mjs'

const declared = await readFile(new URL('../generated.d.ts', import.meta.url), 'utf8')

test('everything of the addon is exported, and nothing else', () => {
  const ours = ['NexaError', 'pages']
  // Not of the API: what the loader stamps on the addon, and a class that no call in Node takes.
  const internal = ['__napiBindingTarget', 'CancelHandle']
  const expected = [...Object.keys(native).filter((name) => !internal.includes(name)), ...ours]
  assert.deepEqual(Object.keys(nexa).sort(), expected.sort())
})

test('everything that is declared is there, and the other way round', () => {
  const values = Array.from(declared.matchAll(/^export declare (?:class|enum|function) (\w+)/gm), ([, name]) => name)
  assert.deepEqual([...values, 'NexaError', 'pages'].sort(), Object.keys(nexa).sort())
  for (const [name, described] of Object.entries(methods)) {
    const isStatic = (method) => described[method].isStatic
    const own = (object) => Object.getOwnPropertyNames(object).filter((key) => typeof object[key] === 'function')
    const given = own(nexa[name].prototype).filter((key) => key !== 'constructor')
    assert.deepEqual(given.sort(), Object.keys(described).filter((key) => !isStatic(key)).sort(), name)
    assert.deepEqual(own(nexa[name]).sort(), Object.keys(described).filter(isStatic).sort(), name)
  }
})

test('an enumeration holds what is declared', () => {
  const enums = Array.from(declared.matchAll(/^export declare enum (\w+) \{$([^]*?)^\}$/gm))
  assert(enums.length > 5)
  for (const [, name, body] of enums) {
    const members = Object.fromEntries(Array.from(body.matchAll(/^ {2}(\w+) = '(\w+)'/gm), ([, key, value]) => [key, value]))
    assert.deepEqual({ ...nexa[name] }, members, name)
  }
})

test('every number in a record that a method takes is known by its integer', () => {
  const blocks = declared.matchAll(/^export interface (\w+) \{$([^]*?)^\}$/gm)
  const interfaces = new Map(Array.from(blocks, ([, ...nameAndBody]) => nameAndBody))
  const taken = declared.matchAll(/^ {2}(?:static )?\w+\((.*)\): /gm)
  const names = Array.from(taken, ([, parameters]) => parameters.match(/\b[A-Z]\w+/g) ?? []).flat()
  const inputs = new Set(names.filter((name) => interfaces.has(name) && name !== 'CallOptions'))
  assert(inputs.size > 5)
  for (const name of inputs) {
    const fields = Array.from(interfaces.get(name).matchAll(/^ {2}(\w+)\??: (.+)$/gm), ([, ...field]) => field)
    const numbers = fields.filter(([, type]) => /\bnumber\b/.test(type)).map(([field]) => field)
    const known = Object.entries(records[name] ?? {}).filter(([, type]) => !(type in records))
    assert.deepEqual(known.map(([field]) => field), numbers, name)
  }
})

test('the package finds itself by its name, by import and by require', async () => {
  assert.equal(await import('nexa'), nexa)
  const [major, minor] = process.versions.node.split('.').map(Number)
  const canRequireModules = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
  if (canRequireModules) assert.equal(createRequire(import.meta.url)('nexa').Nexa, nexa.Nexa)
})

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  assert.equal(nexa.version(), version)
})

test('classes are made by their methods alone', () => {
  for (const name of Object.keys(methods)) assert.throws(() => new nexa[name](), name)
})

test('every example of the README runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const examples = Array.from(readme.matchAll(/^```js\n([^]*?)^```$/gm), ([, program]) => program)
  assert(examples.length >= 4)
  for (const program of examples) {
    const options = { cwd: new URL('..', import.meta.url), timeout: CEILING_MS }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], options)
    for (const [, said] of program.matchAll(/console\.log\(error.* \/\/ (.+)$/gm)) assert.equal(stdout.trim(), said)
    assert(stdout.length > 0, program)
  }
})
