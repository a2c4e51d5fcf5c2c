"""What failed, as exceptions: one class for each kind, all of them `NexaError`.

A program catches the class and looks at `code` where one kind has several causes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from nexa._nexa import ErrorInfo, ErrorKind


class NexaError(Exception):
    """Any failure of Nexa."""

    kind_name: ClassVar[str]
    """The spelling of the class's kind, the same in every language."""

    def __init__(
        self,
        code: str,
        kind: ErrorKind,
        message: str,
        details: Mapping[str, str],
        retryable: bool,
    ) -> None:
        super().__init__(message)
        self.code = code
        """A stable spelling such as `identity.username_taken`, finer than the kind."""
        self.kind = kind
        """What a program decides on."""
        self.message = message
        """A sentence for a person."""
        self.details = dict(details)
        """What the sentence speaks of, by name; `field` is the argument that was refused."""
        self.retryable = retryable
        """Whether the same call, unchanged, may succeed later."""

    @property
    def info(self) -> ErrorInfo:
        """The same as a value, which compares by what it says."""
        from nexa._nexa import ErrorInfo

        return ErrorInfo(
            code=self.code,
            kind=self.kind,
            message=self.message,
            details=self.details,
            retryable=self.retryable,
        )

    def __reduce__(self) -> tuple[object, ...]:
        parts = (self.code, str(self.kind), self.message, self.details, self.retryable)
        return (_from_another_process, parts)


class NotFound(NexaError):
    """No such thing, or none that this caller may see."""

    kind_name = "not_found"


class AlreadyExists(NexaError):
    """The name, key or address is taken."""

    kind_name = "already_exists"


class Conflict(NexaError):
    """The thing is not in a state that allows this, or somebody else changed it meanwhile."""

    kind_name = "conflict"


class InvalidInput(NexaError):
    """An argument was refused before anything was done; the details name it as `field`."""

    kind_name = "invalid_input"


class Unauthenticated(NexaError):
    """The caller proved no identity, or a proof that is no longer good."""

    kind_name = "unauthenticated"


class Forbidden(NexaError):
    """The caller is known and may not do this."""

    kind_name = "forbidden"


class Exhausted(NexaError):
    """A pool or a limit has nothing left."""

    kind_name = "exhausted"


class Locked(NexaError):
    """Somebody else holds it at this moment."""

    kind_name = "locked"


class Throttled(NexaError):
    """Too many attempts; wait before the next one."""

    kind_name = "throttled"


class Unavailable(NexaError):
    """A database, a peer or the operating system did not answer as it should; trying again may help."""

    kind_name = "unavailable"


class Unsupported(NexaError):
    """This build, database or platform cannot do that."""

    kind_name = "unsupported"


class NeedsOperator(NexaError):
    """Only a person at the machine can go on from here."""

    kind_name = "needs_operator"


class Corrupt(NexaError):
    """Stored data is not what Nexa wrote."""

    kind_name = "corrupt"


class Cancelled(NexaError):
    """The caller, or a deadline, ended it."""

    kind_name = "cancelled"


class Closed(NexaError):
    """The handle, tunnel or database was closed before."""

    kind_name = "closed"


class Internal(NexaError):
    """A defect in Nexa."""

    kind_name = "internal"


_BY_KIND: dict[str, type[NexaError]] = {
    kind.kind_name: kind
    for kind in (
        NotFound,
        AlreadyExists,
        Conflict,
        InvalidInput,
        Unauthenticated,
        Forbidden,
        Exhausted,
        Locked,
        Throttled,
        Unavailable,
        Unsupported,
        NeedsOperator,
        Corrupt,
        Cancelled,
        Closed,
        Internal,
    )
}


def from_parts(
    code: str, kind: ErrorKind, message: str, details: Mapping[str, str], retryable: bool
) -> NexaError:
    """The exception of a kind; called by the native half."""
    return _BY_KIND[str(kind)](code, kind, message, details, retryable)


def _from_another_process(
    code: str, kind: str, message: str, details: Mapping[str, str], retryable: bool
) -> NexaError:
    from nexa._nexa import ErrorKind

    return from_parts(code, getattr(ErrorKind, kind.upper()), message, details, retryable)
