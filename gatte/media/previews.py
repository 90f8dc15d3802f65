"""The picture that the desk sees of an image: decoded and written anew, so that neither the place
and time that a camera notes (EXIF) nor anything else that hides in a file reaches a browser.
"""

from io import BytesIO

import structlog
from PIL import Image, ImageOps, UnidentifiedImageError

log = structlog.get_logger(__name__)

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 25_000_000
"""What one image may have; decoded, it takes four bytes of each."""
LONGEST_SIDE = 1600
QUALITY = 82


def make_preview(content: bytes) -> bytes | None:
    """An image as WebP, upright, its longer side LONGEST_SIDE pixels at most, the first frame of
    one that moves; None when it cannot be read or has more than MOST_PIXELS.
    """
    try:
        # the size stands in the head of a file: nothing is decoded before it is looked at
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            return _written_anew(image)
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
    ) as error:
        log.info("image_unreadable", error=type(error).__name__)
        return None


def _written_anew(image: Image.Image) -> bytes:
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded smaller, which is faster
    upright = ImageOps.exif_transpose(image)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    plain = upright.convert(mode)
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new(mode, plain.size)
    bare.paste(plain)
    written = BytesIO()
    bare.save(written, "WEBP", quality=QUALITY, method=3)
    return written.getvalue()
