#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two helods that share their history on a real master with two replicas, which they find by three sentinels or by the
servers' own word, under load, while servers are killed, frozen, promoted and locked. No request is lost, late or wrongly
rejected, what was noted before is known after, and each change is logged once."""
import redisserver
from helod import heloctl, wait_for
from redisserver import Sentinels
from sharing import Site, greet_from, is_known
from tap import cases, contains, equal, note, run, skip_all, test

if redisserver.PROGRAM is None:
    skip_all("no redis-server or valkey-server")
note(f"the server is {redisserver.PROGRAM}; set REDIS_SERVER to show the same with another one")
LIMIT = 600
GONE = "unavailable, requests are judged without it"
USED = "it is the master and is used from now on"
BY = [("the sentinels say who it is", lambda trio: (trio.list, f'redis_sentinel = "{trio.name}"')),
      ("the servers are listed", lambda trio: (trio.plain_list, ""))]


def by_each(what):
    return cases(BY, name=lambda row: f"{what}; {row[0]}", limit=LIMIT)


def lose_master(find, lose, back):
    trio = Sentinels()
    site = Site(*find(trio))
    before = trio.master()
    trio.wait_synced()
    lose(before)
    wait_for(lambda: trio.master() is not before, what="another master")
    after = trio.master()
    site.wait_log(f"{after.inet}: {USED}")
    site.wait_known()
    back(before)
    trio.wait_whole()
    greet_from(site.daemons[0], "later", range(25))
    site.wait_known(["later"])
    site.check()
    equal(site.said(f"{before.inet}: {GONE}"), [1, 1], "reports of the loss")
    equal(site.said(USED), [1, 1], "reports of the new master")


@by_each("the master is killed, a replica takes over, and it comes back as a replica")
def _(_by, find):
    lose_master(find, lambda server: server.stop(), lambda server: server.start())


@by_each("the master is frozen, a replica takes over, and it comes back as a replica")
def _(_by, find):
    lose_master(find, lambda server: server.freeze(), lambda server: server.thaw())


@by_each("a replica is promoted by the admin")
def _(_by, find):
    trio = Sentinels()
    site = Site(*find(trio))
    after = trio.promote()
    site.wait_log(f"{after.inet}: {USED}")
    trio.wait_whole()
    site.check()
    equal(site.said(USED), [1, 1], "reports of the new master")


@by_each("all servers but a replica are killed: requests are judged without it, until they are back")
def _(_by, find):
    trio = Sentinels()
    site = Site(*find(trio))
    left = next(server for server in trio.servers if server is not trio.master())
    trio.wait_synced()
    lost = [server for server in trio.servers if server is not left]
    for sentinel in trio.sentinels[1:]:
        sentinel.stop()  # so that the two others can promote nobody
    for server in lost:
        server.stop()
    wait_for(lambda: not is_known(site.daemons[0], site.names[0]), what="nothing is known")
    for server in lost + trio.sentinels[1:]:
        server.start()
    trio.wait_whole()
    site.check()


@test("two sentinels are killed and the third one is enough", LIMIT)
def _():
    trio = Sentinels()
    site = Site(trio.list, f'redis_sentinel = "{trio.name}"')
    for sentinel in trio.sentinels[:2]:
        sentinel.stop()
    site.wait_known()
    trio.servers[0].ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # who connects again asks the sentinel
    site.wait_log("available again")
    site.check()
    equal(site.said(r"sentinel at [^ ]*: unavailable"), [2, 2], "reports of lost sentinels")


@by_each("the password of the master changes: the history is missing until it is as before")
def _(_by, find):
    trio = Sentinels(password="sesame")
    where, options = find(trio)
    site = Site(where, f'{options} redis_password = "sesame"')
    master = trio.master()
    master.ask("CONFIG", "SET", "requirepass", "other")
    master.password = "other"
    master.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    site.wait_log(f"{master.inet}: unavailable")
    contains(heloctl("history", "-c", site.daemons[0].conf_path, site.names[0])[2], "WRONGPASS")
    master.ask("CONFIG", "SET", "requirepass", "sesame")
    master.password = "sesame"
    trio.wait_whole()
    site.check()


@by_each("heloctl shows, checks and forgets")
def _(_by, find):
    trio = Sentinels()
    site = Site(*find(trio))
    conf, name = ["-c", site.daemons[0].conf_path], site.names[0]
    contains(heloctl("history", *conf, name)[1], "came unverified from: 26")
    contains(heloctl("check", *conf, "203.0.113.4", name)[1], "this name from 26 networks")
    equal(heloctl("forget", *conf, name)[:2], (0, f"name {name}: forgotten\n"))
    equal(heloctl("history", *conf, name)[1], f"name {name}: nothing is known\n")
    greet_from(site.daemons[0], name, range(25))
    site.check()


run()
