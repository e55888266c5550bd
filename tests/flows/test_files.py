"""Files of rows: import of any size in three formats, and export that comes back the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.client import Api, as_jsonl
from tests.server import Server

ROWS: list[dict[str, Any]] = [
    {"input": "plain", "output": "text"},
    {"input": {"q": "ü 💥"}, "output": [1, 2.5, None, True], "expected_output": False, "metadata": {"topic": "a"}},
    {"input": "two\nlines", "output": 'say "hi", ok', "metrics": {"cost": 0.25, "prompt_tokens": 3}, "model": "m"},
    {"input": [{"role": "user", "content": "Hello"}], "output": None},
]


def imported(
    api: Api, dataset: str, text: bytes | Iterator[bytes], status: int = 201, headers: Any = None, **query: Any
) -> Any:
    path = f"/api/datasets/{dataset}/logs/import-file/"
    return api.ok("POST", path, status=status, data=text, params=query, headers=headers or {})


def payloads(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in ("input", "output", "expected_output", "metadata", "metrics")) for row in rows]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("jsonl", as_jsonl(ROWS)),
        ("jsonl", b"\xef\xbb\xbf" + as_jsonl(ROWS)),
        ("jsonl", as_jsonl(ROWS).replace(b"\n", b"\r\n") + b"\r\n\r\n"),
        ("jsonl", as_jsonl(ROWS).rstrip(b"\n")),
        ("json", json.dumps(ROWS).encode()),
        ("json", b"\xef\xbb\xbf" + json.dumps(ROWS, indent=4, ensure_ascii=False).encode() + b"\n\n"),
        ("json", json.dumps({"logs": ROWS}).encode()),
    ],
    ids=str,
)
def test_rows_of_json_arrive_whole_and_in_order(api: Api, name: str, text: bytes) -> None:
    dataset = api.dataset("json file")
    done = imported(api, dataset, text, format=name)
    assert (done["imported_count"], done["error_count"], done["errors"], done["version"]) == (4, 0, [], 1)
    same = api.dataset("bulk", ROWS)
    assert payloads(api.rows(dataset)) == payloads(api.rows(same))
    assert [row["model"] for row in api.rows(dataset)] == [None, None, "m", None]
    job = api.ok("GET", f"/api/jobs/{done['job_id']}/")
    assert (job["state"], job["kind"], job["subject_id"]) == ("completed", "import", dataset)


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("name", ["jsonl", "json", "csv"])
def test_where_the_network_cuts_a_file_makes_no_difference(api: Api, name: str, size: int) -> None:
    text = {
        "jsonl": as_jsonl(ROWS),
        "json": json.dumps(ROWS, ensure_ascii=False).encode(),
        "csv": 'input,output\n"a ""ü💥"" , b","x\r\ny"\nc,d\n'.encode(),
    }[name]
    whole, cut = api.dataset("whole"), api.dataset("cut")
    imported(api, whole, text, format=name)
    imported(api, cut, (text[place : place + size] for place in range(0, len(text), size)), format=name)
    assert payloads(api.rows(cut)) == payloads(api.rows(whole))
    assert api.rows(cut)


def test_a_table_is_read_as_spreadsheets_write_it(api: Api) -> None:
    text = (
        "\ufeffinput,output,metadata,topic,expected_output\r\n"
        '"line 1\r\nline 2","he said ""no""","{""a"": [1, 2]}",refunds,\r\n'
        '5,"[1, {""b"": 2}]",,,"{not json}"\r\n'
        "\r\n"
        "last,,,,x"
    ).encode()
    dataset = api.dataset("table")
    assert imported(api, dataset, text, format="csv")["imported_count"] == 3
    first, second, last = api.rows(dataset)
    assert (first["input"], first["output"]) == ("line 1\r\nline 2", 'he said "no"')
    assert first["metadata"] == {"a": [1, 2], "topic": "refunds"}
    assert (second["input"], second["output"], second["expected_output"]) == ("5", [1, {"b": 2}], "{not json}")
    assert (last["input"], last["output"], last["expected_output"]) == ("last", None, "x")


def test_a_table_may_have_another_delimiter(api: Api) -> None:
    for delimiter in (";", "\t", "|"):
        dataset = api.dataset("delimiter")
        imported(api, dataset, f"input{delimiter}output\na,b{delimiter}c\n".encode(), format="csv", delimiter=delimiter)
        assert [(row["input"], row["output"]) for row in api.rows(dataset)] == [("a,b", "c")]


