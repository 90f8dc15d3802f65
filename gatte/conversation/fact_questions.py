"""Which facts a text asks for: hours, address, channels, prices, payment and the like, or records of
the contact's own.

Read by words, in clauses: what a fact cannot answer ("o horário da videoconferência pode mudar?")
stays a question for the knowledge base. Look-alikes stand beside each topic as what speaks against
it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from gatte.conversation.fact_details import (
    channel_in,
    day_in,
    detail_of_address,
    detail_of_delivery,
    detail_of_discount,
    detail_of_hours,
    detail_of_price,
    payment_in,
    products_in,
)
from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.normalize import normalize_text, union, words

LONGEST_CLAUSE = 160
"""Characters of a clause that asks for a fact: longer ones tell a story."""
LONGEST_ELLIPSIS = 7
"""Words of a question that lives on the one before: "e o A3?"."""


class FactTopic(StrEnum):
    """What a fact, or a record of the contact's own, answers."""

    HOURS = "hours"
    ADDRESS = "address"
    CHANNEL = "channel"
    PRICE = "price"
    DISCOUNT = "discount"
    PAYMENT = "payment"
    PARTNER = "partner"
    ISSUE_TIME = "issue_time"
    SHIPPING = "shipping"
    MY_CERTIFICATE = "my_certificate"
    MY_TICKET = "my_ticket"
    MY_DATA_REQUEST = "my_data_request"
    QUEUE = "queue"


OWN_RECORDS = frozenset(
    {FactTopic.MY_CERTIFICATE, FactTopic.MY_TICKET, FactTopic.MY_DATA_REQUEST, FactTopic.QUEUE}
)
"""Topics that the snapshot of the conversation answers by itself."""


@dataclass(frozen=True)
class FactQuestion:
    """One question that a fact may answer, in the words of the customer.

    `products` are those that it names (or those of the question before); `day` the day it asks for;
    `detail` what of the topic: a channel, a way to pay, `now`, `lunch`, `parking`, `all` and the
    like; `count` a number of instalments or days.
    """

    topic: FactTopic
    text: str
    products: tuple[str, ...] = ()
    day: date | None = None
    detail: str = ""
    count: int | None = None


@dataclass(frozen=True)
class QuestionContext:
    """Where a question is asked: the time, topic and products of the fact asked for last, the
    products that a running form is about, whether one runs, and whether a person is awaited.
    """

    now: datetime
    topic: str = ""
    products: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    in_form: bool = False
    waiting: bool = False


@dataclass(frozen=True)
class ReadClauses:
    """What the clauses of a text ask of facts, and the rest that asks something else."""

    questions: tuple[FactQuestion, ...] = ()
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Topic:
    """How a topic is asked for: any of `asks`, and none of `against`."""

    topic: FactTopic
    asks: re.Pattern[str]
    against: re.Pattern[str]


TIME_CUE = (
    r"(?:hoje|amanha|agora|ainda|segunda|terca|quarta|quinta|sexta|sabados?|domingos?|feriados?"
    r"|fim de semana|final de semana|cedo|manha|tarde|noite|almoco|meio[- ]dia|normal|direto"
    r"|dia \d{1,2}|\d{1,2}/\d{1,2}|\d{1,2} ?h\w*|\d{1,2} horas|carnaval|natal|reveillon|ano novo"
    r"|pascoa|finados|corpus christi|tiradentes|independencia|que horas?|qual (?:o )?horario"
    r"|ate quando|sempre)"
)
OPENING = (
    r"(?:abr(?:e|em|ir|irao|ira|iram)|aberto|aberta|abertos|abertas|fech(?:a|am|ar|ado|ada|ados)"
    r"|funciona|funcionam|funcionando|funcionamento|expediente|atendem?|atendendo"
    r"|trabalham?|trabalhando|plantao)"
)
SOMEBODY = r"(?:tem|vai ter|havera|tera|fica|estara) (?:\w+ )?(?:alguem|gente|atendimento|expediente)"
ASKS_WHAT = (
    r"(?:qual|quais|tem|teria|existe|me (?:passa|da|manda|diz|fala|informa)|passa|manda|informa\w*"
    r"|poderia|pode|qual e|fala|sabe|outro|outra)"
)
PRODUCT = r"(?:certificados?|e-?cpf|e-?cnpj|nf-?e|token|a1|a3)"
NOT_OURS = (
    r"\b(?:video\w*|chamada|agend\w+|marcad\w+|marquei|marcar|remarc\w+|vagos?|vagas? (?:para|pra)"
    r"|disponive\w+|livres?)\b"
)

