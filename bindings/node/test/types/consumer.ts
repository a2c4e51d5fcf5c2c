// A program that uses the whole package as its types say. It is compiled and not run.
import {
  Conf,
  Effect,
  ErrorKind,
  Nexa,
  NexaError,
  PrivateKey,
  Secret,
  TargetType,
  TcpStream,
  Tunnel,
  TunnelEventType,
  pages,
  shutdown,
  version,
} from 'nexa'
import type { CallOptions, DesiredState, Event, Handle, User, UserId, UserPage } from 'nexa'

export async function setUp(url: string): Promise<Handle> {
  const nexa: Nexa = await Nexa.open(url, { timeoutMs: 5_000 })
  const token: Secret | null = nexa.takeSetupToken()
  if (token === null) throw new Error('not a new database')
  const anonymous = nexa.anonymous().identity()
  const ada: User = await anonymous.redeemSetupToken(token.reveal(), { username: 'ada' }, 'correct horse battery')
  const email: string | null = ada.email
  const since: number = ada.createdAt
  const session = await anonymous.signIn('ada', 'correct horse battery')
  const id: UserId = session.userId()
  console.log(version(), email?.length, since, id.toUpperCase())
  return nexa.authenticate(session.token().reveal())
}

export async function names(admin: Handle, signal: AbortSignal): Promise<string[]> {
  const options: CallOptions = { signal }
  const page: UserPage = await admin.identity().listUsers(undefined, 10, options)
  const all: string[] = page.items.map((user) => user.username)
  for await (const user of pages((after) => admin.identity().listUsers(after, 100, options))) all.push(user.username)
  return all
}

export async function allow(admin: Handle, stored: string): Promise<void> {
  const id = stored as UserId
  const user = await admin.identity().getUser(id)
  await admin.policy().create({
    name: 'office',
    effect: Effect.Allow,
    targets: [{ targetType: TargetType.User, id: user.id }],
    destinations: ['10.20.0.0/16'],
  })
}

/** Every kind has a branch, or this does not compile. */
export function explained(error: unknown): string {
  if (!(error instanceof NexaError)) throw error
  const field: string | undefined = error.details['field']
  switch (error.kind) {
    case ErrorKind.NotFound:
    case ErrorKind.AlreadyExists:
    case ErrorKind.Conflict:
    case ErrorKind.InvalidInput:
    case ErrorKind.Unauthenticated:
    case ErrorKind.Forbidden:
    case ErrorKind.Exhausted:
    case ErrorKind.Unsupported:
    case ErrorKind.NeedsOperator:
    case ErrorKind.Corrupt:
    case ErrorKind.Cancelled:
    case ErrorKind.Closed:
    case ErrorKind.Internal:
      return `${error.code}: ${error.message} ${field ?? ''}`
    case ErrorKind.Locked:
    case ErrorKind.Throttled:
    case ErrorKind.Unavailable:
      return error.retryable ? 'later' : 'never'
    default: {
      const none: never = error.kind
      return none
    }
  }
}

export async function follow(admin: Handle): Promise<void> {
  const stream = admin.events().stream(0, 100)
  const next: Event | null = await stream.next({ timeoutMs: 10 })
  for await (const event of stream) console.log(event.position, event.eventType, next?.position)
  await stream[Symbol.asyncDispose]()
}

export async function carry(admin: Handle, text: string): Promise<Buffer> {
  const key = PrivateKey.generate()
  await using gateway = await Tunnel.serve(key, { listen: '127.0.0.1:0', addresses: ['10.66.0.1'] })
  const tunnel = await Tunnel.upConf(Conf.parse(text), { mtu: 1400 })
  const state: DesiredState = await admin.gateways().apply((await admin.gateways().list()).items[0]!.id, gateway)
  const listener = await gateway.listen(80)
  for await (const accepted of listener) {
    const stream: TcpStream = accepted
    for await (const chunk of stream) await stream.write(chunk)
  }
  const stream = await tunnel.connect('10.20.0.10:80')
  await stream.write(new TextEncoder().encode(state.gateway.name))
  const event = await tunnel.nextEvent(0)
  if (event?.eventType === TunnelEventType.HandshakeCompleted) shutdown()
  return stream.readToEnd(1024)
}
