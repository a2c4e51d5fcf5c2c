// Writes generated.cjs, generated.d.ts and generated.methods.mjs from what napi's macros noted while the addon was compiled.
//   node generate.mjs <folder with the notes> <folder to write to>
// `cargo xtask bindings` runs it; `napi build` would do the same, but compiles everything a second time under its own target.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateTypeDef, writeJsBinding } from '@napi-rs/cli'

/** For languages whose calls take no AbortSignal; no call in Node would take one. */
const LEFT_OUT = 'CancelHandle'

const [typeDefDir, outputDir] = process.argv.slice(2)
const { version } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'))
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
  const ids = [...new Set(text.match(/\b[A-Z][a-z]+Id\b/g))].sort()
  return text.replace('\n\n', `\n\nimport type { ${ids.join(', ')} } from './ids.js'\n\n`)
}

/** Each class's methods with their parameters, which JavaScript itself does not tell. */
function methodsModule(dts) {
  const lines = ['// Written by generate.mjs.', 'export default {']
  for (const [, name, body] of dts.matchAll(/^export declare class (\w+) \{$([^]*?)^\}$/gm)) {
    lines.push(`  ${name}: {`)
    for (const [, isStatic, method, parameters, returned] of body.matchAll(/^ {2}(static )?(\w+)\((.*)\): (.+)$/gm)) {
      const names = Array.from(parameters.matchAll(/(\w+\??): /g), ([, parameter]) => parameter)
      const listed = names.filter((parameter) => parameter !== 'callOptions?').map((parameter) => `'${parameter}'`)
      const isAsync = returned.startsWith('Promise<')
      lines.push(`    ${method}: { isStatic: ${Boolean(isStatic)}, isAsync: ${isAsync}, parameters: [${listed.join(', ')}] },`)
    }
    lines.push('  },')
  }
  return `${lines.join('\n')}\n}\n`
}
