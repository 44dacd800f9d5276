#!/usr/bin/env python3
"""Asks a running server whether the time of its answers tells which accounts exist.

    sign_in_timing.py URL [--accounts FILE] [--samples 500] [--forgotten 0]

Sends as many sign-ins of unknown accounts as of known ones with a wrong password, in random order, and compares how long
the answers take; with --forgotten the same for `POST /v1/auth/forgot-password`. Ends with 1 when the two can be told apart:
AUC (the chance that an answer of one kind takes longer than one of the other) further from 0.5 than 0.05, or than chance
explains in 95 of 100 runs where there are too few samples for that.

The server's limits stand in the way of such a number. Start one for this alone:

    LIAISON_DEMO_PASSWORD=… liaison --demo --data-dir FOLDER --sign-in-failures-per-account 100 \\
        --sign-in-failures-per-network 1000000 --anonymous-requests-per-minute off

An account takes 100 wrong passwords in a row at most: the known ones, the nine of the demonstration company unless a file
names others one a line, get their turns one after the other. An address is mailed three links within five minutes, so that
--forgotten is three for each known account at most. On a machine with other work to do the figures say little.
"""

import argparse
import http.client
import json
import math
import random
import secrets
import statistics
import sys
import time
import urllib.parse

DEMO = [
    "nancy.davolio", "andrew.fuller", "janet.leverling", "margaret.peacock", "steven.buchanan",
    "michael.suyama", "robert.king", "laura.callahan", "anne.dodsworth",
]
# Failures in a row of one account, with room below the 100 after which it is closed.
MOST_OF_ACCOUNT = 90
MAILS_OF_ACCOUNT = 3
BOUND = 0.55


class Server:
    """One connection, kept open: its making is not to be measured."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=60)
        self.connection.connect()

    def post(self, path, body, content_type, expected):
        """Seconds until the whole answer is there."""
        began = time.perf_counter()
        self.connection.request("POST", path, body, {"Content-Type": content_type})
        answer = self.connection.getresponse()
        text = answer.read()
        taken = time.perf_counter() - began
        if answer.status != expected:
            sys.exit(f"POST {path} was answered {answer.status}: {text[:500].decode(errors='replace')}")
        return taken

    def sign_in(self, account):
        form = {"grant_type": "password", "username": account, "password": secrets.token_urlsafe(24)}
        return self.post(
            "/v1/auth/token", urllib.parse.urlencode(form), "application/x-www-form-urlencoded", 400)

    def forgot(self, account):
        return self.post("/v1/auth/forgot-password", json.dumps({"email": account}), "application/json", 202)


def unknown_like(account):
    """An address that nobody has, as long as a known one."""
    name, domain = account.split("@")
    return f"{''.join(random.choices('abcdefghijklmnopqrstuvwxyz', k=len(name)))}@{domain}"


def measure(call, known, samples, most):
    """The times of known and unknown accounts, asked for in random order."""
    if samples > most * len(known):
        sys.exit(f"{samples} are too many for {len(known)} accounts: {most} each at most")
    # As many of either kind, asked for as often: a name that comes again may take longer than a new one.
    unknown = [unknown_like(account) for account in known]
    turns = [(True, known[number % len(known)]) for number in range(samples)]
    turns += [(False, unknown[number % len(unknown)]) for number in range(samples)]
    random.shuffle(turns)
    times = {True: [], False: []}
    for number in range(20):
        call(f"warm.up.{number}.{secrets.token_hex(4)}@example.com")
    for is_known, account in turns:
        times[is_known].append(call(account))
    return times[True], times[False]


def auc(known, unknown):
    """The Mann-Whitney statistic as a share: 0.5 when neither kind takes longer than the other."""
    ranked = sorted([(value, True) for value in known] + [(value, False) for value in unknown])
    total, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        # Equal times share the mean of their ranks.
        mean = (at + 1 + end) / 2
        total += mean * sum(is_known for _, is_known in ranked[at:end])
        at = end
    n, m = len(known), len(unknown)
    return (total - n * (n + 1) / 2) / (n * m)


def report(what, known, unknown):
    """Prints the figures; whether the two cannot be told apart."""
    medians = [statistics.median(times) * 1000 for times in (known, unknown)]
    apart = auc(known, unknown)
    n, m = len(known), len(unknown)
    # The deviation of the statistic when there is no difference.
    bound = max(BOUND - 0.5, 1.96 * math.sqrt((n + m + 1) / (12 * n * m)))
    print(f"{what}: {n} known, {m} unknown")
    print(f"  median  known {medians[0]:.2f} ms  unknown {medians[1]:.2f} ms  "
          f"difference {(medians[0] / medians[1] - 1) * 100:+.1f} %")
    print(f"  AUC     {apart:.3f}  (0.5 is no difference; {0.5 - bound:.3f} to {0.5 + bound:.3f} is passed)")
    return abs(apart - 0.5) <= bound


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--accounts", type=argparse.FileType(), help="known accounts, one a line")
    parser.add_argument("--samples", type=int, default=500, help="sign-ins of each kind")
    parser.add_argument("--forgotten", type=int, default=0, help="forgotten passwords of each kind; 0 leaves them out")
    asked = parser.parse_args()
    known = asked.accounts.read().split() if asked.accounts else [f"{name}@northwind.example" for name in DEMO]
    random.shuffle(known)
    server = Server(asked.url)
    passed = report("sign-in", *measure(server.sign_in, known, asked.samples, MOST_OF_ACCOUNT))
    if asked.forgotten:
        passed &= report("forgotten password", *measure(server.forgot, known, asked.forgotten, MAILS_OF_ACCOUNT))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
