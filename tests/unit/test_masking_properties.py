"""Masking under generated input: no value survives in any form, nothing raises, masking twice
changes nothing.
"""

import base64
import re
import string

from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.br import cnpj as stdnum_cnpj
from stdnum.br import cpf as stdnum_cpf

from gatte.privacy.masking import mask, mask_value

AREAS = [
    *range(11, 20), 21, 22, 24, 27, 28, *range(31, 36), 37, 38, *range(41, 50), 51, 53, 54, 55,
    *range(61, 70), 71, 73, 74, 75, 77, 79, *range(81, 90), *range(91, 100),
]  # fmt: skip
PHONE_FORMS = [
    "+55 ({a}) {p}-{s}", "+55{a}{p}{s}", "55{a}{p}{s}", "({a}) {p}-{s}", "({a}){p}{s}",
    "{a} {p}-{s}", "{a}{p}{s}", "{a} {p} {s}", "0{a} {p}-{s}", "{a}-{p}-{s}", "{a}.{p}.{s}",
    "wa.me/55{a}{p}{s}", "tel:+55-{a}-{p}-{s}", "%2B55%20{a}%20{p}-{s}", "+55 {a} {p} {s}",
    "0055{a}{p}{s}",
]  # fmt: skip
AROUND = [
    "{}", "to={}", "'{}'", "[{}]", "({})", "{},", "a {} b", "/c/{}/e", "{}\n", "x:{}", "id_{}",
    '{{"k":"{}"}}', "{};{}", "{} {}", "{}/{}",
]  # fmt: skip
digits = st.text(string.digits, min_size=4, max_size=4)
mobiles = st.builds(
    "9{}{}".format, st.sampled_from("6789"), st.text(string.digits, min_size=3, max_size=3)
)
old_mobiles = st.builds(
    "{}{}".format, st.sampled_from("6789"), st.text(string.digits, min_size=3, max_size=3)
)
landlines = st.builds(
    "{}{}".format, st.sampled_from("2345"), st.text(string.digits, min_size=3, max_size=3)
)
around = st.sampled_from(AROUND)


def put(frame, value):
    return frame.format(*[value] * frame.count("{}"))


def digits_of(text):
    return re.sub(r"\D", "", text)


@given(
    st.sampled_from(AREAS),
    st.one_of(mobiles, landlines),
    digits,
    st.sampled_from(PHONE_FORMS),
    around,
)
def test_no_phone_survives_in_any_form(area, prefix, suffix, form, frame):
    masked = mask(put(frame, form.format(a=area, p=prefix, s=suffix)))

    assert len(digits_of(masked)) <= 2 * frame.count("{}")
    assert f"…{suffix[-2:]}]" in masked or "[cpf]" in masked or "[cnpj]" in masked


@given(
    st.sampled_from(AREAS),
    old_mobiles,
    digits,
    st.sampled_from(["55{a}{p}{s}", "+55 {a} {p}-{s}", "({a}) {p}-{s}", "phone={a}{p}{s}"]),
    around,
)
def test_no_mobile_without_its_ninth_digit_survives(area, prefix, suffix, form, frame):
    masked = mask(put(frame, form.format(a=area, p=prefix, s=suffix)))

    assert len(digits_of(masked)) <= 2 * frame.count("{}")


@given(
    st.sampled_from(AREAS),
    st.one_of(mobiles, landlines),
    digits,
    st.sampled_from(["", "+", "to ", '{"from":"']),
)
def test_no_base64_of_a_phone_survives(area, prefix, suffix, before):
    phone = f"55{area}{prefix}{suffix}"
    encoded = base64.b64encode(f"{before}{phone}".encode()).decode()
    masked = mask(f"media {encoded} stored")

    assert "[base64]" in masked
    assert phone[3:11].encode() not in base64.b64decode(
        re.sub(r"[^A-Za-z0-9+/]", "", masked).ljust(400, "A")
    )


