"""Reads policy files: a name of `config/policies`, or a path."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from edge_agent.durable import replace_file
from edge_agent.errors import InputError, NotFoundError
from edge_agent.mistakes import describe
from edge_agent.rules.policy import Policy, problems

_PACKAGED = Path(__file__).parent / "_share" / "config" / "policies"
_KEPT = "kept"
_CHECKOUT = Path(__file__).parents[1] / "config" / "policies"


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A sound policy, with its file's bytes and their digest."""

    policy: Policy
    sha256: str
    content: bytes

    @property
    def stamp(self) -> str:
        """`id@sha256`: how facts name the policy that judged them."""
        return f"{self.policy.id}@{self.sha256}"


def policy_folder() -> Path:
    """The folder of the policies that are shipped: inside an installed package, or of a checkout."""
    return _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT


_local: list[Path] = []
"""The folder of the policies that the centre sent, once a data folder is open: they come before those shipped."""


def use_policies_of(data_dir: Path) -> None:
    """Look into a device's own folder of policies first."""
    _local[:] = [local_policies(data_dir)]


def local_policies(data_dir: Path) -> Path:
    return data_dir / "policies"


def keep_policy(loaded: LoadedPolicy) -> None:
    """Keep a policy's file by its digest: facts name it for years, while its name may get another content."""
    for folder in _local:
        kept = folder / _KEPT / f"{loaded.sha256}.toml"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            replace_file(kept, loaded.content)


def find_policy(sha256: str) -> bytes | None:
    """Give the policy file of that digest, one that was replaced since included; None where it is not here."""
    kept = (folder / _KEPT / f"{sha256}.toml" for folder in _local)
    present = (path for folder in _folders() for path in sorted(folder.glob("*.toml")))
    for path in (*kept, *present):
        if path.is_file() and hashlib.sha256(content := path.read_bytes()).hexdigest() == sha256:
            return content
    return None


def policy_names() -> tuple[str, ...]:
    return tuple(sorted({path.stem for folder in _folders() for path in folder.glob("*.toml")}))


def _folders() -> tuple[Path, ...]:
    return (*_local, policy_folder())


def load_policy(name_or_path: str | Path) -> LoadedPolicy:
    """Read and check a policy. Raises `NotFoundError`, or `InputError` that names each wrong key."""
    file = Path(name_or_path)
    if file.suffix != ".toml":
        named = [folder / f"{name_or_path}.toml" for folder in _folders()]
        file = next((path for path in named if path.exists()), named[-1])
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            f"{name_or_path}: 没有这个政策 / no such policy.",
            do=f"可用的有 / Name one of {', '.join(policy_names())}, or the path of a .toml file.",
        ) from None
    except OSError as error:
        raise InputError(
            f"{file}: 无法读取 / can't be read: {error.strerror}.",
            do="请给出可读的政策文件。Name a policy file that can be read.",
        ) from error
    return LoadedPolicy(parse_policy(content, source=file.name), hashlib.sha256(content).hexdigest(), content)


def parse_policy(content: bytes, *, source: str) -> Policy:
    """Check the bytes of a policy file; `source` names it in errors."""
    try:
        tables = tomllib.loads(content.decode())
        # Strict JSON takes a duration as "00:45:00" but not as a bare 45, which could mean seconds or minutes.
        policy = _adapter().validate_json(json.dumps(tables, default=str), strict=True)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{source}: 不是有效的 TOML / not valid TOML: {error}.", do="请改正该行。Mend that line."
        ) from error
    except ValidationError as error:
        raise InputError(
            f"{source}: {describe(error, _keys)}.",
            do="请改正所列的键。Mend the keys named; docs/rules.md explains each.",
        ) from error
    if found := problems(policy):
        raise InputError(
            f"{source}: {'; '.join(found)}.",
            do="请改正所列的数值。Mend the figures named; docs/rules.md explains each.",
        )
    return policy


@cache
def _adapter() -> TypeAdapter[Policy]:
    return TypeAdapter(Policy)


def _keys(path: Sequence[int | str]) -> list[str]:
    table: type = Policy
    for part in path:
        hint = get_type_hints(table)[str(part)]
        table = next(kind for kind in (hint, *get_args(hint)) if isinstance(kind, type) and is_dataclass(kind))
    return [field.name for field in fields(table)]
