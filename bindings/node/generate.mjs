// Writes generated.cjs and generated.d.ts from what napi's macros noted while the addon was compiled.
//   node generate.mjs <folder with the notes> <folder to write to>
// `cargo xtask bindings` runs it; `napi build` would do the same, but compiles everything a second time under its own target.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateTypeDef, writeJsBinding } from '@napi-rs/cli'

const [typeDefDir, outputDir] = process.argv.slice(2)
const { version } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'))
const { dts, exports } = await generateTypeDef({
  typeDefDir,
  cwd: import.meta.dirname,
  constEnum: false,
  runtimeStringEnum: true,
})
await writeFile(join(outputDir, 'generated.d.ts'), dts)
await writeJsBinding({
  platform: true,
  binaryName: 'nexa',
  packageName: 'nexa',
  version,
  jsBinding: 'generated.cjs',
  outputDir,
  idents: exports,
})
