package org.nexa

/** Everything there is to say about the failure. */
val NexaException.error: ErrorInfo
    get() = when (this) {
        is NexaException.Failed -> error
    }

/** What a program decides on. */
val NexaException.kind: ErrorKind get() = error.kind

/** A stable spelling such as `identity.username_taken`, finer than the kind. */
val NexaException.code: String get() = error.code

/** A sentence for a person. [Throwable.message] is that of the generator: every field of [error] in one line. */
val NexaException.reason: String get() = error.message

/** What the sentence speaks of, by name; `field` is the argument that was refused. Never a secret. */
val NexaException.details: Map<String, String> get() = error.details

/** Whether the same call, unchanged, may succeed later. */
val NexaException.retryable: Boolean get() = error.retryable

/** The spelling in snake case, the same in every language. */
val ErrorKind.spelling: String get() = name.lowercase()
