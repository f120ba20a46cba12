"""The child that holds a Raspberry Pi's CSI camera; see `child`.

It runs under the system's interpreter, because picamera2 and its numpy are the distribution's, and imports nothing of
ours. The Pi encodes (a Pi 5 in software), main and sub from one sensor.
"""

import argparse
import threading

try:
    from picamera2 import Picamera2  # type: ignore[import-not-found] # the distribution's, on a Pi only
    from picamera2.encoders import H264Encoder  # type: ignore[import-not-found] # the same
    from picamera2.outputs import PyavOutput  # type: ignore[import-not-found] # the same
except ImportError as missing:
    raise SystemExit(f"CSI：{missing}. Run: apt install python3-picamera2") from None

SUB_WIDTH = 640
SUB_SHARE = 6  # of the main stream's bit rate


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--kbps", type=int, default=4000)
    parser.add_argument("--main-fd", type=int, required=True)
    parser.add_argument("--sub-fd", type=int, required=True)
    given = parser.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    sub_width = min(SUB_WIDTH, width)  # lores may not exceed main
    sub = (sub_width, round(height * sub_width / width / 2) * 2)

    camera = Picamera2(given.index)
    camera.configure(
        camera.create_video_configuration(
            main={"size": (width, height)}, lores={"size": sub}, controls={"FrameRate": given.fps}
        )
    )
    over = threading.Event()
    streams = (("main", given.main_fd, given.kbps), ("lores", given.sub_fd, given.kbps // SUB_SHARE))
    for name, descriptor, kbps in streams:
        # A keyframe a second with its parameter sets, so that a reader can begin at any time.
        encoder = H264Encoder(bitrate=kbps * 1000, repeat=True, iperiod=given.fps)
        output = PyavOutput(f"pipe:{descriptor}", format="mpegts")
        output.error_callback = lambda _: over.set()  # the pipe is closed: whom we work for has gone
        camera.start_encoder(encoder, output, name=name)
    camera.start()
    over.wait()
    camera.stop()


if __name__ == "__main__":
    main()
