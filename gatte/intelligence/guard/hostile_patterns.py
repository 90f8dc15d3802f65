"""Turns of phrase by which people try to take over a bot, over folded texts: Portuguese, English
and Spanish, a name each for the trace.

A strong pattern alone blocks a message; a weak one makes it suspicious. Honest customers also say
"ignora a mensagem anterior" and "repete as instruções": patterns ask for more than that.
"""

import re
from functools import cache

_IGNORE = (
    r"(?:ignor\w*|desconsider\w*|esquec\w*|desobede\w*|anul\w*|descart\w*|sobrescrev\w*|viol\w*"
    r"|contorn\w*|burl\w*|desrespeit\w*|abandon\w*|nao (?:siga|sigas|obedeca)"
    r"|pare de seguir|deixe de (?:lado|seguir)|disregard|ignore|forget|override|bypass|neglect"
    r"|olvid\w*|no sigas)"
)
_RULES = (
    r"(?:(?:instruc|orientac|restric|limitac|protec|configurac|programac)(?:ao|oes)\w*|diretriz\w*"
    r"|regras?|politicas?|prompts?|comandos?|filtros?|guardrails?|treinamento|salvaguardas?"
    r"|instructions?|guidelines?|rules?|polic(?:y|ies)|restrictions?|instruccion\w*|reglas"
    r"|seguranca|etica|censura|moderacao|safety|filters?|programming|directives?|context\w*)"
)
_OF_BOT = (
    r"(?:anterior\w*|acima|sistema|inicia\w*|intern\w*|secret\w*|ocult\w*|escondid\w*|suas?|seus?"
    r"|tuas?|teus?|que (?:voce|te|lhe)|todas?|todos?|previous|above|prior|system|your|all|hidden"
    r"|initial|anteriores|tus|origina\w*|padrao|recebid\w*|programad\w*|existentes|antig\w*)"
)
_SHOW = (
    r"(?:mostr\w*|revel\w*|exib\w*|imprim\w*|liste|listar|copi\w*|repit\w*|repet\w*|transcrev\w*"
    r"|diga|diz|fale|cont[ae]|compartilh\w*|escrev\w*|traduz\w*|resum\w*|descrev\w*|envi[ae]\w*"
    r"|mand[ae]|pass[ae]|me da|forne[cç]\w*|divulg\w*|vaz[ae]\w*|entreg\w*|export\w*|acess\w*"
    r"|quais sao|qual e|qual foi|quero|preciso|consult\w*|extra\w*|liber\w*|despej\w*|busc\w*"
    r"|show|reveal|print|repeat|output|display|tell me|give me|dump|leak|list|expose"
    r"|what (?:is|are)"
    r"|muestra\w*|revela\w*|dime)"
)
_FAR = r"(?:\W+\w+){0,6}?\W+"
_NEAR = r"(?:\W+\w+){0,3}?\W+"

