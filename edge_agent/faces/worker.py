"""The engine's process: reads requests from a socket, answers each, one at a time. Holds no state between frames.

Started as `python -m edge_agent.faces.worker FD ENGINE WEIGHTS...` by `child.py`, which has verified the weights.
Ends when the socket does.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from edge_agent.errors import DeviceError, InputError
from edge_agent.faces.analyse import Analyser
from edge_agent.faces.frames import decode_frame
from edge_agent.faces.names import EngineName
from edge_agent.faces.wire import FRAME, pack, pack_sight, unpack_question

THREADS = 2


def answer(analyser: Analyser, message: bytes) -> bytes:
    question = unpack_question(message)
    picture = decode_frame(question.jpeg, question.shrink)
    height, width = picture.shape[:2]
    if question.kind == FRAME:
        return pack_sight(width, height, *analyser.frame(picture))
    tile, longest = question.tile, analyser.backend.longest
    if tile is not None:
        picture = np.ascontiguousarray(picture[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width])
        longest = None
    found = analyser.backend.detect(picture, longest=longest)
    return pack_sight(width, height, None, [face.box for face in found])


def main(descriptor: int, engine: EngineName, weights: Sequence[Path]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches us too; the service closes the socket
    cv2.setNumThreads(THREADS)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # a warning at each model's load tells nothing
    with Connection(descriptor) as service:
        try:
            analyser = Analyser(engine, {path.name: path for path in weights})
        except DeviceError as error:
            service.send_bytes(pack({"error": error.message, "do": error.do}))
            return
        service.send_bytes(pack({"ready": True}))
        while True:
            try:
                message = service.recv_bytes()
            except EOFError:
                return
            try:
                service.send_bytes(answer(analyser, message))
            except InputError as error:
                service.send_bytes(pack({"error": error.message, "do": error.do}))
            except BrokenPipeError:
                return


if __name__ == "__main__":
    main(int(sys.argv[1]), cast("EngineName", sys.argv[2]), [Path(name) for name in sys.argv[3:]])
