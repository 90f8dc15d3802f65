"""From which number notices leave: that of the settings wherever customers are real, also in
processes that may not know the access token.
"""

import pytest

from gatte.desk import certificate_imports
from gatte.intake import contact_identity
from gatte.notices import template_choice
from gatte.whatsapp.events import Sender
from gatte.whatsapp.simulator import SIMULATOR_NUMBER
from tests.app_fixture import application

NUMBER = {
    "whatsapp_phone_number_id": "106540352242922",
    "whatsapp_business_account_id": "102290129340398",
}
PRODUCTION = {
    "gatte_env": "production",
    "gatte_domain": "bot.empresa.example",
    "secret_key": "q8Zr2LmX0vTn5YkC7dWb4HsJ1pGf6EaU9oRi3uQy",
}
PHONE = "5511987654321"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # only workers of production have the token: a web process must name the same number
        (PRODUCTION | NUMBER, NUMBER["whatsapp_phone_number_id"]),
        (NUMBER | {"whatsapp_access_token": "token"}, NUMBER["whatsapp_phone_number_id"]),
        (NUMBER, SIMULATOR_NUMBER),
        ({}, SIMULATOR_NUMBER),
    ],
)
def test_notices_leave_from_one_number_in_every_process(database_url, redis_url, given, expected):
    with application(database_url, redis_url, **given) as app, app.app_context():
        assert template_choice.notice_number().phone_number_id == expected
        # and whoever is known by a file of certificates is the person who writes to that number
        of_the_file = certificate_imports._phone_hash(PHONE)
        of_a_message = contact_identity.identity_hashes(Sender(PHONE), expected)[0][1]
        assert of_the_file == of_a_message
