"""The version of this program.

Written here, not asked of the installation, which takes longer than a small simulation.
"""

__version__ = "0.1.0"
