// Each line that is expected to be an error must be one; the compiler reports those that are not.
import { ErrorKind, Nexa, NexaError, PrivateKey, Secret, Tunnel, UserStatus, pages } from 'nexa'
import type { DeviceId, Handle, User, UserId } from 'nexa'

export async function wrong(nexa: Nexa, admin: Handle, user: User, device: DeviceId): Promise<void> {
  // @ts-expect-error: a text is no id
  await admin.identity().getUser('some text')
  // @ts-expect-error: an id of another kind
  await admin.identity().getUser(device)
  // @ts-expect-error: an id of another kind
  const id: UserId = device
  // @ts-expect-error: a field that there is not
  await admin.identity().createUser({ username: 'ada', nickname: 'a' })
  // @ts-expect-error: a field that there must be
  await admin.identity().createUser({ email: 'ada@example.org' })
  // @ts-expect-error: the password is an argument of its own
  await admin.identity().createUser({ username: 'ada', password: 'correct horse battery' })
  // @ts-expect-error: a promise that nobody waited for
  const name: string = admin.identity().getUser(user.id).username
  // @ts-expect-error: it may be absent
  const email: string = user.email
  // @ts-expect-error: it may be absent
  nexa.takeSetupToken().reveal()
  // @ts-expect-error: the stream may be at its end
  ;(await admin.events().stream().next()).position
  // @ts-expect-error: a moment is a number
  const since: Date = user.createdAt
  // @ts-expect-error: no such status
  const isGone: boolean = user.status === 'gone'
  // @ts-expect-error: no such status
  const gone = UserStatus.Gone
  // @ts-expect-error: no such effect
  await admin.policy().create({ name: 'x', effect: 'maybe', targets: [], destinations: [] })
  // @ts-expect-error: a secret is no string
  await nexa.authenticate(Secret.create('text'))
  // @ts-expect-error: a key is no string
  const key: string = PrivateKey.generate()
  // @ts-expect-error: objects are made by their methods
  new PrivateKey()
  // @ts-expect-error: errors are made by Nexa
  new NexaError()
  // @ts-expect-error: no tunnel
  await admin.gateways().apply((await admin.gateways().list()).items[0]!.id, PrivateKey.generate())
  // @ts-expect-error: bytes are no string
  await (await Tunnel.serve(PrivateKey.generate(), { listen: '', addresses: [] })).connect('').then((it) => it.write('x'))
  // @ts-expect-error: a signal, not its controller
  await Nexa.open('sqlite::memory:', { signal: new AbortController() })
  // @ts-expect-error: no such option
  await Nexa.open('sqlite::memory:', { timeout: 5 })
  // @ts-expect-error: what it calls gives no page
  for await (const item of pages(() => admin.identity().getUser(user.id))) console.log(item)
  // @ts-expect-error: no such kind
  const kind = ErrorKind.Nothing
  console.log(id, name, email, since, isGone, gone, key, kind)
}
