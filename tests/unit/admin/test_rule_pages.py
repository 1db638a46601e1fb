"""The pages of the rules: who sees and does what, what is refused beside the field, what two at once are told."""

import re

import pytest
from msgspec import structs

from cds_service.fhir.value_sets import listed_codes
from cds_service.rulesets.load import default_text

from .conftest import HTTPS, token_in
from .ledger_cases import DOSE, WHY, draft, published, reviewed

NAME = "1.0.0+site.1"
AT = f"/admin/rules/{NAME}"


def first(pattern, html):
    """What the first group of a pattern finds in a page."""
    found = re.search(pattern, html)
    assert found, pattern
    return found[1]


@pytest.fixture
def ledger(room):
    return room.ledger


@pytest.fixture
def send(client):
    """Fill in a page's form and send it as a browser does: with its token and its hidden fields."""

    def sent(page, path, **fields):
        files = {"file": fields.pop("file")} if "file" in fields else None
        html = client.get(page).text
        form = re.search(
            rf'<form[^>]*method="post"[^>]*action="{re.escape(path.replace("+", "%2B"))}"[^>]*>(.*?)</form>',
            html,
            re.DOTALL,
        )
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[1] if form else "")
        data = {"csrf": token_in(html), **dict(hidden), **fields}
        return client.post(path, data=data, files=files, headers={"origin": HTTPS})

    return sent


def told(answer):
    found = re.search(r'data-problem="([\w-]+)"', answer.text)
    return found[1] if found else ""


# ---------------------------------------------------------------- who sees and does what


@pytest.mark.parametrize(
    "path",
    ["/admin/rules", AT, f"{AT}/entries", f"{AT}/codes", f"{AT}/codes/copd", f"{AT}/receivers", "/admin/texts",
     "/admin/rules/built-in/entries", "/admin/rules/built-in/codes/copd"],
)  # fmt: skip
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_viewer_reads_every_page_and_is_offered_no_act(client, signed_in, ledger, path, language):
    draft(ledger)
    signed_in("viewer")
    answer = client.get(f"{path}?lang={language}")
    assert answer.status_code == 200
    assert not re.search(r'<form[^>]*method="post" action="/admin/rules', answer.text)


def test_a_viewer_changes_nothing_whatever_is_sent(client, signed_in, ledger):
    made = draft(ledger)
    signed_in("viewer")
    token = token_in(client.get("/admin/rules").text)
    for path in (
        "/admin/rules",
        f"{AT}/do/submit",
        f"{AT}/edit/GC",
        f"{AT}/codes/copd",
        f"{AT}/receivers/refer-ex-center",
    ):
        answer = client.post(path, data={"csrf": token, "reason": WHY}, headers={"origin": HTTPS})
        assert answer.status_code == 403, path
    assert client.get(f"{AT}/edit/GC").status_code == 403
    assert ledger.version(NAME) == made


def test_an_editor_does_not_publish_and_says_so_on_no_button(client, signed_in, ledger):
    reviewed(ledger)
    signed_in("editor")
    page = client.get(AT).text
    assert "/do/publish" not in page
    token = token_in(page)
    for act in ("publish", "approve", "rollback", "withdraw", "send-back"):
        answer = client.post(f"{AT}/do/{act}", data={"csrf": token, "reason": WHY}, headers={"origin": HTTPS})
        assert answer.status_code == 403, act
    assert ledger.publications() == ()


@pytest.mark.parametrize("path", ["/admin/rules/9.9.9", "/admin/rules/9.9.9/entries", "/admin/rules/9.9.9/file",
                                  f"{AT}/edit/NOTHING", f"{AT}/codes/nothing", f"{AT}?against=9.9.9"])  # fmt: skip
def test_what_there_is_not_is_not_found(client, signed_in, ledger, path):
    draft(ledger)
    signed_in("publisher")
    assert client.get(path).status_code == 404


# ---------------------------------------------------------------- the whole way


def test_bounds_are_told_with_the_unit_where_there_is_one(client, signed_in, send):
    signed_in("editor", "alva")
    send("/admin/rules", "/admin/rules", base="", reason=WHY)
    page = client.get(f"{AT}/edit/BODY").text
    assert "60 to 70 years. Source:" in page
    assert "0 to 2. Source:" in page


