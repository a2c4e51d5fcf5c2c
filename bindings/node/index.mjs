import { setMaxListeners } from 'node:events'
import native from './generated.cjs'
import methods from './generated.methods.mjs'

export const {
  Audit,
  AuditStatus,
  Bar,
  Conf,
  DeviceStatus,
  Devices,
  Effect,
  Enrolled,
  Enrolment,
  ErrorKind,
  EventStream,
  Events,
  Gateways,
  Handle,
  Identity,
  Ipam,
  LossReason,
  Nexa,
  Policies,
  PrivateKey,
  Profile,
  Secret,
  SignedIn,
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
  for (const [method, { isStatic, isAsync }] of Object.entries(described)) {
    const owner = isStatic ? native[className] : native[className].prototype
    owner[method] = withCheckedArguments(className, method, owner[method], isAsync)
  }
}

/**
 * Arguments of the wrong type end in a `TypeError`, as Node's own do, and in an async method in a rejection. The addon's
 * message for them quotes the value, which may be a password.
 */
function withCheckedArguments(className, method, call, isAsync) {
  const named = {
    [method](...given) {
      try {
        for (const argument of given) lookAtFields(argument)
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

/**
 * The addon would cut a number in a record to the integer that it needs. And one signal may be given to any number of
 * calls, each of which listens to it while it lasts, so Node is not to warn of them.
 */
function lookAtFields(argument) {
  if (typeof argument !== 'object' || argument === null || ArrayBuffer.isView(argument)) return
  for (const [field, value] of Object.entries(argument)) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error(`Not an integer \`${field}\``)
    if (value instanceof AbortSignal) setMaxListeners(0, value)
  }
}

// What these messages end with are names of ours, never the value.
const MISSING = /^Missing field `(\w+)`$/
const NO_INTEGER = /^Not an integer `(\w+)`$/
const MISTYPED = /(?:into rust type|any variant of enum|instance of class) `(\w+)`(?: on (\w+\.\w+))?$/
const TYPES = { String: 'string', bool: 'boolean', f64: 'number', i64: 'number', u32: 'number' }

function reason({ message }) {
  const [, missing] = MISSING.exec(message) ?? []
  if (missing) return `\`${missing}\` is missing`
  const [, cut] = NO_INTEGER.exec(message) ?? []
  if (cut) return `\`${cut}\` is not an integer`
  const [, type, field] = MISTYPED.exec(message) ?? []
  if (type) return `${field ?? 'an argument'} is not of type ${TYPES[type] ?? type}`
  return 'an argument is not of its type'
}

function wrongType(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}
