"""Command line: ``python -m dev.simulator``; flags in README.md."""

import argparse
import asyncio
import json
import logging
import signal
import sys

from aiohttp import web

from .app import make_app
from .errors import GraphError
from .settings import Settings
from .simulator import Simulator, load_templates

DEFAULT_PHONE, DEFAULT_WABA = "100000000000001", "200000000000001"


def _port(text):
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m dev.simulator", description="Stand-in for Meta's WhatsApp Cloud API."
    )
    defaults = Settings()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8070, help="0 takes a free one")
    parser.add_argument("--token", default=defaults.token)
    parser.add_argument("--app-secret", default=defaults.app_secret)
    parser.add_argument("--verify-token", default=defaults.verify_token)
    parser.add_argument("--webhook-url", default="")
    parser.add_argument(
        "--phone-number-id", action="append", default=[], metavar="ID[:WABA[:NUMBER]]"
    )
    parser.add_argument("--waba-id", default=DEFAULT_WABA)
    parser.add_argument("--templates", metavar="FILE")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting; value is JSON, else text",
    )
    parser.add_argument("--public-url", default="")
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="end when standard input ends, as it does when the parent dies",
    )
    parser.add_argument(
        "--log-level", default="warning", choices=("debug", "info", "warning", "error")
    )
    return parser


def _settings(arguments):
    settings = {
        name: getattr(arguments, name)
        for name in ("token", "app_secret", "verify_token", "webhook_url")
    }
    for pair in arguments.set:
        name, _equals, value = pair.partition("=")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    Settings().update(settings)
    return settings


def _numbers(arguments):
    numbers = []
    for given in arguments.phone_number_id or [DEFAULT_PHONE]:
        phone_number_id, _colon, rest = given.partition(":")
        waba_id, _colon, display = rest.partition(":")
        numbers.append((phone_number_id, waba_id or arguments.waba_id, display or None))
    return numbers


async def _serve(arguments, settings, templates):
    app = make_app(
        lambda: Simulator(settings, _numbers(arguments), templates, arguments.public_url)
    )
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, arguments.host, arguments.port, backlog=1024)
        await site.start()
        host, port = runner.addresses[0][:2]
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        if arguments.until_eof:
            # The parent writes nothing: what can be read is the end.
            loop.add_reader(sys.stdin, stop.set)
        sys.stdout.write(f"Simulator ready on http://{host}:{port}\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


def main():
    """Run the simulator until SIGINT or SIGTERM.

    :return: exit status
    """
    arguments = _parser().parse_args()
    logging.basicConfig(
        level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        settings = _settings(arguments)
        templates = load_templates(arguments.templates) if arguments.templates else []
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    try:
        import uvloop
    except ImportError:
        run = asyncio.run
    else:
        run = uvloop.run
    try:
        run(_serve(arguments, settings, templates))
    except (OSError, GraphError, ValueError) as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