def test_a_threshold_is_changed_approved_published_and_gone_back_from(client, signed_in, send, ledger):
    signed_in("editor", "alva")
    answer = send("/admin/rules", "/admin/rules", base="", reason=WHY)
    assert answer.headers["location"] == f"{AT}?done=rules-new"
    answer = send(f"{AT}/edit/GC", f"{AT}/edit/GC", **{f"v:{DOSE}": "7,5", f"r:{DOSE}": WHY})
    assert answer.status_code == 303, answer.text
    page = client.get(AT).text
    assert "Steroid dose that counts as strong (prednisolone): 5 → 7.5 mg/day (R-GC2; source [43][44])" in page
    assert WHY in page
    assert send(AT, f"{AT}/do/submit").status_code == 303
    signed_in("publisher", "bo")
    assert send(AT, f"{AT}/do/approve", reason=WHY).status_code == 303
    assert send(AT, f"{AT}/do/publish", reason=WHY).status_code == 303
    assert ledger.name_in_force() == NAME
    answer = send("/admin/rules", "/admin/rules/1.0.0/do/rollback", reason=WHY)
    assert answer.headers["location"] == "/admin/rules/1.0.0?done=rules-rollback"
    assert ledger.name_in_force() == "1.0.0"
    assert client.get("/admin/rules/1.0.0").status_code == 200


def test_the_author_is_not_offered_to_approve_and_is_refused(client, signed_in, send, ledger):
    made = draft(ledger, author="bo")
    ledger.submitted(made.name, "bo", made_from=made.revision)
    signed_in("publisher", "bo")
    assert "/do/approve" not in client.get(AT).text
    answer = send(AT, f"{AT}/do/approve", reason=WHY, revision=str(ledger.version(NAME).revision))
    assert (answer.status_code, told(answer)) == (409, "same-person")


def test_a_publication_waits_for_its_day_and_is_withdrawn(client, signed_in, send, ledger):
    reviewed(ledger)
    signed_in("publisher", "cia")
    assert told(send(AT, f"{AT}/do/publish", reason=WHY, on="1999-01-01")) == "effective-past"
    assert told(send(AT, f"{AT}/do/publish", reason=WHY, on="soon")) == "day"
    later = ledger._clock().date().toordinal() + 5
    from datetime import date  # noqa: PLC0415 - only here

    assert send(AT, f"{AT}/do/publish", reason=WHY, on=date.fromordinal(later).isoformat()).status_code == 303
    assert "comes into force" in client.get("/admin/rules").text
    assert send(AT, f"{AT}/do/withdraw", reason=WHY).status_code == 303
    assert ledger.pending() == ()


def test_an_editor_gives_up_a_draft_and_not_what_is_published(client, signed_in, send, ledger):
    draft(ledger)
    signed_in("editor")
    assert send(AT, f"{AT}/do/retire", reason=WHY).status_code == 303
    assert ledger.version(NAME).state == "retired"
    published(ledger)
    ledger.rolled_back("1.0.0", "bo", WHY)
    other = "/admin/rules/1.0.0+site.2"
    answer = send(other, f"{other}/do/retire", reason=WHY, revision=str(ledger.version("1.0.0+site.2").revision))
    assert answer.status_code == 403


def test_an_act_that_there_is_not_is_not_found(client, signed_in, send, ledger):
    draft(ledger)
    signed_in("publisher")
    assert send(AT, f"{AT}/do/explode").status_code == 404
    assert send(AT, "/admin/rules/9.9.9/do/submit").status_code == 404


# ---------------------------------------------------------------- what is refused, beside the field


@pytest.mark.parametrize(
    ("typed", "said"),
    [("50", "Only 2.5 to 7.5 is possible."), ("much", "Write a number."), ("", "Write a number."),
     ("7.5", "This value is unusual: say why below.")],
)  # fmt: skip
def test_a_value_that_cannot_be_kept_is_told_beside_it_and_stays_typed(client, signed_in, send, ledger, typed, said):
    made = ledger.begin("alva", WHY)
    signed_in("editor")
    answer = send(f"{AT}/edit/GC", f"{AT}/edit/GC", **{f"v:{DOSE}": typed})
    assert answer.status_code == 422
    field = first(rf'(<input[^>]*name="v:{DOSE}"[^>]*>)', answer.text)
    assert f'value="{typed}"' in field
    assert 'aria-invalid="true"' in field
    error = first(r'aria-describedby="[\w-]+ ([\w-]+)"', field)
    assert first(rf'id="{error}">([^<]+)', answer.text) == said
    assert ledger.version(NAME) == made