def test_a_mapping_leads_columns_to_fields(api: Api) -> None:
    dataset = api.dataset("mapping")
    mapping = {"question": "input", "answer.text": "output", "t": "metadata.topic", "ms": "latency", "secret": None}
    row = {"question": "q", "answer": {"text": "a", "more": 1}, "t": "refund", "ms": 5, "secret": "s", "left": "over"}
    imported(api, dataset, as_jsonl([row]), format="jsonl", mapping=json.dumps(mapping))
    found = api.rows(dataset)[0]
    assert (found["input"], found["output"], found["latency"]) == ("q", "a", 5)
    assert found["metadata"] == {"topic": "refund", "left": "over"}
    csv_dataset = api.dataset("mapping of a table")
    text = b"question,answer,t\nq,a,refund\n"
    mapping = {"question": "input", "answer": "expected_output", "t": "metadata.topic"}
    imported(api, csv_dataset, text, format="csv", mapping=json.dumps(mapping))
    found = api.rows(csv_dataset)[0]
    assert (found["input"], found["expected_output"], found["metadata"]) == ("q", "a", {"topic": "refund"})


def test_the_keys_of_another_system_are_kept_as_metadata(api: Api) -> None:
    dataset = api.dataset("other system")
    row = {"input": 1, "id": "ab", "created_at": "then", "scores": {"a": 1}, "status": "error", "prompt": "beside"}
    imported(api, dataset, as_jsonl([row]), format="jsonl")
    found = api.rows(dataset)[0]
    assert found["metadata"] == {"id": "ab", "created_at": "then", "scores": {"a": 1}, "prompt": "beside"}
    assert found["status"] == "error"


def test_a_file_may_call_the_payloads_by_the_names_that_single_rows_may(api: Api) -> None:
    dataset = api.dataset("other names")
    messages = [{"role": "user", "content": "Hello"}]
    rows = [{"prompt": "p", "completion": "c"}, {"messages": messages, "completion_message": {"content": "Hi"}}]
    imported(api, dataset, as_jsonl(rows), format="jsonl")
    found = [(row["input"], row["output"], row["metadata"]) for row in api.rows(dataset)]
    assert found == [("p", "c", {}), (messages, {"content": "Hi"}, {})]
    mapped = api.dataset("mapped beside another name")
    mapping = json.dumps({"question": "input"})
    imported(api, mapped, as_jsonl([{"question": "q", "prompt": "kept"}]), format="jsonl", mapping=mapping)
    assert [(row["input"], row["metadata"]) for row in api.rows(mapped)] == [("q", {"prompt": "kept"})]


def test_each_line_that_cannot_be_read_is_named_with_its_reason(api: Api) -> None:
    dataset = api.dataset("bad lines")
    text = (
        b'{"input": 1}\nnonsense\n\n{"output": 2}\n{"input": 3, "cost": "x"}\n{"input": 4}\n{"input": 1, "input": 2}\n'
    )
    done = imported(api, dataset, text, format="jsonl")
    assert (done["imported_count"], done["error_count"]) == (2, 4)
    assert [error["line"] for error in done["errors"]] == [2, 4, 5, 7]
    assert "input" in done["errors"][1]["error"]
    assert "cost" in done["errors"][2]["error"]
    table = b'input,output\n"a\nb",1\nonly one\nc,2\n'
    done = imported(api, dataset, table, format="csv")
    assert [error["line"] for error in done["errors"]] == [4]
    array = b'[{"input": 1},\n{"output": 1},\n 7, {"input": 2}]'
    done = imported(api, dataset, array, format="json")
    assert [error["line"] for error in done["errors"]] == [2, 3]
    assert [row["input"] for row in api.rows(dataset)] == [1, 4, "a\nb", "c", 1, 2]


def test_no_more_than_a_hundred_bad_lines_are_shown_and_all_are_counted(api: Api) -> None:
    dataset = api.dataset("many bad lines")
    done = imported(api, dataset, b'{"input": 1}\n' + b"nonsense\n" * 250, format="jsonl")
    assert (done["imported_count"], done["error_count"], len(done["errors"])) == (1, 250, 100)


def test_abort_stops_at_the_first_bad_line_and_adds_nothing(api: Api) -> None:
    dataset = api.dataset("abort", [{"input": "kept"}])
    text = as_jsonl([{"input": number} for number in range(2000)]) + b"nonsense\n" + as_jsonl([{"input": 1}])
    said = imported(api, dataset, text, status=400, format="jsonl", on_error="abort")
    assert said["detail"].startswith("Line 2001: ")
    assert [row["input"] for row in api.rows(dataset)] == ["kept"]
    assert api.ok("GET", f"/api/datasets/{dataset}/")["version"] == 1


