"""What speaks against each topic of facts: look-alikes, which articles or people answer."""

from gatte.conversation.fact_topics import FactTopic

LOOK_ALIKES: dict[FactTopic, tuple[str, ...]] = {
    FactTopic.MY_DATA_REQUEST: (
        r"\b(?:quero|queria|gostaria|como (?:faco|funciona|fazer))\b",
        r"\bqual (?:o )?prazo\b",
        r"\bpor que\b",
    ),
    FactTopic.MY_TICKET: (
        r"\b(?:abr\w+|registr\w+|cri\w+) (?:um|uma|outro|novo)\b",
        r"\b(?:quanto tempo|em quanto|demora|urgente e atendido|o que e)\b",
    ),
    FactTopic.MY_CERTIFICATE: (
        (
            r"\b(?:renov\w+|depois (?:de|que)|se (?:o|meu|ele)|acontec\w+|antes|porque|por que"
            r"|recebi|e-?mail|dizendo|golpe)\b"
        ),
    ),
    FactTopic.QUEUE: (
        (
            r"\b(?:(?:certificados?|e-?cpf|e-?cnpj|nf-?e|token|a1|a3)|pront\w+|emiss\w+"
            r"|emit\w+|chamado|pagamento|boleto|pix|guard\w+|dados|tir\w+|sair|sai|perco"
            r"|perder|cancel\w+|preciso|precisa mandar)\b"
        ),
    ),
    FactTopic.PARTNER: (
        (
            r"\b(?:procuracao|telefone|e-?mail exclusivo|\d+ dias|boleto|retorno|semanas?"
            r"|software|parceria comercial)\b"
        ),
    ),
    FactTopic.SHIPPING: (
        (
            r"\b(?:documentos?|fotos?|print|desbloque\w+|aparece|reconhec\w+|instal\w+|senha"
            r"|pin|puk|comprovantes?|aviso|lembrete|link|codigo|e-?mail|proposta|recibo|notas?"
            r"|reporter|jornal|nunca|mandei|perd\w+|venc\w+|bloque\w+|golpe|de \w+ (?:para|pra"
            r"|ate) \w+)\b"
        ),
    ),
    FactTopic.DISCOUNT: (
        r"\b(?:inss|folha|imposto|iss retido|na fonte|finj\w+|ignor\w+|aprov\w+|setor)\b",
        r"%",
    ),
    FactTopic.PAYMENT: (
        (
            r"\b(?:paguei|pagou|pago ontem|comprovantes?|segunda via|2a via|estorn\w+|devol\w+"
            r"|reembols\w+|multa|prejuizo|repetir|de novo|bloque\w+|err(?:o|ar|ei|ou|ada)"
            r"|senha|cobraram|cobrado|receita|detran|veiculo|d[ao]s? das|meu das|impostos?"
            r"|inteligente|leitor|puk|arquivo|perdi|cancel\w+ a|simples nacional|de volta"
            r"|dinheiro do pix)\b"
        ),
        r"\bboleto (?:que|venceu|vencido|nao|ja)\b",
        r"\b(?:depois|quanto tempo)\b.{0,25}\bpagamento\b",
        r"\b(?:nota|recibo)\b.{0,20}\b(?:da compra|do pagamento|fiscal)\b",
        r"\bquantas vezes (?:vou|tenho|preciso|posso|eu)\b",
    ),
    FactTopic.ISSUE_TIME: (
        (
            r"\b(?:dura|duracao|validade|valido|vale|vencer|vencimento|antes|renovar antes"
            r"|chamado|atendente|respond\w+|video\w*|chamada|fila|exclus\w+|dados|compensa\w*"
            r"|reembols\w+|estorn\w+|devol\w+|receita|legal|revog\w+|desbloque\w+|golpistas?"
            r"|entrega do token|correios?|boleto|agend\w+|marcar|remarc\w+|dinheiro|pessoa me"
            r"|e-?mail|procuracao|guard\w+|por quanto tempo|ainda tem|funciona|notas?|junta"
            r"|perco|meu deus|tem o nosso)\b"
        ),
    ),
    FactTopic.PRICE: (
        (
            r"\b(?:tempo|dias|prazo|demora|validade|multa|curso|contador cobra|um contador"
            r"|advogad\w+|dolar|frete|boi|funrural|hotel|racao|toner|portao|em casa|a mais"
            r"|nao gostei|esquece|abate|paguei|pagou|devol\w+|reembols\w+|estorn\w+|cancel\w+"
            r"|perco|perde|prejuizo|juridic\w+|por que|porque|remarc\w+|agend\w+|atendimento"
            r"|domicilio|visita|cobrad\w+ (?:a mais|duas)|desbloque\w+|revog\w+|instalacao"
            r"|suporte|segunda via|procuracao|cartorio|imposto|golpe|faltar|correto|novo valor"
            r"|mudar|mesmo da outra|nao quero preco|prestar atencao|alguma coisa)\b"
        ),
        r"%",
        r"\bvalor de que\b",
    ),
    FactTopic.ADDRESS: (
        (
            r"\b(?:mude\w*|mudei|mudou|mudar|mudanca|trocar|alter\w+|atualiz\w+|meu endereco"
            r"|comprovante|do meu|da empresa|do cliente|cadastro|e-?mail|site|guard\w+|so o"
            r"|nao pague|entrega|baú|bau na|curriculo|minha|pro meu|receber em|so dei)\b"
        ),
        (
            r"\bonde (?:que )?(?:fica|e|esta|acho)\b.{0,25}\b(?:opcao|numero|puk|pin|senha"
            r"|arquivo|codigo|menu|botao|certificado|link|chamado|boleto|nota|pedido|token"
            r"|proposta)\b"
        ),
    ),
    FactTopic.CHANNEL: (
        (
            r"\b(?:meu|minha|seu|cadastr\w+|errad\w+|mud\w+|troc\w+|corrig\w+|nao tenho|recebi"
            r"|chegou|receita|e-?cac|gov|contador serve|do contador|confirm\w+|nota fiscal"
            r"|recibo|boleto|senha|proposta|instalar|carrega\w*|em qual site|no site"
            r"|direto no site|pedem|precisam|para que|curriculo|comprador|nao tem|serve sem)\b"
        ),
        r"\b(?:posso|pode) (?:ser|usar|dar|informar|colocar|passar|por)\b",
    ),
    FactTopic.HOURS: (
        (
            r"\b(?:video\w*|chamada|agend\w+|marcad\w+|marquei|marcar|remarc\w+|vagos?"
            r"|vagas? (?:para|pra)|disponive\w+|livres?)\b"
        ),
        (
            r"\babr\w+ (?:um |uma |o |a |meu )?(?:chamado|ticket|arquivo|conta|empresa|cnpj"
            r"|mei|link|programa|ordem)"
        ),
        (
            r"\b(?:esocial|edital|sped|diario|chamado|reforc\w+|vaga|certificado|empresas"
            r"|ainda nao|nao fecha|nao abre|violino|meu horario|cancelaram|abertas? por"
            r"|aberto (?:no|em) meu)\b"
        ),
        (
            r"\bfunciona\w* (?:no|na|em|com|sem|pelo) (?:celular|mac|windows|computador"
            r"|internet|chrome|linux|android|iphone)\b"
        ),
        (
            r"\b(?:(?:certificados?|e-?cpf|e-?cnpj|nf-?e|token|a1|a3)|chamados?|sistema|senha"
            r"|site|documento\w*) (?:\w+ )?(?:funciona|abre)\b"
        ),
        r"\bcontinua\w* funcionando\b",
        r"\bprazo\b",
        r"\bo (?:meu )?atendimento\b",
        r"\bcobrad\w+\b",
        r"\bquem\b",
        r"\bpor que\b",
        r"\b(?:por|no|pelo) (?:video|telefone|e-?mail)\b",
        (
            r"\b(?:quero|prefiro|pode ser|queria|posso) (?:ser |ir )?(?:marcar|no |na |sabado"
            r"|segunda|terca|quarta|quinta|sexta)\b"
        ),
    ),
}
"""Any of these in a text, and it does not ask for the topic."""
