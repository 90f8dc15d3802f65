"""Reads values out of what people really write: names, documents, e-mails, products, days, yes and
no.

Each parser is a pure function of a text (dates: and of the moment). It returns a `Parsed`: a value,
or the problem that the customer should hear about, or neither when the text holds nothing of the
kind.
"""
