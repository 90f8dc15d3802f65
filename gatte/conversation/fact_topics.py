"""What facts of a company and records of a contact can answer, and how people ask for each.

Expressions are matched against normalised text: small letters, no accents, abbreviations written
out. Only teaching voices and the wordings in tests/unit/conversation/data were looked at to write
them.
"""

from enum import StrEnum


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


ASKS: dict[FactTopic, tuple[str, ...]] = {
    FactTopic.MY_DATA_REQUEST: (
        (
            r"\b(?:pedido|solicitacao|requerimento)\b.{0,40}\b(?:exclu\w+|apag\w+|dados|lgpd"
            r"|copia)\b.{0,40}"
        ),
        (
            r"\b(?:exclu\w+|apag\w+).{0,25}\b(?:dados|cadastro)\b.{0,25}\b(?:como eu pedi"
            r"|que (?:eu )?pedi|pedi)\b"
        ),
        r"\b(?:ja )?(?:apagaram|excluiram|eliminaram|removeram)\b.{0,25}\b(?:dados|cadastro)\b",
    ),
    FactTopic.MY_TICKET: (
        (
            r"\b(?:andamento|situacao|status|posicao|novidade|previsao|retorno"
            r"|resposta)\b.{0,40}\b(?:chamado|protocolo|ticket|solicitacao)\b"
        ),
        (
            r"\b(?:chamado|protocolo|ticket)\b.{0,40}\b(?:andamento|situacao|status"
            r"|como (?:que )?(?:esta|anda|ficou)|resolv\w+|novidade|previsao|respond\w+"
            r"|resposta|andou|saiu)\b"
        ),
        (
            r"\b(?:resolveram|olharam|viram|responderam|andou|alguem (?:ja )?(?:olhou|viu"
            r"|pegou))\b.{0,25}\b(?:chamado|protocolo|ticket)\b"
        ),
        r"\b(?:alguma coisa|algo|novidade)\b.{0,20}\b(?:no|do|sobre o) (?:meu )?chamado\b",
        r"\bcomo (?:que )?(?:esta|anda|ficou)\b.{0,15}\bchamado\b",
        r"^(?:e )?o meu chamado\b",
    ),
    FactTopic.MY_CERTIFICATE: (
        (
            r"\b(?:meu|meus|minha|nosso|o da minha empresa"
            r"|do meu escritorio)\b.{0,45}\b(?:venc\w+|expir\w+|vale|vai"
            r"|validade)\b.{0,15}\b(?:quando|que dia|que data|qual (?:a )?(?:data|dia))\b"
        ),
        (
            r"\b(?:quando|que dia|ate quando|qual (?:a )?(?:data|dia|validade)"
            r"|em que data)\b.{0,25}\b(?:venc\w+|expir\w+|vale|vai|validade"
            r"|d[eo])\b.{0,20}\b(?:meu|minha|nosso)\b"
        ),
        r"\b(?:meu|nosso) certificado\b.{0,25}\bvence em que\b",
    ),
    FactTopic.QUEUE: (
        (
            r"\b(?:qual|quantos|quantas|sou|estou|quanto|onde|como)\b.{0,40}\b(?:fila"
            r"|na minha frente|minha vez|posicao)\b"
        ),
        r"\b(?:tem|ta|esta|ha) (?:\w+ )?alguem (?:ai|aqui)\b",
        r"\b(?:quanto tempo|vai demorar|falta muito|ainda demora|quanto falta|demora muito)\b",
        r"\b(?:cade|alguem) (?:\w+ )?(?:atendente|me atende|vai me atender|atende)\b",
        r"\b(?:perco|perder|perdi) (?:a|o|minha|meu) (?:minha |meu )?(?:vez|lugar|posicao)\b",
    ),
    FactTopic.PARTNER: (
        (
            r"\b(?:ha|tem|como|ser|sou|para|fazem|existe)\b.{0,30}\b(?:parceri\w*|parceir\w+"
            r"|comissao|comissoes|revend\w+)\b"
        ),
        (
            r"\b(?:tabela|preco|valor|condic\w+|desconto|prazo)\b.{0,30}\b(?:contador\w*"
            r"|contab\w+|escritorios?)\b"
        ),
        (
            r"\b(?:contador\w*|contab\w+|escritorios?)\b.{0,30}\b(?:tem|ganha\w*"
            r"|paga\w*) (?:\w+ )?(?:tabela|preco|condic\w+|desconto|especial)\b"
        ),
        r"\bindica(?:r|cao|coes) (?:de )?cliente",
    ),
    FactTopic.SHIPPING: (
        (
            r"\b(?:token|aparelhinho|leitora|cartaozinho|chavinha|midia"
            r"|encomenda)\b.{0,45}\b(?:cheg(?:a|ar|am|aria)|mand(?:a|am|ar|aria)|envi(?:a|am"
            r"|ar|ado)|entreg(?:a|am|ar|ue)|correios?|sedex|motoboy|busc(?:ar|o)|retir(?:ar|o)"
            r"|receb(?:o|er) (?:em|na|aqui)|vem (?:pelo|por|em)|vai (?:por|pelo|pra|para))\b"
        ),
        (
            r"\b(?:mand(?:a|am|ar)|envi(?:a|am|ar)|entreg(?:a|am|ar)|busc(?:ar|o)|retir(?:ar"
            r"|o)|receb(?:o|er)|prazo de entrega)\b.{0,30}\b(?:token|aparelhinho|leitora"
            r"|chavinha|midia)\b"
        ),
        r"\b(?:correios?|sedex|motoboy|frete|rastreio)\b",
        r"\b(?:entregam?|mandam?|enviam?)\b.{0,25}\b(?:em casa|no interior|na minha cidade)\b",
    ),
    FactTopic.DISCOUNT: (
        (
            r"\b(?:descontos?|descontinho|promoc\w+|cupom de desconto|tem cupom|cupons"
            r"|precinho|voucher)\b"
        ),
        r"\b(?:faz|fazem|tem|existe) convenio\b",
        r"\b(?:faz|fazem) (?:por (?:r\$|\d|menos)|mais barato|um preco melhor)",
        r"\bpreco (?:menor|melhor|especial|diferente)\b",
    ),
    FactTopic.PAYMENT: (
        r"\b(?:formas?|meios?|condic\w+|jeito|modo)\b.{0,12}\bpag\w+",
        (
            r"\b(?:aceit\w+|recebem?|pegam|passa|rola|tem|trabalha\w* com|so aceita"
            r"|faz(?:em)? (?:no|por))\b.{0,25}\b(?:pix|boleto|cartao|cartoes|cheque|dinheiro"
            r"|picpay|mercado pago|debito|credito|transferencia|ted|visa|elo|master\w*"
            r"|maquininha)\b"
        ),
        (
            r"\bpag(?:o|a|ar|amos|amento|ando)\b.{0,30}\b(?:pix|boleto|cartao|cheque|dinheiro"
            r"|picpay|debito|credito|transferencia|ted|vezes|\d{1,2} ?x|prazo|depois"
            r"|faturad\w+|colheita|lote\w+|vista|parcela\w*)\b"
        ),
        (
            r"\b(?:parcel\w+|divid(?:ir|e|em|o)|em quantas vezes|quantas vezes|sem juros"
            r"|tem juros)\b"
        ),
        r"\b(?:em|de|ate|no cartao) \d{1,2} ?(?:x|vezes)\b",
        r"\b\d{1,2} ?x (?:sem|no|rola|fica|da)\b",
        r"\b(?:boleto|faturad\w+|fatura)\b.{0,30}\b(?:dias|prazo|parcelado|existe|emit\w+)\b",
        r"\b(?:dias|prazo)\b.{0,15}\bboleto\b",
        r"\b(?:emit\w+|faz(?:em)?|geram?) (?:\w+ )?boleto\b",
        r"\bqual (?:e )?(?:a )?chave (?:do )?pix\b",
        r"\bcomo (?:eu |que |e que |se |faz para |faco para |faco pra )?(?:paga|pago|pagar)\b",
        (
            r"\b(?:pode ser|posso|da para|da pra)\b.{0,10}\b(?:no|em|por|com) (?:pix|boleto"
            r"|cartao|dinheiro|credito|debito)\b"
        ),
    ),
    FactTopic.ISSUE_TIME: (
        (
            r"\b(?:quanto tempo|quantos dias|quantas horas|quanto demora|prazo|demora"
            r"|rapido)\b.{0,40}\b(?:pront\w+|sai|sair|emiss\w+|emit\w+|libera\w*|fica|ficar"
            r"|receber o certificado|certificado|e-?cpf|e-?cnpj|validacao|pagar|pagamento"
            r"|renovacao|novela|tirar|fazer)\b"
        ),
        (
            r"\b(?:sai|fica pronto|libera|emitem?|pronto)\b.{0,12}\b(?:hoje|na hora"
            r"|no mesmo dia|agora)\b"
        ),
        r"\b(?:pagar|validacao|pagamento)\b.{0,15}\b(?:quanto|demora|prazo)\b",
        r"\b(?:quando|que dia)\b.{0,20}\b(?:fica pronto|sai o certificado|vai ficar pronto)\b",
        r"\b(?:pront\w+|libera|sai)\b.{0,12}\b(?:em quanto|quanto tempo|quantos dias)\b",
    ),
    FactTopic.PRICE: (
        (
            r"\bquanto (?:que |e que )?(?:e|esta|ta|custa|custam|custaria|fica|ficam|ficaria"
            r"|sai|saem|cobram?|voces cobram|vale|seria|da|tudo|pago|vou pagar|o|um"
            r"|sera)\b(?! (?:tempo|falta))"
        ),
        r"\b(?:e|sai|fica|ta|esta|custa|da|vai) quanto\b(?! (?:tempo|falta))",
        r"\b(?:preco|precos|precinho|tabela|custo|custa|custam|orcamento|cotacao)\b",
        r"\b(?:qual|quais|informar|saber|passa|manda|dar)\b.{0,15}\bvalor(?:es)?\b",
        (
            r"\bvalor(?:es)? (?:do|da|de|dos|pra|para|por|com) (?:\w+ ){0,3}(?:certificados?"
            r"|e-?cpf|e-?cnpj|nf-?e|token|a1|a3)\b"
        ),
        r"^(?:e )?(?:o |os )?valor(?:es)?\b(?! (?:juridic\w+|legal|correto|novo))",
        r"\bqual (?:e |seria )?(?:o )?investimento\b",
        r"\b(?:e|fica|sai|esta) (?:muito |meio )?caro\b.{0,12}\?",
        r"\b(?:por quanto|a quanto|quanto (?:em media|mais ou menos))\b",
        r"\b(?:mais|menos) (?:barat\w+|em conta|caro|cara)\b",
        (
            r"\b(?:certificados?|e-?cpf|e-?cnpj|nf-?e|token|a1|a3)\b.{0,25}\b(?:vem com"
            r"|inclu\w+|incluso)\b"
        ),
        r"\bdiferenca de (?:preco|valor)\w*\b",
        r"\bsai por quanto\b",
        r"\bcustando quanto\b",
        r"\bquanto sai\b",
    ),
    FactTopic.ADDRESS: (
        r"\bendereco\b",
        r"\blocalizacao\b",
        r"\bponto de referencia\b",
        r"\bvoces sao de onde\b|\bde onde (?:e que )?voces (?:sao|falam)\b",
        r"\b(?:com|qual o) cep\b",
        (
            r"\b(?:onde|adonde|aonde|onde e que|ond)\b.{0,12}\b(?:fica|ficam|e (?:a|o)"
            r"|voces (?:estao|ficam)|esta (?:a loja|o escritorio)|estao|localiza\w*"
            r"|estacion\w+)\b"
        ),
        r"\b(?:em )?(?:que|qual) (?:a )?(?:rua|avenida|bairro|cidade|sala|andar|predio)\b",
        r"\b(?:numero|sala|andar) (?:e )?(?:na|no|da) (?:rua|xv|avenida|predio)\b",
        r"\b(?:fica|ficam)\b.{0,20}\b(?:perto|proximo|longe|no centro|em qual|do lado)\b",
        r"\b(?:e|esta) (?:perto|proximo|longe|no centro)\b.{0,5}",
        r"\bcomo (?:\w+ ){0,4}(?:chego|chegar|vou ate|ir ate)\b",
        r"\b(?:estacionamento|estacion\w+|vagas? (?:pra|para) (?:carro|moto|estacion\w+))\b",
        r"\b(?:parar|para|deixar) o carro\b",
        r"\b(?:cabe|da) (?:pra|para) parar\b",
        (
            r"\b(?:tem|ha|existe|predio)\b.{0,20}\b(?:elevador|cadeirante|acessibilidade|rampa"
            r"|portaria)\b"
        ),
        r"\b(?:onibus|metro|tubo|rodoviaria)\b.{0,20}\b(?:mais perto|para|chega|passa|desco)\b",
    ),
    FactTopic.CHANNEL: (
        (
            r"\b(?:qual|quais|tem|teria|existe|me (?:passa|da|manda|diz|fala|informa)|passa"
            r"|manda|informa\w*|poderia|pode|qual e|fala|sabe|outro"
            r"|outra)\b.{0,30}\b(?:telefones?|fixo|e-?mails?|site|instagram|insta|facebook"
            r"|redes sociais|ramal|0800|outro (?:zap|whatsapp|numero|canal))\b"
        ),
        (
            r"\b(?:telefone|fixo|numero)\b.{0,20}\b(?:ligar|ligue|ligo|liga|falar|chamar"
            r"|contato)\b"
        ),
        r"\b(?:posso|como|onde|consigo|da para|tem como|quero)\b.{0,12}\b(?:ligar|telefonar)\b",
        r"\batendem?\b.{0,15}\b(?:por e-?mail|por telefone|no instagram)\b",
        (
            r"^(?:e |qual )?(?:o |e o )?(?:telefone|tel|fone|e-?mail|site|instagram|insta)"
            r"(?: de voces| da loja)?\W*$"
        ),
        r"\b(?:falo|falar|falamos|contato)\b.{0,20}\bpor (?:telefone|tel|ligacao|e-?mail)\b",
        r"\bso (?:zap|whatsapp)\b",
    ),
    FactTopic.HOURS: (
        (
            r"\b(?:abr(?:e|em|ir|irao|ira|iram)|aberto|aberta|abertos|abertas|fech(?:a|am|ar"
            r"|ado|ada|ados)|funciona|funcionam|funcionando|funcionamento|expediente|atendem?"
            r"|atendendo|trabalham?|trabalhando|plantao)\b.{0,45}\b(?:hoje|amanha|agora|ainda"
            r"|segunda|terca|quarta|quinta|sexta|sabados?|domingos?|feriados?|fim de semana"
            r"|final de semana|cedo|manha|tarde|noite|almoco|meio[- ]dia|normal|direto"
            r"|dia \d{1,2}|\d{1,2}/\d{1,2}|\d{1,2} ?h\w*|\d{1,2} horas|carnaval|natal"
            r"|reveillon|ano novo|pascoa|finados|corpus christi|tiradentes|independencia"
            r"|que horas?|qual (?:o )?horario|ate quando|sempre)"
        ),
        (
            r"(?:hoje|amanha|agora|ainda|segunda|terca|quarta|quinta|sexta|sabados?|domingos?"
            r"|feriados?|fim de semana|final de semana|cedo|manha|tarde|noite|almoco"
            r"|meio[- ]dia|normal|direto|dia \d{1,2}|\d{1,2}/\d{1,2}|\d{1,2} ?h\w*"
            r"|\d{1,2} horas|carnaval|natal|reveillon|ano novo|pascoa|finados|corpus christi"
            r"|tiradentes|independencia|que horas?|qual (?:o )?horario|ate quando"
            r"|sempre)\b.{0,45}\b(?:abr(?:e|em|ir|irao|ira|iram)|aberto|aberta|abertos|abertas"
            r"|fech(?:a|am|ar|ado|ada|ados)|funciona|funcionam|funcionando|funcionamento"
            r"|expediente|atendem?|atendendo|trabalham?|trabalhando|plantao)\b"
        ),
        (
            r"\b(?:tem|vai ter|havera|tera|fica|estara) (?:\w+ )?(?:alguem|gente|atendimento"
            r"|expediente)\b.{0,30}\b(?:hoje|amanha|agora|ainda|segunda|terca|quarta|quinta"
            r"|sexta|sabados?|domingos?|feriados?|fim de semana|final de semana|cedo|manha"
            r"|tarde|noite|almoco|meio[- ]dia|normal|direto|dia \d{1,2}|\d{1,2}/\d{1,2}"
            r"|\d{1,2} ?h\w*|\d{1,2} horas|carnaval|natal|reveillon|ano novo|pascoa|finados"
            r"|corpus christi|tiradentes|independencia|que horas?|qual (?:o )?horario"
            r"|ate quando|sempre)"
        ),
        (
            r"(?:hoje|amanha|agora|ainda|segunda|terca|quarta|quinta|sexta|sabados?|domingos?"
            r"|feriados?|fim de semana|final de semana|cedo|manha|tarde|noite|almoco"
            r"|meio[- ]dia|normal|direto|dia \d{1,2}|\d{1,2}/\d{1,2}|\d{1,2} ?h\w*"
            r"|\d{1,2} horas|carnaval|natal|reveillon|ano novo|pascoa|finados|corpus christi"
            r"|tiradentes|independencia|que horas?|qual (?:o )?horario|ate quando"
            r"|sempre)\b.{0,30}\b(?:tem|vai ter|havera|tera|fica|estara) (?:\w+ )?(?:alguem"
            r"|gente|atendimento|expediente)\b"
        ),
        r"\bhorarios? de (?:funcionamento|atendimento|voces|abertura)\b",
        r"\b(?:qual|que|quais)\b.{0,12}\bhorarios? (?:de voces|da loja|e esse|voces)\b",
        (
            r"\b(?:que|qual) horas?\b.{0,20}\b(?:posso (?:ir|passar|chegar)|abr\w+|fech\w+"
            r"|da para ir)"
        ),
        r"\bate (?:que|qual) horas?\b",
        (
            r"\b(?:estao|esta|voces|loja) (?:\w+ )?(?:aberto|aberta|abertos|fechad\w+"
            r"|funcionando)\b"
        ),
        r"\b(?:tem|ja) (?:gente|alguem) (?:ai )?(?:agora|cedo|amanha|hoje)\b",
        r"\bfica(?:m)? (?:ate|abert\w+)\b",
        r"\bate o meio[- ]dia\b",
        r"\bvoces nunca abrem\b",
        r"\bhoras? (?:voces )?(?:abre|fecha)",
    ),
}
"""Any of these asks for the topic. Where two topics are asked for, the first comes first."""
