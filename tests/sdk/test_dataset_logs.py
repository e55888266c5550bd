"""Rows in bulk, from files and into files."""

from __future__ import annotations

import io
import json
import socket
import threading
from pathlib import Path

import pytest

from assay.model.errors import Invalid, TooLarge, Unavailable
from assay.sdk import Client
from tests.sdk.recorder import Answer, Recorded, Recorder, page

IMPORTED = {"job_id": "j1", "imported_count": 2, "error_count": 0, "errors": [], "version": 4}


def stored(request: Recorded) -> Answer:
    return Answer({"success_count": len(request.json["logs"]), "error_count": 0, "errors": []}, status=201)


def refusing_even(request: Recorded) -> Answer:
    """Refuse rows whose number is even, by their index within the request."""
    bad = [index for index, row in enumerate(request.json["logs"]) if row["input"] % 2 == 0]
    body = {
        "success_count": len(request.json["logs"]) - len(bad),
        "error_count": len(bad),
        "errors": [{"index": index, "error": "even"} for index in bad],
    }
    return Answer(body, status=201)


def test_any_number_of_rows_travels_in_requests_of_five_hundred(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(stored)
    told: list[int] = []
    result = client.dataset_logs.bulk_create("d1", ({"input": n} for n in range(1203)), progress=told.append)
    assert (result.success_count, result.error_count) == (1203, 0)
    assert [len(one.json["logs"]) for one in recorder.requests] == [500, 500, 203]
    assert [row["input"] for one in recorder.requests for row in one.json["logs"]] == list(range(1203))
    assert told == [500, 1000, 1203]


def test_large_rows_travel_in_requests_of_about_eight_megabytes(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(stored)
    result = client.dataset_logs.bulk_create("d1", [{"input": "x" * 3_000_000}] * 5)
    assert result.success_count == 5
    assert [len(one.json["logs"]) for one in recorder.requests] == [2, 2, 1]


def test_refused_rows_are_named_by_their_index_over_everything(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(refusing_even)
    result = client.dataset_logs.bulk_create("d1", [{"input": n} for n in range(1, 1002)])
    assert (result.success_count, result.error_count) == (501, 500)
    assert [one.index for one in result.errors] == list(range(1, 1001, 2))


def test_a_request_whose_rows_were_all_refused_does_not_stop_the_others(client: Client, recorder: Recorder) -> None:
    all_refused = {"success_count": 0, "error_count": 500, "errors": [{"index": n, "error": "no"} for n in range(500)]}
    recorder.will_answer(Answer(all_refused, status=400), stored)
    result = client.dataset_logs.bulk_create("d1", [{"input": n} for n in range(600)])
    assert (result.success_count, result.error_count) == (100, 500)


def test_an_error_half_way_says_what_was_stored_before(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(stored, Answer({"detail": "Too large."}, status=413))
    with pytest.raises(TooLarge) as caught:
        client.dataset_logs.bulk_create("d1", [{"input": n} for n in range(700)])
    assert caught.value.__notes__ == ["500 rows were stored before; rows 500 to 699 failed."]


def test_a_refused_request_that_names_no_rows_is_an_error(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"logs": ["Not a list."]}, status=400))
    with pytest.raises(Invalid, match="Not a list"):
        client.dataset_logs.bulk_create("d1", [{"input": 1}])


def test_no_rows_make_no_request(client: Client, recorder: Recorder) -> None:
    assert client.dataset_logs.bulk_create("d1", []).success_count == 0
    assert recorder.requests == []


def test_a_file_travels_as_it_is_with_its_length_and_its_mapping(
    client: Client, recorder: Recorder, tmp_path: Path
) -> None:
    content = b"".join(b'{"question": %d}\n' % n for n in range(50_000))
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    recorder.will_answer(Answer(IMPORTED))
    told: list[tuple[int, int | None]] = []
    result = client.dataset_logs.import_file(
        "d1", path, mapping={"question": "input"}, progress=lambda sent, total: told.append((sent, total))
    )
    request = recorder.requests[0]
    assert request.body == content
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.headers["content-length"] == str(len(content))
    assert request.query == {"format": "jsonl", "mapping": '{"question":"input"}', "on_error": "skip"}
    assert told[-1] == (len(content), len(content))
    assert len(told) > 1
    assert (result.imported_count, result.version) == (2, 4)


def test_an_open_file_of_unknown_size_is_streamed(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(IMPORTED))
    told: list[tuple[int, int | None]] = []
    client.dataset_logs.import_file(
        "d1", io.BytesIO(b"a,b\n1,2\n"), format="csv", on_error="abort", progress=lambda *pair: told.append(pair)
    )
    request = recorder.requests[0]
    assert request.headers["transfer-encoding"] == "chunked"
    assert request.headers["content-type"] == "text/csv"
    assert request.query["on_error"] == "abort"
    assert request.body == b"a,b\n1,2\n"
    assert told == [(8, None)]


def test_an_empty_file_travels_too(client: Client, recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.touch()
    recorder.will_answer(Answer(IMPORTED))
    client.dataset_logs.import_file("d1", path)
    assert recorder.requests[0].body == b""


@pytest.mark.parametrize(
    ("name", "format", "words"),
    [("rows.parquet", None, "give one of jsonl, json, csv"), ("rows.jsonl", "xml", '"xml" is not a format')],
)
def test_a_format_that_cannot_be_told_is_refused_before_anything_travels(
    client: Client, recorder: Recorder, tmp_path: Path, name: str, format: str | None, words: str
) -> None:
    (tmp_path / name).touch()
    with pytest.raises(Invalid, match=words):
        client.dataset_logs.import_file("d1", tmp_path / name, format=format)
    assert recorder.requests == []


def test_a_file_that_is_not_there_is_said_by_name(client: Client, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"missing\.jsonl cannot be read: No such file"):
        client.dataset_logs.import_file("d1", tmp_path / "missing.jsonl")


def test_an_export_is_written_as_it_comes(client: Client, recorder: Recorder, tmp_path: Path) -> None:
    content = b'{"input": 1}\n' * 30_000
    recorder.will_answer(Answer(content))
    path = tmp_path / "rows.jsonl"
    size = client.dataset_logs.export("d1", path, version=3, filters={"status": "success"})
    assert path.read_bytes() == content
    assert size == len(content)
    assert list(tmp_path.iterdir()) == [path]
    assert recorder.requests[0].query == {"format": "jsonl", "version": "3"}
    assert recorder.requests[0].json == {"filters": {"status": "success"}}


def test_a_broken_export_leaves_no_half_file_and_keeps_the_old_one(
    client: Client, recorder: Recorder, tmp_path: Path
) -> None:
    recorder.will_answer(Answer(b"half", length=1000))
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"old")
    with pytest.raises(Unavailable, match="broke"):
        client.dataset_logs.export("d1", path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_that_is_refused_says_why(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"format": ["Unknown."]}, status=400))
    target = io.BytesIO()
    with pytest.raises(Invalid, match="format: Unknown"):
        client.dataset_logs.export("d1", target)
    assert target.getvalue() == b""


def test_iterating_walks_the_pages_until_there_is_no_next(client: Client, recorder: Recorder) -> None:
    def pages(request: Recorded) -> Answer:
        number = int(request.query["page"])
        return Answer(page([{"id": f"r{number}"}], next="http://elsewhere/" if number < 3 else None))

    recorder.will_answer(pages)
    found = client.dataset_logs.iterate("d1", {"metadata.topic": "refund"}, version="gold")
    assert [row.id for row in found] == ["r1", "r2", "r3"]
    assert [one.query["page"] for one in recorder.requests] == ["1", "2", "3"]
    assert {one.query["version"] for one in recorder.requests} == {"gold"}
    assert {one.query["page_size"] for one in recorder.requests} == {"1000"}
    assert all(one.json == {"filters": {"metadata.topic": "refund"}} for one in recorder.requests)


def test_iterating_stops_at_an_empty_page_even_when_a_next_is_named(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(page([], next="http://elsewhere/")))
    assert list(client.dataset_logs.iterate("d1")) == []


def test_deleting_by_empty_filters_is_refused_before_anything_travels(client: Client, recorder: Recorder) -> None:
    with pytest.raises(Invalid, match="delete_all"):
        client.dataset_logs.delete_matching("d1", {})
    assert recorder.requests == []


def test_a_null_output_is_sent_and_absent_fields_are_not(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"message": "ok", "unique_id": "r1", "log_data": {}}, status=201))
    made = client.dataset_logs.create("d1", input={"q": "ü"}, metadata={"topic": "refund"})
    assert made.unique_id == "r1"
    assert json.loads(recorder.requests[0].body) == {
        "input": {"q": "ü"},
        "output": None,
        "metadata": {"topic": "refund"},
    }


def test_a_refusal_in_the_middle_of_an_upload_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"x" * 20_000_000)
    body = b'{"file": ["line 1: not JSON"]}'

    def refuse_early(listener: socket.socket) -> None:
        """Answer after the first bytes, as a server does that aborts, then read what still comes."""
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            connection.sendall(head + body)
            while connection.recv(1_000_000):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse_early, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Client(api_key="k", base_url=url) as client, pytest.raises(Invalid, match="line 1: not JSON"):
            client.dataset_logs.import_file("d1", path, on_error="abort")
        thread.join()