TOPICS: tuple[_Topic, ...] = (
    _Topic(
        FactTopic.MY_DATA_REQUEST,
        union(
            r"\b(?:pedido|solicitacao|requerimento)\b.{0,40}\b(?:exclu\w+|apag\w+|dados|lgpd|copia)\b"
            r".{0,40}|\b(?:exclu\w+|apag\w+).{0,25}\b(?:dados|cadastro)\b.{0,25}"
            r"\b(?:como eu pedi|que (?:eu )?pedi|pedi)\b",
            r"\b(?:ja )?(?:apagaram|excluiram|eliminaram|removeram)\b.{0,25}\b(?:dados|cadastro)\b",
        ),
        union(
            r"\b(?:quero|queria|gostaria|como (?:faco|funciona|fazer))\b",
            r"\bqual (?:o )?prazo\b",
            r"\bpor que\b",
        ),
    ),
    _Topic(
        FactTopic.MY_TICKET,
        union(
            r"\b(?:andamento|situacao|status|posicao|novidade|previsao|retorno|resposta)\b.{0,40}"
            r"\b(?:chamado|protocolo|ticket|solicitacao)\b",
            r"\b(?:chamado|protocolo|ticket)\b.{0,40}\b(?:andamento|situacao|status|como (?:que )?"
            r"(?:esta|anda|ficou)|resolv\w+|novidade|previsao|respond\w+|resposta|andou|saiu)\b",
            r"\b(?:resolveram|olharam|viram|responderam|andou|alguem (?:ja )?(?:olhou|viu|pegou))\b"
            r".{0,25}\b(?:chamado|protocolo|ticket)\b",
            r"\b(?:alguma coisa|algo|novidade)\b.{0,20}\b(?:no|do|sobre o) (?:meu )?chamado\b",
            r"\bcomo (?:que )?(?:esta|anda|ficou)\b.{0,15}\bchamado\b",
            r"^(?:e )?o meu chamado\b",
        ),
        union(
            r"\b(?:abr\w+|registr\w+|cri\w+) (?:um|uma|outro|novo)\b",
            r"\b(?:quanto tempo|em quanto|demora|urgente e atendido|o que e)\b",
        ),
    ),
    _Topic(
        FactTopic.MY_CERTIFICATE,
        union(
            r"\b(?:meu|meus|minha|nosso|o da minha empresa|do meu escritorio)\b.{0,45}"
            r"\b(?:venc\w+|expir\w+|vale|vai|validade)\b.{0,15}"
            r"\b(?:quando|que dia|que data|qual (?:a )?(?:data|dia))\b",
            r"\b(?:quando|que dia|ate quando|qual (?:a )?(?:data|dia|validade)|em que data)\b.{0,25}"
            r"\b(?:venc\w+|expir\w+|vale|vai|validade|d[eo])\b.{0,20}\b(?:meu|minha|nosso)\b",
            r"\b(?:meu|nosso) certificado\b.{0,25}\bvence em que\b",
        ),
        union(
            r"\b(?:renov\w+|depois (?:de|que)|se (?:o|meu|ele)|acontec\w+|antes|porque|por que"
            r"|recebi|e-?mail|dizendo|golpe)\b"
        ),
    ),
    _Topic(
        FactTopic.QUEUE,
        union(
            r"\b(?:qual|quantos|quantas|sou|estou|quanto|onde|como)\b.{0,40}\b(?:fila|na minha frente"
            r"|minha vez|posicao)\b",
            r"\b(?:tem|ta|esta|ha) (?:\w+ )?alguem (?:ai|aqui)\b",
            r"\b(?:quanto tempo|vai demorar|falta muito|ainda demora|quanto falta|demora muito)\b",
            r"\b(?:cade|alguem) (?:\w+ )?(?:atendente|me atende|vai me atender|atende)\b",
        ),
        union(
            rf"\b(?:{PRODUCT}|pront\w+|emiss\w+|emit\w+|chamado|pagamento|boleto|pix|guard\w+|dados"
            r"|tir\w+|sair|sai|perco|perder|cancel\w+|preciso|precisa mandar)\b"
        ),
    ),
    _Topic(
        FactTopic.PARTNER,
        union(
            r"\b(?:ha|tem|como|ser|sou|para|fazem|existe)\b.{0,30}\b(?:parceri\w*|parceir\w+|comissao"
            r"|comissoes|revend\w+)\b",
            r"\b(?:tabela|preco|valor|condic\w+|desconto|prazo)\b.{0,30}"
            r"\b(?:contador\w*|contab\w+|escritorios?)\b",
            r"\b(?:contador\w*|contab\w+|escritorios?)\b.{0,30}"
            r"\b(?:tem|ganha\w*|paga\w*) (?:\w+ )?(?:tabela|preco|condic\w+|desconto|especial)\b",
            r"\bindica(?:r|cao|coes) (?:de )?cliente",
        ),
        union(
            r"\b(?:procuracao|telefone|e-?mail exclusivo|\d+ dias|boleto|retorno|semanas?|software"
            r"|parceria comercial)\b"
        ),
    ),
    _Topic(
        FactTopic.SHIPPING,
        union(
            r"\b(?:token|aparelhinho|leitora|cartaozinho|chavinha|midia|encomenda)\b.{0,45}"
            r"\b(?:cheg(?:a|ar|am|aria)|mand(?:a|am|ar|aria)|envi(?:a|am|ar|ado)|entreg(?:a|am|ar|ue)"
            r"|correios?|sedex|motoboy|busc(?:ar|o)|retir(?:ar|o)|receb(?:o|er) (?:em|na|aqui)"
            r"|vem (?:pelo|por|em)|vai (?:por|pelo|pra|para))\b",
            r"\b(?:mand(?:a|am|ar)|envi(?:a|am|ar)|entreg(?:a|am|ar)|busc(?:ar|o)|retir(?:ar|o)"
            r"|receb(?:o|er)|prazo de entrega)\b.{0,30}"
            r"\b(?:token|aparelhinho|leitora|chavinha|midia)\b",
            r"\b(?:correios?|sedex|motoboy|frete|rastreio)\b",
            r"\b(?:entregam?|mandam?|enviam?)\b.{0,25}\b(?:em casa|no interior|na minha cidade)\b",
        ),
        union(
            r"\b(?:documentos?|fotos?|print|desbloque\w+|aparece|reconhec\w+|instal\w+|senha|pin|puk"
            r"|comprovantes?|aviso|lembrete|link|codigo|e-?mail|proposta|recibo|notas?|reporter|jornal|nunca"
            r"|mandei|perd\w+|venc\w+|bloque\w+|golpe|de \w+ (?:para|pra|ate) \w+)\b"
        ),
    ),
    _Topic(
        FactTopic.DISCOUNT,
        union(
            r"\b(?:descontos?|descontinho|promoc\w+|cupom de desconto|tem cupom|cupons|precinho|voucher)\b",
            r"\b(?:faz|fazem|tem|existe) convenio\b",
            r"\b(?:faz|fazem) (?:por (?:r\$|\d|menos)|mais barato|um preco melhor)",
            r"\bpreco (?:menor|melhor|especial|diferente)\b",
        ),
        union(r"\b(?:inss|folha|imposto|iss retido|na fonte|finj\w+|ignor\w+|aprov\w+|setor)\b|%"),
    ),
    _Topic(
        FactTopic.PAYMENT,
        union(
            r"\b(?:formas?|meios?|condic\w+|jeito|modo)\b.{0,12}\bpag\w+",
            r"\b(?:aceit\w+|recebem?|pegam|passa|rola|tem|trabalha\w* com|so aceita|faz(?:em)? (?:no|por))\b.{0,25}\b(?:pix|boleto"
            r"|cartao|cartoes|cheque|dinheiro|picpay|mercado pago|debito|credito|transferencia|ted"
            r"|visa|elo|master\w*|maquininha)\b",
            r"\bpag(?:o|a|ar|amos|amento|ando)\b.{0,30}\b(?:pix|boleto|cartao|cheque|dinheiro|picpay"
            r"|debito|credito|transferencia|ted|vezes|\d{1,2} ?x|prazo|depois|faturad\w+|colheita"
            r"|lote\w+|vista|parcela\w*)\b",
            r"\b(?:parcel\w+|divid(?:ir|e|em|o)|em quantas vezes|quantas vezes|sem juros|tem juros)\b",
            r"\b(?:em|de|ate|no cartao) \d{1,2} ?(?:x|vezes)\b|\b\d{1,2} ?x (?:sem|no|rola|fica|da)\b",
            r"\b(?:boleto|faturad\w+|fatura)\b.{0,30}\b(?:dias|prazo|parcelado|existe|emit\w+)\b",
            r"\b(?:dias|prazo)\b.{0,15}\bboleto\b",
            r"\b(?:emit\w+|faz(?:em)?|geram?) (?:\w+ )?boleto\b",
            r"\bqual (?:e )?(?:a )?chave (?:do )?pix\b",
        ),
        union(
            r"\b(?:paguei|pagou|pago ontem|comprovantes?|segunda via|2a via|estorn\w+|devol\w+"
            r"|reembols\w+|multa|prejuizo|repetir|de novo|bloque\w+|err(?:o|ar|ei|ou|ada)|senha|cobraram"
            r"|cobrado|receita|detran|veiculo|d[ao]s? das|meu das|impostos?|inteligente|leitor|puk|arquivo"
            r"|perdi|cancel\w+ a|simples nacional|de volta|dinheiro do pix)\b",
            r"\bboleto (?:que|venceu|vencido|nao|ja)\b",
            r"\b(?:depois|quanto tempo)\b.{0,25}\bpagamento\b",
            r"\b(?:nota|recibo)\b.{0,20}\b(?:da compra|do pagamento|fiscal)\b",
            r"\bquantas vezes (?:vou|tenho|preciso|posso|eu)\b",
        ),
    ),
    _Topic(
        FactTopic.ISSUE_TIME,
        union(
            r"\b(?:quanto tempo|quantos dias|quantas horas|quanto demora|prazo|demora|rapido)\b.{0,40}"
            r"\b(?:pront\w+|sai|sair|emiss\w+|emit\w+|libera\w*|fica|ficar|receber o certificado"
            r"|certificado|e-?cpf|e-?cnpj|validacao|pagar|pagamento|renovacao|novela|tirar|fazer)\b",
            r"\b(?:sai|fica pronto|libera|emitem?|pronto)\b.{0,12}\b(?:hoje|na hora|no mesmo dia|agora)\b",
            r"\b(?:pagar|validacao|pagamento)\b.{0,15}\b(?:quanto|demora|prazo)\b",
            r"\b(?:quando|que dia)\b.{0,20}\b(?:fica pronto|sai o certificado|vai ficar pronto)\b",
            r"\b(?:pront\w+|libera|sai)\b.{0,12}\b(?:em quanto|quanto tempo|quantos dias)\b",
        ),
        union(
            r"\b(?:dura|duracao|validade|valido|vale|vencer|vencimento|antes|renovar antes|chamado"
            r"|atendente|respond\w+|video\w*|chamada|fila|exclus\w+|dados|compensa\w*|reembols\w+"
            r"|estorn\w+|devol\w+|receita|legal|revog\w+|desbloque\w+|golpistas?|entrega do token"
            r"|correios?|boleto|agend\w+|marcar|remarc\w+|dinheiro|pessoa me|e-?mail|procuracao|guard\w+"
            r"|por quanto tempo|ainda tem|funciona|notas?|junta|perco|meu deus|tem o nosso)\b"
        ),
    ),
    _Topic(
        FactTopic.PRICE,
        union(
            r"\bquanto (?:que |e que )?(?:e|esta|ta|custa|custam|custaria|fica|ficam|ficaria|sai|saem"
            r"|cobram?|voces cobram|vale|seria|da|tudo|pago|vou pagar|o|um|sera)\b(?! (?:tempo|falta))",
            r"\b(?:preco|precos|precinho|tabela|custo|custa|custam|orcamento|cotacao)\b",
            r"\b(?:qual|quais|informar|saber|passa|manda|dar)\b.{0,15}\bvalor(?:es)?\b",
            rf"\bvalor(?:es)? (?:do|da|de|dos|pra|para|por|com) (?:\w+ ){{0,3}}{PRODUCT}\b",
            r"^valor(?:es)?\b(?! (?:juridic\w+|legal|correto|novo))",
            r"\b(?:por quanto|a quanto|quanto (?:em media|mais ou menos))\b",
            r"\b(?:mais|menos) (?:barat\w+|em conta|caro|cara)\b",
            rf"\b{PRODUCT}\b.{{0,25}}\b(?:vem com|inclu\w+|incluso)\b",
            r"\bdiferenca de (?:preco|valor)\w*\b",
            r"\bsai por quanto\b|\bcustando quanto\b|\bquanto sai\b",
        ),
        union(
            r"\b(?:tempo|dias|prazo|demora|validade|multa|curso|contador cobra|um contador|advogad\w+|dolar"
            r"|frete|boi|funrural|hotel|racao|toner|portao|em casa|a mais|nao gostei|esquece|abate|paguei|pagou|devol\w+|reembols\w+"
            r"|estorn\w+|cancel\w+|perco|perde|prejuizo|juridic\w+|por que|porque|remarc\w+|agend\w+"
            r"|atendimento|domicilio|visita|cobrad\w+ (?:a mais|duas)|desbloque\w+|revog\w+"
            r"|instalacao|suporte|segunda via|procuracao|cartorio|imposto|golpe|faltar|correto"
            r"|novo valor|mudar|mesmo da outra|nao quero preco|prestar atencao|alguma coisa)\b|%|\bvalor de que\b"
        ),
    ),
    _Topic(
        FactTopic.ADDRESS,
        union(
            r"\bendereco\b|\blocalizacao\b|\bponto de referencia\b|\b(?:com|qual o) cep\b",
            r"\b(?:onde|adonde|aonde|onde e que|ond)\b.{0,12}\b(?:fica|ficam|e (?:a|o)|voces (?:estao"
            r"|ficam)|esta (?:a loja|o escritorio)|estao|localiza\w*|estacion\w+)\b",
            r"\b(?:em )?(?:que|qual) (?:a )?(?:rua|avenida|bairro|cidade|sala|andar|predio)\b",
            r"\b(?:numero|sala|andar) (?:e )?(?:na|no|da) (?:rua|xv|avenida|predio)\b",
            r"\b(?:fica|ficam)\b.{0,20}\b(?:perto|proximo|longe|no centro|em qual|do lado)\b",
            r"\b(?:e|esta) (?:perto|proximo|longe|no centro)\b.{0,5}",
            r"\bcomo (?:\w+ ){0,4}(?:chego|chegar|vou ate|ir ate)\b",
            r"\b(?:estacionamento|estacion\w+|vagas? (?:pra|para) (?:carro|moto|estacion\w+))\b",
            r"\b(?:parar|para|deixar) o carro\b|\b(?:cabe|da) (?:pra|para) parar\b",
            r"\b(?:tem|ha|existe|predio)\b.{0,20}\b(?:elevador|cadeirante|acessibilidade|rampa|portaria)\b",
            r"\b(?:onibus|metro|tubo|rodoviaria)\b.{0,20}\b(?:mais perto|para|chega|passa|desco)\b",
        ),
        union(
            r"\b(?:mude\w*|mudei|mudou|mudar|mudanca|trocar|alter\w+|atualiz\w+|meu endereco"
            r"|comprovante|do meu|da empresa|do cliente|cadastro|e-?mail|site|guard\w+|so o|nao pague|entrega"
            r"|baú|bau na|curriculo|minha|pro meu|receber em|so dei)\b",
            r"\bonde (?:que )?(?:fica|e|esta|acho)\b.{0,25}\b(?:opcao|numero|puk|pin|senha|arquivo"
            r"|codigo|menu|botao|certificado|link|chamado|boleto|nota|pedido|token|proposta)\b",
        ),
    ),
    _Topic(
        FactTopic.CHANNEL,
        union(
            rf"\b{ASKS_WHAT}\b.{{0,30}}\b(?:telefones?|fixo|e-?mails?|site|instagram|insta|facebook"
            r"|redes sociais|ramal|0800|outro (?:zap|whatsapp|numero|canal))\b",
            r"\b(?:telefone|fixo|numero)\b.{0,20}\b(?:ligar|ligue|ligo|liga|falar|chamar|contato)\b",
            r"\b(?:posso|como|onde|consigo|da para|tem como|quero)\b.{0,12}\b(?:ligar|telefonar)\b",
            r"\batendem?\b.{0,15}\b(?:por e-?mail|por telefone|no instagram)\b",
            r"^(?:e )?(?:o )?(?:telefone|e-?mail|site|instagram|insta)(?: de voces| da loja)?$",
            r"\bso (?:zap|whatsapp)\b",
        ),
        union(
            r"\b(?:meu|minha|seu|cadastr\w+|errad\w+|mud\w+|troc\w+|corrig\w+|nao tenho|recebi|chegou"
            r"|receita|e-?cac|gov|contador serve|do contador|confirm\w+|nota fiscal|recibo|boleto"
            r"|senha|proposta|instalar|carrega\w*|em qual site|no site|direto no site|pedem|precisam"
            r"|para que|curriculo|comprador|nao tem|serve sem)\b",
            r"\b(?:posso|pode) (?:ser|usar|dar|informar|colocar|passar|por)\b",
        ),
    ),
    _Topic(
        FactTopic.HOURS,
        union(
            rf"\b{OPENING}\b.{{0,45}}\b{TIME_CUE}",
            rf"{TIME_CUE}\b.{{0,45}}\b{OPENING}\b",
            rf"\b{SOMEBODY}\b.{{0,30}}\b{TIME_CUE}",
            rf"{TIME_CUE}\b.{{0,30}}\b{SOMEBODY}\b",
            r"\bhorarios? de (?:funcionamento|atendimento|voces|abertura)\b",
            r"\b(?:qual|que|quais)\b.{0,12}\bhorarios? (?:de voces|da loja|e esse|voces)\b",
            r"\b(?:que|qual) horas?\b.{0,20}\b(?:posso (?:ir|passar|chegar)|abr\w+|fech\w+|da para ir)",
            r"\bate (?:que|qual) horas?\b",
            r"\b(?:estao|esta|voces|loja) (?:\w+ )?(?:aberto|aberta|abertos|fechad\w+|funcionando)\b",
            r"\b(?:tem|ja) (?:gente|alguem) (?:ai )?(?:agora|cedo|amanha|hoje)\b",
            r"\bfica(?:m)? (?:ate|abert\w+)\b|\bate o meio[- ]dia\b",
            r"\bvoces nunca abrem\b|\bhoras? (?:voces )?(?:abre|fecha)",
        ),
        union(
            NOT_OURS,
            r"\babr\w+ (?:um |uma |o |a |meu )?(?:chamado|ticket|arquivo|conta|empresa|cnpj|mei|link"
            r"|programa|ordem)",
            r"\b(?:esocial|edital|sped|diario|chamado|reforc\w+|vaga|certificado|empresas|ainda nao"
            r"|nao fecha|nao abre|violino|meu horario|cancelaram|abertas? por|aberto (?:no|em) meu)\b",
            r"\bfunciona\w* (?:no|na|em|com|sem|pelo) (?:celular|mac|windows|computador|internet|chrome"
            r"|linux|android|iphone)\b",
            rf"\b(?:{PRODUCT}|chamados?|sistema|senha|site|documento\w*) (?:\w+ )?(?:funciona|abre)\b",
            r"\bcontinua\w* funcionando\b|\bprazo\b|\bo (?:meu )?atendimento\b|\bcobrad\w+\b",
            r"\bquem\b|\bpor que\b|\b(?:por|no|pelo) (?:video|telefone|e-?mail)\b",
            r"\b(?:quero|prefiro|pode ser|queria|posso) (?:ser |ir )?(?:marcar|no |na |sabado|segunda"
            r"|terca|quarta|quinta|sexta)\b",
        ),
    ),
)

