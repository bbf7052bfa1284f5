"""pydantic-ai: a model's spans and the run of an agent around them, plain, streamed, with a tool, over three APIs."""

import asyncio
import os

import live

provider = live.provider()

from pydantic_ai import Agent, InstrumentationSettings  # noqa: E402
from pydantic_ai.models.anthropic import AnthropicModel  # noqa: E402
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel  # noqa: E402
from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: E402
from pydantic_ai.providers.openai import OpenAIProvider  # noqa: E402

version = int(os.environ.get("INSTRUMENTATION_VERSION", "0"))
settings = InstrumentationSettings(tracer_provider=provider, **({"version": version} if version else {}))
Agent.instrument_all(settings)
openai = OpenAIProvider(base_url=live.OPENAI, api_key="sk-planted-key")
anthropic = AnthropicProvider(base_url=live.ORIGIN, api_key="sk-ant-planted-key")


def agent(model):
    return Agent(model)


@live.scenario
def chat():
    agent(OpenAIChatModel("gpt-4o", provider=openai)).run_sync("Say something short. PLANTED-PROMPT")


@live.scenario
def chat_stream():
    async def main():
        async with agent(OpenAIChatModel("gpt-4o", provider=openai)).run_stream("PLANTED-PROMPT") as result:
            async for _ in result.stream_text():
                pass

    asyncio.run(main())


@live.scenario
def responses():
    agent(OpenAIResponsesModel("gpt-4.1", provider=openai)).run_sync("Say something short. PLANTED-PROMPT")


@live.scenario
def anthropic_cache():
    agent(AnthropicModel("claude-sonnet-4-5", provider=anthropic)).run_sync("PLANTED-PROMPT")


@live.scenario
def tool_agent():
    weather = agent(OpenAIChatModel("gpt-4o", provider=openai))

    @weather.tool_plain
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"rain in {city}"

    weather.run_sync("What is the weather in Berlin? PLANTED-PROMPT")


@live.scenario
def error_429():
    agent(OpenAIChatModel("boom", provider=openai)).run_sync("PLANTED-PROMPT")


live.run(provider.force_flush)
