"""Changing a rule as people do: two persons, two workers, a real browser, on SQLite and on PostgreSQL."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from playwright.sync_api import expect

from cds_service.admin.passwords import hash_of
from cds_service.admin.people import People
from cds_service.store import Store
from cds_service.store.accounts import NewAccount

pytestmark = pytest.mark.browser

# Two workers, a store and a browser share two cores with other tests.
expect.set_options(timeout=30_000)

PASSWORD = "a long word for the tests"
WHY = "Decided by the regional board"
DOSE = "v:factors.R-GC2.thresholds.dose"
REASON = "r:factors.R-GC2.thresholds.dose"
NAME = "1.0.0+site.1"
STARTS_WITHIN_SECONDS = 90
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request, tmp_path_factory):
    """The address of a service with two workers, with an editor, a second publisher and a viewer."""
    folder = tmp_path_factory.mktemp("rules")
    on_file = f"sqlite:///{folder / 'rules.db'}"
    url = on_file if request.param == "sqlite" else request.getfixturevalue("postgresql").database()
    store = Store.open(url)
    for name, role in (("alva", "editor"), ("bo", "publisher"), ("cia", "viewer")):
        made = NewAccount(name=name, shown=name.title(), role=role, password=hash_of(PASSWORD))
        store.accounts.add(made, People(store, lambda: datetime.now(UTC), "test").act("user.invite", name))
    store.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {
        "CDS_DATABASE_URL": url, "CDS_PORT": str(port), "CDS_WORKERS": "2", "CDS_DEMO": "true", "CDS_ADMIN": "true",
        "CDS_ADMIN_SECURE_COOKIES": "false", "CDS_ADMIN_KEY": "k" * 40, "CDS_SILENCE_KEY": "s" * 40,
        "CDS_WHAT_IF_PEOPLE": "25",
    }  # fmt: skip
    log = folder / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "cds_service.cli", "serve"]
        process = subprocess.Popen(command, env=environment, stderr=output, stdout=output)
    try:
        wait_for_two(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def wait_for_two(port, process, log):
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while log.read_text().count('"worker ready"') < 2 and time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=20).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


@pytest.fixture
def person(browser, site):
    """``person("bo")`` is a page of somebody who is signed in; ``script=False`` is a browser without JavaScript."""
    contexts = []

    def signed_in(name, *, language="en", script=True, size=None):
        context = browser.new_context(java_script_enabled=script, viewport=size or {"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site}/admin/sign-in?lang={language}")
        page.locator("input[name=name]").fill(name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").first.click()
        page.goto(f"{site}/admin/rules?lang={language}")
        return page

    yield signed_in
    for context in contexts:
        context.close()


def versions_on_cards(page, site):
    """The version that the card names, asked several times so that both workers answer."""
    found = set()
    for _ in range(6):
        page.goto(f"{site}/?patient=alva&lang=en")
        page.wait_for_selector("#cards[data-state]")
        found |= set(re.findall(r"rules (\d[\w.+]*)", page.locator("#cards").inner_text()))
    return found


def comes_into_force(page, site, version):
    """True when the cards name ``version`` alone, soon; two seconds are promised, and a busy machine may need more."""
    deadline = time.monotonic() + 30
    while (found := versions_on_cards(page, site)) != {version} and time.monotonic() < deadline:
        time.sleep(0.5)
    return found == {version}


def write_draft(page, site):
    """An editor makes a draft, is refused an impossible dose and an unexplained one, and sends it to review."""
    page.get_by_label("What shall change, and why").fill(WHY)
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_role("link", name="Change values").click()
    page.get_by_role("link", name="Change Glucocorticoids").click()
    for dose, said in (("50", "Only 2.5 to 7.5 is possible."), ("7", "This value is unusual: say why below.")):
        page.locator(f"[name='{DOSE}']").fill(dose)
        page.get_by_role("button", name="Save").click()
        expect(page.locator(f"[name='{DOSE}']")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("main")).to_contain_text(said)
    page.locator(f"[name='{REASON}']").fill(WHY)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.goto(f"{site}/admin/rules/{NAME}")
    expect(page.locator("main")).to_contain_text("Steroid dose that counts as strong (prednisolone): 5 → 7 mg/day")
    page.get_by_role("button", name="Send to review").click()


def try_it(page, site):
    """A second person goes from the page of the version to what it would do, and watches the run to its end."""
    page.goto(f"{site}/admin/rules/{NAME}")
    page.get_by_role("link", name="Try it on a cohort").click()
    expect(page.get_by_label("Version to try")).to_have_value(NAME)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Which factor did it")).to_be_visible(timeout=90_000)
    expect(page.locator("main")).to_contain_text("25 people")
    expect(page.locator("main")).to_contain_text("Neither version differs in what this table rests on.")
    assert barriers(page) == set()


def approve_and_publish(page, site):
    page.goto(f"{site}/admin/rules/{NAME}")
    expect(page.locator("main")).to_contain_text("A second person must approve it")
    page.get_by_label("What you have looked at").fill("The guideline and the difference")
    page.get_by_role("button", name="Approve").click()
    page.get_by_label("Why it is put in force").fill(WHY)
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Published.")


def go_back(page, site):
    page.goto(f"{site}/admin/rules")
    page.get_by_label("Why go back").fill("It was a mistake")
    page.get_by_role("button", name="Go back to 1.0.0").click()
    expect(page.get_by_role("status")).to_contain_text("Gone back")


def test_a_threshold_is_changed_by_two_and_the_card_follows_there_and_back(site, person, quiet_page):
    assert versions_on_cards(quiet_page, site) == {"1.0.0"}
    bo = person("bo")
    write_draft(person("alva", script=False), site)
    try_it(bo, site)
    approve_and_publish(bo, site)
    assert comes_into_force(quiet_page, site, NAME)
    quiet_page.goto(f"{site}/rules/v/1.0.0/R-GC2?lang=en")
    expect(quiet_page.locator("main")).to_contain_text(f"Version {NAME} is in force.")
    go_back(bo, site)
    assert comes_into_force(quiet_page, site, "1.0.0")


def test_two_who_edit_at_once_are_told_and_the_second_overwrites_nothing(site, person):
    first, second = person("alva"), person("bo")
    first.get_by_label("What shall change, and why").fill(WHY)
    first.get_by_role("button", name="Make the draft").click()
    name = first.url.partition("/rules/")[2].partition("?")[0]
    for page in (first, second):
        page.goto(f"{site}/admin/rules/{name}/edit/silence")
    field = "v:silence.will_do_later"
    first.locator(f"[name='{field}']").fill("3,5")
    first.locator("[name='r:silence.will_do_later']").evaluate("field => { field.closest('details').open = true }")
    second.locator("[name='v:silence.other']").fill("3,5")
    first.get_by_role("button", name="Save").click()
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("alert")).to_contain_text("Somebody else changed it")
    assert second.locator("[name='v:silence.other']").input_value() == "3,5"


def test_codes_are_found_while_one_types_and_the_address_follows(site, person):
    page = person("cia")
    page.goto(f"{site}/admin/rules/built-in/codes")
    page.get_by_role("textbox").press_sequentially("Z89.6", delay=20)
    expect(page.locator("#results")).to_contain_text("Z89.6")
    expect(page).to_have_url(re.compile(r"q=Z89\.6"))
    assert page.evaluate("document.activeElement.id") == "q"


PAGES = ("", f"/{NAME}", f"/{NAME}/entries", f"/{NAME}/codes", f"/{NAME}/codes/copd", f"/{NAME}/receivers")


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(site, person, size, language):
    page = person("bo", language=language, size=size)
    draft = _draft(page, language)
    for path in (*PAGES, f"/{draft}/edit/GC", f"/{draft}/codes/copd", f"/{draft}/receivers", f"/{draft}"):
        page.goto(f"{site}/admin/rules{path}")
        assert barriers(page) == set(), path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{site}/admin/texts?q=dxa")
    assert barriers(page) == set()


def _draft(page, language):
    label, button = {
        "sv": ("Vad ska ändras, och varför", "Gör utkastet"),
        "en": ("What shall change, and why", "Make the draft"),
    }[language]
    page.get_by_label(label).fill(WHY)
    page.get_by_role("button", name=button).click()
    return page.url.partition("/rules/")[2].partition("?")[0]


def barriers(page):
    """What axe-core finds, run as a tool of the browser: the page itself may load no script of others."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return {f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]}
