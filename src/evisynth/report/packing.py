"""Data that the page unpacks when it is first needed: compressed, as text that cannot end a script element."""

import base64
import json
import zlib
from typing import Any

_RAW = -15


def packed(data: object) -> str:
    """Return plain data as JSON, deflated (RFC 1951) and in base64: a fifth of its size.

    Parameters
    ----------
    data : object
        Lists, mappings, texts and numbers.

    Notes
    -----
    The page inflates it with a few lines of its own, at once and without help of the browser, so that it works from
    disk and in old browsers. Base64 has no character that HTML reads: no cell, whatever it holds, ends the element.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    squeezer = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return base64.b64encode(squeezer.compress(text.encode()) + squeezer.flush()).decode("ascii")


def unpacked(text: str) -> Any:
    """Return what :func:`packed` packed."""
    return json.loads(zlib.decompress(base64.b64decode(text), _RAW))
