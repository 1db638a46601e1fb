import pytest

from cds_service.app.language import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("sv", "sv"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("en-US,en;q=0.9,sv;q=0.95", "en"),
        ("fr, en;q=0.3, sv;q=0.5", "sv"),
        ("de", None),
        ("*", None),
        ("sv;q=0, en;q=0.1", "en"),
        ("sv;q=nonsense, en;q=0.1", "en"),
        ("EN", "en"),
        ("sv;level=1", "sv"),
    ],
)
def test_the_wanted_language_is_found(header, language):
    assert preferred_language(header) == language
