"""The guard around the models: what customers write is screened before, what models write after.

Start reading at `message_screen.screen`: obfuscation is undone (`deobfuscation`), patterns and a
small local model (`hostile_model`) put a message into one of three bands. `answer_screen` looks at
what a model wrote before a customer sees it. May import conversation, privacy and the rooms below.
"""
