#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""contrib/container: the image builds from the Containerfile and runs as compose.yaml runs it; a client in another
container asks helod over their network. The base image is CONTAINER_BASE's, else the Containerfile's where the machine
has it, else a Debian that debootstrap makes. Images of podman live in a folder of the test's own."""
import os
import pathlib
import resource
import shutil
import subprocess

import tap
from helod import request, scratch, wait_for
from tap import contains, equal, note, run, skip, test

TOP = pathlib.Path(os.environ.get("top_srcdir", ".")).resolve()
NAME = f"helod-test-{os.getpid()}"
ENGINE = next((name for name in ("podman", "docker") if shutil.which(name)), None)
NOT_SHOWN = "that the image builds, that helod runs in it and that server.allow holds there was not shown"
BASE = os.environ.get("CONTAINER_BASE", "docker.io/library/debian:bookworm-slim")
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
# Options for the engine, for `run` and for `build`. The second row is for a machine with cgroups of both versions and
# limits that it may not raise.
WAYS = [([], [], []),
        (["--runtime=runc"], [f"--ulimit=nofile={FILES}:{FILES}", "--ulimit=nproc=1000:1000"], ["--isolation=chroot"])]
HARDENED = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]


def own_store():
    """Options with which podman keeps its images, and writes its networks, in a scratch folder."""
    if ENGINE != "podman" or "CONTAINER_BASE" in os.environ:
        return []
    folder = scratch()
    # podman mounts it onto itself and leaves it so.
    tap.cleanup(lambda: subprocess.run(["umount", "-l", folder / "root/overlay"], stderr=subprocess.DEVNULL, check=False))
    return [f"--root={folder}/root", f"--runroot={folder}/run", f"--network-config-dir={folder}/net"]


def engine(verb, *arguments, text=None, status=0):
    general, for_run, for_build = way or WAYS[0]
    arguments = [*store, *general, verb, *{"run": for_run, "build": for_build}.get(verb, []), *arguments]
    done = subprocess.run([*inside, ENGINE, *arguments], input=text or b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    said = done.stdout.decode(errors="replace")
    assert status is None or done.returncode == status, f"{ENGINE} {' '.join(arguments)}: {done.returncode}\n{said[-3000:]}"
    return said


def succeeds(*command):
    return subprocess.run([*inside, ENGINE, *store, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def make_base():
    """(name of a base image made by debootstrap, or None; why there is none)"""
    folder, name = scratch(), f"localhost/{NAME}-base"
    made = subprocess.run([TOP / "tests/lib/debian-tree.sh", "bookworm", folder / "tree"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if made.returncode != 0:
        return None, made.stdout.decode(errors="replace").splitlines()[-1]
    with subprocess.Popen(["tar", "-C", folder / "tree", "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run([ENGINE, *store, "import", "-", name], stdin=tar.stdout, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
    shutil.rmtree(folder)
    tap.cleanup(succeeds, "rmi", "-f", name)
    return name, ""


def find_way():
    """(the row of WAYS by which a container runs here, or None; the base image; why there is no way)"""
    if ENGINE is None:
        return None, None, "this machine has neither podman nor docker"
    if not succeeds("info"):
        return None, None, f"this machine's {ENGINE} does not work"
    name, problem = (BASE, "") if succeeds("image", "inspect", BASE) else make_base()
    if not name:  # tests do not reach out to a registry
        return None, None, f"this machine has no image {BASE} and makes none: {problem}"
    for row in WAYS:
        if succeeds(*row[0], "run", "--rm", *row[1], "--network=none", name, "true"):
            return row, name, ""
    return None, None, f"this machine's {ENGINE} runs no container"


def own_network(network):
    """Options before podman, so that its bridge and its firewall rules are not this machine's and end with the test."""
    if ENGINE != "podman":
        return []
    tap.cleanup(globals().update, {"inside": []})
    holder = subprocess.Popen(["unshare", "--net", "sleep", "3600"], stdin=subprocess.DEVNULL)
    tap.cleanup(holder.wait)
    tap.cleanup(holder.kill)
    tap.cleanup(shutil.rmtree, f"/var/lib/cni/networks/{network}", True)
    here = os.readlink("/proc/self/ns/net")
    wait_for(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != here, what="a network namespace")
    return ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]


way, inside, store = None, [], own_store()
way, base, why = find_way()


def ready():
    if why:
        skip(f"{why}: {NOT_SHOWN}")


@test("the image builds and holds little more than its base, and no compiler", limit=840)
def _():
    ready()
    engine("build", "--network=host", "--build-arg", f"BASE={base}", "-t", NAME, "-f",
           str(TOP / "contrib/container/Containerfile"), str(TOP))
    tap.cleanup(succeeds, "rmi", "-f", NAME)
    sizes = [int(engine("image", "inspect", "--format", "{{.Size}}", image).split()[-1])
             for image in (NAME, base)]
    note(f"{(sizes[0] - sizes[1]) / 1e6:.1f} MB over the base")
    assert sizes[0] - sizes[1] < 15e6, sizes
    engine("run", "--rm", "--network=none", "--entrypoint", "/bin/sh", NAME, "-c",
           "! command -v gcc && ! test -e /src && helod -t -q && ! ldd /usr/sbin/helod /usr/bin/heloctl | grep 'not found'")


@test("it runs without capabilities as its own user; heloctl reaches it; it saves its history and stops")
def _():
    ready()
    engine("run", "-d", "--name", NAME, *HARDENED, "--network=none", NAME)
    tap.cleanup(succeeds, "rm", "-f", NAME)
    wait_for(lambda: "is ready" in engine("logs", NAME), what="helod")
    contains(engine("exec", NAME, "heloctl", "stats"), "helod_build_info")
    contains(engine("exec", NAME, "heloctl", "reload"), "the new policy file is in force")
    equal(engine("exec", NAME, "sh", "-c", "id -u; id -g").split()[-2:], ["10045", "10045"])
    contains(engine("exec", NAME, "cat", "/proc/1/status"), "CapEff:\t0000000000000000")
    equal("cannot" in engine("logs", NAME), False, engine("logs", NAME))
    engine("stop", "-t", "60", NAME)
    contains(engine("logs", NAME), "stopped")
    engine("rm", "-f", "-v", NAME)


ASK = "exec 3<>/dev/tcp/{}/10045; cat >&3; timeout 60 head -n 1 <&3 || true"


@test("another container in its network is answered; with a server.allow that lacks this network it is not")
def _():
    ready()
    global inside
    network, other = f"{NAME}-net", f"{NAME}-other"
    inside = own_network(network)
    tap.cleanup(succeeds, "network", "rm", "-f", network)
    made = engine("network", "create", network, status=None)
    joined = engine("run", "--rm", "--network", network, "--entrypoint", "/bin/echo", NAME, "joined", status=None)
    if "joined" not in joined.split():
        note((made + joined)[-3000:])
        skip(f"this machine's {ENGINE} joins no container to a network: that another container is answered was not shown")

    def start(*more):
        engine("run", "-d", "--name", NAME, *HARDENED, *more, "--network", network, NAME)
        wait_for(lambda: "is ready" in engine("logs", NAME), what="helod")
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return engine("inspect", "--format", form, NAME).split()[-1]

    def ask(address):
        return engine("run", "--rm", "-i", "--name", other, "--network", network, "--entrypoint", "/bin/bash", NAME,
                      "-c", ASK.format(address), text=request(), status=None)
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
