"""RE2 patterns in PostgreSQL's own dialect: the same matches, or a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_CODE_POINT = 0x10FFFF
_MAX_REPEAT = 255

Ranges = tuple[tuple[int, int], ...]


class Untranslatable(ValueError):
    """The pattern is right, but PostgreSQL cannot be asked the same question."""


def _ranges(*pairs: str) -> Ranges:
    return tuple((ord(pair[0]), ord(pair[-1])) for pair in pairs)


# RE2 means ASCII by its short classes, PostgreSQL whatever the locale says; so all are spelled out.
_DIGITS = _ranges("09")
_WORD = _ranges("09", "AZ", "__", "az")
_SPACE = _ranges("\t\n", "\f\r", "  ")
_SHORT: dict[str, Ranges] = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_POSIX: dict[str, Ranges] = {
    "alnum": _ranges("09", "AZ", "az"),
    "alpha": _ranges("AZ", "az"),
    "ascii": ((0, 127),),
    "blank": _ranges("\t\t", "  "),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGITS,
    "graph": _ranges("!~"),
    "lower": _ranges("az"),
    "print": _ranges(" ~"),
    "punct": _ranges("!/", ":@", "[`", "{~"),
    "space": _ranges("\t\r", "  "),
    "upper": _ranges("AZ"),
    "word": _WORD,
    "xdigit": _ranges("09", "AF", "af"),
}
_CHARACTERS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
# Beyond ASCII, these two fold to ASCII letters (Unicode simple case folding).
_FOLDS_TO_ASCII = {"k": 0x212A, "s": 0x017F}


def _complement(ranges: Ranges) -> Ranges:
    result, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            result.append((start, low - 1))
        start = max(start, high + 1)
    if start <= _MAX_CODE_POINT:
        result.append((start, _MAX_CODE_POINT))
    return tuple(result)


def _is_character(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _folded(ranges: Ranges) -> Ranges:
    """Add the other case of every letter; only ASCII can be folded exactly."""
    result = list(ranges)
    for low, high in ranges:
        # A class that holds everything beyond ASCII anyway is closed under folding there.
        if high > 127 and (low > 128 or high != _MAX_CODE_POINT):
            raise Untranslatable("letters beyond ASCII cannot be matched in either case (?i)")
        for code in range(low, min(high, 127) + 1):
            character = chr(code)
            if character.isalpha():
                result += [(ord(other), ord(other)) for other in (character.lower(), character.upper())]
                special = _FOLDS_TO_ASCII.get(character.lower())
                result += [(special, special)] if special else []
        if high > 127:
            result += _ranges("kk", "KK", "ss", "SS")
    return tuple(result)


def _escaped(code: int) -> str:
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _class(ranges: Ranges) -> str:
    """Write a set of characters as a bracket; PostgreSQL's text never holds U+0000."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted((max(low, 1), high) for low, high in ranges if high >= 1):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    if not merged:
        # A class that matches nothing: a look-ahead that contradicts itself.
        return "(?:(?!a)a)"
    if len(merged) == 1 and merged[0][0] == merged[0][1]:
        return _escaped(merged[0][0])
    items = (_escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}" for low, high in merged)
    return f"[{''.join(items)}]"


@dataclass(frozen=True, slots=True)
class _Flags:
    ignore_case: bool = False
    multi_line: bool = False
    dot_all: bool = False

    def fold(self, ranges: Ranges) -> Ranges:
        """Add the other cases where case is ignored."""
        return _folded(ranges) if self.ignore_case else ranges


_BEGIN, _END = r"\A", r"\Z"
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}", re.ASCII)
_GROUP_NAME = re.compile(r"\?P?<[^>]*>")
_GROUP_FLAGS = re.compile(r"\?([imsU]*)(-[imsU]*)?([:)])")


