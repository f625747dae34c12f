#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""contrib/container: the image builds from the Containerfile and runs as compose.yaml runs it; a client in another
container asks helod over their network. CONTAINER_BASE names a base image other than the Containerfile's."""
import os
import pathlib
import resource
import shutil
import subprocess

import tap
from helod import question, scratch, wait_for
from tap import contains, equal, run, skip, test

TOP = pathlib.Path(os.environ.get("top_srcdir", ".")).resolve()
NAME = f"helod-test-{os.getpid()}"
ENGINE = next((name for name in ("podman", "docker") if shutil.which(name)), None)
NOT_SHOWN = "that the image builds, that helod runs in it and that server.allow holds there was not shown"
BASE = os.environ.get("CONTAINER_BASE") or "docker.io/library/debian:bookworm-slim"
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
# Options for the engine, for `run` and for `build`. The second row is for a machine with cgroups of both versions and
# limits that it may not raise.
WAYS = [([], [], []),
        (["--runtime=runc"], [f"--ulimit=nofile={FILES}:{FILES}", "--ulimit=nproc=1000:1000"], ["--isolation=chroot"])]
HARDENED = ["--cap-drop=ALL", "--security-opt=no-new-privileges"]


def engine(verb, *arguments, text=None, status=0):
    general, for_run, for_build = way or WAYS[0]
    arguments = [*general, verb, *{"run": for_run, "build": for_build}.get(verb, []), *arguments]
    done = subprocess.run([ENGINE, *arguments], input=text or b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    said = done.stdout.decode(errors="replace")
    assert status is None or done.returncode == status, f"{ENGINE} {' '.join(arguments)}: {done.returncode}\n{said[-3000:]}"
    return said


def succeeds(*command):
    return subprocess.run([ENGINE, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def find_way():
    """(the row of WAYS by which a container runs here, or None; why there is none)"""
    if ENGINE is None:
        return None, "this machine has neither podman nor docker"
    if not succeeds("info"):
        return None, f"this machine's {ENGINE} does not work"
    if not succeeds("image", "inspect", BASE):  # tests do not reach out to a registry
        return None, f"this machine has no image {BASE} (pull it, or name another one in CONTAINER_BASE)"
    for row in WAYS:
        if succeeds(*row[0], "run", "--rm", *row[1], "--network=none", BASE, "true"):
            return row, ""
    return None, f"this machine's {ENGINE} runs no container"


way, why = find_way()


def ready():
    if why:
        skip(f"{why}: {NOT_SHOWN}")


@test("the image builds and holds little more than its base, and no compiler")
def _():
    ready()
    engine("build", "--network=host", "--build-arg", f"BASE={BASE}", "-t", NAME, "-f",
           str(TOP / "contrib/container/Containerfile"), str(TOP))
    tap.cleanup(succeeds, "rmi", "-f", NAME)
    sizes = [int(engine("image", "inspect", "--format", "{{.Size}}", image).split()[-1])
             for image in (NAME, BASE)]
    tap.note(f"{(sizes[0] - sizes[1]) / 1e6:.1f} MB over the base")
    assert sizes[0] - sizes[1] < 40e6, sizes
    engine("run", "--rm", "--network=none", "--entrypoint", "/bin/sh", NAME, "-c",
           "! command -v gcc && ! test -e /src && helod -t -q && ! ldd /usr/sbin/helod /usr/bin/heloctl | grep 'not found'")


@test("it runs without capabilities as its own user; heloctl reaches it; it saves its history and stops")
def _():
    ready()
    engine("run", "-d", "--name", NAME, *HARDENED, "--network=none", NAME)
    tap.cleanup(succeeds, "rm", "-f", NAME)
    wait_for(lambda: "is ready" in engine("logs", NAME), what="helod")
    contains(engine("exec", NAME, "heloctl", "stats"), "helod_decisions_total")
    equal(engine("exec", NAME, "id", "-u").split()[-1], "10045")
    contains(engine("exec", NAME, "cat", "/proc/1/status"), "CapEff:\t0000000000000000")
    equal("cannot" in engine("logs", NAME), False, engine("logs", NAME))
    engine("stop", "-t", "60", NAME)
    contains(engine("logs", NAME), "stopped")
    engine("rm", "-f", NAME)


ASK = "exec 3<>/dev/tcp/{}/10045; cat >&3; timeout 60 head -n 1 <&3 || true"


@test("another container in its network is answered; with a server.allow that lacks this network it is not")
def _():
    ready()
    network, other = f"{NAME}-net", f"{NAME}-other"
    if not succeeds("network", "create", network):
        skip(f"this machine's {ENGINE} makes no networks: that another container is answered was not shown")
    tap.cleanup(succeeds, "network", "rm", "-f", network)

    def start(*more):
        try:
            engine("run", "-d", "--name", NAME, *HARDENED, *more, "--network", network, NAME)
        except AssertionError as error:
            engine("rm", "-f", NAME, status=None)
            skip(f"this machine's {ENGINE} joins no container to a network ({str(error).splitlines()[-1][:120]}): "
                 "that another container is answered was not shown")
        wait_for(lambda: "is ready" in engine("logs", NAME), what="helod")
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return engine("inspect", "--format", form, NAME).split()[-1]

    def ask(address):
        return engine("run", "--rm", "-i", "--name", other, "--network", network, "--entrypoint", "/bin/bash", NAME,
                      "-c", ASK.format(address), text=question(), status=None)
    tap.cleanup(succeeds, "rm", "-f", NAME)
    contains(ask(start()), "action=")
    engine("rm", "-f", NAME)
    closed = scratch() / "50-closed.conf"
    closed.write_text('server { allow = { "127.0.0.1" } }\n')
    closed.chmod(0o644)
    said = ask(start("-v", f"{closed}:/etc/helod/conf.d/50-closed.conf:ro"))
    equal("action=" in said, False, said)
    wait_for(lambda: "server.allow does not list this address" in engine("logs", NAME), what="the message")


run()
