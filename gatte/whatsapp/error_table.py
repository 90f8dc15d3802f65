"""Every error code of the Cloud API that a company's bot can meet, as data: what follows from it,
and what to tell the people at the desk.

The codes and their meanings are Meta's; what we do about each is our own reading. Titles of errors
change, codes do not.
"""

from dataclasses import dataclass
from enum import StrEnum


class ErrorCategory(StrEnum):
    """What follows from an error."""

    # Meta's fault or overload: again later, a few times, when it was certainly refused
    TRANSIENT = "transient"
    RATE_LIMITED = (
        "rate_limited"  # too much at once by this number or app: again, as its headers say
    )
    PAIR_RATE = "pair_rate"  # too much at once to this customer: again after 1, 4, 16 ... seconds
    SPAM_PAUSE = "spam_pause"  # held back for bad quality: hours, and only after people looked
    NEXT_DAY = "next_day"  # a daily limit: not before tomorrow
    AUTH_ALERT = "auth_alert"  # the token is bad: stop sending and wake somebody
    PERMISSION = "permission"  # the app lacks a right: likewise
    PAYMENT_ALERT = "payment_alert"  # no way to pay: likewise
    ACCOUNT_ALERT = (
        "account_alert"  # the account or number is locked, restricted or not registered: likewise
    )
    WINDOW_CLOSED = "window_closed"  # 24 hours since the customer's last message: a template only
    TEMPLATE_FAULT = (
        "template_fault"  # the template does not exist, is paused, or its values do not fit
    )
    OPTED_OUT = "opted_out"  # the customer wants no marketing
    UNDELIVERABLE = "undeliverable"  # this person cannot be reached
    BAD_REQUEST = "bad_request"  # our request is wrong: sending it again does not help
    MEDIA = "media"  # a file could not be fetched, stored or is of a wrong type
    UNKNOWN = "unknown"  # a code that is in no list


@dataclass(frozen=True)
class ErrorRule:
    """What an error code means: `permanent` when this very message will never get through; the
    texts are for agents.
    """

    category: ErrorCategory
    permanent: bool
    meaning: str
    advice: str


C = ErrorCategory

TRY_LATER = "O envio é repetido automaticamente."
CALL_ADMIN = "Avise quem administra o sistema: nenhuma mensagem sai até isso ser resolvido."
FIX_REQUEST = "Não adianta reenviar. Avise quem administra o sistema e responda de outra forma."
FIX_TEMPLATE = "Confira o modelo no Gerenciador do WhatsApp e escolha outro enquanto isso."

