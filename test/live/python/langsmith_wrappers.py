"""LangSmith's wrappers of OpenAI's and Anthropic's clients, exported over OpenTelemetry."""

import os

import live

os.environ.update(LANGSMITH_TRACING="true", LANGSMITH_OTEL_ENABLED="true", LANGSMITH_OTEL_ONLY="true",
                  LANGSMITH_ENDPOINT=live.RECEIVER, LANGSMITH_API_KEY="planted", LANGSMITH_PROJECT="checkout")
provider = live.provider()
from anthropic import Anthropic  # noqa: E402
from langsmith import Client, traceable  # noqa: E402
from langsmith.wrappers import wrap_anthropic, wrap_openai  # noqa: E402
from openai import OpenAI  # noqa: E402

smith = Client(api_key="planted", api_url=live.RECEIVER)
openai = wrap_openai(OpenAI(base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0), tracing_extra={"client": smith})
anthropic = wrap_anthropic(Anthropic(base_url=live.ORIGIN, api_key="sk-planted", max_retries=0), tracing_extra={"client": smith})


@live.scenario
def chat():
    openai.chat.completions.create(model="gpt-4o-mini", messages=live.ASK)


@live.scenario
def chat_stream():
    for _ in openai.chat.completions.create(
        model="gpt-4o-mini", messages=live.ASK, stream=True, stream_options={"include_usage": True}
    ):
        pass


@live.scenario
def responses():
    openai.responses.create(model="gpt-4.1", input="PLANTED-PROMPT")


@live.scenario
def anthropic_cache():
    anthropic.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=live.ASK)


@live.scenario
def traced_function():
    @traceable(client=smith)
    def answer():
        return openai.chat.completions.create(model="gpt-4o", messages=live.ASK)

    answer()


@live.scenario
def error_429():
    openai.chat.completions.create(model="boom", messages=live.ASK)


def flush():
    smith.flush()
    from opentelemetry import trace

    trace.get_tracer_provider().force_flush()
    provider.force_flush()


live.run(flush)
