"""GStreamer's gst-rtsp-server, as cheap cameras ship it: digest authentication, clients start in mid-GOP.

Runs under the distribution's interpreter, which alone has the bindings:
/usr/bin/python3 gst_rtsp.py --port 8554 [--user admin --password secret] /main "( videotestsrc ! ... name=pay0 )" ...
"""

import argparse

import gi  # type: ignore[import-not-found]  # the distribution's package, not in the virtual environment

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402 - versions come first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("mounts", nargs="+", help="path and launch line by turns")
    args = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=args.port)
    role = Gst.Structure.new_from_string("viewer, media.factory.access=true, media.factory.construct=true")
    for path, launch in zip(args.mounts[::2], args.mounts[1::2], strict=True):
        factory = GstRtspServer.RTSPMediaFactory(launch=launch, shared=True)
        if args.user:
            factory.add_role_from_structure(role)
        server.get_mount_points().add_factory(path, factory)
    if args.user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(args.user, args.password, token)
        server.set_auth(auth)
    if not server.attach(None):
        raise SystemExit(f"port {args.port} is taken")
    GLib.MainLoop().run()


main()
