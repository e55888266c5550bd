"""How texts are cut into words, which texts of a log count, and when a search holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.filters.search import TextSearch, search_holds, searched_words, texts_in, words_in
from tests.filters.generation import STRINGS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t.,;-_", []),
        ("Hello, World!", ["hello", "world"]),
        ("ORDER-12 e_mail", ["order", "12", "e", "mail"]),
        ("3.14", ["3", "14"]),
        ("Ünïcode ÉTÉ straße", ["ünïcode", "été", "straße"]),
        # Scripts without spaces: a character is a word.
        ("请退款", ["请", "退", "款"]),
        ("東京タワー 2024年", ["東", "京", "タ", "ワ", "ー", "2024", "年"]),
        ("한국", ["한", "국"]),
        ("Wi-Fi接続abc", ["wi", "fi", "接", "続", "abc"]),
        ("привет мир", ["привет", "мир"]),
        ("٣ ½", ["٣", "½"]),
        ("😀a😀b", ["a", "b"]),
        ("x" * 200, ["x" * 64]),
        ("x" * 64 + "y z", ["x" * 64, "z"]),
    ],
)
def test_a_text_is_cut_into_words(text: str, words: list[str]) -> None:
    assert words_in(text) == words


@given(st.text(max_size=200) | st.sampled_from(STRINGS))
def test_words_stay_what_they_are_when_they_are_cut_again(text: str) -> None:
    words = words_in(text)
    assert all(words)
    assert all(len(word) <= 64 for word in words)
    for word in words:
        assert words_in(word) == [word]
    assert words_in(" ".join(words)) == words


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_a_text_has_the_same_words_beside_letters_beyond_ascii(text: str) -> None:
    assert words_in(text + " é") == [*words_in(text), "é"]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, []),
        (5, []),
        ("a", ["a"]),
        (["a", ["b", {"k": "c"}], 1, True], ["a", "b", "c"]),
        ({"role": "user", "content": "hi", "type": "text"}, ["hi"]),
        # What is said about itself is left out with all that is in it.
        ([{"content": [{"type": "text", "text": "in"}, {"type": {"role": "out"}}]}], ["in"]),
        ({"key": {"other key": "value"}}, ["value"]),
    ],
)
def test_the_strings_of_a_value_are_its_texts_but_not_its_keys_roles_and_types(value: Any, texts: list[str]) -> None:
    assert sorted(texts_in(value)) == texts


def test_deep_values_are_read_to_the_bottom() -> None:
    value: Any = "bottom"
    for _ in range(10_000):
        value = [value]
    assert list(texts_in(value)) == ["bottom"]


_LOG = ({"messages": [{"role": "user", "content": "Where is my big Order?"}]}, "It is big, red and late. LATE!")


@pytest.mark.parametrize(
    ("words", "phrases", "holds"),
    [
        ((), (), True),
        (("order",), (), True),
        # From input and output together.
        (("order", "late"), (), True),
        (("order", "absent"), (), False),
        # A part of a word is not the word.
        (("ord",), (), False),
        (("user",), (), False),
        (("content",), (), False),
        ((), (("my", "big", "order"),), True),
        ((), (("order",),), True),
        ((), (("big", "my"),), False),
        ((), (("my", "order"),), False),
        ((), (("big", "red"), ("late", "late")), True),
        ((), (("big", "red"), ("late", "late", "late")), False),
        # No phrase goes from one string to another.
        ((), (("order", "it"),), False),
        (("red",), (("is", "my"),), True),
        (("blue",), (("is", "my"),), False),
    ],
)
def test_a_search_holds_when_all_its_words_and_phrases_are_there(
    words: tuple[str, ...], phrases: tuple[tuple[str, ...], ...], holds: bool
) -> None:
    assert search_holds(TextSearch(words, phrases), *_LOG) is holds


_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=10) | st.sampled_from(STRINGS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "role", "text")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_values, _values)
def test_what_an_index_holds_are_the_words_of_all_texts(first: Any, second: Any) -> None:
    words = searched_words(first, second)
    assert words == {word for value in (first, second) for text in texts_in(value) for word in words_in(text)}
    assert search_holds(TextSearch(tuple(words)), first, second)
    assert not search_holds(TextSearch((*words, "absentword")), first, second)
    for text in (*texts_in(first), *texts_in(second)):
        assert search_holds(TextSearch((), (tuple(words_in(text)),)), first, second)


def test_all_words_of_a_search_are_those_of_its_phrases_too_each_once() -> None:
    search = TextSearch(("b", "a"), (("a", "c"), ("c", "b")))
    assert search.all_words == ("b", "a", "c")
