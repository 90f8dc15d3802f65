import pytest

from gatte.privacy.tax_ids import is_cnpj, is_cpf


@pytest.mark.parametrize("number", ["52998224725", "39053344705"])
def test_right_check_digits_make_a_cpf(number):
    assert is_cpf(number)


@pytest.mark.parametrize("number", ["52998224724", "5299822472", "11111111111", "529982247251", ""])
def test_what_is_no_cpf(number):
    assert not is_cpf(number)


# the second is the example of Receita Federal for the CNPJ with letters
@pytest.mark.parametrize("number", ["45997418000153", "12ABC34501DE35", "12abc34501de35"])
def test_right_check_digits_make_a_cnpj(number):
    assert is_cnpj(number)


@pytest.mark.parametrize(
    "number",
    ["45997418000154", "12ABC34501DE36", "11111111111111", "00000000000000", "4599741"],
)
def test_what_is_no_cnpj(number):
    assert not is_cnpj(number)
