"""Keys at rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.model.errors import Invalid, Unavailable
from assay.providers.vault import KEY_FILE_NAME, Vault, derive_key, open_vault

SECRET = "a secret of the operator, long enough"


@given(st.text(max_size=500))
def test_what_is_sealed_opens_again_and_cannot_be_read_in_between(text: str) -> None:
    vault = Vault(derive_key(SECRET))
    sealed = vault.seal(text)
    assert vault.open(sealed) == text
    assert len(text) < 8 or text.encode() not in sealed
    assert vault.seal(text) != sealed


@given(st.data())
def test_a_damaged_byte_anywhere_is_noticed(data: st.DataObject) -> None:
    vault = Vault(derive_key(SECRET))
    sealed = bytearray(vault.seal("sk-1234"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unavailable):
        vault.open(bytes(sealed))


@given(st.binary(max_size=100))
def test_bytes_that_were_never_sealed_do_not_open(sealed: bytes) -> None:
    with pytest.raises(Unavailable):
        Vault(derive_key(SECRET)).open(sealed)


def test_another_secret_does_not_open_and_the_error_says_what_to_do() -> None:
    sealed = Vault(derive_key(SECRET)).seal("sk-planted")
    with pytest.raises(Unavailable, match="Start the server with the ASSAY_SECRET_KEY") as caught:
        Vault(derive_key(SECRET + "!")).open(sealed)
    assert "sk-planted" not in str(caught.value)


@pytest.mark.parametrize("secret", ["", "short", "fifteen letters", " " * 40])
def test_a_short_secret_is_refused_without_being_shown(secret: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="ASSAY_SECRET_KEY: Has ") as caught:
        open_vault(tmp_path, secret)
    assert not secret.strip() or secret not in str(caught.value)
    assert not (tmp_path / KEY_FILE_NAME).exists()


def test_a_secret_makes_the_same_key_everywhere_and_no_file(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path / "one", SECRET).seal("x")
    assert open_vault(tmp_path / "two", f" {SECRET}\n").open(sealed) == "x"
    assert list(tmp_path.iterdir()) == []


def test_without_a_secret_a_file_is_made_that_only_its_owner_reads_and_found_again(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    sealed = open_vault(directory, None).seal("x")
    assert open_vault(directory, None).open(sealed) == "x"
    assert [(path.name, path.stat().st_mode & 0o777) for path in directory.iterdir()] == [(KEY_FILE_NAME, 0o600)]


def test_two_directories_have_two_keys(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path / "one", None).seal("x")
    with pytest.raises(Unavailable):
        open_vault(tmp_path / "two", None).open(sealed)


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from assay.providers.vault import open_vault; sys.stdin.readline();"
        "sys.stdout.buffer.write(open_vault(Path(sys.argv[1]), None).seal('x'))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    sealed = [process.communicate()[0] for process in started]
    assert [open_vault(tmp_path, None).open(one) for one in sealed] == ["x"] * 4
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE_NAME]


@pytest.mark.parametrize("written", ["", "00" * 31, "zz" * 32, "é"])
def test_a_damaged_key_file_is_said_to_be_damaged_and_stays(tmp_path: Path, written: str) -> None:
    (tmp_path / KEY_FILE_NAME).write_text(written, encoding="utf-8")
    with pytest.raises(Unavailable, match="is damaged: it must be 64 hexadecimal digits"):
        open_vault(tmp_path, None)
    assert (tmp_path / KEY_FILE_NAME).read_text(encoding="utf-8") == written


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"cannot be used: .* Or set ASSAY_SECRET_KEY"):
        open_vault(tmp_path / "file", None)


def test_a_vault_does_not_show_its_key() -> None:
    vault = Vault(derive_key(SECRET))
    assert derive_key(SECRET).hex() not in repr(vault)
    assert repr(derive_key(SECRET))[2:-1] not in repr(vault)