OVERRULES: dict[FactTopic, frozenset[FactTopic]] = {
    FactTopic.DISCOUNT: frozenset({FactTopic.PRICE, FactTopic.PAYMENT}),
    FactTopic.PARTNER: frozenset({FactTopic.PRICE, FactTopic.DISCOUNT, FactTopic.PAYMENT}),
    FactTopic.SHIPPING: frozenset({FactTopic.ISSUE_TIME, FactTopic.PRICE, FactTopic.HOURS}),
    FactTopic.ISSUE_TIME: frozenset({FactTopic.PRICE, FactTopic.HOURS, FactTopic.PAYMENT}),
    FactTopic.MY_TICKET: frozenset(FactTopic) - {FactTopic.MY_TICKET},
    FactTopic.MY_CERTIFICATE: frozenset(FactTopic) - {FactTopic.MY_CERTIFICATE},
    FactTopic.MY_DATA_REQUEST: frozenset(FactTopic) - {FactTopic.MY_DATA_REQUEST},
    FactTopic.QUEUE: frozenset({FactTopic.ISSUE_TIME}),
    FactTopic.CHANNEL: frozenset({FactTopic.ADDRESS}),
}
"""A topic that is asked for in words of others: "desconto no Pix" asks nothing of payment."""

HOURS_SHORT = re.compile(r"\b(?:hrs?|hs)\b")
CLAUSE_ENDS = re.compile(r"[?!;\n]+|\.(?=\s|$)")
AND_ASKS = re.compile(
    r",? e (?=(?:se (?:ha|tem)|qual|quais|quanto|que horas?|ate que horas?|como|onde|quando|em quanto|aceitam?"
    r"|tem|voces|formas?|faz|fazem|abre|abrem|posso)\b)"
)
LOOKS_BACK = re.compile(r"^(?:e|mas|ah|entao)\b[ ,]*(?:e )?(?:o|a|os|no|na|do|da|de|pra|para|se|esse|em)\b")
DAY_LOOKS_BACK = re.compile(r"^(?:e|mas|ah)\b[ ,]*")
EVIDENCE = union(
    r"\?",
    r"\b(?:qual|quais|quanto|quantos|quantas|que horas?|que dia|onde|adonde|aonde|como|quando|em que)\b",
    r"^(?:\W*(?:oi|ola|bom dia|boa tarde|boa noite|e|mas|ah|entao|so|opa|ei|moca|moco|favor|por favor)\W+)*"
    r"(?:voces|tem|ha|aceitam?|fazem?|faz|abrem?|fecham?|atendem?|funcionam?|mandam?|entregam?|parcelam?"
    r"|rola|posso|pode|podem|da (?:pra|para)|existe|ja|sera|emitem?|cobram?|trabalham?|dividem?|sai"
    r"|o senhor|a senhora|a loja|alguem|demora|qualquer hora)\b",
    r"\b(?:me (?:passa|manda|diz|diga|fala|informa|da)|manda (?:o|a|os|as)|passa (?:o|a)|informar|poderia"
    r"|gostaria de saber|quer(?:o|ia) saber|saber (?:o|se|quanto)|ver (?:o )?preco|preciso saber"
    r"|pergunt\w+|conferir)\b",
    r"\bou (?:tem|so|e|nao|preciso|precisa|fecha|sou|vou|some\w*)\b|\bexiste\b",
)
"""What makes a text a question in words; in a form, and in a longer text, there must be some."""
LONGEST_BARE = 6
"""Words of a text that only names a topic ("valor do e-CNPJ A1"), outside of forms."""


