"""`python -m tests.chaos`: break everything but the promise. See tests/chaos/chaos.py."""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.chaos import Order, chaos
from tests.chaos.naive import naive


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", default="", help="decides everything random; drawn when it is empty")
    parser.add_argument("--naive", action="store_true", help="the same without the protocol: it has to fail")
    parser.add_argument("--keep", action="store_true", help="keep the folder also when all went well")
    given = parser.parse_args()
    seed = given.seed or secrets.token_hex(4)
    folder = Path(tempfile.mkdtemp(prefix="handrail-chaos-"))
    say(f"seed {seed}, {given.minutes:g} minutes, in {folder}")
    order = Order(given.minutes, seed, folder, given.keep)
    kept = False
    try:
        kept = asyncio.run(naive(order, say) if given.naive else chaos(order, say))
    finally:
        say(f"seed {seed}: {'passed' if kept else 'FAILED'}")
        if not kept:
            again = f"make {'chaos-naive' if given.naive else 'chaos'} SEED={seed} MINUTES={given.minutes:g}"
            say(f"Once more: {again}. What happened is kept in {folder}")
    return 0 if kept else 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # An interpreter that winds down beside Temporal's threads may abort (sdk-python#300).
    os._exit(status)
