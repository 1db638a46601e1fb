"""Everyone can use the admin pages: by keyboard, on a phone, in two languages, by screen reader, without scripts."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cds_service.admin.client_pages import NEW
from cds_service.admin.navigation import MENU
from cds_service.clients import read_document
from cds_service.store.tokens import Token
from tests.browser.admin_people import PASSWORD, SETTINGS, account, console, now, sign_in
from tests.browser.server import running_server
from tests.browser.test_access import NARROWEST, PHONE, violations

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 900}
INSIDE = ("/admin/users/1", "/admin/clients/pilot", "/admin/clients/pilot/sheet", "/admin/new-client")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The service with an administrator, others of every state, a client with refusals, and a token."""
    with running_server(tmp_path_factory.mktemp("admin"), **SETTINGS) as running:
        store = running.store
        maja = account(store, "maja.lind", "admin")
        account(store, "erik.berg", "editor")
        people = console(store)
        people.invite("ny.person", "Ny Person", "viewer")
        people.disable(store.accounts.named("ny.person"))
        store.clients.add(read_document(NEW), by="console")
        store.refusals.add({("pilot", "expired"): 3}, now())
        token = Token(0, maja, "nightly job", "viewer", now(), now() + timedelta(days=9))
        store.tokens.make("0" * 64, token, people.act("token.make", "maja.lind"))
        yield running


@pytest.fixture
def inside(quiet_page, server):
    """A page of somebody who has signed in: ``inside()``, as administrator unless told."""

    def opened(name="maja.lind", path="/admin", language="en"):
        return sign_in(quiet_page, server, name, path, language)

    return opened


def seen(page, server, language):
    """Each page that an administrator can open, one after the other."""
    for path in (*(entry.path for entry in MENU), *INSIDE):
        page.goto(f"{server.url}{path}?lang={language}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for closed in page.locator("main summary").all():
            closed.click()
        yield path


@pytest.mark.parametrize(("size", "language"), [(DESK, "sv"), (PHONE, "en")], ids=["desk", "phone"])
def test_axe_finds_no_barrier(inside, quiet_page, server, size, language):
    quiet_page.set_viewport_size(size)
    quiet_page.goto(f"{server.url}/admin/sign-in?lang={language}")
    assert violations(quiet_page) == [], "sign in"
    link = console(server.store).new_link(server.store.accounts.named("erik.berg"))
    quiet_page.goto(f"{server.url}/admin/link/{link}?lang={language}")
    assert violations(quiet_page) == [], "link"
    page = inside(language=language)
    for path in seen(page, server, language):
        assert violations(page) == [], path


def test_narrow_pages_scroll_only_downwards_and_their_targets_are_large_enough_to_hit(inside, quiet_page, server):
    quiet_page.set_viewport_size(NARROWEST)
    page = inside(language="sv")
    for path in seen(page, server, "sv"):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        targets = page.locator("button:visible, .top a:visible, .side a:visible, .actions a:visible, select:visible")
        boxes = [(target.text_content(), target.bounding_box()) for target in targets.all()]
        assert [words for words, box in boxes if min(box["width"], box["height"]) < 24] == [], path


def test_somebody_signs_in_works_and_leaves_by_keyboard_alone(quiet_page, server):
    page, press = quiet_page, quiet_page.keyboard.press
    page.goto(f"{server.url}/admin/users?lang=en")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("maja.lind")
    press("Tab")
    page.keyboard.type(PASSWORD)
    press("Enter")
    page.wait_for_url("**/admin/users*")
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    press("Enter")
    press("Tab")
    for _ in range(12):
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.id") == "name":
            break
        press("Tab")
    page.keyboard.type("karin")
    press("Tab")
    press("Tab")
    press("Space")
    press("Tab")
    press("Enter")
    expect(page.locator("#link")).to_be_visible()
    assert server.store.accounts.named("karin").role == "viewer"
    page.get_by_role("button", name="Sign out").focus()
    press("Enter")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def test_a_mistake_is_summed_up_first_and_leads_to_its_field(page, server):
    sign_in(page, server, "maja.lind", "/admin/users")
    page.locator("#name").fill("a b")
    page.locator("input[name=role][value=viewer]").check()
    page.get_by_role("button", name="Make account and link").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#name")).to_have_value("a b")


def test_the_language_stays_as_it_was_chosen(inside):
    page = inside(language="en")
    page.get_by_role("link", name="Svenska").click()
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    page.get_by_role("link", name="Användare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Användare")


def choose(page, password):
    page.locator("#password").fill(password)
    page.locator("#again").fill(password)
    page.get_by_role("button", name="Keep the password").click()


def test_a_first_administrator_gets_in_invites_and_signs_out_without_scripts(browser, tmp_path):
    with running_server(tmp_path, **SETTINGS) as fresh:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{fresh.url}/admin/link/{console(fresh.store).first_link()}?lang=en")
        page.locator("#name").fill("maja")
        choose(page, "password1234")
        expect(page.get_by_role("alert")).to_contain_text("one of the most common")
        choose(page, PASSWORD)
        expect(page.get_by_role("status")).to_have_text("The password is kept. Sign in with it.")
        sign_in(page, fresh, "maja")
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        page.get_by_role("link", name="Users").click()
        page.locator("#name").fill("erik")
        page.locator("input[name=role][value=editor]").check()
        page.get_by_role("button", name="Make account and link").click()
        link = page.locator("#link").input_value()
        expect(page.get_by_role("button", name="Copy")).to_be_hidden()
        page.get_by_role("button", name="Sign out").click()
        page.goto(link)
        choose(page, "blå tröja i snö")
        erik = fresh.store.accounts.named("erik")
        assert erik
        assert erik.opens
        context.close()


def test_a_session_ended_by_somebody_else_leads_back_to_the_form(inside, server):
    page = inside("erik.berg", "/admin/account")
    console(server.store).sign_out(server.store.accounts.named("erik.berg"))
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_no_other_site_reads_or_sends_with_the_session(browser, server, tmp_path):
    """A page of another origin, in a browser that holds a session, sends a form and asks with script."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, server, "maja.lind")
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    page.route(
        f"{elsewhere}/evil",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{server.url}/admin/users"><input name="name" value="mallory">'
            '<input name="role" value="admin"><input name="csrf" value=""><button>go</button></form>',
        ),
    )
    page.goto(f"{elsewhere}/evil")
    told = page.evaluate(
        f"fetch('{server.url}/admin/api/me', {{credentials: 'include'}}).then(r => r.text(), () => '')"
    )
    assert told == ""
    page.get_by_role("button", name="go").click()
    page.wait_for_load_state()
    assert server.store.accounts.named("mallory") is None
    context.close()
