"""The published systems, written afresh in TensorFlow: the oracles our own engine must agree with.

Nothing here imports ``core`` or ``export``. One module a document, bugs included. All randomness
comes from the ``numpy.random.Generator`` given, one ``integers`` call a number: along the rows
(axis 0) first, then along the columns.
"""
