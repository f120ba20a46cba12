"""What kind of file was handed in, by its first bytes; its name only tells one old format from another."""

from __future__ import annotations

import zipfile
import zlib
from enum import StrEnum
from io import BytesIO
from pathlib import PurePath

from edge_agent.intake.messages import refuse

MAX_BYTES = 20_000_000
# A whole part is read into memory, a worksheet is streamed; declared sizes bind zipfile, so they may be trusted.
MAX_PART = 16_000_000
MAX_WORKSHEET = 200_000_000
MAX_PARTS = 2_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OTHER = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"{\\rtf", "RTF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"SQLite format 3", "SQLite"),
)
_STRICT = b"http://purl.oclc.org/ooxml/"
_HEAD_BYTES = 4_000
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head", b"<style")
_LEGACY = {".et": "WPS 表格 (.et)", ".ett": "WPS 表格 (.ett)", ".wps": "WPS 文字 (.wps)", ".doc": "Word 97 (.doc)"}


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


def recognise(data: bytes, name: str) -> Format:
    """Tell XLSX from delimited text; raise `FileRefusedError` with what to do for everything else."""
    if not data.strip():
        raise refuse("file_empty")
    if len(data) > MAX_BYTES:
        raise refuse("file_large", size=len(data) // 1_000_000, limit=MAX_BYTES // 1_000_000)
    if data.startswith(_OLE):
        raise _old_office(data, PurePath(name).suffix.lower())
    if data.startswith(_ZIP):
        _check_archive(data)
        return Format.XLSX
    for magic, kind in _OTHER:
        if data.startswith(magic):
            raise refuse("file_kind", kind=kind)
    if data[:2_000].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_MARKUP):
        raise refuse("file_markup")
    return Format.CSV


def _old_office(data: bytes, suffix: str) -> Exception:
    """The names of an OLE file's streams tell what it is: an encrypted XLSX looks like an old .xls from outside."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if has("EncryptedPackage"):
        return refuse("file_encrypted")
    if suffix in _LEGACY:
        return refuse("file_old", kind=_LEGACY[suffix])
    if has("WordDocument"):
        return refuse("file_kind", kind="Word")
    return refuse("file_old", kind="Excel 97-2003 (.xls)")


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            strict = _is_strict(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise refuse("file_broken") from error
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise refuse("file_encrypted")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise refuse("file_macros")
    if "xl/workbook.bin" in names:
        raise refuse("file_old", kind="Excel (.xlsb)")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise refuse("file_kind", kind=_archive_kind(names))
    if len(entries) > MAX_PARTS or any(entry.file_size > _limit(entry.filename) for entry in entries):
        raise refuse("file_bomb")
    if strict:
        raise refuse("file_strict")


def _is_strict(archive: zipfile.ZipFile) -> bool:
    """Tell Excel's rarer “Strict Open XML” from the usual kind: openpyxl knows only the names of the latter."""
    if "xl/workbook.xml" not in archive.namelist():
        return False
    with archive.open("xl/workbook.xml") as stream:
        return _STRICT in stream.read(_HEAD_BYTES)


def _limit(name: str) -> int:
    if name.startswith("xl/worksheets/"):
        return MAX_WORKSHEET
    return MAX_PART if name.endswith((".xml", ".rels")) else MAX_WORKSHEET


def _archive_kind(names: set[str]) -> str:
    if any(name.startswith("word/") for name in names):
        return "Word (.docx)"
    if "mimetype" in names:
        return "OpenDocument (.ods)"
    if any(name.endswith(".iwa") for name in names):
        return "Numbers"
    return "ZIP"
