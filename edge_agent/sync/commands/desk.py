"""Where commands arrive: believed or not, known or new, carried out or refused; each is answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from edge_agent.clock import Clock
from edge_agent.errors import ConflictError, EdgeAgentError, NotFoundError
from edge_agent.model.kinds.system import CommandReceived
from edge_agent.store import commands, requests
from edge_agent.store.database import Connection, from_micros, to_micros
from edge_agent.store.writer import Transaction, Writer
from edge_agent.sync.commands import capture, device, training
from edge_agent.sync.commands.outcome import Done, Job
from edge_agent.sync.contract import commands as args
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import COMMANDS, Command, CommandHead, command_name, subject
from edge_agent.sync.contract.messages import Result
from edge_agent.sync.contract.signing import Purpose, Signed, Verifier, decode, read_signed
from edge_agent.sync.contract.topics import Address

log = logging.getLogger(__name__)

_FORGET_AFTER = 2 * limits.COMMAND_LIFE
BY = "centre"


class CommandDesk:
    """Belongs to one thread. `verifier` gives the one in force: a command may change the keys."""

    def __init__(
        self,
        address: Address,
        verifier: Callable[[], Verifier],
        *,
        writer: Writer,
        reader: Connection,
        wishes: capture.MediaWishes,
        settings: device.DeviceSettings,
    ) -> None:
        self._address = address
        self._verifier = verifier
        self._writer = writer
        self._reader = reader
        self._clock: Clock = writer.clock
        self._jobs: Mapping[type, Job] = {
            args.Roster: training.save_roster,
            args.Timetable: training.save_timetable,
            args.Teachers: training.save_teachers,
            args.Confirm: training.confirm,
            args.Association: capture.associate,
            args.RecordStart: capture.start_recording,
            args.RecordStop: capture.stop_recording,
            args.SnapshotNow: capture.take_snapshot,
            args.Export: capture.export,
            args.SendMedia: wishes.send,
            args.SendPresigned: wishes.send_presigned,
            args.Ping: device.ping,
            args.Doctor: device.doctor,
            args.SupportBundle: device.support_bundle,
            args.Upgrade: device.upgrade,
            args.Policy: device.note_policy,
            args.LogLevel: device.nothing,
            args.TrustKey: device.nothing,
        }
        self._effects: Mapping[type, Callable[[Any, Signed], None]] = {
            args.Upgrade: settings.keep_order,
            args.Policy: settings.keep_policy,
            args.LogLevel: settings.set_log_level,
            args.TrustKey: settings.trust_key,
        }

    def receive(self, message: bytes) -> Result:
        """Take a command and give the answer. Raises `RefusedError` for one that nobody we believe has signed."""
        signed = read_signed(message)
        self._verifier().verify(Purpose.COMMAND, signed)
        head = decode(signed.payload, CommandHead)
        if Address(head.tenant, head.agent) != self._address:
            raise RefusedError(Code.WRONG_AGENT, f"A command for {head.tenant}/{head.agent}.")
        known = commands.find(self._reader, head.id)
        if known is not None:
            return self._again(known)
        name = str(head.args.get("command", ""))
        try:
            return self._carry_out(_read(signed, name), signed)
        except EdgeAgentError as error:
            return self._refuse(head.id, name, error)
        except Exception as error:
            log.exception("a fault of this program: command %s %s", name, head.id)
            return self._refuse(head.id, name, RefusedError(Code.FAILED, f"{type(error).__name__}: {error}"))

    def poll(self) -> list[Result]:
        """Give the answers of commands that other services have finished."""
        return [answer for taken in commands.waiting(self._reader) if (answer := self._finish(taken)) is not None]

    def forget(self) -> None:
        """Drop answers that nobody can ask for any more."""
        before = self._clock.stamp().wall - _FORGET_AFTER
        self._writer.run(lambda tx: commands.forget(tx, before))

    def _carry_out(self, command: Command, signed: Signed) -> Result:
        now = self._clock.stamp().wall
        if command.expires - command.issued > limits.COMMAND_LIFE:
            raise RefusedError(Code.INVALID, f"expires: more than {limits.COMMAND_LIFE.days} days after issued.")
        if now > command.expires:
            raise RefusedError(Code.EXPIRED, f"It expired at {command.expires:%F %T}, here it is {now:%F %T} UTC.")
        kind, name, about = type(command.args), command_name(command.args), subject(command.args)
        issued = to_micros(command.issued)
        if about and issued < (latest := commands.find_mark(self._reader, about)):
            raise RefusedError(
                Code.STALE,
                f"It was issued at {command.issued:%F %T}, one of {from_micros(latest):%F %T} counts already.",
            )
        effect = self._effects.get(kind)
        if effect is not None:
            effect(command.args, signed)

        def job(tx: Transaction) -> Result:
            outcome = self._jobs[kind](tx, command.args, f"{BY}:{command.by}" if command.by else BY)
            if about:
                commands.set_mark(tx, about, issued)
            if isinstance(outcome, Done):
                commands.take(tx, command.id, name)
                result = Result(id=command.id, result="done", data=dict(outcome.data), at=tx.stamp.wall)
                self._note(tx, name, result)
                return result
            commands.take(tx, command.id, name, request=outcome.request)
            return Result(id=command.id, result="taken", at=tx.stamp.wall)

        return self._writer.run(job)

    def _again(self, known: commands.Taken) -> Result:
        if known.answer is not None:
            return msgspec.json.decode(known.answer, type=Result)
        return Result(id=known.id, result="taken", at=known.received)

    def _refuse(self, identifier: str, name: str, error: EdgeAgentError) -> Result:
        code = _code(error)
        result = Result(
            id=identifier,
            result="expired" if code is Code.EXPIRED else "refused" if code is not Code.FAILED else "failed",
            code=code,
            reason=str(error)[:2000],
            at=self._clock.stamp().wall,
        )
        log.warning("command %s %s was refused: %s", name, identifier, error)

        def job(tx: Transaction) -> None:
            commands.take(tx, identifier, name)
            self._note(tx, name, result)

        self._writer.run(job)
        return result

    def _finish(self, taken: commands.Taken) -> Result | None:
        request = requests.find(self._reader, taken.request or "")
        now = self._clock.stamp().wall
        if request is not None and request.state in {"asked", "taken"} and now < request.expires + timedelta(minutes=1):
            return None
        if request is not None and request.state == "done":
            result = Result(id=taken.id, result="done", data=request.answer or {}, at=now)
        else:
            said = request.answer if request is not None and request.answer else {}
            reason = str(said.get("error", "No service of this device answered in time."))
            result = Result(id=taken.id, result="failed", code=Code.FAILED, reason=reason, data=said, at=now)
        self._writer.run(lambda tx: self._note(tx, taken.command, result))
        return result

    def _note(self, tx: Transaction, name: str, result: Result) -> None:
        """Keep the answer, and put on the record what became of the command."""
        commands.answer(tx, result.id, msgspec.json.encode(result).decode())
        said = "done" if result.result == "taken" else result.result
        tx.append(CommandReceived(id=result.id, command=name, result=said, reason=result.reason), by=BY)


def _read(signed: Signed, name: str) -> Command:
    if name not in COMMANDS:
        raise RefusedError(Code.UNSUPPORTED, f"{name!r} is no command of this version.")
    return decode(signed.payload, Command)


def _code(error: EdgeAgentError) -> Code:
    if isinstance(error, RefusedError):
        return error.code
    if isinstance(error, NotFoundError):
        return Code.NOT_FOUND
    if isinstance(error, ConflictError):
        return Code.STALE
    return Code.INVALID if error.status < 500 else Code.FAILED  # noqa: PLR2004 - HTTP's own border
