"""`usage_events`: what was used. In the lake, by UTC day of the start. One request a row, or one provider usage bucket."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import ibis.expr.datatypes as dt

from usage_pipeline.tables.schema import TEXT_LIST, Table, column

PROVIDER_VIEW = "provider"
LOG_VIEW = "log"

SUCCESS = "success"
FAILURE = "failure"
CACHE_HIT = "cache_hit"
INCLUDED = "included"
"""In a subscription, whose seats are paid apart: used, and free of charge."""

SECONDS = dt.Decimal(18, 6)


@dataclass(frozen=True, kw_only=True)
class UsageEvent:
    """One request, or one provider usage bucket (request_count > 1), with one column per meter."""

    event_id: str = column("The source's own id of the request, or its natural key: what makes a second reading a duplicate", key=True)
    source: str = column("Name of the source in usage.yaml", key=True)
    view: str = column("'provider' (the provider's usage aggregate) or 'log' (an application's or gateway's own record)")
    started_at: datetime = column("When the request, or the bucket, started (UTC); an event belongs to the day of its start")
    ended_at: datetime | None = column("When it ended (UTC)")
    project: str | None = column("Our project id, by the attribution rules; null until they ran")
    team: str | None = column("The team, as the source says or as the project declares")
    user: str | None = column("The user or end user, as the source says; never an e-mail address")
    client: str | None = column("The client the work was for")
    conversation: str | None = column("Conversation, session or trace")
    prompt: str | None = column("Name or id of the prompt (template), never its text")
    run: str | None = column("Job, agent run or batch")
    feature: str | None = column("Feature of the application")
    operation: str | None = column("What the application did: chat, image, batch, prompt_run, preview, improvement, agent_generation, ...")
    api_type: str | None = column("text, image, embedding, speech, transcription, moderation, batch, tool")
    status: str = column(
        "'success', 'failure', or at no cost: 'cache_hit' (answered by the gateway's cache), 'included' (in a subscription)"
    )
    channel: str = column("Who bills: openai, anthropic, google.gemini, google.vertex, aws.bedrock, azure.openai, openrouter, ...")
    provider: str | None = column("genai-prices' provider id, or as the source names it")
    model: str | None = column("The model as the source gives it")
    region: str | None = column("Region or inference geography, as the source gives it")
    service_tier: str | None = column("The tier served: default, priority, flex, ...; null where unknown")
    speed: str | None = column("Speed mode, such as 'fast'")
    is_batch: bool | None = column("Whether it went through a batch API")
    api_key: str | None = column("Hash or id of the API key, never the key")
    api_key_name: str | None = column("The key's name")
    provider_project_id: str | None = column("The provider's project id")
    provider_project_name: str | None = column("The provider's project name")
    workspace_id: str | None = column("The provider's workspace id; null may mean its default workspace")
    sub_account_id: str | None = column("Sub-account, subscription or linked account")
    principal: str | None = column("Caller identity, such as a role ARN")
    resource_id: str | None = column("Resource: deployment, inference profile, account")
    request_count: int | None = column("Requests in this row: 1 for a request, the bucket's number, null where the provider does not say")
    input: int | None = column("Uncached input tokens of text (or of any modality, where the source does not split them)")
    cache_read: int | None = column("Tokens read from the provider's prompt cache")
    cache_write: int | None = column("Tokens written to the prompt cache (5 minutes)")
    cache_write_1h: int | None = column("Tokens written to the prompt cache for an hour")
    output: int | None = column("Output tokens, reasoning included")
    input_audio: int | None = column("Uncached audio input tokens")
    cache_audio_read: int | None = column("Cached audio input tokens")
    output_audio: int | None = column("Audio output tokens")
    input_image: int | None = column("Uncached image input tokens")
    cache_image_read: int | None = column("Cached image input tokens")
    output_image: int | None = column("Image output tokens")
    input_video: int | None = column("Video input tokens")
    output_video: int | None = column("Video output tokens")
    output_citation: int | None = column("Citation tokens")
    images: int | None = column("Images made")
    audio_seconds: Decimal | None = column("Seconds of audio", type=SECONDS)
    characters: int | None = column("Characters of input")
    messages: int | None = column("Messages")
    document_pages: int | None = column("Pages read")
    annotated_document_pages: int | None = column("Pages read with annotation")
    web_searches: int | None = column("Web search calls")
    file_searches: int | None = column("File or storage search calls")
    code_sessions: int | None = column("Code interpreter sessions")
    reasoning_tokens: int | None = column("The reasoning part of `output`: noted, never added")
    is_unsplit: bool | None = column("True where cached tokens may be inside `input`, as the source cannot tell them apart", default=None)
    reported_cost: Decimal | None = column("The cost the source itself reports: compared, never summed into ours")
    reported_cost_basis: str | None = column("'provider_billed', 'provider_estimated', 'gateway_estimated' or 'app_estimated'")
    tags: str | None = column("Labels and request metadata: a JSON object of scalars")
    request_tags: list[str] | None = column("Request tags as given, among them 'key:value'", type=TEXT_LIST)
    updated_at: datetime | None = column("When the source last changed the record, where it says so: the newest counts", default=None)
    snapshot_scope: str | None = column("For snapshot sources: the part of the day that a newer file replaces; null for append sources")
    source_file: str = column("Fingerprint of the file version (ingested_files)")
    source_line: int = column("Record number in that file, from 1")


usage_events = Table("usage_events", UsageEvent)
