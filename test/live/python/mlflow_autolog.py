"""MLflow's tracing, exported over OTLP."""

import os

import live

os.environ.update(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=live.RECEIVER + "/v1/traces", MLFLOW_TRACKING_URI="file:///tmp/mlflow-live",
                  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf", MLFLOW_ENABLE_ASYNC_TRACE_LOGGING="false",
                  MLFLOW_ALLOW_FILE_STORE="true")
import mlflow  # noqa: E402

mlflow.openai.autolog()
mlflow.anthropic.autolog()
from anthropic import Anthropic  # noqa: E402
from openai import OpenAI  # noqa: E402

client = OpenAI(base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0)
claude = Anthropic(base_url=live.ORIGIN, api_key="sk-planted", max_retries=0)


@live.scenario
def chat():
    client.chat.completions.create(model="gpt-4o-mini", messages=live.ASK)


@live.scenario
def chat_stream():
    for _ in client.chat.completions.create(
        model="gpt-4o-mini", messages=live.ASK, stream=True, stream_options={"include_usage": True}
    ):
        pass


@live.scenario
def responses():
    client.responses.create(model="gpt-4.1", input="PLANTED-PROMPT")


@live.scenario
def anthropic_cache():
    claude.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=live.ASK)


@live.scenario
def trace_tree():
    @mlflow.trace
    def answer():
        return client.chat.completions.create(model="gpt-4o", messages=live.ASK).id

    answer()


@live.scenario
def error_429():
    client.chat.completions.create(model="boom", messages=live.ASK)


live.run(lambda: mlflow.flush_trace_async_logging() if hasattr(mlflow, "flush_trace_async_logging") else None)
