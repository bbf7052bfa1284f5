"""LiteLLM's SDK inside an application, with its own callback: it writes onto the span that is active."""

import os

import live

os.environ.update(OTEL_EXPORTER="otlp_http", OTEL_ENDPOINT=live.RECEIVER + "/v1/traces", LITELLM_LOCAL_MODEL_COST_MAP="True")
provider = live.provider()
import time  # noqa: E402

import litellm  # noqa: E402
from opentelemetry import trace  # noqa: E402

litellm.callbacks = ["otel"]
tracer = trace.get_tracer("checkout")
OPENAI = {"api_base": live.OPENAI, "api_key": "sk-planted-key", "num_retries": 0}
CLAUDE = {"api_base": live.ORIGIN, "api_key": "sk-planted-key", "num_retries": 0}


@live.scenario
def completion():
    litellm.completion(model="openai/gpt-4o", messages=live.ASK, **OPENAI)


@live.scenario
def completion_in_span():
    with tracer.start_as_current_span("handle"):
        litellm.completion(model="openai/gpt-4o", messages=live.ASK, metadata={"user_api_key_team_id": live.TENANT}, **OPENAI)
        time.sleep(1)


@live.scenario
def two_in_one_span():
    with tracer.start_as_current_span("handle"):
        for _ in range(2):
            litellm.completion(model="openai/gpt-4o", messages=live.ASK, **OPENAI)
        time.sleep(1)


@live.scenario
def stream_in_span():
    with tracer.start_as_current_span("handle"):
        for _ in litellm.completion(
            model="openai/gpt-4o", messages=live.ASK, stream=True, stream_options={"include_usage": True}, **OPENAI
        ):
            pass
        time.sleep(1)


@live.scenario
def anthropic_in_span():
    with tracer.start_as_current_span("handle"):
        litellm.completion(model="anthropic/claude-sonnet-4-5", messages=live.ASK, **CLAUDE)
        time.sleep(1)


@live.scenario
def embedding():
    litellm.embedding(model="openai/text-embedding-3-small", input="eight tokens", **OPENAI)


@live.scenario
def error_429():
    litellm.completion(model="openai/boom", messages=live.ASK, **OPENAI)


def flush():
    time.sleep(1.5)
    provider.force_flush()


live.run(flush)