def test_the_content_type_or_the_file_name_say_the_format(api: Api) -> None:
    dataset = api.dataset("formats")
    for media_type, text in (
        ("application/x-ndjson", b'{"input": 1}\n'),
        ("application/jsonl", b'{"input": 1}\n'),
        ("application/json; charset=utf-8", b'[{"input": 1}]'),
        ("text/csv; header=present", b"input\n1\n"),
    ):
        assert imported(api, dataset, text, headers={"Content-Type": media_type})["imported_count"] == 1
    assert imported(api, dataset, b"input\n1\n", filename="rows.csv")["imported_count"] == 1


def test_a_form_carries_its_first_file(api: Api) -> None:
    dataset = api.dataset("form")
    path = f"/api/datasets/{dataset}/logs/import-file/?format=csv"
    text = b"input\n" + b"".join(b"--row %d\r\n" % number for number in range(2000))
    files = {"note": (None, "not a file"), "file": ("rows.csv", text, "text/csv"), "second": ("b.csv", b"input\nno\n")}
    assert api.ok("POST", path, status=201, files=files)["imported_count"] == 2000
    rows = api.ok("GET", f"/api/datasets/{dataset}/logs/list/?page_size=1000&page=2")["results"]
    assert (rows[0]["input"], rows[-1]["input"]) == ("--row 1000", "--row 1999")
    assert "file" in api.ok("POST", path, status=400, files={"note": (None, "a")})


def test_rows_come_back_the_same_from_jsonl(api: Api) -> None:
    one, two = api.dataset("exported", ROWS), api.dataset("read back")
    api.run_report(one, ["char_count_eval"])
    answer = api("GET", f"/api/datasets/{one}/logs/export/")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"] == 'attachment; filename="exported.jsonl"'
    lines = [json.loads(line) for line in answer.text.split("\n") if line]
    assert lines == api.rows(one)
    assert all(line["scores"] for line in lines)
    assert imported(api, two, answer.content, format="jsonl")["error_count"] == 0
    assert payloads(api.rows(two)) == payloads(api.rows(one))
    for name in ("model", "cost", "prompt_tokens", "timestamp", "log_type", "status", "environment"):
        assert [row[name] for row in api.rows(two)] == [row[name] for row in api.rows(one)], name


def test_rows_come_back_the_same_from_csv(api: Api) -> None:
    one, two = api.dataset("exported", ROWS), api.dataset("read back")
    answer = api("GET", f"/api/datasets/{one}/logs/export/?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [row["input"] for row in table][::2] == ["plain", "two\nlines"]
    assert json.loads(table[1]["output"]) == [1, 2.5, None, True]
    assert imported(api, two, answer.content, format="csv")["error_count"] == 0
    before, after = payloads(api.rows(one)), payloads(api.rows(two))
    # A table cannot tell false from "false", nor null from its name; everything else is the same.
    assert [row[:2] + row[3:] for row in after[:3]] == [row[:2] + row[3:] for row in before[:3]]
    assert (after[1][2], after[3][0]) == ("false", before[3][0])


def test_an_export_of_nothing_is_an_empty_file(api: Api) -> None:
    dataset = api.dataset("nothing")
    assert api("GET", f"/api/datasets/{dataset}/logs/export/").content == b""
    assert api("GET", f"/api/datasets/{dataset}/logs/export/?format=csv").text.startswith("id,input,output")
    filtered = api("POST", f"/api/datasets/{dataset}/logs/export/?format=csv", json={"filters": {"model": "x"}})
    assert len(filtered.text.splitlines()) == 1


def memory(server: Server) -> int:
    """Return the largest resident memory that the server had, in bytes."""
    assert server.process is not None
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def test_two_hundred_thousand_rows_go_in_and_out_in_bounded_memory(api: Api, server: Server) -> None:
    count, batch = 200_000, 2_000
    dataset = api.dataset("large")
    before = memory(server)

    def lines() -> Iterator[bytes]:
        for start in range(0, count, batch):
            yield b"".join(
                b'{"input": "question %d", "output": "answer", "metadata": {"n": %d}}\n' % (number, number)
                for number in range(start, start + batch)
            )

    assert imported(api, dataset, lines(), format="jsonl")["imported_count"] == count
    assert api.ok("GET", f"/api/datasets/{dataset}/")["log_count"] == count
    last = api.ok("GET", f"/api/datasets/{dataset}/logs/list/?page=2000&page_size=100")
    assert last["results"][-1]["input"] == f"question {count - 1}"
    assert memory(server) - before < 400 * 1024 * 1024
    path = f"/api/datasets/{dataset}/logs/export/?format=csv"
    with api.session.get(api.url + path, stream=True, timeout=120) as answer:
        exported = sum(part.count(b"\n") for part in answer.iter_content(1 << 20))
    assert exported == count + 1
    assert memory(server) - before < 400 * 1024 * 1024
    api.ok("DELETE", f"/api/datasets/{dataset}/", status=204)
