#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two helods that share their history on a real cluster of three masters with a replica each, under load, while its
nodes are killed, frozen, promoted, emptied of slots and locked. No request is lost, late or wrongly rejected, what was
noted before is known after, and each change is logged once."""
import json

import redisserver
from helod import heloctl, wait_for
from redisserver import Authority, Cluster
from sharing import Site, greet_from, is_known
from tap import cases, contains, equal, note, run, skip, skip_all, test

if redisserver.PROGRAM is None:
    skip_all("no redis-server or valkey-server")
note(f"the server is {redisserver.PROGRAM}; set REDIS_SERVER to show the same with another one")
LIMIT = 600
GONE = "unavailable, requests are judged without the records in its slots"
CHANGED = "the masters of the cluster have changed"
# All that helod sends, and nothing else: see helod.conf(5).
NARROW = ["--user", "helod", "on", ">sesame", "~helod:*", "resetchannels", "-@all", "+zadd", "+zincrby", "+zrange",
          "+zrangebyscore", "+zcount", "+zrem", "+zremrangebyrank", "+expire", "+del", "+ping", "+role", "+asking",
          "+cluster|slots"]


def elsewhere(cluster, site, node):
    """The names whose records the node does not have, and those that it has."""
    owned = [name for name, key in zip(site.names, site.keys) if cluster.owner(key) is node]
    assert 0 < len(owned) < len(site.names), owned
    return [name for name in site.names if name not in owned], owned


def lose_master(lose, find):
    cluster = Cluster()
    site = Site(cluster.list)
    node = cluster.owner(site.keys[0])
    others, _ = elsewhere(cluster, site, node)
    replica = cluster.replica_of(node)
    cluster.wait_synced()
    lose(node)
    site.wait_known(others)  # at once: they are not in its slots
    wait_for(replica.is_master, what="its replica takes over")
    site.wait_known()
    site.wait_log(CHANGED)
    find(node)
    cluster.wait_whole()
    for name in site.names[:3]:
        greet_from(site.daemons[0], f"{name}-later", range(25))
        site.wait_known([f"{name}-later"])
    site.check()
    equal(site.said(f"{node.inet}: {GONE}"), [1, 1], "reports of the node")
    equal(site.said(CHANGED), [1, 1], "reports of the change")


@test("a master is killed, its replica takes over, and it comes back", LIMIT)
def _():
    lose_master(lambda node: node.stop(), lambda node: node.start())


@test("a master is frozen, its replica takes over, and it comes back", LIMIT)
def _():
    lose_master(lambda node: node.freeze(), lambda node: node.thaw())


@test("a thousand slots move to another master, and the records in them are found on the way", LIMIT)
def _():
    cluster = Cluster()
    site = Site(cluster.list)
    source = cluster.owner(site.keys[0])
    target = next(node for node in cluster.masters() if node is not source)
    _, owned = elsewhere(cluster, site, source)

    def between():
        site.wait_known()
        greet_from(site.daemons[0], f"{owned[0]}-later", range(25))

    before = source.info("commandstats").get("cmdstat_asking"), target.info("commandstats").get("cmdstat_asking")
    equal(before, (None, None), "ASK before")
    slots = cluster.reshard(source, target, 1000, between, [cluster.slot(f"helod:h2:{{{name}}}") for name in owned])
    equal(len(slots), 1000)
    contains(target.info("commandstats"), "cmdstat_asking")
    cluster.wait_whole()
    assert all(cluster.owner(f"helod:h2:{{{name}}}") is target for name in owned)
    site.wait_known()
    site.check()
    equal(site.said(GONE), [0, 0], "reports of a lost node")
    equal(site.said("it refuses"), [0, 0], "refused commands")
    equal(site.said(CHANGED), [0, 0], "reports of other masters: they are the same")


@test("a replica is promoted by the admin: nothing is reported as lost", LIMIT)
def _():
    cluster = Cluster()
    site = Site(cluster.list)
    node = cluster.owner(site.keys[0])
    cluster.promote(cluster.replica_of(node))
    site.wait_log(CHANGED)
    cluster.wait_whole()
    site.check()
    equal(site.said(GONE), [0, 0], "reports of a lost node")
    equal(site.said("it refuses"), [0, 0], "refused commands")
    equal(site.said(CHANGED), [1, 1], "reports of the change")


@test("all nodes but one are killed: requests are judged without them, until they are back", LIMIT)
def _():
    cluster = Cluster()
    site = Site(cluster.list)
    left = cluster.owner(site.keys[0])
    lost_masters = [node for node in cluster.masters() if node is not left]
    for node in cluster.nodes:
        if node is not left:
            node.stop()
    wait_for(lambda: left.state()["cluster_state"] == "fail", what="the node that is left knows that it is alone")
    lost = next(name for name, key in zip(site.names, site.keys) if cluster.slot(key) not in left.own_slots())
    wait_for(lambda: not is_known(site.daemons[0], lost), what="a record on a lost node is not known")
    for node in cluster.nodes:
        if node is not left:
            node.start()
    cluster.wait_whole()
    site.check()
    for node in lost_masters:
        equal(site.said(f"{node.inet}: {GONE}"), [1, 1], f"reports of {node.inet}")


@cases([("the password", (), "sesame", 'redis_password = "sesame"',
         lambda node, word: node.ask("CONFIG", "SET", "requirepass", word)),
        ("the password of a user with few rights", NARROW, "", 'redis_user = "helod" redis_password = "sesame"',
         lambda node, word: node.ask("ACL", "SETUSER", "helod", "resetpass", f">{word}"))],
       name=lambda row: f"{row[0]} changes on one node: only its records are missing, until it is as before", limit=LIMIT)
def _(_what, arguments, password, options, change):
    cluster = Cluster(*arguments, password=password)
    site = Site(cluster.list, options)
    node = cluster.owner(site.keys[0])
    others, owned = elsewhere(cluster, site, node)
    change(node, "other")
    node.password = "other" if password else ""
    node.ask("CLIENT", "KILL", "TYPE", "normal")
    site.wait_log(f"{node.inet}: {GONE}")
    site.wait_known(others)
    contains(heloctl("history", "-c", site.daemons[0].conf_path, owned[0])[2], "WRONGPASS")
    change(node, "sesame")
    node.password = password
    site.wait_log(f"{node.inet}: available again")
    site.check()
    equal(site.said(f"{node.inet}: {GONE}"), [1, 1], "reports of the node")
    equal(site.said("it refuses"), [0, 0], "refused commands")


@test("TLS and a password on every node: a master is killed, and its replica takes over", LIMIT)
def _():
    authority = Authority()
    cluster = Cluster(password="sesame", authority=authority)
    options = 'redis_tls = yes redis_password = "sesame"'
    try:
        site = Site(cluster.list, options, env={"SSL_CERT_FILE": str(authority.path), "SSL_CERT_DIR": "/dev/null"})
    except AssertionError as error:
        if "cannot speak TLS" in str(error):
            skip("the hiredis of this machine has no TLS, as helod says at start")
        raise
    node = cluster.owner(site.keys[0])
    replica = cluster.replica_of(node)
    cluster.wait_synced()
    node.stop()
    wait_for(replica.is_master, what="its replica takes over")
    site.check()
    equal(site.said(f"{node.inet}: {GONE}"), [1, 1], "reports of the node")


@test("heloctl shows, checks and forgets what is on any node", LIMIT)
def _():
    cluster = Cluster()
    site = Site(cluster.nodes[0].inet)  # one node is enough to find the others
    conf = ["-c", site.daemons[0].conf_path]
    for name in site.names:
        status, out, err = heloctl("history", "-j", *conf, name)
        equal(status, 0, err)
        equal(json.loads(out)["networks"]["count"], 26, name)
        contains(heloctl("check", *conf, "203.0.113.4", name)[1], "this name from ")
        equal(heloctl("forget", *conf, name)[:2], (0, f"name {name}: forgotten\n"))
        equal(heloctl("history", *conf, name)[1], f"name {name}: nothing is known\n")
    for i, name in enumerate(site.names):
        greet_from(site.daemons[i % 2], name, range(25))
    site.check()


run()
