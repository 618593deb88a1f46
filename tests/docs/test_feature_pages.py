"""Each feature has a page and a picture, and no page is of a feature that is no more."""

from features import NAMES
from tests.docs.feature_pages import FOLDER, index_md, page_md


def test_every_feature_has_a_page_that_says_what_the_catalogue_says() -> None:
    """Who asks what a number means reads the page, not the code."""
    stale = [
        name
        for name in NAMES
        if not (FOLDER / f"{name}.md").exists()
        or (FOLDER / f"{name}.md").read_text(encoding="utf-8") != page_md(name)
    ]
    assert not stale, "make freeze"
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index_md(), "make freeze"


def test_every_feature_has_a_picture_in_which_it_is_there() -> None:
    """A feature that no simulated customer ever has is one that nobody has looked at."""
    drawn = {file.stem for file in FOLDER.glob("*.svg")}
    assert drawn == set(NAMES), "make plots"


def test_no_page_is_of_a_feature_that_is_no_more() -> None:
    """A page outlives its feature only as a lie."""
    assert {file.stem for file in FOLDER.glob("*.md")} - {"README"} == set(NAMES)


def test_a_page_tells_the_terms_that_have_no_page_of_their_own() -> None:
    """A ratio is understood only with what is divided by what."""
    page = page_md("round_trip_ratio_24h")
    assert "large_inflow_sum_minor_24h: sum" in page
    assert "remembered | its events for" in page
