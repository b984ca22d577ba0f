"""Ways to a person: one module a channel; two protocols (channel.py), for mails and for notices.

`defs/workplace.py` opens them: `workplace.channel()` for mails, `workplace.notice_channel(spec)` for a channel of usage.yaml.
"""
