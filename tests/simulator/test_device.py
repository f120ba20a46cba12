"""The virtual camera's web side: SOAP as a camera speaks it, the snapshot, faults by request, its life."""

from __future__ import annotations

import time

import av
import cv2
import httpx
import numpy as np
import pytest

from edge_agent.errors import DeviceError, InputError
from edge_agent.simulator import Fault, StreamSpec, VirtualCamera
from edge_agent.simulator.picture import read_stamp

TINY = StreamSpec(width=160, height=90, seconds=1)
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"


@pytest.fixture
def one() -> VirtualCamera:
    return VirtualCamera(main=TINY, sub=None, tells_serial=False)


def soap(
    camera: VirtualCamera, operation: str, namespace: str = "http://www.onvif.org/ver10/device/wsdl"
) -> httpx.Response:
    body = f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><d:{operation} xmlns:d="{namespace}"/></e:Body></e:Envelope>'
    return httpx.post(camera.onvif_url, content=body)


def test_what_everybody_may_ask_and_what_not(one: VirtualCamera) -> None:
    with one:
        assert soap(one, "GetSystemDateAndTime").status_code == 200
        refused = soap(one, "GetDeviceInformation")
        assert (refused.status_code, "NotAuthorized" in refused.text) == (400, True)
        assert one.serial not in refused.text
        assert httpx.post(one.onvif_url, content=b"<half").status_code == 400
        assert one.wrong_guesses == 0


def test_the_snapshot_is_the_picture_that_is_streamed(one: VirtualCamera) -> None:
    with one:
        assert httpx.get(one.snapshot_url).status_code == 401
        answer = httpx.get(one.snapshot_url, auth=httpx.DigestAuth(one.user, one.password))
        picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert (picture.shape, read_stamp(picture)) == ((90, 160, 3), 0)
        assert httpx.get(one.snapshot_url, auth=httpx.DigestAuth(one.user, "WRONG1")).status_code == 401
        assert one.wrong_guesses == 1


def test_faults_are_posted_too(one: VirtualCamera) -> None:
    with one:
        control = f"http://{one.onvif_host}:{one.onvif_port}/simulator/fault"
        assert httpx.post(control, json={"name": "not-soap", "seconds": 60}).status_code == 204
        assert "<html>" in soap(one, "GetSystemDateAndTime").text
        assert httpx.post(control, json={"name": "clear"}).status_code == 204
        assert "UTCDateTime" in soap(one, "GetSystemDateAndTime").text
        for wrong in ({"name": "nonsense"}, {"seconds": 1}, ["freeze"]):
            assert httpx.post(control, json=wrong).status_code == 422


def test_a_reboot_comes_back_by_itself_at_the_same_ports(one: VirtualCamera) -> None:
    with one:
        url = one.onvif_url
        one.fault(Fault.REBOOT, seconds=0.3)
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                assert soap(one, "GetSystemDateAndTime").status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        with av.open(one.rtsp_url, options={"rtsp_transport": "tcp"}, timeout=5) as container:
            assert container.streams.video[0].codec_context.width == 160


def test_a_fault_ends_when_its_time_is_over(one: VirtualCamera) -> None:
    with one:
        one.fault("truncated-soap", seconds=60)
        assert "</e" not in soap(one, "GetSystemDateAndTime").text
        one.fault("truncated-soap", seconds=0)
        assert soap(one, "GetSystemDateAndTime").text.endswith("</env:Envelope>")
        with pytest.raises(InputError, match="nonsense"):
            one.fault("nonsense")


def test_a_port_that_is_taken_is_said(one: VirtualCamera) -> None:
    with one, pytest.raises(DeviceError, match="in use"):
        VirtualCamera(main=TINY, sub=None, http_port=one.onvif_port).start()
