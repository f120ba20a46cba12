"""Media in an S3 store."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from edge_agent.central.stores import PIECE, Presigned
from edge_agent.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_MISSING = {"404", "NoSuchKey", "NotFound"}


class S3Store:
    """A bucket, with an optional prefix. The store itself checks each file's SHA-256 when it takes it."""

    presigns = True

    def __init__(self, bucket: str, prefix: str, client: S3Client) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._client = client

    def take(self, name: str, file: Path, sha256: str, mime: str) -> None:
        with _explained(), file.open("rb") as body:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=body,
                ContentType=mime,
                ChecksumSHA256=_base64(sha256),
            )
        file.unlink()  # not media: the spool's copy of it

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        span = f"bytes={first}-{'' if last is None else last}"
        with _explained(name):
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name, Range=span)
            yield from found["Body"].iter_chunks(PIECE)

    def presign(self, name: str, sha256: str, seconds: int) -> Presigned:
        checksum = _base64(sha256)
        url = self._client.generate_presigned_url(
            "put_object",
            Params={"Bucket": self._bucket, "Key": self._prefix + name, "ChecksumSHA256": checksum},
            ExpiresIn=seconds,
        )
        return Presigned(url, {"x-amz-checksum-sha256": checksum})

    def holds(self, name: str, sha256: str, size: int) -> bool:
        try:
            with _explained(name):
                found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name, ChecksumMode="ENABLED")
        except NotFoundError:
            return False
        if found["ContentLength"] != size:
            return False
        if told := found.get("ChecksumSHA256"):
            return told == _base64(sha256)
        # A store that knows no checksums: look ourselves.
        digest = hashlib.sha256()
        for piece in self.read(name):
            digest.update(piece)
        return digest.hexdigest() == sha256


def open_bucket(address: str) -> S3Store:
    """Open `s3://bucket[/prefix]`."""
    url = urlsplit(address)
    prefix = url.path.strip("/")
    client = boto3.client("s3", config=Config(signature_version="s3v4"))
    return S3Store(url.netloc, f"{prefix}/" if prefix else "", client)


def _base64(sha256: str) -> str:
    return b64encode(bytes.fromhex(sha256)).decode()


@contextmanager
def _explained(name: str = "") -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING and name:
            raise NotFoundError(f"{name} is not in the store (文件不存在).") from error
        raise StorageError(f"The S3 store refuses: {error}.", do="Check bucket, keys and quota.") from error
    except BotoCoreError as error:
        raise StorageError(f"The S3 store does not answer: {error}.", do="Check its address.") from error
