"""Every sentence of the screening report is asked for by the code or the page that makes it."""

import re
from importlib.resources import files

from cards.words import words


def asked_for() -> str:
    output = files("cds_service.screening.output")
    found = [file for file in output.iterdir() if file.name.endswith((".py", ".html"))]
    folders = [folder for folder in output.iterdir() if folder.is_dir()]
    found += [file for folder in folders for file in folder.iterdir() if file.name.endswith(".html")]
    faults = files("cds_service.screening").joinpath("faults.py")
    return "\n".join(file.read_text("utf-8") for file in (*found, faults))


def test_no_sentence_is_there_in_vain() -> None:
    text = asked_for()
    keys = [key.removeprefix("screening.") for key in words("en").templates if key.startswith("screening.")]
    # A key may be put together: "screening.sex-{sex}" in code, "group-told." ~ group on the page.
    together = re.findall(r"screening\.([a-z.-]*)\{", text) + re.findall(r"\"([a-z-]+\.)\" ~", text)
    beginnings = tuple(filter(None, together))
    unused = [key for key in keys if f"screening.{key}" not in text and not key.startswith(beginnings)]
    assert [key for key in unused if f'"{key}"' not in text] == []
    assert len(keys) > len(beginnings) > 0