STRONG: dict[str, str] = {
    "ignore_rules": (
        rf"\b{_IGNORE}{_NEAR}(?:{_OF_BOT}{_NEAR}{_RULES}|{_RULES}{_NEAR}{_OF_BOT})\b"
        rf"|\b{_IGNORE} (?:\w+ )?(?:tudo|everything|all)\b.*\b(?:antes|acima|before|above"
        r"|disse(?:ram)?|told|regras|instruc\w+)\b"
        rf"|\b{_IGNORE} (?:as?|os?|the|any|las|suas|seus|todas as) (?:suas |seus )?(?:regras"
        r"|diretrizes|politicas|restricoes|limitacoes|protecoes|filtros|guidelines|rules|safety)\b"
        r"|\bnao (?:precisa|tem que|deve)(?: mais)? (?:seguir|obedecer|cumprir|respeitar) "
        r"(?:a|as|o|os|suas?|seus?|essas?) (?:\w+ )?(?:politicas? de recusa|diretrizes"
        r"|(?:regras|politicas|instrucoes) (?:internas?|do sistema|do bot|do robo))\b"
    ),
    "show_prompt": (
        rf"\b{_SHOW}{_FAR}(?:system prompt|prompt (?:do |de )?(?:sistema|inicial|original|interno)"
        r"|(?:seu|teu|your|tu) prompt|mensagem de sistema|system message"
        rf"|(?:suas|tuas|your|tus) (?:{_RULES})|(?:instruc|configurac|diretriz|regra)\w* "
        r"(?:\w+ )?(?:intern|secret|ocult|do sistema|inicia|origina|de sistema)\w*"
        r"|initial (?:prompt|instructions)|hidden prompt|context window)"
        r"|\bsystem prompt\b|\bprompt (?:do|de) sistema\b"
        r"|\b(?:repit|repet|repeat|imprim|copi|print)\w*\b.*\b(?:acima|above|verbatim)\b"
        r"|\b(?:palavra por palavra|word for word|verbatim)\b"
    ),
    "no_limits": (
        r"\b(?:sem|without(?: any)?|sin|no) (?:nenhuma? |any |qualquer )?(?:restric\w+|limites"
        r"|limitac\w+|censura|filtros?|etica|regras|moderac\w+|restrictions?|limits?|filters?"
        r"|rules|ethics|content policy|guidelines)\b(?=.*\b(?:aja|age|atue|responda|finja|voce|you"
        r"|act|seja|ia|ai|modo|fal[ea]|execut\w*|actua|eres|asistente|assistente)\b)"
        r"|\b(?:aja|age|atue|responda|finja|voce|you|act|seja|ia|ai|modo|fale|actua|eres)\b.*"
        r"\b(?:sem|without(?: any)?|sin) (?:nenhuma? |any |qualquer )?(?:restric\w+|limites"
        r"|limitac\w+|censura|filtros?|etica|moderac\w+|restrictions?|limits?|filters?|ethics"
        r"|content policy|guidelines)\b"
        r"|\bunrestricted\b|\bunfiltered\b|\bjailb\w+\b|\bdo anything now\b"
    ),
    "mode": (
        r"\b(?:modo|mode) (?:\w+ )?(?:desenvolvedor|dev|developer|deus|god|debug|depuracao|root"
        r"|admin\w*|manutencao|irrestrito|livre|sem restricoes|irrestrict\w+|hacker|diagnostico)\b"
        r"(?!.* (?:do|no) (?:token|windows|computador|pc|navegador))"
        r"|\b(?:developer|god|debug|admin|root|dan|sudo|maintenance) mode\b"
        r"|\b(?:act as|you are|be|agora e|voce e|aja como|seja) (?:o |a )?dan\b"
    ),
    "role": (
        r"\b(?:a partir de agora|de agora em diante|daqui (?:pra|para) frente|from now on|agora)\b"
        r".{0,20}\b(?:voce (?:e|sera|vai|deve|nao|esta|responde)|you (?:are|will)|eres|aja"
        r"|atue|siga"
        r"|obedeca)\b.{0,60}\b(?:obedec\w*|obey|regras?|limites?|restric\w*|administrador"
        r"|admin|root|ia|ai"
        r"|assistente (?:que|sem)|hacker|livre|sem|hacker|dan|nunca recus\w*|revel\w*|ignor\w*)\b"
        r"|\b(?:finja|finge|imagine|imagina|pretend|simule|interprete|encene|atue|aja|act)\b"
        r".{0,40}\b(?:hacker|sem regras|nao (?:tem|tivesse|existem) (?:regras|limites|restric\w+)"
        r"|administrador|root|terminal|corrupto|criminoso|evil|malicios\w+|golpista"
        r"|(?:banco|funcionari\w+|gerente|dono).{0,30}(?:peca|pass[ae]|revel\w+|dados))\b"
    ),
    "fake_system": (
        r"<\|?(?:im_start|im_end|system|endoftext|assistant|user)\|?>|\[/?(?:inst|system|sistema"
        r"|admin\w*|override)\b[^\]]{0,40}\]|<</?sys>>|</?(?:system|sistema|instructions?"
        r"|instrucoes"
        r"|prompt|admin)>|\{\{\s*\w*(?:prompt|system|secret|config)\w*\s*\}\}"
        r"|\"role\"\s*:\s*\"(?:system|assistant)\"|\b(?:system|admin|root"
        r"|sistema) ?(?:override|prompt)\b"
        r"|^\W*(?:system|sistema|assistant|assistente|admin|desenvolvedor)\s*[:>\]]"
        r"|(?:^|[.!?\n] ?)#{2,} ?(?:\w+ ){0,2}(?:sistema|system|instruc\w+|instruction\w*|new|nova)"
        r"|\b(?:inicio|fim|begin|end) d?[aeo]?s? ?(?:novas )?(?:instruc\w+|instructions|prompt"
        r"|admin)"
    ),
    "authority": (
        r"\b(?:sou|aqui e|eu sou|falo como|como|i am|i'm|as) (?:o |a |your |the |um |uma |seu "
        r"|da |do )*"
        r"(?:(?:equipe|time) de )?(?:desenvolvedor\w*|desenvolvimento|programador\w*"
        r"|administrador\w*"
        r"|admin|criador|developer|engenheir\w+|dono|auditor\w*|creator|ti|suporte|openai"
        r"|google|meta"
        r"|diretor\w*|ceo|gerente)\b"
        r"(?=.*\b(?:desativ\w*|ignor\w*|mostr[ae]|revel\w*|prompt|instruc\w*|regras|obede\w*"
        r"|senhas?"
        r"|acesso total|liber[ae] (?:o |meu )?acesso|token da api|credenciais|ordeno|order|bypass"
        r"|banco de dados|base de (?:clientes|dados)|verificac\w+|todas as conversas|logs?|chaves?"
        r"|politicas|restric\w*|configurac\w*|modo|dados d[eoa]s? (?:clientes?|usuarios?))\b)"
        r"|\b(?:codigo|senha|chave) (?:mestr[ea]|de administrador|admin)\b.*\b(?:obede\w*|liber\w*"
        r"|acess\w*|ativ\w*)\b"
    ),
    "customers_data": (
        rf"\b{_SHOW}{_FAR}(?:(?:d[eoa]s? |todos? os |todas as |outros? )+(?:clientes?|usuarios?"
        r"|contatos|cadastros|leads|pessoas|titulares|customers?|users?)|banco de dados|base de "
        r"(?:dados|clientes)|database|tabela (?:de )?(?:usuarios|clientes))\b"
        r"(?=.*\b(?:cpfs?|telefones?|dados|senhas?|e-?mails?|lista|planilha|nomes?|conversas?"
        r"|cadastros?"
        r"|whatsapp|numeros?|enderecos?|registros?|informacoes|cartao|cartoes|saldo|phone"
        r"|passwords?"
        r"|names?|todos|todas|completo|inteir\w+|historico|mensagens|pix|pedidos)\b|(?<=dados))"
        r"|\b(?:dados|cpfs?|telefones?|senhas?|e-?mails?|cadastros?|conversas?|mensagens|historico"
        r"|informacoes|cartao|cartoes|pedidos?|saldo) (?:\w+ ){0,3}(?:de todos os|dos outros"
        r"|de outros?"
        r"|do outro|das outras|de outras|do ultimo|do cliente anterior|dos seus|dos) "
        r"(?:clientes?|usuarios?|pessoas?|contatos?)\b(?=.*\b(?:me|mim|quero|mostr\w*|pass\w*"
        r"|envi\w*"
        r"|liste|mande|agora|diga|todos)\b)"
        r"|\b(?:list\w*|mostr[ae]r?|export\w*|dump|despej\w*|extra(?:ia"
        r"|ir)) (?:\w+ ){0,3}(?:todos os"
        r"|todas as|all(?: the)?) (?:\w+ ){0,2}(?:clientes|cpfs|usuarios|contatos|dados"
        r"|conversas|senhas"
        r"|customers|users|emails|e-mails|telefones|registros|tickets|chamados)"
    ),
    "code": (
        r"\bdrop (?:table|database)\b|\bunion (?:all )?select\b|'\s*or\s*'?1'?\s*=\s*'?1"
        r"|\bselect \*? ?(?:\w+ )?from \w+|\bdelete from \w+|\brm -rf\b|/etc/passwd|<script\b"
        r"|\bjavascript:|\$\{\w+[:.]|\b(?:wget|curl) https?:|169\.254\.169\.254|\bimport os\b"
        r"|\bos\.(?:system|environ)|\bprocess\.env\b|__import__|\beval\(|\bexec\(|\bsubprocess\b"
        r"|\bonerror ?=|\bcat \.env\b|/etc/(?:shadow|hosts|group)\b|/bin/(?:ba|z)?sh\b|/dev/tcp/"
        r"|\b(?:bash|sh|zsh) -[ic]\b|\b(?:python3?|perl|ruby|node|php|scala|lua) -[ecr]+ "
        r"|\bpowershell\b"
        r"|\bchild_process\b|\bsys\.process\b|\bruntime\.exec\b|\bwhoami\b|(?:\.\./){2,}"
        r"|\{\{ ?\d+ ?\* ?\d+"
        r"|\bnc -\w*e\b|\bxp_cmdshell\b|\binformation_schema\b|\bsleep\(\d|\bwaitfor delay\b"
        r"|\bkubectl \w+|\bdocker (?:exec|run)\b|\bsudo (?:rm|cat|su|bash|chmod|-i)\b"
        r"|\b(?:arquivo )?\.env\b|\bvariaveis de ambiente do\b"
    ),
    "credentials": (
        rf"\b{_SHOW}{_FAR}(?:(?:a |as |sua |suas |your )?(?:chaves?|tokens?|keys?|credenciais"
        rf"|credentials"
        r"|segredos?|secrets?) (?:d[aeo]s? |of |da )?(?:sua |the )?(?:api|whatsapp|gemini"
        r"|openai|banco de dados"
        r"|servidor|meta|google|acesso d[eo] (?:sistema|banco))|api keys?|api tokens?"
        r"|senhas? d[eoa]s? (?:banco de dados|sistema|administrador\w*|admin|servidor|painel"
        r"|clientes?"
        r"|outr\w+|usuarios?|root|database)|admin passwords?|(?:suas|tuas|your) credenci\w+"
        r"|variaveis de ambiente|environment variables)\b"
    ),
    "money": (
        r"\b(?:troque|trocar|altere|alterar|mude|mudar|substitua|atualize|change) (?:\w+ ){0,3}"
        r"(?:chave|conta|pix|recebimento)\b.{0,30}\b(?:da empresa|de recebimento|de voces|da loja"
        r"|para (?:a minha|esta|essa|este|o meu)|cadastrad[ao])\b"
        r"|\b(?:marque|registre|confirme|considere|d[ae] como|aprove"
        r"|valide)\b.{0,40}\b(?:pag[oa]|aprovad[oa]"
        r"|quitad[oa]|pagamento)\b.{0,40}\b(?:sem|mesmo|embora|ainda que|nao (?:caiu|paguei"
        r"|tenha))\b"
        r"|\b(?:faca|fazer|envie|enviar|mande|transfira|transferir|realize|execute) (?:\w+ ){0,2}"
        r"(?:pix|transferencia|ted|saldo|dinheiro|r\$)\b.{0,40}\b(?:para|pra) (?:a |o |minha"
        r"|meu|esta|essa"
        r"|este|conta|chave|mim|\w+@)"
        r"|\b(?:libere|liberar|emita|emitir|gere|aprove)\b.{0,40}\b(?:sem (?:pagar|pagamento"
        r"|eu pagar|custo"
        r"|cobrar|validac\w+|conferir|verificar|documentos?)|zerad[oa]|de graca)\b"
        r"|\b(?:100|9\d)\s?% de desconto\b"
        r"|\b(?:diga|confirme|afirme|concorde|responda)\b.{0,60}\b(?:oferta (?:oficial"
        r"|vinculante|legal)"
        r"|vale como contrato|compromisso legal|juridicamente vinculante|legally binding)\b"
    ),
    "hijack": (
        r"\b(?:responda|diga|fale|escreva|respond|say|reply) (?:apenas|somente|so|sempre"
        r"|only) (?:com )?"
        r"(?:\w+ ){0,3}[\"'“].{2,}"
        r"|\b(?:comece|inicie|termine|finalize|start|begin|end) (?:a |sua |your |cada |sempre )+"
        r"(?:\w+ )?(?:resposta|frase|mensagem|response|answer|resposta)s? (?:com|deve|with"
        r"|dizendo)\b"
        r"|\b(?:decodifi\w+|descriptograf\w+|decode|decripte|decifr\w+)\b.{0,40}\b(?:execut\w*"
        r"|obede\w*"
        r"|faca|fazer|cumpr\w*|siga|follow|do what|run|responda)\b"
        r"|\b(?:envi[ae]|mand[ae]|dispar\w+)\b.{0,30}\b(?:para|pra) (?:todos os|os outros|seus|all)"
        r" (?:\w+ )?(?:clientes|contatos|contacts)\b"
        r"|\b(?:me (?:torne|transforme|promova)|mude|eleve|altere)\b.{0,30}\b(?:administrador"
        r"|admin|nivel"
        r" de (?:acesso|permissao)|privilegios?)\b"
        r"|\b(?:desativ\w+|deslig\w+|desabilit\w+|remov\w+|disable|turn off)\b.{0,30}\b(?:filtros?"
        r"|moderac\w+|protec\w+|restric\w+|guard\w*|verificac\w+|safety|logs?|seguranca|limites)\b"
        r"(?!.*\b(?:windows|antivirus|navegador|computador|pop|driver|token|office|java)\b)"
    ),
}

