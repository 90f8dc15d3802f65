"""What people say of appointments that they have: to move one, to cancel one, to ask when it is;
and a yes or a no to the question whether one shall be cancelled.
"""

import re
from typing import Literal

from gatte.conversation.flows.base import FlowName
from gatte.conversation.parsing.mentions import readable
from gatte.conversation.parsing.normalize import union
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State

AppointmentWish = Literal["move_appointment", "cancel_appointment", "appointment_status"]

SUBJECT = (
    r"(?:agendament\w*|horarios?|hora marcada|consulta|visita|videoconferencia|video|atendimento)"
)
CANCEL = r"(?:cancel(?:a|ar|e|em|o|amento)|desmarc(?:a|ar|e|em|o|acao))"
MOVE = r"(?:adi(?:ar|a|e)|mud(?:a|ar|e|anca)|troc(?:a|ar|que)|pass(?:a|ar|e))"
CANCELS = union(
    rf"\b{CANCEL}\b.{{0,40}}\b{SUBJECT}\b",
    rf"\b{SUBJECT}\b.{{0,60}}\b{CANCEL}\b",
    r"\bdesmarc(?:a|ar|e|em)\b",
)
MOVES = union(
    r"\b(?:remarc|reagend)\w+",
    rf"\b{MOVE}\b.{{0,25}}\b(?:meu|minha|o|a|de|do|da)\b.{{0,15}}\b{SUBJECT}\b",
    rf"\b{SUBJECT}\b.{{0,60}}\b(?:mudar|trocar|adiar)\b",
    r"\badiar\b.{0,25}\b(?:meu|minha|atendimento|horario)\b",
)
ASKS = union(
    r"\b(?:que|qual|quando|q) (?:e |era |foi |ficou )?(?:o |a )?(?:meu |minha )?"
    r"(?:dia|hora|horario|data)\b.{0,30}\b(?:marcad|marquei|agendad|agendei|ficou)",
    r"\b(?:qual|quando) (?:e |era |ficou )?(?:o |a )?(?:meu|minha) "
    r"(?:horario|hora|agendamento|atendimento|videoconferencia|visita)\b",
    r"\b(?:quando|que horas) (?:e|ficou|esta|eu marquei) (?:o |a )?"
    r"(?:meu |minha |marcad[oa] )?(?:horario|agendamento|atendimento|videoconferencia|visita)?\b"
    r"(?=.{0,20}(?:marcad|agend|horario|meu|minha))",
    r"\b(?:tenho|to com|estou com) (?:algum |alguma )?(?:horario|hora|agendamento|coisa) marcad",
    r"\b(?:meu|minha) (?:horario|agendamento|visita|video\w*|atendimento)"
    r"(?: (?:de|da|do|das|as|dia) [\w/]+){0,3}(?: ainda)?(?: esta| ta)?(?: ainda)?"
    r" (?:confirmad|de pe|marcad|valendo)",
)
SUPPOSED = re.compile(
    r"\bse (?:eu |a gente |nos )?(?:nao )?(?:puder|precisar|quiser|conseguir|desistir|faltar|tiver"
    r"|pudermos|precisarmos|adoecer|der)\b|\bcaso (?:eu|a gente|nao)\b"
)
"""What may happen one day: a question, and no wish."""
MOVES_WHAT_IS_THERE = union(
    r"\bnao (?:vou|posso|consigo|vai dar|da|vou conseguir|vou poder)\b(?: \w+){0,2} "
    r"(?:ir|comparecer|participar|chegar|estar|para ir)\b",
    r"\bnao (?:vou |vai )?(?:poder|posso|consigo|conseguir|dar|da|rola)\b"
    r"(?: mais)?(?: n[ao]| dia)? "
    r"(?:segunda|terca|quarta|quinta|sexta|sabado|amanha|hoje|ess[ea]|dia|horario)\b",
    r"\b(?:por|poe|colo[cq]\w+|bot\w+|jog\w+|pass\w+|mud\w+|troc\w+|deix\w+|empurr\w+|marc\w+)\b"
    r".{0,20}\b(?:outr[oa]|noutr[oa]) (?:dia|hora|horario|data|semana)\b",
    r"\b(?:mudar|trocar|passar|adiar|adiantar)\b.{0,12}\b(?:a|o) (?:hora|dia|horario)\b",
)
"""Words that move an appointment where there is one, and where there is none may book one."""
NOT_CANCELLED = re.compile(
    rf"\bnao (?:quero |precisa |e para |vou )?{CANCEL}\b|\b(?:mantem|manter|mantenh[ao])\b"
    rf"|\b{CANCEL} nao(?: hein| viu| ta| ne)?\W*(?:$|[,.;!])"
    r"|\bso (?:quero |queria |e para |para )?(?:mud|troc|remarc|reagend|pass|adi)(?:o|ar|a|e)\b"
    r"|\bdeixa (?:marcad|como esta|assim|quieto|pra la)|\bcontinua marcad"
)
NOT_MOVED = re.compile(
    r"\bnao (?:quero |precisa |vou |e para )?(?:remarcar|reagendar|mudar)\b"
    r"|\b(?:remarc|reagend)(?:o|ar|amos)\b.{0,12}"
    r"\b(?:depois|outra hora|mais para frente|quando)\b"
    r"|\b(?:depois|outra hora|mais para frente)\b.{0,12}"
    r"\b(?:remarc|reagend)(?:o|ar|amos)\b"
)
CHANGES = re.compile(r"\b(?:mud|troc|remarc|reagend|adi)(?:o|ar|a|e|ei|anca|amos)\b")
"""Beside these, somebody who moves an appointment only thinks of cancelling it."""
BARE_CANCEL = re.compile(rf"\b{CANCEL}\b")
ONLY_CANCELS = re.compile(rf"\b(?:so|apenas|somente) (?:quero )?{CANCEL}\b")
AGREES = re.compile(
    r"\W*(?:(?:sim|isso|pode|quero|queira|ok|por favor|confirmo|so|e so|favor|e|ta|tah|esta"
    r"|certo|bom|beleza|claro|entao|vai|mesmo|para|prefiro|melhor|sim senhora?|infelizmente)\W+)*"
    rf"(?:{CANCEL}|tir(?:a|ar|e)|retir(?:a|ar|e))\b"
    r"(?:\W+(?:sim|por favor|pf|isso|tudo|ele|mesmo|logo|entao|ai|ja|agora|para mim|obrigad[oa]"
    r"|(?:o |esse |este |meu |o meu )?(?:horario|agendamento)))*\W*"
)
KEEPS = union(
    r"\bmelhor (?:deixar|manter|nao|ficar)\b|\bfic(?:a|ar|o) com (?:ele|o horario|esse)\b",
    r"^\W*(?:nao,? )?deixa (?:ele|sim|ai|desse jeito)\b",
    r"(?<!nao )\b(?:eu )?vou (?:sim|ir sim|poder(?: ir)? sim|conseguir(?: ir)?|dar um jeito)\b",
    r"(?<!nao )\bconsigo ir\b|\bdou um jeito\b",
)
"""Who was asked whether the appointment shall be cancelled keeps it."""
LONGEST_ANSWER = 8


