"""The page on Flask-RESTX shows what a project really makes of its namespace."""

from pathlib import Path

from library_page import PAGE, document_of, document_on


def test_document_on_the_page_is_that_of_its_namespace(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    assert document_on(page) == document_of(page, tmp_path)
