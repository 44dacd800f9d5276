#!/usr/bin/env python3
"""Searches the log of the whole test suite at trace level for the secrets that passed through it.

    canaries.py FOLDER

FOLDER is what LIAISON_TRACE_DIR named while the tests ran (tests/api/harness/trace.rs): `trace.log` and `canaries.jsonl`.
A secret counts as found in any of the forms in which it could be written: as it is, escaped, percent-encoded, base64,
hexadecimal, or as a list of bytes. Ends with 1 when one is found, or when the search itself is not to be trusted.
"""

import base64
import json
import pathlib
import re
import sys
import urllib.parse

# Shorter texts are found by chance, and so are words and repetitions: some tests guess `password`, or `xxxxx…`.
SHORTEST = 8
WORD = re.compile(r"[A-Za-z]{1,15}")
FEWEST_CHARACTERS = 4
# The document names the address of its `password` flow, which is no password and stands in every log of requests.
ADDRESS = re.compile(r"/v1/[a-z/-]+")
# When a master secret is replaced, the audit log tells its id as `secret`; what is sealed begins with that id.
SECRET_ID = re.compile(r"[0-9a-f]{16}")
# What the tests make is far more; with fewer the search would prove nothing.
FEWEST = 1000
# One of each must have been seen, or the harness does not notice it any more.
KINDS = {
    "access_token", "authorization", "client_secret", "device_token", "master", "new_password", "password",
    "planted", "recovery_codes", "refresh_token", "secret", "token",
}
# What a library must have said, or the log does not hold what libraries say.
HEARD = [b"tokio_postgres", b"actix_web"]
PREFIX = 8
SHOWN = 20


def forms(secret):
    """The ways to write a secret, as bytes."""
    raw = secret.encode()
    yield raw
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    yield urllib.parse.quote(secret, safe="").encode()
    yield urllib.parse.quote_plus(secret, safe="").encode()
    yield raw.hex().encode()
    yield ", ".join(str(byte) for byte in raw).encode()
    # Base64 of a longer text that the secret stands in: without the characters that its neighbours take part in.
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        inner = inner[(shift * 8 + 5) // 6:len(inner) - (1 if (shift + len(raw)) % 3 else 0)]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def patterns(canaries):
    """Each form of each canary, by its first bytes."""
    found = {}
    for canary in canaries:
        secret = canary["secret"]
        harmless = any(shape.fullmatch(secret) for shape in (WORD, ADDRESS, SECRET_ID))
        if len(secret) < SHORTEST or harmless or len(set(secret)) < FEWEST_CHARACTERS:
            continue
        for form in set(forms(secret)):
            if len(form) >= SHORTEST:
                found.setdefault(form[:PREFIX], set()).add((form, canary["kind"], secret))
    return found


def search(log, by_prefix):
    """The canaries in the log: kind, secret and the line that has it."""
    # One alternation of the prefixes would be as slow as each alone; a set of slices is not.
    for line in log:
        for at in range(len(line) - PREFIX + 1):
            for form, kind, secret in by_prefix.get(line[at:at + PREFIX], ()):
                if line.startswith(form, at):
                    yield kind, secret, line


def main():
    folder = pathlib.Path(sys.argv[1])
    log = (folder / "trace.log").read_bytes().splitlines()
    # A secret may have characters at which splitlines() would split.
    canaries = [json.loads(line) for line in (folder / "canaries.jsonl").read_text().split("\n") if line]
    wrong = []
    if len(canaries) < FEWEST:
        wrong.append(f"only {len(canaries)} secrets were noticed; at least {FEWEST} were expected")
    missing = KINDS - {canary["kind"] for canary in canaries}
    if missing:
        wrong.append(f"no secret of these kinds was noticed: {', '.join(sorted(missing))}")
    unheard = [name.decode() for name in HEARD if not any(name in line for line in log)]
    if unheard:
        wrong.append(f"nothing of {', '.join(unheard)} is in the log")

    planted = {canary["secret"] for canary in canaries if canary["kind"] == "planted"}
    seen, leaks = set(), []
    for kind, secret, line in search(log, patterns(canaries)):
        if kind == "planted":
            seen.add(secret)
        else:
            leaks.append(f"a secret of the kind {kind} is in the log: {line[:300].decode(errors='replace')}")
    wrong += leaks[:SHOWN]
    if len(leaks) > SHOWN:
        wrong.append(f"and {len(leaks) - SHOWN} more")
    if len(planted) != 2 or seen != planted:
        wrong.append(f"of {len(planted)} planted secrets {len(seen)} were found: the search does not work")

    print(f"{len(canaries)} secrets, {len(log)} different lines of log")
    print("\n".join(wrong) or "none of the secrets is in the log")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
