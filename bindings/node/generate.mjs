// Writes generated.cjs, generated.d.ts and generated.methods.mjs from what napi's macros noted while the addon was compiled,
// and from the inventory, which knows the integers that TypeScript has one type for.
//   node generate.mjs <folder with the notes> <folder to write to>
// `cargo xtask bindings` runs it; `napi build` would do the same, but compiles everything a second time under its own target.
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateTypeDef, writeJsBinding } from '@napi-rs/cli'

/** For languages whose calls take no AbortSignal; no call in Node would take one. */
const LEFT_OUT = 'CancelHandle'
const INTEGERS = ['u32', 'i64']

const [typeDefDir, outputDir] = process.argv.slice(2)
const { version } = await parsed('package.json')
const inventory = await parsed('../inventory.json')
const records = recordsWithIntegers()
const { dts, exports } = await generateTypeDef({
  typeDefDir,
  cwd: import.meta.dirname,
  constEnum: false,
  runtimeStringEnum: true,
})
const types = idiomatic(dts)
await writeFile(join(outputDir, 'generated.d.ts'), types)
await writeFile(join(outputDir, 'generated.methods.mjs'), methodsModule(types))
await writeJsBinding({
  platform: true,
  binaryName: 'nexa',
  packageName: 'nexa',
  version,
  jsBinding: 'generated.cjs',
  outputDir,
  idents: exports.filter((name) => name !== LEFT_OUT),
})

async function parsed(file) {
  return JSON.parse(await readFile(new URL(file, import.meta.url), 'utf8'))
}

/** What napi writes, as one would write it by hand. */
function idiomatic(dts) {
  const classBlock = new RegExp(`/\\*\\*(?:(?!\\*/)[^])*\\*/\\nexport declare class ${LEFT_OUT} \\{[^]*?\\n\\}\\n\\n`)
  const text = dts
    .replace(classBlock, '')
    .replaceAll(' | undefined | null', ' | null')
    .replaceAll('Promise<undefined>', 'Promise<void>')
    .replaceAll('(data: Buffer', '(data: Uint8Array')
    .replace(/^export declare class \w+ \{$/gm, '$&\n  private constructor()')
  if (text.includes(LEFT_OUT)) throw new Error(`${LEFT_OUT} is still in the types`)
  // Not each name that ends so is one: a kind of pool does as well.
  const known = readFileSync(new URL('ids.d.ts', import.meta.url), 'utf8')
  const named = [...new Set(text.match(/\b(?:[A-Z][a-z]+)+Id\b/g))].sort()
  const ids = named.filter((name) => known.includes(`export type ${name} `))
  return text.replace('\n\n', `\n\nimport type { ${ids.join(', ')} } from './ids.js'\n\n`)
}

/** Each class's methods with their parameters, which JavaScript itself does not tell, and the records among those. */
function methodsModule(dts) {
  const lines = ['// Written by generate.mjs.', 'export default {']
  const taken = new Set()
  for (const [, name, body] of dts.matchAll(/^export declare class (\w+) \{$([^]*?)^\}$/gm)) {
    lines.push(`  ${name}: {`)
    for (const [, isStatic, method, parameters, returned] of body.matchAll(/^ {2}(static )?(\w+)\((.*)\): (.+)$/gm)) {
      const names = Array.from(parameters.matchAll(/(\w+\??): /g), ([, parameter]) => parameter)
      const given = names.filter((parameter) => parameter !== 'callOptions?')
      const types = inventory.operations[`${name}.${snake(method)}`].parameters.map(([, type]) => bare(type))
      if (types.length !== given.length) throw new Error(`${name}.${method} is another one in the inventory`)
      const fields = [`isStatic: ${Boolean(isStatic)}`, `isAsync: ${returned.startsWith('Promise<')}`]
      fields.push(`parameters: [${given.map((parameter) => `'${parameter}'`).join(', ')}]`)
      const checked = types.flatMap((type, at) => (records.has(type) ? [`${at}: '${type}'`] : []))
      if (checked.length > 0) fields.push(`records: { ${checked.join(', ')} }`)
      for (const type of types) take(type, taken)
      lines.push(`    ${method}: { ${fields.join(', ')} },`)
    }
    lines.push('  },')
  }
  lines.push('}', '', '/** Of each record that a method takes: its fields that are integers, or hold such records. */')
  lines.push('export const records = {')
  for (const record of [...taken].sort()) {
    const fields = Array.from(records.get(record), ([field, type]) => `${camel(field)}: '${type}'`)
    lines.push(`  ${record}: { ${fields.join(', ')} },`)
  }
  return `${lines.join('\n')}\n}\n`
}

/** The records that hold an integer somewhere, each with the fields that lead to one. */
function recordsWithIntegers() {
  const found = new Map()
  let before
  do {
    before = found.size
    for (const [record, { fields }] of Object.entries(inventory.records)) {
      const bared = fields.map(([field, type]) => [field, bare(type)])
      const leading = bared.filter(([, type]) => INTEGERS.includes(type) || found.has(type))
      if (leading.length > 0) found.set(record, leading)
    }
  } while (found.size > before)
  return found
}

function take(record, taken) {
  if (!records.has(record) || taken.has(record)) return
  taken.add(record)
  for (const [, type] of records.get(record)) take(type, taken)
}

/** What an optional value or a list is of. */
function bare(type) {
  return type.replace(/^(?:(?:Option|Vec)<)+|>+$/g, '')
}

function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function camel(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
}
