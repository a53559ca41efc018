from __future__ import annotations

import pytest

from connector.crms.salesforce.plain import cut, to_plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("Call her", "Call her"),
        ("<p>Score 82</p><p>Why now</p>", "Score 82\n\nWhy now"),
        ("One<br>two<br/>three", "One\ntwo\nthree"),
        ("<ul><li>opened</li><li>clicked</li></ul>", "- opened\n- clicked"),
        (
            'See <a href="https://example.com/a?b=1&amp;c=2">the page</a>',
            "See the page (https://example.com/a?b=1&c=2)",
        ),
        ("<a>nowhere</a>", "nowhere"),
        ("1 &lt; 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("<b>Ada</b>\n   Lovelace", "Ada Lovelace"),
        ("<style>p {}</style><script>x()</script>Hello", "Hello"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("</p></a>text<unclosed", "text<unclosed"),
    ],
)
def test_a_rep_reads_text_and_no_marks(html: str, text: str) -> None:
    assert to_plain(html) == text


def test_a_text_that_does_not_fit_shows_that_it_goes_on() -> None:
    assert cut("short", 10) == "short"
    assert cut("x" * 300, 255) == "x" * 254 + "…"
