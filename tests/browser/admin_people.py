"""Those who use the admin pages in the browser's tests, and how they get in: by the form, as everybody does."""

from datetime import UTC, datetime

from cds_service.admin.passwords import hash_of
from cds_service.admin.people import People
from cds_service.store.accounts import NewAccount

PASSWORD = "gul cykel i regn"
SETTINGS = {"admin": True, "admin_secure_cookies": False}


def now():
    return datetime.now(UTC)


def console(store):
    """What the command line does with accounts."""
    return People(store, now, "console")


def account(store, name, role):
    """Make an account of this role, whose password is PASSWORD."""
    new = NewAccount(name=name, shown=name.title().replace(".", " "), role=role, password=hash_of(PASSWORD))
    return store.accounts.add(new, console(store).act("user.invite", name))


def sign_in(page, server, name, path="/admin", language="en"):
    """Open ``path``, be sent to the form, and come back."""
    page.goto(f"{server.url}{path}?lang={language}")
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.wait_for_url(f"{server.url}{path}*")
    return page
