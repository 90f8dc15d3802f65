"""Production serves its own host over HTTPS, and starts over no master keys that do not fit."""

import pytest

from gatte.settings import Settings
from gatte.store.master_keys import require_opening_keys
from tests.app_fixture import application

PROXY = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Host": "painel.example"}
HTTPS = {**PROXY, "X-Forwarded-Proto": "https"}
OTHER_KEY = "other:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA="
OWN_KEY = "own:9mZ+1wBS7K1ePy4mXl8ZgI5rUuWaVdYjRfShJpPqMrE="
SECRETS = {
    "secret_key": "pZ4vR8nKq2WxT7mYc1LdJ5sHf9BgE3uA-oQ6iXyN",
    "gatte_encryption_keys": OWN_KEY,
}


@pytest.fixture(scope="module")
def client(database_url, redis_url):
    with application(
        database_url,
        redis_url,
        gatte_env="production",
        gatte_domain="painel.example",
        gatte_trusted_proxies=1,
        **SECRETS,
    ) as app:
        yield app.test_client()


def test_its_own_host_over_https_is_served(client):
    assert client.get("/panel/login", headers=HTTPS).status_code == 200
    with_port = HTTPS | {"X-Forwarded-Host": "Painel.Example:443"}
    assert client.get("/panel/login", headers=with_port).status_code == 200


@pytest.mark.parametrize("path", ["/panel/login", "/static/css/base.css", "/nothing"])
@pytest.mark.parametrize("host", ["evil.example", "painel.example.evil.example", ""])
def test_any_other_host_is_refused(client, path, host):
    answer = client.get(path, headers={**HTTPS, "X-Forwarded-Host": host, "Host": host})

    assert answer.status_code == 421


def test_a_webhook_for_another_host_is_refused_before_it_is_read(client):
    other = HTTPS | {"X-Forwarded-Host": "evil.example"}

    assert client.post("/webhook/whatsapp", data=b"{}", headers=other).status_code == 421
    assert client.post("/webhook/whatsapp", data=b"{}", headers=HTTPS).status_code == 401


def test_plain_http_is_led_to_https_and_a_form_is_refused(client):
    plain = {**PROXY, "X-Forwarded-Proto": "http"}
    led = client.get("/panel/chamados?filtro=abertos", headers=plain)

    assert led.status_code == 308
    assert led.location == "https://painel.example/panel/chamados?filtro=abertos"
    assert client.post("/panel/login", headers=plain).status_code == 403
    assert client.post("/webhook/whatsapp", data=b"{}", headers=plain).status_code == 403


def test_the_last_proxy_alone_is_believed(client):
    forged = {**PROXY, "X-Forwarded-Proto": "https, http"}

    assert client.get("/panel/login", headers=forged).status_code == 308


@pytest.mark.parametrize("path", ["/health/live", "/metrics"])
def test_health_and_metrics_are_there_for_neighbours_but_not_through_the_proxy(client, path):
    assert client.get(path, headers={"Host": "10.0.0.5:8000"}).status_code == 200
    through = {**HTTPS, "X-Forwarded-Host": "evil.example"}
    assert client.get(path, headers=through).status_code == 421


def settings(database_url, redis_url, keys):
    return Settings(
        _env_file=None,
        database_url=database_url,
        redis_url=redis_url,
        secret_key=SECRETS["secret_key"],
        gatte_encryption_keys=keys,
    )


def test_master_keys_that_open_nothing_stop_the_start(client, database_url, redis_url, capsys):
    app = client.application
    with app.app_context():
        assert app.extensions["gatte_keyring"].lookup_key
    present = app.extensions["gatte_settings"].gatte_encryption_keys.get_secret_value()
    wrong = "own:" + OTHER_KEY.split(":")[1]

    for keys, says in ((OTHER_KEY, "lacks the key 'own'"), (wrong, "has another key under the id")):
        with pytest.raises(SystemExit) as ended:
            require_opening_keys(settings(database_url, redis_url, keys))
        assert ended.value.code == 78
        assert says in capsys.readouterr().err
    require_opening_keys(settings(database_url, redis_url, f"{OTHER_KEY},{present}"))


def test_a_database_that_is_away_or_empty_stops_no_start(empty_database_url, redis_url):
    require_opening_keys(settings("postgresql://u:p@127.0.0.1:1/gatte", redis_url, OTHER_KEY))
    require_opening_keys(settings(empty_database_url, redis_url, OTHER_KEY))
