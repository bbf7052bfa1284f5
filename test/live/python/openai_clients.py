"""OpenAI's and Anthropic's clients under one instrumentation, which the first argument names."""

import contextlib
import sys

import live

kind = sys.argv.pop(1)
provider = live.provider()


def instrument():
    if kind == "otel":
        from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

        OpenAIInstrumentor().instrument()
    elif kind == "openinference":
        from openinference.instrumentation.openai import OpenAIInstrumentor

        OpenAIInstrumentor().instrument(tracer_provider=provider)
        with contextlib.suppress(ImportError):
            from openinference.instrumentation.anthropic import AnthropicInstrumentor

            AnthropicInstrumentor().instrument(tracer_provider=provider)
    elif kind == "openllmetry":
        from opentelemetry.instrumentation.openai import OpenAIInstrumentor

        OpenAIInstrumentor().instrument(tracer_provider=provider)
        with contextlib.suppress(ImportError):
            from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor

            AnthropicInstrumentor().instrument(tracer_provider=provider)
    elif kind == "openlit":
        import openlit

        openlit.init(disable_metrics=True, application_name="checkout", otlp_endpoint=live.RECEIVER)
    elif kind == "logfire":
        import logfire

        logfire.configure(send_to_logfire=False, console=False)
        logfire.instrument_openai()
        logfire.instrument_anthropic()
        return logfire.force_flush
    elif kind == "langtrace":
        from langtrace_python_sdk import langtrace

        langtrace.init(api_host=live.RECEIVER + "/v1/traces", api_key="k", batch=False)
    else:
        raise SystemExit(f"no instrumentation {kind}")


flush = instrument()
from openai import OpenAI  # noqa: E402

client = OpenAI(base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0)
tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


@live.scenario
def chat():
    client.chat.completions.create(model="gpt-4o-mini", messages=live.ASK, user=live.USER)


@live.scenario
def chat_stream():
    for _ in client.chat.completions.create(
        model="gpt-4o-mini", messages=live.ASK, stream=True, stream_options={"include_usage": True}
    ):
        pass


@live.scenario
def chat_stream_no_usage():
    for _ in client.chat.completions.create(model="gpt-4o", messages=live.ASK, stream=True):
        pass


@live.scenario
def chat_tool_call():
    client.chat.completions.create(model="gpt-4o", messages=live.ASK, tools=tools)


@live.scenario
def responses():
    client.responses.create(model="gpt-4.1", input="Say something short. PLANTED-PROMPT")


@live.scenario
def responses_stream():
    for _ in client.responses.create(model="gpt-4.1", input="PLANTED-PROMPT", stream=True):
        pass


@live.scenario
def embeddings():
    client.embeddings.create(model="text-embedding-3-small", input="eight tokens")


@live.scenario
def text_completion():
    client.completions.create(model="gpt-3.5-turbo-instruct", prompt="PLANTED-PROMPT")


@live.scenario
def error_429():
    client.chat.completions.create(model="boom", messages=live.ASK)


@live.scenario
def anthropic_cache():
    from anthropic import Anthropic

    claude = Anthropic(base_url=live.ORIGIN, api_key="sk-ant-planted-key", max_retries=0)
    claude.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=live.ASK)


@live.scenario
def anthropic_stream():
    from anthropic import Anthropic

    claude = Anthropic(base_url=live.ORIGIN, api_key="sk-ant-planted-key", max_retries=0)
    for _ in claude.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=live.ASK, stream=True):
        pass


live.run(flush)