def appointment_wish(text: str, snapshot: Snapshot) -> AppointmentWish | None:
    """The wish about an appointment that is there which these words are, where they are one.

    Without an appointment the same words mean something only when they name one.
    """
    plain = readable(text)
    if ASKS.search(plain):
        return "appointment_status"
    if SUPPOSED.search(plain):
        return None
    if snapshot.flow == FlowName.SCHEDULE and not snapshot.appointments:
        return None  # what is cancelled there is the booking that runs
    only_cancels = bool(snapshot.appointments and ONLY_CANCELS.search(plain))
    moves = bool(MOVES.search(plain)) and not NOT_MOVED.search(plain)
    if snapshot.appointments and not snapshot.flow:
        moves = moves or bool(MOVES_WHAT_IS_THERE.search(plain))
    gives_up = "?" not in plain and not CHANGES.search(NOT_MOVED.sub(" ", plain))
    free = not snapshot.flow or (snapshot.flow == FlowName.MOVE_APPOINTMENT and gives_up)
    bare = bool(snapshot.appointments and free and BARE_CANCEL.search(plain))
    cancels = only_cancels or bare or bool(CANCELS.search(plain))
    if cancels and (only_cancels or not moves) and not NOT_CANCELLED.search(plain):
        return "cancel_appointment"
    return "move_appointment" if moves else None


def answers_cancellation(text: str, snapshot: Snapshot) -> bool | None:
    """Whether words at the question if an appointment shall be cancelled say yes or no; None where
    they say neither, or something else is asked.
    """
    if snapshot.flow != FlowName.CANCEL_APPOINTMENT or snapshot.state != State.CONFIRMING:
        return None
    plain = readable(text)
    if NOT_CANCELLED.search(plain) or KEEPS.search(plain):
        return False
    short = len(plain.split()) <= LONGEST_ANSWER and "?" not in plain
    return True if short and AGREES.fullmatch(plain) else None
