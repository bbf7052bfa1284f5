"""OpenAI's Agents SDK, which has traces of its own, under an instrumentation that the first argument names."""

import asyncio
import sys

import live

kind = sys.argv.pop(1)
provider = live.provider()
if kind == "openinference":
    from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
else:
    from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)

from agents import Agent, Runner, function_tool, set_default_openai_api, set_default_openai_client  # noqa: E402
from openai import AsyncOpenAI  # noqa: E402

set_default_openai_client(AsyncOpenAI(base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0))


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@live.scenario
def responses():
    Runner.run_sync(Agent(name="teller", model="gpt-4.1"), "Say something short. PLANTED-PROMPT")


@live.scenario
def tool_agent():
    Runner.run_sync(Agent(name="teller", model="gpt-4.1", tools=[get_weather]), "PLANTED-PROMPT")


@live.scenario
def chat():
    set_default_openai_api("chat_completions")
    Runner.run_sync(Agent(name="teller", model="gpt-4o"), "Say something short. PLANTED-PROMPT")


@live.scenario
def chat_stream():
    async def main():
        async for _ in Runner.run_streamed(Agent(name="teller", model="gpt-4o"), "PLANTED-PROMPT").stream_events():
            pass

    asyncio.run(main())


@live.scenario
def error_429():
    Runner.run_sync(Agent(name="teller", model="boom"), "PLANTED-PROMPT")


live.run()
