"""How requests travel: authentication, addresses, retries and what a broken connection is called."""

from __future__ import annotations

import socket

import pytest

from assay.model.errors import Invalid, NotAuthenticated, NotFound, Unavailable
from assay.sdk import Client
from tests.sdk.recorder import Answer, Recorder, page

DATASET = {"id": "d1", "name": "Support"}
BUSY = Answer({"detail": "Busy."}, status=503, headers={"retry-after": "0"})


def test_the_key_travels_as_a_bearer_token(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(DATASET))
    client.datasets.get("d1")
    assert recorder.requests[0].headers["authorization"] == "Bearer abcdefgh.secret"


def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, recorder: Recorder) -> None:
    monkeypatch.setenv("ASSAY_API_KEY", "fromoutside.x\n")
    monkeypatch.setenv("ASSAY_BASE_URL", recorder.url + "/api/")
    recorder.will_answer(Answer(DATASET))
    with Client() as client:
        assert client.base_url == recorder.url
        client.datasets.get("d1")
    assert recorder.requests[0].headers["authorization"] == "Bearer fromoutside.x"
    assert recorder.requests[0].path == "/api/datasets/d1/"


def test_without_a_key_nothing_is_sent_but_health_can_be_asked(recorder: Recorder) -> None:
    recorder.will_answer(Answer({"status": "ok"}))
    with Client(base_url=recorder.url) as client:
        with pytest.raises(NotAuthenticated, match="ASSAY_API_KEY"):
            client.datasets.get("d1")
        assert recorder.requests == []
        assert client.health().status == "ok"
    assert "authorization" not in recorder.requests[0].headers


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://host", "http://", "nonsense"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(Invalid, match="base_url"):
        Client(api_key="k", base_url=address)


@pytest.mark.parametrize("key", ["two words", "smörgås", "line\nbreak"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_at_once(key: str) -> None:
    with pytest.raises(Invalid, match="api_key"):
        Client(api_key=key)


@pytest.mark.parametrize("odd", ["", ".", ".."])
def test_an_id_that_would_change_the_path_is_refused(client: Client, odd: str) -> None:
    with pytest.raises(Invalid, match="is not an id"):
        client.datasets.get(odd)


def test_an_id_with_a_slash_stays_one_segment(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"detail": "Not found."}, status=404))
    with pytest.raises(NotFound):
        client.evaluators.get("a/b?c")
    assert recorder.requests[0].path == "/api/evaluators/a/b?c/"
    assert recorder.requests[0].query == {}


def test_many_requests_share_one_connection(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(DATASET))
    for _ in range(5):
        client.datasets.get("d1")
    assert len(recorder.requests) == 5
    assert recorder.connection_count == 1


def test_a_read_is_repeated_while_the_server_is_busy(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(
        BUSY, Answer({"detail": "Slow down."}, status=429, headers={"retry-after": "0"}), Answer(DATASET)
    )
    assert client.datasets.get("d1").name == "Support"
    assert len(recorder.requests) == 3


def test_a_list_with_filters_is_a_post_and_is_repeated_all_the_same(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(BUSY, Answer(page([DATASET])))
    assert len(client.datasets.list(filters={"metadata.x": 1}).results) == 1
    assert [one.method for one in recorder.requests] == ["POST", "POST"]
    assert recorder.requests[0].json == {"filters": {"metadata.x": 1}}


def test_a_create_is_never_repeated(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(BUSY)
    with pytest.raises(Unavailable, match=r"Busy\."):
        client.datasets.create("Support")
    assert len(recorder.requests) == 1


def test_repeats_are_bounded(recorder: Recorder) -> None:
    recorder.will_answer(BUSY)
    with Client(api_key="k", base_url=recorder.url, maximum_retries=2) as client, pytest.raises(Unavailable):
        client.datasets.get("d1")
    assert len(recorder.requests) == 3


def test_an_answer_that_is_not_503_or_429_is_final(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"detail": "Broken."}, status=500))
    with pytest.raises(Unavailable, match=r"Broken\."):
        client.datasets.get("d1")
    assert len(recorder.requests) == 1


def test_a_cut_connection_is_tried_again_for_reads(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(is_cut=True), Answer(DATASET))
    assert client.datasets.get("d1").id == "d1"


def test_a_cut_connection_is_not_tried_again_for_writes(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(is_cut=True), Answer(DATASET))
    with pytest.raises(Unavailable, match="broke"):
        client.datasets.create("Support")
    assert len(recorder.requests) == 1


def test_a_delete_whose_answer_was_lost_succeeds_when_the_thing_is_gone(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(is_cut=True), Answer({"detail": "Not found."}, status=404))
    client.datasets.delete("d1")
    assert [one.method for one in recorder.requests] == ["DELETE", "DELETE"]


def test_a_delete_of_what_never_was_is_not_found(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"detail": "Not found."}, status=404))
    with pytest.raises(NotFound):
        client.datasets.delete("d1")


def test_no_server_is_said_with_the_way_to_start_one() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with Client(api_key="k", base_url=url, maximum_retries=0) as client, pytest.raises(Unavailable) as caught:
            client.health()
    assert str(caught.value) == f"cannot reach {url} — is the server running? start it with `assay serve`"


def test_silence_is_said_with_its_length() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Client(api_key="k", base_url=url, timeout_seconds=0.2) as client, pytest.raises(Unavailable) as caught:
            client.datasets.get("d1")
    assert str(caught.value) == f"{url} did not answer within 0.2 s"


@pytest.mark.parametrize("body", [b"<html>", b'{"id": 3, "name": "x"}', b"", b'{"id": "\xff"}'])
def test_an_answer_that_is_not_ours_is_unavailable_and_not_a_crash(
    client: Client, recorder: Recorder, body: bytes
) -> None:
    recorder.will_answer(Answer(body))
    with pytest.raises(Unavailable, match="is it an Assay server"):
        client.datasets.get("d1")


def test_a_value_json_cannot_hold_is_refused_before_it_travels(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({}))
    with pytest.raises(Invalid, match="JSON"):
        client.dataset_logs.create("d1", input=object())
    assert recorder.requests == []


def test_an_observer_sees_answers_as_they_came(recorder: Recorder) -> None:
    seen: list[tuple[str, str, int, bytes]] = []
    recorder.will_answer(Answer(b'{"id":"d1", "name":"n","later_field":1}'))
    with Client(api_key="k", base_url=recorder.url, on_response=lambda *answer: seen.append(answer)) as client:
        client.datasets.get("d1")
    assert seen == [("GET", "/api/datasets/d1/", 200, b'{"id":"d1", "name":"n","later_field":1}')]
