"""Questions about what a form asks: why it is needed, whose it is, which certificates there are.

No article answers "o meu ou o do meu pai?": what it is about is only known where it was asked.
"""

from gatte.conversation.flows.base import FlowName, Slot
from gatte.conversation.flows.certificates import chosen_certificate, show_certificate
from gatte.conversation.parsing.normalize import normalize_text, union, word_set, words
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import exists, render

PURPOSE = union(
    r"\b(?:por ?que|porq|pq|para que|pra que|para q|pra q)\b",
    r"\bcomo assim\b",
    r"\bobrigatori[oa]\b",
    r"\bque \w+ e ess[ea]\b",
)
WHOSE = union(
    r"\b(?:meu|minha) (?:mesmo |mesma )?ou\b",
    r"\bou (?:e )?(?:o |a )?(?:d[aeo]|del[ea]|meu|minha)\b",
    r"\b(?:de|d[ao]) quem\b",
    r"\b(?:pode|tem que|precisa) ser (?:o |a )?(?:d[aeo]|meu|minha|outr[oa])\b",
    r"\b(?:posso|da para|da pra) (?:por|colocar|usar|dar|passar|botar) (?:o |a )?"
    r"(?:d[aeo]|meu|minha|outr[oa]|e-?mail|nome|cpf|cnpj)\b",
)
AROUND = word_set(
    "por que porque porq pq pra para q como assim o a os as meu minha mesmo mesma ou e eh do da de "
    "dele dela quem isso esse essa esta pai mae marido esposa mulher filho filha irmao irma dono "
    "dona socio socia patrao patroa firma empresa loja responsavel pessoa mas ue uai ne pode ser "
    "precisa tem obrigatorio mandar dar passar informar perguntar quer querem voces vcs moca moco"
)
"""Beside these a question says nothing else than that it asks about what was asked."""
WHEN_IT_ENDS = union(
    r"\b(?:que dia|qual dia|que data|qual (?:e )?a (?:data|validade)|quando|ate quando)\b"
    r".{0,30}\b(?:venc\w*|vale|validade|expira|acaba)\b",
    r"\b(?:vence|vale|expira|acaba)\b.{0,12}\b(?:que dia|qual dia|quando|que data)\b",
)
WHICH_THERE_ARE = union(r"\bquais\b", r"\bquant[oa]s\b", r"\bqual deles\b")


def explanation(text: str, snapshot: Snapshot, slot: Slot | None) -> str:
    """What is said to a question about the form itself; empty where it asks something else."""
    if _asks_for_certificates(text, snapshot):
        return own_certificates(snapshot)
    if slot is None or not _asks_about(slot, text):
        return ""
    own = f"{snapshot.flow}.explain_{slot.name}"
    key = own if exists(own) else f"explain.{slot.name}"
    return render(key) if exists(key) else ""


def _asks_about(slot: Slot, text: str) -> bool:
    """Whether a text asks why the value of a slot is needed, or whose it shall be: by naming it, or
    by naming nothing else.
    """
    plain = normalize_text(text)
    if not PURPOSE.search(plain) and not WHOSE.search(plain):
        return False
    spoken = set(words(text))
    named = spoken & {normalize_text(word) for word in slot.synonyms}
    return bool(named) or spoken <= AROUND


def _asks_for_certificates(text: str, snapshot: Snapshot) -> bool:
    """Whether somebody who renews asks which certificates there are, or when theirs ends."""
    if snapshot.flow != FlowName.RENEWAL or not snapshot.certificates:
        return False
    plain = normalize_text(text)
    asked_which = snapshot.requested_slot == "certificate" and WHICH_THERE_ARE.search(plain)
    return bool(asked_which or WHEN_IT_ENDS.search(plain))


def own_certificates(snapshot: Snapshot) -> str:
    """The certificate that is renewed, or all of them while none is chosen."""
    chosen = chosen_certificate(snapshot)
    several = sorted(snapshot.certificates, key=lambda one: one.valid_until)
    shown = [chosen] if chosen else several
    today = snapshot.now.date()
    lines = "\n".join(f"• {show_certificate(one, today)}" for one in shown)
    return render("certificate_status.done", lines=lines)
