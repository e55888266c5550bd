"""The one error tree: what can go wrong, in the words of the domain and not of HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FieldMessages = Mapping[str, Sequence[str]]


class AssayError(Exception):
    """Base of every error that Assay raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(AssayError):
    """The request cannot be carried out as written; `fields` maps each wrong field to its messages."""

    def __init__(self, message: str = "Invalid input.", fields: FieldMessages | None = None) -> None:
        if fields:
            message = "; ".join(f"{field}: {' '.join(texts)}" for field, texts in fields.items())
        super().__init__(message)
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}

    @classmethod
    def field(cls, name: str, *messages: str) -> Invalid:
        """Make the error for one wrong field."""
        return cls(fields={name: messages})


class ImmutableField(Invalid):
    """A field was to be changed that stays as it was recorded."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The field '{name}' cannot be modified")


class TooLarge(Invalid):
    """A body or row is larger than the server takes."""


class Unprocessable(Invalid):
    """The request is written as it should be, but what it says cannot be worked with (the contract's 422)."""


class NotFound(AssayError):
    """The thing does not exist, or belongs to another organisation, which looks the same from outside."""

    def __init__(self, message: str = "Not found.") -> None:
        super().__init__(message)


class Conflict(AssayError):
    """The request is well formed but contradicts the present state."""


class NotAuthenticated(AssayError):
    """No key was given, or the key is unknown or revoked."""


class NotAllowed(AssayError):
    """The key is known but lacks the scope for this."""

    def __init__(self, message: str = "You do not have permission to perform this action.") -> None:
        super().__init__(message)


class Unavailable(AssayError):
    """The server cannot do this now (shutting down, database away); the same request may work later."""

    def __init__(self, message: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Full(Unavailable):
    """The disk is full: nothing was written, reading goes on, and writing will too when there is space again."""

    def __init__(self) -> None:
        super().__init__("The disk is full: nothing was written.", retry_after_seconds=30.0)
