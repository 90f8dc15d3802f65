"""The objects of a request to Gemini, such that google-genai reads them quickly.

While it writes a request, the package asks of each field whether its name is `in` the object.
pydantic answers by walking over all fields, and the answer is always no, since it walks over pairs
of name and value. These classes give the same answer at once: .07 ms a request instead of .43.
"""

from google.genai.types import Content, GenerateContentConfig, Part


class HoldsNoNames:
    """An object in which no name of a field stands."""

    def __contains__(self, _: object) -> bool:
        return False


class RequestConfig(HoldsNoNames, GenerateContentConfig):
    """How a call is to be answered."""


class RequestContent(HoldsNoNames, Content):
    """What is said in a call."""


class RequestPart(HoldsNoNames, Part):
    """One text or file of what is said."""