def test_what_is_typed_is_text_and_never_markup(client, signed_in, send, ledger):
    ledger.begin("alva", "<script>alert(1)</script>")
    signed_in("editor")
    answer = send(f"{AT}/edit/GC", f"{AT}/edit/GC", **{f"v:{DOSE}": '"><b>', f"r:{DOSE}": "</textarea><b>"})
    assert "<b>" not in answer.text
    assert "<script>alert" not in client.get(AT).text


def test_a_form_of_an_entry_that_cannot_change_has_no_field_for_it(client, signed_in, ledger):
    ledger.begin("alva", WHY)
    signed_in("editor")
    assert 'name="v:factors.R-ORAI.thresholds.positive"' not in client.get(f"{AT}/edit/TOOL").text


def test_a_reason_that_says_nothing_is_refused(client, signed_in, send):
    signed_in("editor")
    answer = send("/admin/rules", "/admin/rules", base="", reason="ok")
    assert (answer.status_code, told(answer)) == (409, "reason-short")


def test_an_unexplained_draft_of_a_file_is_named_and_not_sent_to_review(client, signed_in, send, ledger):
    made = ledger.begin("alva", WHY)
    ledger.edited(made.name, {DOSE: 7.5}, {}, made_from=made.revision, actor="alva")
    signed_in("editor")
    answer = send(AT, f"{AT}/do/submit")
    assert (answer.status_code, told(answer)) == (409, "unexplained")
    assert "No reason is stated" in answer.text


# ---------------------------------------------------------------- two at once


def test_two_who_edit_at_once_are_told_and_nothing_is_overwritten(client, signed_in, send, ledger):
    made = ledger.begin("alva", WHY)
    signed_in("editor")
    token = token_in(client.get(f"{AT}/edit/GC").text)
    ledger.edited(made.name, {DOSE: 6}, {DOSE: WHY}, made_from=made.revision, actor="eve")
    data = {"csrf": token, "revision": str(made.revision), f"v:{DOSE}": "7", f"r:{DOSE}": WHY}
    answer = client.post(f"{AT}/edit/GC", data=data, headers={"origin": HTTPS})
    assert (answer.status_code, told(answer)) == (409, "conflict")
    assert ledger.rules(NAME).factor("R-GC2")["dose"] == 6
    revision = first(r'name="revision" value="(\d+)"', answer.text)
    again = client.post(f"{AT}/edit/GC", data={**data, "revision": revision}, headers={"origin": HTTPS})
    assert again.status_code == 303


def test_a_form_without_its_revision_changes_nothing(client, signed_in, ledger):
    made = draft(ledger)
    signed_in("editor")
    token = token_in(client.get(AT).text)
    answer = client.post(f"{AT}/do/submit", data={"csrf": token}, headers={"origin": HTTPS})
    assert (answer.status_code, told(answer)) == (409, "conflict")
    assert ledger.version(NAME) == made


def test_who_publishes_on_an_old_page_is_told(client, signed_in, send, ledger):
    reviewed(ledger, 6)
    other = reviewed(ledger, 7)
    signed_in("publisher", "cia")
    html = client.get(AT).text
    ledger.published(other.name, "bo", WHY, made_from=other.revision)
    data = {"csrf": token_in(html), "reason": WHY, "after": "0", "revision": str(ledger.version(NAME).revision)}
    answer = client.post(f"{AT}/do/publish", data=data, headers={"origin": HTTPS})
    assert (answer.status_code, told(answer)) == (409, "conflict")
    assert ledger.name_in_force() == other.name


# ---------------------------------------------------------------- files, codes, receivers, texts


def test_a_file_comes_out_and_goes_in(client, signed_in, send, ledger):
    draft(ledger)
    signed_in("editor")
    answer = client.get(f"{AT}/file")
    assert answer.headers["content-disposition"] == f'attachment; filename="rules-{NAME}.toml"'
    assert "# How to read it" in answer.text
    sent = send("/admin/rules", "/admin/rules", file=("r.toml", answer.content), reason=WHY)
    assert sent.headers["location"] == "/admin/rules/1.0.0+site.2?done=rules-new"
    for content in (b"x = 1", "å".encode("latin-1")):
        refused = send("/admin/rules", "/admin/rules", file=("r.toml", content), reason=WHY)
        assert (refused.status_code, told(refused)) == (422, "unusable")


