/// <reference types="node" />
import type { ErrorInfo, ErrorKind, TcpStream, Event } from './generated.js'

export * from './generated.js'
export * from './ids.js'

/** What every call that fails throws, or rejects with. `instanceof` tells it from other errors. */
export declare class NexaError extends Error implements ErrorInfo {
  private constructor()
  name: 'NexaError'
  /** A stable spelling such as `identity.username_taken`, finer than the kind. */
  code: string
  /** What a program decides on. */
  kind: ErrorKind
  /** What the message speaks of, by name; `field` is the argument that was refused. Never a secret. */
  details: Record<string, string>
  /** Whether the same call, unchanged, may succeed later. */
  retryable: boolean
}

/**
 * Every item of a list, page by page:
 * `for await (const user of pages((after) => identity.listUsers(after))) …`
 */
export declare function pages<T>(
  list: (after?: string) => Promise<{ items: T[]; next: string | null }>,
): AsyncGenerator<T, void, undefined>

declare module './generated.js' {
  interface Nexa {
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }
  interface EventStream {
    /** Ends when the stream is closed. Breaking off leaves it open, at the event after the last one given. */
    [Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined>
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }
  interface Tunnel {
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }
  interface TcpListener {
    /** Accepts until the listener or the tunnel is closed. Breaking off leaves it open. */
    [Symbol.asyncIterator](): AsyncGenerator<TcpStream, void, undefined>
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }
  interface TcpStream {
    /** Reads until the far side has ended. Breaking off leaves the rest unread. */
    [Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined>
    /** `close()`, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>
  }
}