class _Translation:
    """One pattern being rewritten, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternation(self, flags: _Flags) -> str:
        """Rewrite up to the end of the group; flags set inside hold until there."""
        pieces: list[str] = []
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            character = self.pattern[self.at]
            if character == "|":
                self.at += 1
                pieces.append("|")
                continue
            if character == "(":
                atom, flags = self.group(flags)
                if atom is None:
                    continue
            else:
                atom = self.atom(flags)
            pieces.append(atom + self.repetition())
        return "".join(pieces)

    def group(self, flags: _Flags) -> tuple[str | None, _Flags]:
        self.at += 1
        inner = flags
        if name := _GROUP_NAME.match(self.pattern, self.at):
            self.at = name.end()
        elif options := _GROUP_FLAGS.match(self.pattern, self.at):
            self.at = options.end()
            inner = _with_flags(flags, options[1], (options[2] or "")[1:])
            if options[3] == ")":
                return None, inner
        elif self.pattern.startswith("?", self.at):
            raise Untranslatable(f"the group ({self.pattern[self.at : self.at + 3]}... is not supported")
        body = self.alternation(inner)
        self.at += 1
        return f"(?:{body})", flags

    def repetition(self) -> str:
        """Rewrite a repetition; whether it is lazy does not matter to whether there is a match."""
        written = ""
        if self.at < len(self.pattern) and self.pattern[self.at] in "*+?":
            written = self.pattern[self.at]
            self.at += 1
        elif repeat := _REPEAT.match(self.pattern, self.at):
            if max(int(bound) for bound in (repeat[1], repeat[3]) if bound) > _MAX_REPEAT:
                raise Untranslatable(f"a repetition is limited to {_MAX_REPEAT}")
            written = repeat[0]
            self.at = repeat.end()
        if written and self.pattern.startswith("?", self.at):
            self.at += 1
        return written

    def atom(self, flags: _Flags) -> str:
        character = self.pattern[self.at]
        self.at += 1
        if character == ".":
            return _class(_complement(() if flags.dot_all else _ranges("\n\n")))
        if character == "^":
            return r"(?:\A|(?<=\n))" if flags.multi_line else f"(?:{_BEGIN})"
        if character == "$":
            return r"(?:\Z|(?=\n))" if flags.multi_line else f"(?:{_END})"
        if character == "[":
            return self.bracket(flags)
        if character == "\\":
            anchor = {"A": _BEGIN, "z": _END, "b": r"\y", "B": r"\Y"}.get(self.pattern[self.at])
            if anchor is not None:
                self.at += 1
                return f"(?:{anchor})"
            found = self.escape(flags)
            return _class(flags.fold(found) if _is_character(found) else found)
        return _class(flags.fold(((ord(character), ord(character)),)))

    def escape(self, flags: _Flags) -> Ranges:
        """Read what follows a backslash: a class with its other cases, or one character as it is written."""
        letter = self.pattern[self.at]
        self.at += 1
        if letter.lower() in _SHORT:
            ranges = _SHORT[letter.lower()]
            return flags.fold(ranges) if letter.islower() else _complement(flags.fold(ranges))
        if letter in _CHARACTERS:
            return ((_CHARACTERS[letter], _CHARACTERS[letter]),)
        if letter == "x":
            digits = re.compile(r"\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2})").match(self.pattern, self.at)
            if digits:
                self.at = digits.end()
                code = int(digits[1] or digits[2], 16)
                return ((code, code),)
        if letter.isalnum():
            raise Untranslatable(f"\\{letter} is not supported")
        return ((ord(letter), ord(letter)),)

    def bracket(self, flags: _Flags) -> str:
        is_negated = self.pattern.startswith("^", self.at)
        self.at += is_negated
        ranges: list[tuple[int, int]] = []
        is_first = True
        while is_first or self.pattern[self.at] != "]":
            is_first = False
            ranges += self.bracket_item(flags)
        self.at += 1
        return _class(_complement(tuple(ranges)) if is_negated else tuple(ranges))

    def bracket_item(self, flags: _Flags) -> Ranges:
        if named := re.compile(r"\[:(\^?)(\w+):\]").match(self.pattern, self.at):
            self.at = named.end()
            members = flags.fold(_POSIX[named[2]])
            return _complement(members) if named[1] else members
        low = self.bracket_character(flags)
        is_range = self.pattern.startswith("-", self.at) and self.pattern[self.at + 1 : self.at + 2] != "]"
        if is_range and _is_character(low):
            self.at += 1
            return flags.fold(((low[0][0], self.bracket_character(flags)[0][1]),))
        return flags.fold(low) if _is_character(low) else low

    def bracket_character(self, flags: _Flags) -> Ranges:
        character = self.pattern[self.at]
        self.at += 1
        return self.escape(flags) if character == "\\" else ((ord(character), ord(character)),)


def _with_flags(flags: _Flags, on: str, off: str) -> _Flags:
    def value(letter: str, present: bool) -> bool:
        return letter not in off and (present or letter in on)

    return _Flags(value("i", flags.ignore_case), value("m", flags.multi_line), value("s", flags.dot_all))


def postgresql_pattern(pattern: str) -> str:
    r"""Return the PostgreSQL pattern that finds a match in a text exactly when RE2 does with `pattern`.

    `pattern` must be valid RE2, and the text must be compared under the collation "C", in which \y knows ASCII words.
    Raises Untranslatable for Unicode classes, \Q, \C, (?i) beyond ASCII, and repetitions above 255.
    """
    return f"(?:{_Translation(pattern).alternation(_Flags())})"
