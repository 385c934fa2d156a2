"""Kernels as straight-line LLVM IR in the middle of a function of somebody else's.

Enters: an ``OdeSystem``, the name of a kernel and what its arguments are called there. Leaves:
lines, and the names of the values it would have written. Called by the solvers where they print
code of a model's own: values stay in registers from stage to stage.
"""

from __future__ import annotations

from collections.abc import Mapping
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
        from sigmapath.codegen.bundles import bundle_width, in_bundles
        from sigmapath.codegen.printer_llvm import inlined_text
        from sigmapath.machine.llvm import host_target

        target, function = host_target(), self._function(kernel)
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

    def _function(self, kernel: str) -> Function:
        from sigmapath.codegen.compile import program_of

        return next(f for f in program_of(self.system).functions if f.name == kernel)