WEAK: dict[str, str] = {
    "prompt": r"\bprompts?\b|\bllms?\b|\bgpt\b|\bgemini\b|\bchatgpt\b|\binjection\b"
    r"|\bmodelo de linguagem\b",
    "rules": rf"\b(?:suas|seus|tuas|your) (?:\w+ )?{_RULES}\b|\b{_RULES} (?:interna|secreta"
    rf"|oculta)s?\b",
    "ignore": rf"\b{_IGNORE} (?:\w+ ){{0,3}}{_RULES}\b",
    "role": r"\b(?:finja|pretend|roleplay|simule|aja como|act as|voce agora e|you are now"
    r"|encene)\b",
    "admin": r"\b(?:sou|como) (?:o |a |um |uma )?(?:administrador|admin|desenvolvedor"
    r"|programador)\w*\b",
    "override": r"\boverride\b|\bbypass\b|\bexploit\b|\bbackdoor\b|\bpayload\b|\bhack\w+\b",
    "encoded": r"\bbase ?64\b|\brot ?13\b|\bhexadecimal\b|\bdecodifi\w+\b|\bdecode\b",
    "hypothetical": r"\bhipotetic\w+\b|\bhypothetical\w*\b|\bfins (?:educa\w+|academic\w+)\b",
    "secret": r"\b(?:codigo|palavra|chave|marca|senha) (?:secret|intern|mestr)\w+\b|\bcanary\b",
    "professional": r"\b(?:como|sou|enquanto) (?:o |a |um |uma )?(?:\w+ )?(?:consultor\w*"
    r"|auditor\w*|especialista"
    r"|pesquisador\w*|investigador\w*|perit[oa]|analista|engenheir\w+|cientista|pentester|estudante"
    r"|agente|delegad[oa]|jornalista|promotor\w*|juiz\w*|fiscal|inspetor\w*)\b.*\b(?:preciso"
    r"|quero|solicito"
    r"|requisito|exijo|forneca|envie|acess\w+|necessito|devo)\b.*\b(?:dados|relatorio|acesso"
    r"|registros?"
    r"|auditoria|assessment|informac\w+|historico|logs?|amostras?|metricas|treinamento|sistema"
    r"|documentac\w+"
    r"|configurac\w+|mapea\w*|exemplos|chaves?|lista)\b",
    "switch_off": r"\b(?:desativ\w+|deslig\w+|desabilit\w+|suspend\w+|remov\w+|habilit\w+"
    r"|alter[ea]\w*"
    r"|ativ[ae]\w*|aument\w+|reduz\w*|configur\w+|modifi\w+"
    r"|ajust\w+)\b.{0,40}\b(?:rate limit\w*|waf|firewall|log(?:ging|s)?"
    r"|auditoria|autenticac\w+|captcha|monitoramento|restric\w+|travas?|filtros?|criptografia"
    r"|timeout"
    r"|cache|debug|limites?|permiss\w+|privilegios?|sandbox|endpoint|acesso (?:remoto|geral"
    r"|total))\b",
    "protocol": r"\b(?:protocolo|codigo|ordem|comando|diretiva) (?:\w+ ){1,2}(?:ativad[oa]"
    r"|confirmad[oa]|autorizad[oa]"
    r"|iniciad[oa]|acionad[oa])\b|\b(?:sem|relax\w+|afroux\w+|quebr\w+) (?:essas? |as "
    r"|nenhuma )?regras\b",
    "test_data": r"\b(?:cpfs?|cnpjs?|cartao|cartoes|senhas?|dados (?:reais|fiscais|de exemplo"
    r"|de teste))\b.{0,30}"
    r"\b(?:validos?|para (?:testar|testes?|validac\w+|homologac\w+)|de exemplo|de teste)\b"
    r"|\bnumeros de cartao\b",
    "attack": r"\b(?:red team|pentest\w*|vulnerabilidade\w*|zero.?day|sql injection|xss"
    r"|brecha\w*|invadir|atacar"
    r"|engenharia social|phishing|ransomware|malware)\b",
    "internals": r"\b(?:dados de treinamento|funcionamento interno|arquitetura interna"
    r"|como (?:voce|vc) (?:foi treinad\w"
    r"|funciona(?: internamente)?)|training data|seu modelo|seus parametros|sua temperatura)\b",
    "database": r"\bbanco de dados\b|\bdatabase\b|\bbase de clientes\b|\bservidor\b.*\bacess\w+",
}


@cache
def _compiled(strong: bool) -> list[tuple[str, re.Pattern[str]]]:
    patterns = STRONG if strong else WEAK
    return [(name, re.compile(pattern)) for name, pattern in patterns.items()]


@cache
def _any_weak() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in WEAK.values()))


def strong_in(plain: str) -> str:
    """The name of the first strong pattern in a folded text; empty when there is none."""
    return next((name for name, one in _compiled(strong=True) if one.search(plain)), "")


def weak_in(plain: str) -> tuple[str, ...]:
    """The names of the weak patterns in a folded text."""
    if not _any_weak().search(plain):
        return ()
    return tuple(name for name, one in _compiled(strong=False) if one.search(plain))
