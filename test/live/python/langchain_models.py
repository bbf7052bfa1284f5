"""LangChain and LangGraph under an instrumentation or LangSmith's own export, which the first argument names."""

import os
import sys

import live

kind = sys.argv.pop(1)
if kind == "langsmith":
    os.environ.update(LANGSMITH_TRACING="true", LANGSMITH_OTEL_ENABLED="true", LANGSMITH_OTEL_ONLY="true",
                      LANGSMITH_ENDPOINT=live.RECEIVER, LANGSMITH_API_KEY="planted", LANGSMITH_PROJECT="checkout")
provider = live.provider()
if kind == "openinference":
    from openinference.instrumentation.langchain import LangChainInstrumentor

    LangChainInstrumentor().instrument(tracer_provider=provider)
elif kind.startswith("openllmetry"):
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    LangchainInstrumentor().instrument(tracer_provider=provider)
    if kind == "openllmetry-both":
        from opentelemetry.instrumentation.openai import OpenAIInstrumentor

        OpenAIInstrumentor().instrument(tracer_provider=provider)
from langchain_anthropic import ChatAnthropic  # noqa: E402
from langchain_core.prompts import ChatPromptTemplate  # noqa: E402
from langchain_openai import ChatOpenAI, OpenAIEmbeddings  # noqa: E402


def openai(name="gpt-4o", **more):
    return ChatOpenAI(model=name, base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0, **more)


@live.scenario
def chat():
    openai().invoke("Say something short. PLANTED-PROMPT", config={"metadata": {"user_id": live.USER}})


@live.scenario
def chat_stream():
    for _ in openai(stream_usage=True).stream("PLANTED-PROMPT"):
        pass


@live.scenario
def chain():
    (ChatPromptTemplate.from_template("PLANTED-PROMPT {topic}") | openai()).invoke({"topic": "rain"})


@live.scenario
def responses():
    openai("gpt-4.1", use_responses_api=True).invoke("PLANTED-PROMPT")


@live.scenario
def anthropic():
    model = ChatAnthropic(model="claude-sonnet-4-5", base_url=live.ORIGIN, api_key="sk-planted", max_retries=0)
    model.invoke("Say something short. PLANTED-PROMPT")


@live.scenario
def anthropic_stream():
    model = ChatAnthropic(model="claude-sonnet-4-5", base_url=live.ORIGIN, api_key="sk-planted", max_retries=0)
    for _ in model.stream("PLANTED-PROMPT"):
        pass


@live.scenario
def agent():
    from langchain.agents import create_agent
    from langchain_core.tools import tool

    @tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"rain in {city}"

    create_agent(openai(), tools=[get_weather]).invoke({"messages": [("user", "PLANTED-PROMPT")]})


@live.scenario
def embeddings():
    OpenAIEmbeddings(model="text-embedding-3-small", base_url=live.OPENAI, api_key="k", check_embedding_ctx_length=False).embed_query("eight")


@live.scenario
def error_429():
    openai("boom").invoke("PLANTED-PROMPT")


def flush():
    provider.force_flush()
    if kind == "langsmith":
        from langchain_core.tracers.langchain import wait_for_all_tracers

        wait_for_all_tracers()
        from opentelemetry import trace

        trace.get_tracer_provider().force_flush()


live.run(flush)
