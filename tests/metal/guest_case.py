"""A lab of guests per test file, and its end however the tests end. Where guests cannot run every claim is skipped, with the reason."""

import os
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import tap
from lab import guest, guest_kernel, guest_lab, system

OPEN = []
# Everything takes longer where each instruction is translated; 2 s of silence are not the machine's own.
TIMING = {"period": "400ms", "tolerance": 5}
QEMU_MODELS = {
    "e1000e": "e1000e",
    "igb": "igb",
    "vmxnet3": "vmxnet3",
    "virtio": "virtio-net-pci,disable-legacy=on,iommu_platform=on,mq=on,rss=on,vectors=10",
}


def adapter(kind, port, number, queues=1, pluggable=False):
    return guest.Adapter(port, QEMU_MODELS[kind], f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}", queues, pluggable)


def open_lab(adapters, **options):
    """A lab that ends with the tests; its guests are not started."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("guests need root: their root is this machine's, and taps are made for them")
    try:
        guest_kernel.kernel()
    except guest_kernel.Unavailable as reason:
        raise unittest.SkipTest(str(reason)) from None
    lab = guest_lab.lab_of(adapters, **TIMING, **options)
    OPEN.append(lab)
    return lab.__enter__()


def close(lab):
    OPEN.remove(lab)
    lab.__exit__(None, None, None)


def record(text):
    print(f"# {text}", flush=True)


def main():
    system.raise_on_signals()
    try:
        tap.main()
    finally:
        for lab in list(OPEN):
            close(lab)
