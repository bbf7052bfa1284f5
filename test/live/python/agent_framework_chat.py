"""Microsoft's Agent Framework with OpenAI."""

import asyncio
import os

import live

os.environ.update(ENABLE_INSTRUMENTATION="true", ENABLE_OTEL="true")
provider = live.provider()
from agent_framework.observability import *  # noqa: E402,F403
import agent_framework.observability as observability  # noqa: E402

for name in ("enable_instrumentation", "setup_observability"):
    if hasattr(observability, name):
        getattr(observability, name)()
        break
import agent_framework.openai as openai_clients  # noqa: E402

Chat = getattr(openai_clients, "OpenAIChatCompletionClient", None) or openai_clients.OpenAIChatClient
Responses = getattr(openai_clients, "OpenAIResponsesClient", None) or openai_clients.OpenAIChatClient


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


def client(kind, name):
    try:
        return kind(model=name, api_key="sk-planted-key", base_url=live.OPENAI)
    except TypeError:
        return kind(model_id=name, api_key="sk-planted-key", base_url=live.OPENAI)


def agent(kind, name, **more):
    made = client(kind, name)
    create = getattr(made, "as_agent", None) or made.create_agent
    return create(name="teller", instructions="Be short.", **more)


@live.scenario
def chat():
    asyncio.run(agent(Chat, "gpt-4o").run("PLANTED-PROMPT"))


@live.scenario
def tool_agent():
    asyncio.run(agent(Chat, "gpt-4o", tools=[get_weather]).run("PLANTED-PROMPT"))


@live.scenario
def responses():
    asyncio.run(agent(Responses, "gpt-4.1").run("PLANTED-PROMPT"))


@live.scenario
def error_429():
    asyncio.run(agent(Chat, "boom").run("PLANTED-PROMPT"))


live.run(provider.force_flush)
