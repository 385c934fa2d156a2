"""Kernels as straight-line LLVM IR in the middle of a function of somebody else's.

Enters: an ``OdeSystem``, the name of a kernel and what its arguments are called there. Leaves:
lines, and the names of the values it would have written. Called by the solvers where they print
code of a model's own: values stay in registers from stage to stage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sigmapath.kernels import Inlined
from sigmapath.record import record

if TYPE_CHECKING:
    from sigmapath.codegen.block import Function
    from sigmapath.lower.system import OdeSystem

__all__ = ["SystemBodies"]


@record
class SystemBodies:
    """The bodies of a model's kernels; see :class:`sigmapath.kernels.Bodies`."""

    system: OdeSystem
    sizes: Mapping[str, int]
    identity: str

    def size(self, kernel: str) -> int:
        """Number of statements of a kernel."""
        return self.sizes[kernel]

    def is_bundled(self, text: str) -> bool:
        """Whether code with such bodies in it calls functions of several values."""
        from sigmapath.machine.llvm import LIBRARY_PREFIX

        return re.search(rf"@{LIBRARY_PREFIX}\w+_of_\d+\(", text) is not None

    def bind(self) -> None:
        """Let code that is loaded from now on find those functions."""
        from sigmapath.codegen.shared import bind_shared

        bind_shared()

    def n_timed_calls(self, kernel: str) -> int:
        """Number of calls of a kernel that rest on time alone."""
        from sigmapath.codegen.timed import timed_calls

        return len(timed_calls(self._function(kernel)))

    def inlined(
        self,
        kernel: str,
        tag: str,
        given: Mapping[tuple[str, int], str],
        *,
        opaque: bool,
        lanes: int = 1,
    ) -> Inlined:
        """Print the body of a kernel."""
        from sigmapath.codegen.timed import TIMED, without_calls

        function = self._function(kernel)
        if (TIMED, 0) in given:
            function = without_calls(function)
        return _printed(function, tag, given, opaque, lanes)

    def timed(self, requests: Sequence[tuple[str, str]], tag: str, *, opaque: bool) -> Inlined:
        """Print the calls of kernels that rest on time alone."""
        from sigmapath.codegen.timed import together

        times = list(dict.fromkeys(time for _, time in requests))
        wanted = [(self._function(kernel), times.index(time)) for kernel, time in requests]
        given = {("t", k): time for k, time in enumerate(times)}
        return _printed(together(wanted), tag, given, opaque, 1)

    def _function(self, kernel: str) -> Function:
        from sigmapath.codegen.compile import program_of

        return next(f for f in program_of(self.system).functions if f.name == kernel)


def _printed(
    function: Function, tag: str, given: Mapping[tuple[str, int], str], opaque: bool, lanes: int
) -> Inlined:
    """A function as lines, with calls side by side where the CPU has functions of our own."""
    from sigmapath.codegen.bundles import bundle_width, in_bundles
    from sigmapath.codegen.printer_llvm import inlined_text
    from sigmapath.machine.llvm import host_target

    target = host_target()
    if target.has_fma and lanes == 1:
        function = in_bundles(function, bundle_width(target.features))
    return inlined_text(
        function,
        tag=tag,
        given=given,
        lanes=lanes,
        opaque_pointers=opaque,
        has_fma=target.has_fma,
    )
