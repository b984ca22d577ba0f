"""Whatever a name or a figure says, every channel makes a message of it that fits and that its receiver can read."""

import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notice_samples import NOTICE

from usage_pipeline.alerts.channels import discord, slack, sms, teams, webhook
from usage_pipeline.alerts.channels.outline import units
from usage_pipeline.alerts.channels.post import json_bytes
from usage_pipeline.tables.notices import Link

SPECIAL = st.sampled_from(
    ["<!channel>", "@everyone", "\\", "*", "`", "](", "://", "\r\n", "\u202e", "\ud800", "🚀", "界", "{to}", "^", "|"]
)
NAMES = st.lists(st.one_of(SPECIAL, st.text(max_size=20)), max_size=60).map("".join)
FIGURES = st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False).map("{:f}".format), NAMES)


@st.composite
def notices(draw: st.DrawFn) -> Any:
    return replace(
        NOTICE,
        subject=draw(NAMES),
        text=draw(NAMES),
        project=draw(NAMES),
        facts=draw(st.dictionaries(NAMES, FIGURES, max_size=15)),
        links=tuple(Link(text=draw(NAMES), url=draw(NAMES)) for _ in range(draw(st.integers(0, 5)))),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(notices(), st.integers(1, 3))
def test_it_fits_and_can_be_read(notice: Any, parts: int) -> None:
    documents = [slack.payload(notice), teams.payload(notice), discord.payload(notice), webhook.document(notice)]
    for document in documents:
        assert json.loads(json_bytes(document))
    assert len(json_bytes(documents[1])) <= 28 * 1024
    assert units(documents[0]["blocks"][0]["text"]["text"]) <= 150
    assert not set("<>") & set(documents[0]["text"])
    assert all(run["text"] for block in documents[0]["blocks"][1:] for part in block["elements"] for run in part["elements"])
    content = documents[2]["content"]
    assert units(content) <= 2000
    assert re.search(r"(?<!\\)(?:\\\\)*@", content) is None  # each @ is escaped
    text = sms.words(notice, parts)
    assert len(text.encode("utf-16-le")) // 2 <= {1: 160, 2: 306, 3: 459}[parts]
