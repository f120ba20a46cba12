"""A virtual camera, for the demo and for fault injection: no root, no system package.

`VirtualCamera` answers as a network camera does: WS-Discovery, ONVIF device and media services with
WS-UsernameToken, RTSP over TCP with digest, a snapshot address. Its picture is encoded once as a loop of closed GOPs
and replayed as RTP with fresh timestamps, so that sixteen of them cost next to nothing.
"""

from edge_agent.simulator.camera import VirtualCamera
from edge_agent.simulator.faults import Fault
from edge_agent.simulator.loop import Codec, StreamSpec

__all__ = ["Codec", "Fault", "StreamSpec", "VirtualCamera"]