RULES: dict[int, ErrorRule] = {
    0: ErrorRule(C.AUTH_ALERT, False, "A Meta não aceitou a credencial de acesso.", CALL_ADMIN),
    1: ErrorRule(C.TRANSIENT, False, "Falha desconhecida na Meta.", TRY_LATER),
    2: ErrorRule(
        C.TRANSIENT, False, "O serviço da Meta está fora do ar por um momento.", TRY_LATER
    ),
    3: ErrorRule(
        C.PERMISSION, False, "O aplicativo não tem permissão para esta operação.", CALL_ADMIN
    ),
    4: ErrorRule(C.RATE_LIMITED, False, "O aplicativo fez chamadas demais à Meta.", TRY_LATER),
    10: ErrorRule(
        C.PERMISSION,
        False,
        "A permissão do aplicativo não foi concedida ou foi retirada.",
        CALL_ADMIN,
    ),
    33: ErrorRule(
        C.ACCOUNT_ALERT, False, "O número da empresa não existe mais na Meta.", CALL_ADMIN
    ),
    100: ErrorRule(
        C.BAD_REQUEST, True, "A mensagem tem um campo que a Meta não aceita.", FIX_REQUEST
    ),
    190: ErrorRule(
        C.AUTH_ALERT, False, "A credencial de acesso venceu ou foi cancelada.", CALL_ADMIN
    ),
    368: ErrorRule(
        C.ACCOUNT_ALERT,
        False,
        "A conta foi bloqueada por um tempo por violar políticas.",
        CALL_ADMIN,
    ),
    80007: ErrorRule(
        C.RATE_LIMITED, False, "A conta da empresa atingiu o limite de chamadas.", TRY_LATER
    ),
    130429: ErrorRule(
        C.RATE_LIMITED, False, "O número atingiu o limite de mensagens por segundo.", TRY_LATER
    ),
    130472: ErrorRule(
        C.UNDELIVERABLE,
        True,
        "Este cliente faz parte de um teste da Meta e não recebe esta mensagem de marketing.",
        "Espere o cliente escrever ou fale com ele por outro canal.",
    ),
    130497: ErrorRule(
        C.ACCOUNT_ALERT, True, "A empresa não pode enviar mensagens para este país.", CALL_ADMIN
    ),
    131000: ErrorRule(C.TRANSIENT, False, "Algo deu errado na Meta.", TRY_LATER),
    131005: ErrorRule(C.PERMISSION, False, "O acesso foi negado: falta uma permissão.", CALL_ADMIN),
    131008: ErrorRule(C.BAD_REQUEST, True, "Falta um campo obrigatório na mensagem.", FIX_REQUEST),
    131009: ErrorRule(
        C.BAD_REQUEST, True, "Um campo da mensagem tem um valor que não vale.", FIX_REQUEST
    ),
    131016: ErrorRule(C.TRANSIENT, False, "O serviço da Meta está sobrecarregado.", TRY_LATER),
    131021: ErrorRule(
        C.BAD_REQUEST, True, "O destinatário é o próprio número da empresa.", FIX_REQUEST
    ),
    131026: ErrorRule(
        C.UNDELIVERABLE,
        True,
        "A mensagem não pôde ser entregue: o número pode não ter WhatsApp, usar uma versão "
        "antiga ou não ter aceitado os termos.",
        "Confirme o número com o cliente (também com ou sem o nono dígito) ou fale por outro "
        "canal.",
    ),
    131030: ErrorRule(
        C.BAD_REQUEST, True, "O destinatário não está na lista de números de teste.", CALL_ADMIN
    ),
    131031: ErrorRule(
        C.ACCOUNT_ALERT, False, "A conta da empresa foi bloqueada pela Meta.", CALL_ADMIN
    ),
    131037: ErrorRule(
        C.ACCOUNT_ALERT, False, "O nome de exibição do número ainda não foi aprovado.", CALL_ADMIN
    ),
    131042: ErrorRule(
        C.PAYMENT_ALERT,
        False,
        "Há um problema com o pagamento da conta do WhatsApp.",
        "Avise quem cuida do pagamento: sem forma de pagamento válida as mensagens não são "
        "entregues.",
    ),
    131044: ErrorRule(
        C.PAYMENT_ALERT,
        False,
        "Há um problema com o pagamento das ligações do WhatsApp.",
        "Avise quem cuida do pagamento da conta.",
    ),
    131045: ErrorRule(
        C.ACCOUNT_ALERT, False, "O registro do número falhou (certificado).", CALL_ADMIN
    ),
    131047: ErrorRule(
        C.WINDOW_CLOSED,
        True,
        "Passaram mais de 24 horas desde a última mensagem do cliente.",
        "Envie um modelo aprovado; o texto livre volta a funcionar quando o cliente responder.",
    ),
    131048: ErrorRule(
        C.SPAM_PAUSE,
        False,
        "O número foi limitado porque muitos clientes bloquearam ou denunciaram as mensagens.",
        "Não reenvie agora. Avise quem administra o sistema e veja a qualidade do número no "
        "Gerenciador do WhatsApp.",
    ),
    131049: ErrorRule(
        C.NEXT_DAY,
        False,
        "A Meta não entregou: este cliente já recebeu mensagens de marketing demais.",
        "Espere pelo menos 24 horas antes de tentar de novo.",
    ),
    131050: ErrorRule(
        C.OPTED_OUT,
        True,
        "O cliente pediu para não receber marketing desta empresa.",
        "Não envie mais marketing a este cliente. Respostas às mensagens dele continuam "
        "permitidas.",
    ),
    131051: ErrorRule(C.BAD_REQUEST, True, "Este tipo de mensagem não é aceito.", FIX_REQUEST),
    131052: ErrorRule(
        C.MEDIA,
        True,
        "Não foi possível baixar o arquivo que o cliente enviou.",
        "Peça ao cliente que envie o arquivo de novo.",
    ),
    131053: ErrorRule(
        C.MEDIA,
        True,
        "Não foi possível enviar o arquivo.",
        "Confira o tipo e o tamanho do arquivo e envie de novo em outro formato.",
    ),
    131056: ErrorRule(
        C.PAIR_RATE, False, "Mensagens demais em pouco tempo para este cliente.", TRY_LATER
    ),
    131057: ErrorRule(
        C.RATE_LIMITED,
        False,
        "A conta está em manutenção na Meta (aumento de capacidade).",
        TRY_LATER,
    ),
    131062: ErrorRule(
        C.BAD_REQUEST,
        True,
        "Modelos de autenticação só podem ser enviados a um número de telefone, e deste "
        "cliente só temos o identificador.",
        "Peça o número ao cliente.",
    ),
    131064: ErrorRule(
        C.NEXT_DAY,
        False,
        "A empresa atingiu o limite diário de conversas iniciadas.",
        "Espere até amanhã; respostas a clientes continuam saindo.",
    ),
    132000: ErrorRule(
        C.TEMPLATE_FAULT, True, "O número de valores não corresponde ao modelo.", FIX_TEMPLATE
    ),
    132001: ErrorRule(
        C.TEMPLATE_FAULT,
        True,
        "O modelo não existe neste idioma ou ainda não foi aprovado.",
        FIX_TEMPLATE,
    ),
    132005: ErrorRule(
        C.TEMPLATE_FAULT, True, "O texto do modelo com os valores ficou longo demais.", FIX_TEMPLATE
    ),
    132007: ErrorRule(
        C.TEMPLATE_FAULT, True, "O conteúdo do modelo viola uma política do WhatsApp.", FIX_TEMPLATE
    ),
    132008: ErrorRule(C.TEMPLATE_FAULT, True, "Falta um valor do modelo.", FIX_TEMPLATE),
    132012: ErrorRule(
        C.TEMPLATE_FAULT, True, "Um valor do modelo tem o formato errado.", FIX_TEMPLATE
    ),
    132015: ErrorRule(
        C.TEMPLATE_FAULT, True, "O modelo está pausado por baixa qualidade.", FIX_TEMPLATE
    ),
    132016: ErrorRule(
        C.TEMPLATE_FAULT,
        True,
        "O modelo foi desativado para sempre por baixa qualidade.",
        FIX_TEMPLATE,
    ),
    132068: ErrorRule(
        C.TEMPLATE_FAULT, True, "O formulário (Flow) do modelo está bloqueado.", FIX_TEMPLATE
    ),
    132069: ErrorRule(
        C.TEMPLATE_FAULT, True, "O formulário (Flow) do modelo está limitado.", FIX_TEMPLATE
    ),
    133004: ErrorRule(
        C.TRANSIENT, False, "O servidor da Meta está indisponível por um momento.", TRY_LATER
    ),
    133010: ErrorRule(
        C.ACCOUNT_ALERT, False, "O número não está registrado na API do WhatsApp.", CALL_ADMIN
    ),
    135000: ErrorRule(
        C.BAD_REQUEST, True, "A Meta recusou um valor da mensagem sem dizer qual.", FIX_REQUEST
    ),
}

PERMISSION_CODES = range(200, 300)
PERMISSION_RULE = ErrorRule(
    C.PERMISSION, False, "O aplicativo não tem permissão para esta operação.", CALL_ADMIN
)
EXPIRED_SUBCODE, MISSING_OBJECT_SUBCODE = 463, 33
UNKNOWN_RULE = ErrorRule(
    C.UNKNOWN,
    True,
    "A Meta recusou a mensagem por um motivo que este sistema não conhece.",
    "Veja os detalhes e avise quem administra o sistema.",
)
