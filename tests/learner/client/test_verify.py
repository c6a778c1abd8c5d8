"""`crossguard verify`: what it finds where files are right, changed, missing, added, or signed by somebody else."""

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from annotator.runtime.embedded import REPOSITORY
from learner.client.__main__ import main
from learner.client.manifest import (
    MANIFEST,
    SIGNATURE,
    content_sha256,
    manifest_bytes,
    private_key,
    public_text,
    signature_of,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def written(folder: Path, key: Ed25519PrivateKey | None = None) -> Path:
    """A small snapshot in `folder`, signed if there is a key."""
    folder.mkdir()
    files = {}
    for name in ("items.parquet", "README.md"):
        (folder / name).write_bytes(name.encode())
        files[name] = {"sha256": hashlib.sha256(name.encode()).hexdigest(), "bytes": len(name)}
    manifest = {
        "project": "pilot",
        "tables": {"items.parquet": files["items.parquet"]["sha256"]},
        "files": files,
    }
    manifest["content_sha256"] = content_sha256(manifest)
    if key:
        manifest["public_key"] = public_text(key)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    if key:
        (folder / SIGNATURE).write_bytes(signature_of(manifest_bytes(manifest), key))
    return folder


def verified(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    status = main(["verify", *map(str, arguments)])
    return status, capsys.readouterr().out


def test_right_files_are_good_a_line_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = verified(capsys, written(tmp_path / "v1", KEY), "--key", public_text(KEY))

    assert status == 0
    assert [line[:4] for line in told.splitlines()] == ["ok  "] * 4
    assert "signed by the key you gave" in told


def test_without_a_key_it_says_by_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signed = verified(capsys, written(tmp_path / "signed", KEY))
    plain = verified(capsys, written(tmp_path / "plain"))

    assert signed[0] == plain[0] == 0
    assert f"signed by {public_text(KEY)}; pass --key" in signed[1]
    assert "manifest.json: not signed" in plain[1]


def test_changed_missing_and_added_files_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "v1")
    (folder / "items.parquet").write_bytes(b"items.parquex")
    (folder / "README.md").unlink()
    (folder / "more.csv").write_text("a,b")

    status, told = verified(capsys, folder)

    assert status == 1
    assert "BAD items.parquet: changed" in told
    assert "BAD README.md: missing" in told
    assert "BAD more.csv: added" in told


def test_a_signature_by_somebody_else_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "v1", OTHER)

    assert verified(capsys, folder)[0] == 0
    status, told = verified(capsys, folder, "--key", public_text(KEY))

    assert status == 1
    assert "BAD manifest.json.sig: wrong" in told


def test_a_manifest_changed_after_signing_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "v1", KEY)
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes().replace(b'"pilot"', b'"other"'))

    status, told = verified(capsys, folder, "--key", public_text(KEY))

    assert status == 1
    assert "BAD manifest.json.sig: wrong" in told
    assert "BAD manifest.json: the content hash" in told


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": {"a": 1}}', '{"files": {"a": {"sha256": 1}}}'])
def test_what_is_no_manifest_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / MANIFEST).write_text(text)

    assert verified(capsys, tmp_path) == (1, "BAD manifest.json: no manifest of a snapshot\n")


def test_a_signature_that_was_taken_away_or_spoilt_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "v1", KEY)
    (folder / SIGNATURE).write_text("nonsense!")
    spoilt = verified(capsys, folder)
    (folder / SIGNATURE).unlink()
    gone = verified(capsys, folder)

    assert (spoilt[0], gone[0]) == (1, 1)
    assert "BAD manifest.json.sig: missing" in gone[1]


def test_a_name_that_leads_out_of_the_directory_is_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / MANIFEST).write_text('{"files": {"../secret": {"sha256": "0", "bytes": 1}}}')

    status, told = verified(capsys, tmp_path)

    assert status == 1
    assert "BAD ../secret: no name of a file" in told


def test_it_runs_as_a_module_and_says_what_it_cannot_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "learner.client", "verify"]
    good = subprocess.run(
        [*command, written(tmp_path / "v1")], cwd=REPOSITORY, capture_output=True, check=False
    )
    nowhere = subprocess.run([*command, tmp_path / "no"], cwd=REPOSITORY, capture_output=True, check=False)

    assert good.returncode == 0
    assert nowhere.returncode == 2
    assert b"is not a directory" in nowhere.stderr


def test_a_key_is_32_bytes_in_base64() -> None:
    assert public_text(private_key(base64.b64encode(bytes(range(32))).decode())) == public_text(KEY)
    for text in ("", "abc", base64.b64encode(b"short").decode()):
        with pytest.raises(ValueError, match="32 bytes in base64"):
            private_key(text)
