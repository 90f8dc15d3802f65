"""Which language a text is written in that is known not to be Portuguese."""

from gatte.conversation.parsing.normalize import word_set, words

FUNCTION_WORDS = {
    "es": word_set(
        "el los las del al lo un una unos unas y con en sin pero muy ya hay es son soy estan "
        "estoy esto eso ese esa tengo tiene tienen quiero necesito necesitamos puedo puede "
        "pueden mi mis su sus les yo usted ustedes ella ellos cual cuando donde hasta "
        "hacer hola buenas buenos buen gracias senor senora senorita hablar hablo "
        "alguien persona si tambien todavia ahora aca alla nadie otro otra mejor voy manana dale "
        "llamo archivo sirve opciones"
    ),
    "en": word_set(
        "the an and or of in on at with from is are was were am be been can could would "
        "will does did have has had not i you he she it we they my your his our their this that "
        "these those what which who when where how yes please need want hello hi hey good morning "
        "sorry thanks thank there here anyone anybody somebody someone got never mind now file"
    ),
}
"""Small words that one of the languages needs in nearly every sentence and the other does not have;
without accents.
"""


def foreign_language(text: str) -> str:
    """The language of a text that is no Portuguese: "es", "en", or "" where neither is plain."""
    spoken = set(words(text))
    spanish = len(spoken & FUNCTION_WORDS["es"])
    english = len(spoken & FUNCTION_WORDS["en"])
    if spanish == english:
        return ""
    return "es" if spanish > english else "en"