def test_a_code_is_added_found_exported_and_taken_away(client, signed_in, send, ledger):
    ledger.begin("alva", WHY)
    signed_in("editor")
    page = f"{AT}/codes/copd"
    fields = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "Q99.9", "display": "Lokal", "match": "exact"}
    assert send(page, page, **fields, source="our list", attributes="", note="").status_code == 303
    assert 'class="chip changed">own' in client.get(f"{AT}/codes?q=q999").text
    exported = client.get(f"{page}/value-set")
    assert "Q99.9" in {code.code for code in listed_codes(exported.content)}
    key = "copd|http://hl7.org/fhir/sid/icd-10|Q99.9|exact"
    assert send(page, page, remove=key).status_code == 303
    assert ledger.rules(NAME).local_codes == ()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [({"code": "J44"}, "code-source"), ({"source": "x"}, "code-missing"),
     ({"code": "a sentence, no code", "source": "x"}, "unusable")],
)  # fmt: skip
def test_a_code_that_cannot_be_is_refused(client, signed_in, send, ledger, fields, problem):
    ledger.begin("alva", WHY)
    signed_in("editor")
    page = f"{AT}/codes/copd"
    given = {"system": "http://hl7.org/fhir/sid/icd-10", "match": "exact", "source": "", "code": ""} | fields
    answer = send(page, page, **given)
    assert told(answer) == problem
    assert ledger.rules(NAME).local_codes == ()


def test_a_value_set_is_taken_over_whole_or_not_at_all(client, signed_in, send, ledger):
    ledger.begin("alva", WHY)
    signed_in("editor")
    page = f"{AT}/codes/copd"
    exported = client.get("/admin/rules/built-in/codes/cushing/value-set").content
    assert send(page, page, file=("v.json", exported), source="another list").status_code == 303
    codes = ledger.rules(NAME).local_codes
    assert {code.concept for code in codes} == {"copd"}
    assert {code.source for code in codes} == {"another list"}
    assert len(codes) == len(listed_codes(exported))
    for content, source, problem in ((b"{}", "x", "unusable"), (exported, "", "code-source")):
        answer = send(page, page, file=("v.json", content), source=source)
        assert (told(answer), answer.status_code >= 400) == (problem, True)
    assert ledger.rules(NAME).local_codes == codes


def test_a_receiver_is_named_and_taken_away(client, signed_in, send, ledger):
    ledger.begin("alva", WHY)
    signed_in("editor")
    page, path = f"{AT}/receivers", f"{AT}/receivers/refer-endocrinology"
    assert told(send(page, path, name="")) == "receiver-name"
    assert told(send(page, path, name="Endokrin")) == "receiver-way"
    assert told(send(page, path, name="E", channel="TakeCare", identifier="1")) == "receiver-identifier"
    assert told(send(page, path, name="E", address="\n".join("abcdefghi"))) == "receiver-lines"
    assert send(page, path, name="Endokrin", address="Box 1\n\n123 45 Staden\n").status_code == 303
    (receiver,) = ledger.rules(NAME).receivers
    assert receiver.address == ("Box 1", "123 45 Staden")
    assert "Box 1, 123 45 Staden" in client.get(page).text
    assert send(page, path, remove="yes").status_code == 303
    assert ledger.rules(NAME).receivers == ()
    assert send(page, f"{AT}/receivers/refer-nowhere", name="X").status_code == 404


def test_the_sentences_of_the_cards_are_found_in_both_languages(client, signed_in):
    signed_in("viewer")
    page = client.get("/admin/texts?q=vitamin").text
    assert "D-vitamin" in page
    assert "change.line" not in client.get("/admin/texts").text


def test_a_rule_set_file_of_the_settings_is_said_to_overrule(client, signed_in, app, room, ledger):
    reviewed(ledger)
    text = default_text().replace('version = "1.0.0"', 'version = "1.0.0+file"')
    ledger.pinned = text
    signed_in("publisher", "cia")
    assert "CDS_RULE_SET" in client.get("/admin/rules").text
    assert "/do/publish" not in client.get(AT).text
    assert structs.asdict(room)["ledger"] is ledger
