"""Huge pages for both programs of a comparison, or for neither.

With pages of 4 KiB a capture of a million frames costs both programs page walks, which a host with huge pages does not know. Where this
runs as root it borrows as many as a case needs and gives them back; otherwise it takes those that are free.
"""

import contextlib
import pathlib

import compare_programs as programs

RESERVED = pathlib.Path("/proc/sys/vm/nr_hugepages")


@contextlib.contextmanager
def huge_pages(mebibytes, wanted=True):
    """Gives whether so many mebibytes are there in huge pages while the block runs."""
    borrowed = None
    if wanted and programs.free_huge_mebibytes() < mebibytes:
        with contextlib.suppress(OSError):
            before = int(RESERVED.read_text())
            RESERVED.write_text(str(before + mebibytes // 2 + 1))  # of 2 MiB; of larger ones it is given fewer, or none
            borrowed = before
    try:
        yield wanted and programs.free_huge_mebibytes() >= mebibytes
    finally:
        if borrowed is not None:
            RESERVED.write_text(str(borrowed))
