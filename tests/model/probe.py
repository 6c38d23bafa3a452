"""Puts questions to core-probe, thousands in one run, and gives its answers as values. It knows nothing of what they should be."""

import os
import pathlib
import subprocess

AFFINITIES = ("none", "single", "network")


def build():
    default = pathlib.Path(__file__).resolve().parents[2] / "build"
    return pathlib.Path(os.environ.get("NLB_BUILD", default))


def hash_question(key, affinity, packed_client, port):
    words = " ".join(f"{word:x}" for word in key)
    return f"hash {words} {AFFINITIES.index(affinity)} {packed_client.hex()} {port}"


def map_question(mode, offers, holding):
    pairs = ",".join(f"{host}:{offer}" for host, offer in offers.items())
    return f"{mode} {pairs} {','.join(map(str, holding))}"


def ask(questions):
    """One answer a question: [hash, bucket] or [owners, moved]."""
    asked = "\n".join(questions) + "\n"
    run = subprocess.run([build() / "tests/model/core-probe"], input=asked, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr or f"core-probe ended with exit status {run.returncode}")
    answers = [line.split() for line in run.stdout.splitlines()]
    if len(answers) != len(questions):
        raise AssertionError(f"{len(questions)} questions, {len(answers)} answers")
    return [[numbers(first), int(second)] for first, second in answers]


def numbers(text):
    return [int(part) for part in text.split(",")] if "," in text else int(text)