def cpf_of(nine):
    return nine + stdnum_cpf._calc_check_digits(nine)


def cnpj_of(twelve):
    return twelve + stdnum_cnpj.calc_check_digits(twelve)


cpfs = (
    st.text(string.digits, min_size=9, max_size=9)
    .filter(lambda nine: len(set(nine)) > 1)
    .map(cpf_of)
)
cnpjs = (
    st.text(string.digits, min_size=8, max_size=8)
    .filter(lambda root: len(set(root)) > 1)
    .map(lambda root: cnpj_of(root + "0001"))
)
letters_too = st.text(string.digits + string.ascii_uppercase, min_size=12, max_size=12)
lettered = letters_too.filter(lambda twelve: twelve != "0" * 12).map(
    cnpj_of
)  # fourteen zeros are no CNPJ


@given(
    cpfs,
    st.sampled_from(
        ["{0}.{1}.{2}-{3}", "{0}{1}{2}{3}", "{0}{1}{2}-{3}", "{0} {1} {2} {3}", "{0}.{1}.{2}/{3}"]
    ),
    around,
)
def test_no_cpf_survives(number, form, frame):
    shown = form.format(number[:3], number[3:6], number[6:9], number[9:])

    assert number[3:9] not in digits_of(mask(put(frame, shown)))


@given(
    st.one_of(cnpjs, lettered),
    st.sampled_from(["{0}.{1}.{2}/{3}-{4}", "{0}{1}{2}{3}{4}", "{0}{1}{2}/{3}-{4}"]),
    st.booleans(),
    around,
)
def test_no_cnpj_survives(number, form, lower, frame):
    shown = form.format(number[:2], number[2:5], number[5:8], number[8:12], number[12:])
    masked = mask(put(frame, shown.lower() if lower else shown)).upper()

    assert number[2:8] not in re.sub(r"[^0-9A-Z]", "", masked)


LOCAL = st.from_regex(r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z][a-z0-9-]{1,15}", fullmatch=True)


@given(
    LOCAL,
    DOMAIN,
    st.sampled_from(["com", "com.br", "org", "adv.br", "test"]),
    st.sampled_from(["@", "%40", "(at)"]),
    around,
)
def test_no_email_survives(local, domain, ending, at, frame):
    masked = mask(put(frame, f"{local}{at}{domain}.{ending}"))

    assert f"{domain}.{ending}" not in masked
    assert "[email]" in masked


FRAGMENTS = [
    "5541999998888", "41 3333-4444", "(41) 99999-8888", "41", "55", "+", "9999", "-", ".", "/", " ",
    "@", "a", "gmail.com", "joao", "token=", "key=", "password: ", "Bearer ", "Basic ",
    "Authorization: ", '"', "'", "\\", "[", "]", "wamid.", "HBgNNTU0MTk5", "BR.", "1502576394",
    "529.982.247-25", "45997418000153", "12ABC34501DE35", "12.ABC.345/01DE-35", "://", ":", "u:p@",
    "telefone ", "tel", "(at)", "%40", "%20", "%", "0", "1795412345", "EAA", "eyJ", "sk-", "\n",
    "é", "MTIz", "NTU0MTk5OTk5ODg4OA==", "[secret]", "[phone …88]", "[parameters: ", "Key (a)=(b)",
    ",", "=",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
@example("telefone [phone …88]")
def test_masking_twice_changes_nothing(text):
    once = mask(text)

    assert mask(once) == once


@given(st.text(max_size=300))
def test_masking_any_text_twice_changes_nothing(text):
    once = mask(text)

    assert mask(once) == once


@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map("".join))
def test_masking_a_long_text_twice_changes_nothing(piece):
    once = mask(piece * (9000 // len(piece) + 1))

    assert len(once) <= 8192
    assert mask(once) == once


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.dates()
    | st.uuids()
    | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10) | st.integers(), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@given(json_like)
def test_no_value_raises(value):
    mask_value(value)
