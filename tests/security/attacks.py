#!/usr/bin/env python3
"""Attacks a running server in the ways that once worked, and looks whether others are served meanwhile.

    attacks.py URL --password PASSWORD [--seconds 60] [--only NAME] [--bound-ms 250]

The server has the demonstration company, whose people all have PASSWORD:

    LIAISON_DEMO_PASSWORD=… liaison --demo --data-dir FOLDER

Each attack lasts so many seconds. Meanwhile a manager who does not attack creates clients, twenty a second. Ends with 1 when
one of these creates is refused, when their 99th percentile takes longer than the bound, or when an attack gets what it wants:

slow-sign-ins   140 connections without a token send a form of 60 bytes and hold back the rest
slow-changes    400 connections of one manager send a change and hold back the rest
flood           one manager sends as many changes as 64 connections can: no more may be served than the quota
stale-rights    a manager is blocked or signed out while the last byte of a request is outstanding
idle            1,100 connections are opened and send nothing
headers         200 connections send headers without an end
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
import urllib.parse
import uuid

MANAGER, ATTACKER = "nancy.davolio@northwind.example", "janet.leverling@northwind.example"
SUPERVISOR = "andrew.fuller@northwind.example"
CREATES_A_SECOND = 20
QUOTA = 6000


class Server:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port

    async def open(self):
        return await asyncio.open_connection(self.host, self.port)

    async def call(self, method, path, token=None, body=None, headers=(), connection=None):
        """The status, the headers and the JSON of one answer."""
        reader, writer = connection or await self.open()
        writer.write(request(method, path, token, body, headers))
        await writer.drain()
        answer = await read_answer(reader)
        if connection is None:
            writer.close()
        return answer


def request(method, path, token, body, headers=()):
    payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/x-www-form-urlencoded" if isinstance(body, bytes) else "application/json"
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(payload)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(first.split()[1]), headers, json.loads(body) if body else None


async def sign_in(server, name, password):
    form = urllib.parse.urlencode({"grant_type": "password", "username": name, "password": password}).encode()
    status, _, answer = await server.call("POST", "/v1/auth/token", body=form)
    if status != 200:
        sys.exit(f"{name} cannot sign in: {status} {answer}")
    return answer["access_token"]


class Witness:
    """Creates clients at an even pace, and notes how long each takes and what was refused."""

    def __init__(self, server, token):
        self.server, self.token, self.taken, self.refused = server, token, [], []

    async def run(self, seconds):
        begin, tasks = time.perf_counter(), []
        for number in range(int(seconds * CREATES_A_SECOND)):
            await asyncio.sleep(max(0, begin + number / CREATES_A_SECOND - time.perf_counter()))
            tasks.append(asyncio.create_task(self.create()))
        await asyncio.gather(*tasks)

    async def create(self):
        began = time.perf_counter()
        try:
            body = {"kind": "organization", "name": f"Witness {uuid.uuid4().hex}"}
            status, _, _ = await asyncio.wait_for(self.server.call("POST", "/v1/clients", self.token, body), 20)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            status = type(error).__name__
        self.taken.append(time.perf_counter() - began)
        if status != 201:
            self.refused.append(status)

    def p99(self):
        return 1000 * sorted(self.taken)[int(len(self.taken) * 0.99)]


async def hold(server, payload, until, counts):
    """Sends `payload` on a connection, holds it until it is closed, and begins again."""
    while time.perf_counter() < until:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, asyncio.LimitOverrunError):
            reader, writer = await server.open()
            writer.write(payload)
            await writer.drain()
            left = max(0.01, until - time.perf_counter())
            status, _, _ = await asyncio.wait_for(read_answer(reader), left)
            counts[status] = counts.get(status, 0) + 1
            writer.close()
        await asyncio.sleep(0.1)


async def slow_sign_ins(server, world, seconds):
    payload = request("POST", "/v1/auth/token", None, b"x" * 60)[:-49]
    return await held(server, [payload] * 140, seconds)


async def slow_changes(server, world, seconds):
    payload = request("POST", "/v1/clients", world["attacker"], {"kind": "person", "name": "Slow"})[:-1]
    return await held(server, [payload] * 400, seconds)


async def idle(server, world, seconds):
    return await held(server, [b""] * 1100, seconds)


async def headers(server, world, seconds):
    return await held(server, [b"GET /livez HTTP/1.1\r\n" + b"X-A: b\r\n" * 50] * 200, seconds)


async def held(server, payloads, seconds):
    counts, until = {}, time.perf_counter() + seconds
    await asyncio.gather(*(hold(server, payload, until, counts) for payload in payloads))
    return True, f"refused: {counts}"


async def flood(server, world, seconds):
    counts, until = {}, time.perf_counter() + seconds

    async def worker():
        connection = await server.open()
        while time.perf_counter() < until:
            try:
                body = {"kind": "person", "name": "Flood"}
                status, _, _ = await server.call("POST", "/v1/clients", world["attacker"], body, connection=connection)
            except (OSError, asyncio.IncompleteReadError):
                connection = await server.open()
                continue
            counts[status] = counts.get(status, 0) + 1

    await asyncio.gather(*(worker() for _ in range(64)))
    served = sum(count for status, count in counts.items() if status != 429)
    return served <= QUOTA * (1 + seconds / 60) + 100, f"answers: {counts}, of which {served} were not refused for the quota"


async def stale_rights(server, world, seconds):
    """For each way of losing rights: head and all but the last byte, then the loss, then the last byte."""
    supervisor, outcomes = world["supervisor"], {}
    for loss in ("blocked", "signed out"):
        user, token = await newcomer(server, world, loss)
        payload = request("POST", "/v1/clients", token, {"kind": "person", "name": f"Late {loss}"})
        reader, writer = await server.open()
        writer.write(payload[:-1])
        await writer.drain()
        await asyncio.sleep(min(8, seconds / 4))
        path = f"/v1/users/{user}"
        if loss == "blocked":
            lost, _, _ = await server.call("POST", f"{path}/block", supervisor, {}, ["If-Match: *"])
        else:
            lost, _, _ = await server.call("DELETE", f"{path}/sessions", supervisor)
        writer.write(payload[-1:])
        await writer.drain()
        status, _, _ = await read_answer(reader)
        writer.close()
        outcomes[loss] = (lost, status)
    return all(status == 401 for _, status in outcomes.values()), f"(loss, answer): {outcomes}"


async def newcomer(server, world, name):
    """A new manager: the id and a token."""
    email, password = f"late.{name.replace(' ', '.')}.{time.time()}@northwind.example", "seven plums in a paper bag"
    made = {"email": email, "name": "Late", "role": "manager", "team_id": world["team"]}
    _, _, user = await server.call("POST", "/v1/users", world["supervisor"], made)
    reset = f"/v1/users/{user['id']}/reset-password"
    _, _, started = await server.call("POST", reset, world["supervisor"], {}, ["If-Match: *"])
    chosen = {"token": started["token"], "new_password": password}
    await server.call("POST", "/v1/auth/reset-password", body=chosen)
    return user["id"], await sign_in(server, email, password)


ATTACKS = {
    "slow-sign-ins": slow_sign_ins, "slow-changes": slow_changes, "flood": flood, "stale-rights": stale_rights,
    "idle": idle, "headers": headers,
}


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--password", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", choices=ATTACKS)
    parser.add_argument("--bound-ms", type=float, default=250)
    options = parser.parse_args()
    server = Server(options.url)
    tokens = [await sign_in(server, name, options.password) for name in (MANAGER, ATTACKER, SUPERVISOR)]
    _, _, me = await server.call("GET", "/v1/me", tokens[2])
    world = {"attacker": tokens[1], "supervisor": tokens[2], "team": me["team_id"]}
    failed = False
    for name, attack in ATTACKS.items():
        if options.only not in (None, name):
            continue
        witness = Witness(server, tokens[0])
        (held_off, told), _ = await asyncio.gather(
            attack(server, world, options.seconds), witness.run(options.seconds))
        is_good = held_off and not witness.refused and witness.p99() <= options.bound_ms
        failed |= not is_good
        print(f"{'held' if is_good else 'BROKEN':6} {name}: {len(witness.taken)} creates, p99 {witness.p99():.0f} ms, "
              f"refused {witness.refused[:5]}; {told}", flush=True)
    sys.exit(1 if failed else 0)


asyncio.run(main())
