"""The Cloud API of WhatsApp: what Meta sends us, what we send to Meta, and nothing of what either
means to us.

May import `conversation` (kinds of messages, replies) and what lies below it; knows no table and no
Flask. Inwards start reading at `inbound.py` (`parse`), outwards at `outbound.py` (bodies), then
`channel.py` (how a send ends) and `client.py`.
"""