def find(text: str, context: QuestionContext) -> ReadClauses:
    """What a text asks of facts, clause by clause."""
    questions: list[FactQuestion] = []
    rest: list[str] = []
    for clause in _clauses(text):
        found = list(_questions_in(clause, context))
        for one in found:
            context = replace(context, topic=one.topic, products=one.products or context.products)
        questions += found
        if not found:
            rest.append(clause)
    return ReadClauses(_without_doubles(questions), tuple(rest))


def _clauses(text: str) -> Iterator[str]:
    """The clauses of a text, each with its question mark."""
    begin = 0
    for end in (*(found.end() for found in CLAUSE_ENDS.finditer(text)), len(text)):
        sentence = text[begin:end].strip()
        begin = end
        if sentence:
            yield from (part.strip() for part in AND_ASKS.split(sentence) if part.strip(" ,"))


def _without_doubles(questions: list[FactQuestion]) -> tuple[FactQuestion, ...]:
    seen = {(one.topic, one.products, one.day, one.detail): one for one in reversed(questions)}
    return tuple(one for one in questions if one in seen.values())


def _questions_in(clause: str, context: QuestionContext) -> Iterator[FactQuestion]:
    plain = HOURS_SHORT.sub("horas", normalize_text(expand_abbreviations(clause.lower())))
    if len(clause) > LONGEST_CLAUSE or not words(plain):
        return
    bare_allowed = not context.in_form and len(words(plain)) <= LONGEST_BARE
    if not bare_allowed and not EVIDENCE.search(plain):
        return
    asked = {
        one.topic
        for one in TOPICS
        if one.asks.search(plain) and not one.against.search(plain)
    }
    if not context.waiting:
        asked.discard(FactTopic.QUEUE)
    overruled = {other for topic in asked for other in OVERRULES.get(topic, ())}
    topics = [one.topic for one in TOPICS if one.topic in asked - overruled]
    if not topics and (elliptical := _looks_back(plain, context)):
        topics = [elliptical]
    for topic in topics:
        yield _question(topic, clause, plain, context)


