"""Google's Agent Development Kit, with Gemini and with other models through LiteLLM."""

import asyncio
import os

import live

os.environ.update(GOOGLE_API_KEY="planted-key", GOOGLE_GEMINI_BASE_URL=live.ORIGIN)
provider = live.provider()
from google.adk.agents import Agent  # noqa: E402
from google.adk.runners import InMemoryRunner  # noqa: E402
from google.genai import types  # noqa: E402


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


def ask(model, tools=()):
    async def main():
        agent = Agent(name="teller", model=model, instruction="Be short.", tools=list(tools))
        runner = InMemoryRunner(agent=agent, app_name="checkout")
        session = await runner.session_service.create_session(app_name="checkout", user_id=live.USER)
        message = types.Content(role="user", parts=[types.Part(text="PLANTED-PROMPT")])
        async for _ in runner.run_async(user_id=live.USER, session_id=session.id, new_message=message):
            pass

    asyncio.run(main())


@live.scenario
def gemini():
    ask("gemini-2.5-flash")


@live.scenario
def gemini_tool_agent():
    ask("gemini-2.5-flash", [get_weather])


@live.scenario
def litellm_openai():
    from google.adk.models.lite_llm import LiteLlm

    ask(LiteLlm(model="openai/gpt-4o", api_base=live.OPENAI, api_key="sk-planted-key"))


@live.scenario
def error_429():
    ask("boom-gemini")


live.run(provider.force_flush)
