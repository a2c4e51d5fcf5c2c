import { setMaxListeners } from 'node:events'
import native from './generated.cjs'
import methods, { records } from './generated.methods.mjs'
import { checkIntegers } from './integers.mjs'

export const {
  AllocationStatus,
  Audit,
  AuditProblemKind,
  AuditStatus,
  Bar,
  Conf,
  DeviceStatus,
  Devices,
  DocumentFormat,
  Effect,
  Enrolled,
  Enrolment,
  ErrorKind,
  EventStream,
  Events,
  Extent,
  FindingKind,
  Gateways,
  Handle,
  Identity,
  ImportFormat,
  Ipam,
  LossReason,
  Nexa,
  Part,
  Policies,
  PoolKind,
  PrivateKey,
  Profile,
  Purpose,
  RemedyKind,
  Sealing,
  Secret,
  Settings,
  SignedIn,
  Strategy,
  TargetType,
  TcpListener,
  TcpStream,
  TerminalTheme,
  Tunnel,
  TunnelEventType,
  UserStatus,
  Verdict,
  shutdown,
  version,
} = native

// The addon makes plain errors, so membership is told by what they carry.
export class NexaError extends Error {
  static [Symbol.hasInstance](value) {
    return value instanceof Error && value.name === 'NexaError' && typeof value.kind === 'string'
  }
}

export async function* pages(list) {
  let after
  do {
    const page = await list(after)
    yield* page.items
    after = page.next
  } while (after !== null)
}

/** What one read of an iterated stream asks for at most. */
const CHUNK = 64 * 1024

EventStream.prototype[Symbol.asyncIterator] = async function* () {
  for (let event; (event = await this.next()) !== null; ) yield event
}

TcpListener.prototype[Symbol.asyncIterator] = async function* () {
  for (let stream; (stream = await this.accept().catch(nullWhenClosed)) !== null; ) yield stream
}

TcpStream.prototype[Symbol.asyncIterator] = async function* () {
  for (let chunk; (chunk = await this.read(CHUNK)).length > 0; ) yield chunk
}

function nullWhenClosed(error) {
  if (error.kind === ErrorKind.Closed) return null
  throw error
}

for (const Closable of [Nexa, EventStream, Tunnel, TcpListener, TcpStream]) {
  Closable.prototype[Symbol.asyncDispose] = function () {
    return this.close()
  }
}

for (const [className, described] of Object.entries(methods)) {
  for (const [method, description] of Object.entries(described)) {
    const owner = description.isStatic ? native[className] : native[className].prototype
    owner[method] = withCheckedArguments(className, method, owner[method], description)
  }
}

/**
 * Arguments of the wrong type end in a `TypeError`, as Node's own do, and in an async method in a rejection. The addon's
 * message for them quotes the value, which may be a password. One signal may be given to any number of calls, each of which
 * listens to it while it lasts, so Node is not to warn of them.
 */
function withCheckedArguments(className, method, call, { isAsync, records: checked = {} }) {
  const named = {
    [method](...given) {
      try {
        for (const [at, record] of Object.entries(checked)) checkIntegers(records, record, given[at], refuseField)
        for (const argument of given) if (argument?.signal instanceof AbortSignal) setMaxListeners(0, argument.signal)
        return call.apply(this, given)
      } catch (error) {
        const isFine = error instanceof NexaError || error instanceof TypeError
        const refusal = isFine ? error : wrongType(`${className}.${method}: ${reason(error)}`)
        if (isAsync) return Promise.reject(refusal)
        throw refusal
      }
    },
  }
  return named[method]
}

/** As the addon refuses an argument that is such a number. */
function refuseField(camel) {
  const field = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  throw Object.assign(new Error(`${field}: is not an integer in range`), {
    name: 'NexaError',
    code: 'input.invalid',
    kind: ErrorKind.InvalidInput,
    details: { field },
    retryable: false,
  })
}

// What these messages end with are names of ours, never the value.
const MISSING = /^Missing field `(\w+)`$/
const MISTYPED = /(?:into rust type|any variant of enum|instance of class) `(\w+)`(?: on (\w+\.\w+))?$/
const TYPES = { String: 'string', bool: 'boolean', f64: 'number', i64: 'number', u32: 'number' }

function reason({ message }) {
  const [, missing] = MISSING.exec(message) ?? []
  if (missing) return `\`${missing}\` is missing`
  const [, type, field] = MISTYPED.exec(message) ?? []
  if (type) return `${field ?? 'an argument'} is not of type ${TYPES[type] ?? type}`
  return 'an argument is not of its type'
}

function wrongType(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}
