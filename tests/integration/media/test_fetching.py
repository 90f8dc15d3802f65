"""Files of customers: webhook, turn, download from the stand-in for Meta, sealed in a folder."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from gatte import services
from gatte.extensions import db
from gatte.jobs.definitions import fetch_media
from gatte.media import sealed_files
from gatte.media.sealed_files import ContentPart, MediaUnreadable
from gatte.models import MediaFile
from gatte.settings import Settings
from gatte.store.due_work import fetch_due_work
from tests.fakes import payloads
from tests.integration.media.sent_files import (
    OGG,
    PDF,
    PLACE,
    fetched,
    let_all_be_due,
    part,
    photo,
    picture_bomb,
    stored_paths,
    talkative_png,
)
from tests.integration.turns.simulated_customer import somebody

PE = b"MZ\x90\0\3\0\0\0" + b"\0" * 100


def content_of(app, row, what=ContentPart.CONTENT):
    with app.app_context():
        return b"".join(sealed_files.read(row, what))


def test_an_image_is_stored_whole_and_shown_without_what_the_camera_noted(app, meta, customer):
    sent = photo()
    (wamid,) = customer.sends(part(meta, "image", sent, "image/jpeg"))
    row = fetched(customer, wamid)
    shown = content_of(app, row, ContentPart.PREVIEW)

    assert (row.state, row.mime_type, row.size) == ("stored", "image/jpeg", len(sent))
    assert content_of(app, row) == sent
    assert PLACE.encode() in sent
    assert PLACE.encode() not in shown
    with Image.open(BytesIO(shown)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (800, 1200))  # upright
        assert not picture.getexif()
        assert picture.info.keys().isdisjoint({"exif", "icc_profile", "xmp"})


def test_a_text_that_hides_in_a_png_does_not_reach_the_preview(app, meta, customer):
    (wamid,) = customer.sends(part(meta, "image", talkative_png(), "image/png"))
    row = fetched(customer, wamid)

    assert PLACE.encode() not in content_of(app, row, ContentPart.PREVIEW)


def test_a_picture_that_would_fill_memory_is_kept_and_not_decoded(app, meta, customer):
    (wamid,) = customer.sends(part(meta, "image", picture_bomb(), "image/png"))
    row = fetched(customer, wamid)

    assert (row.state, row.preview_size) == ("stored", None)


def test_a_file_of_several_chunks_comes_back_and_is_nowhere_in_the_clear(
    app, meta, customer, files
):
    sent = PDF * 700
    (wamid,) = customer.sends(part(meta, "document", sent, filename="boleto.pdf"))
    row = fetched(customer, wamid)

    assert len(sent) > 2 * 1024 * 1024
    assert content_of(app, row) == sent
    assert row.checksum not in {None, b""}
    assert not [path for path in stored_paths(files) if b"boleto boleto" in path.read_bytes()]


@pytest.mark.parametrize("harm", ["cut", "swapped", "flipped", "gone"])
def test_a_file_that_was_changed_in_the_storage_does_not_open(app, meta, customer, files, harm):
    (wamid,) = customer.sends(part(meta, "document", PDF * 700))
    row = fetched(customer, wamid)
    path = files / sealed_files.path_of(row.id, ContentPart.CONTENT)
    sealed = path.read_bytes()
    one = 1024 * 1024 + 29
    changed = {
        "cut": sealed[: 2 * one],
        "swapped": sealed[one : 2 * one] + sealed[:one] + sealed[2 * one :],
        "flipped": sealed[:-40] + bytes([sealed[-40] ^ 1]) + sealed[-39:],
        "gone": b"",
    }[harm]
    path.write_bytes(changed)

    with pytest.raises(MediaUnreadable):
        content_of(app, row)


@pytest.mark.parametrize(
    ("kind", "claimed", "content", "problem"),
    [
        ("image", "image/jpeg", b"<html><script>alert(1)</script></html>", "wrong_content"),
        ("image", "image/png", PDF, "wrong_content"),
        ("audio", "audio/ogg", b"<svg onload=alert(1)>", "wrong_content"),
        ("sticker", "image/webp", photo(40, 40), "wrong_content"),
        ("document", "application/pdf", PE, "program"),
        ("document", "application/pdf", b"#!/bin/sh\nrm -rf ~", "program"),
        ("document", "application/pdf", b"", "wrong_content"),
    ],
)
def test_what_is_not_what_it_claims_is_refused_and_not_kept(
    meta, customer, files, kind, claimed, content, problem
):
    before = stored_paths(files)
    (wamid,) = customer.sends(part(meta, kind, content, claimed))
    row = fetched(customer, wamid)

    assert (row.state, row.problem) == ("refused", problem)
    assert stored_paths(files) == before


def test_a_document_that_claims_to_be_a_picture_is_known_by_its_content(meta, customer):
    (wamid,) = customer.sends(part(meta, "document", PDF, "image/png", filename="foto.png"))

    assert fetched(customer, wamid).mime_type == "application/pdf"


def test_a_file_larger_than_the_setting_is_refused(meta, customer):
    (wamid,) = customer.sends(part(meta, "document", b"%PDF-" + b"x" * (3 * 1024 * 1024)))
    row = fetched(customer, wamid)

    assert (row.state, row.problem) == ("refused", "too_large")


def test_a_kind_that_the_company_does_not_keep_is_refused_and_not_fetched(app, meta, customer):
    whole = app.extensions["gatte_settings"]
    app.extensions["gatte_settings"] = whole.model_copy(update={"gatte_media_kinds": "image"})
    (wamid,) = customer.sends(part(meta, "audio", OGG, "audio/ogg"))
    meta.graph.media.fetched.clear()
    row = fetched(customer, wamid)
    app.extensions["gatte_settings"] = whole

    assert (row.state, row.problem) == ("refused", "kind_not_kept")
    assert meta.graph.media.fetched == []


def test_a_file_that_meta_does_not_give_now_is_fetched_later(app, meta, customer):
    body = part(meta, "audio", OGG, "audio/ogg", status=500)
    (wamid,) = customer.sends(body)
    waiting = fetched(customer, wamid)
    meta.graph.media.files[body["audio"]["id"]].status = 200
    not_yet = fetched(customer, wamid)
    let_all_be_due(app)

    assert (waiting.state, waiting.problem) == ("pending", "not_given")
    assert (not_yet.state, not_yet.attempts) == ("pending", 1)
    assert fetched(customer, wamid).state == "stored"


def test_a_file_that_meta_does_not_have_any_more_is_given_up(meta, customer):
    (wamid,) = customer.sends(part(meta, "audio", OGG, "audio/ogg", gone=9))
    row = fetched(customer, wamid)

    assert (row.state, row.problem, row.attempts) == ("failed", "gone", 1)


def test_after_the_last_attempt_a_file_is_given_up(app, meta, customer):
    (wamid,) = customer.sends(part(meta, "audio", OGG, "audio/ogg", sha256="0" * 64))
    for _ in range(9):
        let_all_be_due(app)
        row = fetched(customer, wamid)

    assert (row.state, row.problem, row.attempts) == ("failed", "altered", 9)


def test_a_storage_that_is_away_costs_a_delay(app, meta, customer, files):
    whole = app.extensions["gatte_settings"]
    broken = {"gatte_media_dir": str(files / "00-a-file" / "below")}
    (files / "00-a-file").write_text("in the way")
    (wamid,) = customer.sends(part(meta, "audio", OGG, "audio/ogg"))
    app.extensions["gatte_settings"] = whole.model_copy(update=broken)
    row = fetched(customer, wamid)
    app.extensions["gatte_settings"] = whole
    (files / "00-a-file").unlink()
    let_all_be_due(app)

    assert (row.state, row.problem) == ("pending", "not_stored")
    assert fetched(customer, wamid).state == "stored"


def test_the_dispatcher_finds_files_and_nothing_when_all_are_fetched(app, meta, customer):
    customer.sends(part(meta, "audio", OGG, "audio/ogg"), part(meta, "document", PDF))

    def due():
        with app.app_context(), db.engine.connect() as connection:
            found = fetch_due_work(connection, services.settings())
            return [one.job.name for one in found if one.job.name == "FETCH_MEDIA"]

    assert due() == ["FETCH_MEDIA"]
    fetch_media()
    assert due() == []


def test_a_message_that_comes_twice_has_one_file(app, meta, customer):
    body = part(meta, "audio", OGG, "audio/ogg")
    wamid = customer.delivers(body)
    customer.delivers(body, wamid=wamid)
    customer.is_answered()
    fetched(customer, wamid)
    customer.delivers(body, wamid=wamid)

    with app.app_context():
        message_id = customer.message(wamid).id
        mine = select(func.count()).select_from(MediaFile).filter_by(message_id=message_id)
        assert db.session.scalar(mine) == 1


def test_texts_and_simulated_files_leave_no_row(app, customer):
    texts = customer.sends(payloads.text("oi"))
    simulated = somebody(app, "simulator")
    files = simulated.sends(payloads.audio())

    with app.app_context():
        ids = [customer.message(texts[0]).id, simulated.message(files[0]).id]
        assert (
            db.session.scalars(select(MediaFile).where(MediaFile.message_id.in_(ids))).all() == []
        )


def test_no_connection_is_held_while_meta_is_asked(app, meta, customer):
    seen = []
    wamids = customer.sends(part(meta, "audio", OGG, "audio/ogg"))
    give = meta.graph.media.fetch

    def watched(media_id):
        with app.app_context():
            seen.append(db.engine.pool.checkedout())
        return give(media_id)

    meta.graph.media.fetch = watched
    row = fetched(customer, *wamids)
    meta.graph.media.fetch = give

    assert (row.state, seen) == ("stored", [0])


def test_a_deleted_message_takes_its_file_along(app, meta, customer):
    (wamid,) = customer.sends(part(meta, "image", photo(80, 60), "image/jpeg"))
    row = fetched(customer, wamid)
    customer.sends(payloads.revoke(wamid))

    with app.app_context():
        assert db.session.get(MediaFile, row.id) is None


def test_the_usual_folder_lies_below_the_data_folder(app):
    settings: Settings = app.extensions["gatte_settings"]
    usual = settings.model_copy(update={"gatte_media_dir": ""})

    assert usual.media_place == str(usual.gatte_data_dir / "media")
