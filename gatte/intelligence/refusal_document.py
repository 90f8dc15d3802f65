"""docs/refusal-policy.md, written from the policy:
`python -m gatte.intelligence.refusal_document > docs/refusal-policy.md`.
"""

import sys

from gatte.conversation import refusal_policy
from gatte.conversation.refusal_policy import RefusalRule
from gatte.conversation.texts import render

INTRODUCTION = """# Refusal policy, version {version} (since {since})

What the bot does not do, whoever asks. Written from `gatte/conversation/refusal_policy.toml` by
`python -m gatte.intelligence.refusal_document`; a test fails when this page is older. The rules
stand in the responder's prompt word by word, and each call records the version
(`responder-v3+refusals-v{version}`).

It holds three times:

1. **Before**: patterns without any model find what plainly falls under a topic
   (`conversation/refusal_policy.py`), with Gemini or without. The customer reads the sentence below
   and gets a way on: the menu, or a person. A message that names one of our products asks about
   them, and is refused for the topics *other_people*, *illegal* and *promise* alone. Victims of a
   fraud, complaints and calls for a person are heard first. A promise is refused only when no
   article answers.
2. **In the prompt**: the model is told to leave its answer empty.
3. **After**: a sentence that no passage holds is dropped (`grounding_check.py`), and so is advice
   on law, taxes, health or politics, a contact, a link, a document that the passage does not have
   (`guard/answer_screen.py`). Nothing depends on the model's obedience.

What only a person can judge goes to a person: the button *Falar com atendente* stands beside every
refusal outside of a form, and a form goes on after one.
"""


def page() -> str:
    """The page, in Markdown."""
    rules = refusal_policy.policy()
    parts = [
        INTRODUCTION.format(version=rules.version, since=rules.since),
        *(_section(one) for one in rules.rules),
    ]
    return "\n".join(parts)


def _section(rule: RefusalRule) -> str:
    examples = "\n".join(f"- {one}" for one in rule.examples)
    return "\n".join(
        [
            f"## {rule.title} (`{rule.topic}`)",
            "",
            f"Why: {rule.why}",
            "",
            f"Rule in the prompt: {rule.rule}",
            "",
            f"What the customer reads: *{render(f'refusal.{rule.topic}')}*",
            "",
            "Falls under it, for instance:",
            "",
            examples,
            "",
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(page())
