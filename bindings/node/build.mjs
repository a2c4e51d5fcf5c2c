// Builds the addon and puts it beside the package, under the name that generated.cjs looks for.
//   node build.mjs [profile of cargo; release without it]
import { execFileSync } from 'node:child_process'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

const profile = process.argv[2] ?? 'release'
const cargo = (args, stdout) =>
  execFileSync(process.env.CARGO ?? 'cargo', args, { cwd: import.meta.dirname, stdio: ['ignore', stdout, 'inherit'] })

cargo(['build', '--locked', '--package', 'nexa-node', '--profile', profile], 'inherit')
const { target_directory } = JSON.parse(cargo(['metadata', '--no-deps', '--locked', '--format-version', '1'], 'pipe'))
const { library, suffix } = {
  linux: { library: 'libnexa_node.so', suffix: isGlibc() ? '-gnu' : '-musl' },
  darwin: { library: 'libnexa_node.dylib', suffix: '' },
}[process.platform]
const built = join(target_directory, profile === 'dev' ? 'debug' : profile, library)
const addon = join(import.meta.dirname, `nexa.${process.platform}-${process.arch}${suffix}.node`)
// Removed first: a program that still runs keeps the file that it has loaded.
await rm(addon, { force: true })
await copyFile(built, addon)

function isGlibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}
