"""CPF and CNPJ by their check digits, which python-stdnum works out, those of the CNPJ with letters
(issued since July 2026) too.
"""

from stdnum.br import cnpj, cpf

CPF_LENGTH, CNPJ_LENGTH = 11, 14


def is_cpf(number: str) -> bool:
    """Whether digits without punctuation are a CPF; one digit eleven times is none, though its
    check digits fit.
    """
    is_repeated = len(set(number)) == 1
    return len(number) == CPF_LENGTH and not is_repeated and bool(cpf.is_valid(number))


def is_cnpj(number: str) -> bool:
    """Whether digits and letters without punctuation are a CNPJ; one digit fourteen times is
    none.
    """
    is_repeated = len(set(number)) == 1
    return len(number) == CNPJ_LENGTH and not is_repeated and bool(cnpj.is_valid(number))