def _looks_back(plain: str, context: QuestionContext) -> FactTopic | None:
    """The topic that a short question takes over from the one before: "e o A3?", "e sábado?"."""
    if not context.topic or len(words(plain)) > LONGEST_ELLIPSIS:
        return None
    last = FactTopic(context.topic)
    if last in {FactTopic.PRICE, FactTopic.DISCOUNT, FactTopic.PAYMENT} and LOOKS_BACK.search(plain):
        if products_in(plain, context.products):
            return FactTopic.PRICE
    if last in {FactTopic.PRICE, FactTopic.PAYMENT} and DAY_LOOKS_BACK.search(plain) and payment_in(plain):
        return FactTopic.PAYMENT
    if last is FactTopic.HOURS and DAY_LOOKS_BACK.search(plain) and day_in(plain, context.now):
        return FactTopic.HOURS
    if last is FactTopic.CHANNEL and DAY_LOOKS_BACK.search(plain) and channel_in(plain):
        return FactTopic.CHANNEL
    return None


def _question(
    topic: FactTopic, clause: str, plain: str, context: QuestionContext
) -> FactQuestion:
    """A question of this topic with what it names."""
    asked = FactQuestion(topic, clause)
    match topic:
        case FactTopic.HOURS:
            return replace(
                asked, day=day_in(plain, context.now), detail=detail_of_hours(plain)
            )
        case FactTopic.ADDRESS:
            return replace(asked, detail=detail_of_address(plain))
        case FactTopic.CHANNEL:
            return replace(asked, detail=channel_in(plain))
        case FactTopic.PRICE:
            detail = detail_of_price(plain)
            products = products_in(plain, context.products or context.wanted)
            if not products and detail not in {"all", "cheapest", "difference"}:
                products = context.wanted
            return replace(asked, products=products, detail=detail)
        case FactTopic.DISCOUNT:
            return replace(asked, detail=detail_of_discount(plain))
        case FactTopic.PAYMENT:
            way, count = payment_in(plain) or ("", None)
            products = products_in(plain, context.products) or context.products or context.wanted
            return replace(asked, detail=way, count=count, products=products)
        case FactTopic.SHIPPING | FactTopic.ISSUE_TIME:
            return replace(asked, detail=detail_of_delivery(plain))
        case _:
            return asked
