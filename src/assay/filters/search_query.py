"""The text of a search box: words, "phrases" and field:value terms."""

from __future__ import annotations

import re

from assay.filters.expression import EVERYTHING, And, Expression
from assay.filters.fields import FieldSet
from assay.filters.parse import parse_filters
from assay.filters.search import TextSearch, words_in
from assay.model.errors import Invalid

_LONGEST = 2_000
_MOST_WORDS = 50
# A term is field:value, field:"value with spaces", -field:value, a "phrase", or a run of anything but spaces.
_TERM = re.compile(
    r'(?P<minus>-)?(?P<field>[A-Za-z_][\w.]*):(?:"(?P<quoted>[^"]*)"|(?P<value>\S+))|"(?P<phrase>[^"]*)"|(?P<word>\S+)'
)
_COMPARISONS = (("<=", "lte"), (">=", "gte"), ("<", "lt"), (">", "gt"))


def parse_search(text: str | None, fields: FieldSet) -> tuple[TextSearch | None, Expression]:
    """Read a search such as `"refund policy" angry model:gpt-4o cost:>0.01 -status:success`.

    Words and phrases are looked for in the input and output of logs, all of them; `field:value` terms are filters, with
    `<`, `<=`, `>`, `>=` before a value, `*` at its end for a prefix, and `-` before the field to exclude. A word with a
    colon that begins with no field's name is just a word. Raises Invalid for a search that is too long, or a value that
    its field cannot have.
    """
    if not text or not text.strip():
        return None, EVERYTHING
    if len(text) > _LONGEST:
        raise Invalid.field("search", f"A search may have {_LONGEST:,} characters, this has {len(text):,}.")
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    conditions: list[Expression] = []
    for term in _TERM.finditer(text):
        name = term["field"]
        if name is not None and fields.resolve(name) is not None:
            value = term["quoted"] if term["quoted"] is not None else term["value"]
            conditions.append(_condition(name, value, term["quoted"] is not None, bool(term["minus"]), fields))
            continue
        found = words_in(term["phrase"] if term["phrase"] is not None else term[0])
        # A word that is cut into several, such as e-mail or a Chinese one, is meant as a phrase.
        if len(found) > 1:
            phrases.append(tuple(found))
        else:
            words.extend(found)
    search = TextSearch(tuple(dict.fromkeys(words)), tuple(dict.fromkeys(phrases)))
    if len(search.all_words) > _MOST_WORDS:
        raise Invalid.field("search", f"A search may have {_MOST_WORDS} words, this has {len(search.all_words)}.")
    expression = EVERYTHING if not conditions else conditions[0] if len(conditions) == 1 else And(tuple(conditions))
    return (search if search.all_words else None), expression


def _condition(name: str, value: str, is_quoted: bool, is_excluded: bool, fields: FieldSet) -> Expression:
    operator, written = "not" if is_excluded else "", value
    if not is_quoted:
        for sign, spelling in _COMPARISONS:
            if value.startswith(sign) and not is_excluded:
                operator, written = spelling, value[len(sign) :]
                break
        else:
            if value.endswith("*") and len(value) > 1:
                operator, written = "not_startswith" if is_excluded else "startswith", value[:-1]
    try:
        return parse_filters({name: {"operator": operator, "value": [written]}}, fields, unknown="error")
    except Invalid as error:
        messages = [message for texts in error.fields.values() for message in texts] or [error.message]
        raise Invalid(fields={"search": [f"{name}: {' '.join(messages)}"]}) from None
