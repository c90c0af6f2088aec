"""Runs one MLPerf LoadGen test over one inference engine.

A program (image classification, say) brings a :class:`~loadgen_harness.task.Task`: how its samples are loaded and how
the engine's outputs become LoadGen's answers. An engine comes as a backend entry with a module.
:func:`~loadgen_harness.run.main` brings both together with LoadGen, one test per process.
"""
