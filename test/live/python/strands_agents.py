"""Strands agents on Bedrock, OpenAI and Anthropic."""

import os

import live

os.environ.update(AWS_ACCESS_KEY_ID="AKIAPLANTED", AWS_SECRET_ACCESS_KEY="planted", AWS_DEFAULT_REGION="us-east-1")
provider = live.provider()
from strands import Agent, tool  # noqa: E402
from strands.models import BedrockModel  # noqa: E402
from strands.models.anthropic import AnthropicModel  # noqa: E402
from strands.models.openai import OpenAIModel  # noqa: E402

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


@tool
def get_weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: its name
    """
    return f"rain in {city}"


def agent(model, **more):
    return Agent(model=model, callback_handler=None, trace_attributes={"user.id": live.USER}, **more)


def openai(name):
    arguments = {"base_url": live.OPENAI, "api_key": "sk-planted-key", "max_retries": 0}
    return OpenAIModel(client_args=arguments, model_id=name)


@live.scenario
def bedrock():
    agent(BedrockModel(model_id=CLAUDE, endpoint_url=live.ORIGIN))("PLANTED-PROMPT")


@live.scenario
def bedrock_whole():
    agent(BedrockModel(model_id=CLAUDE, endpoint_url=live.ORIGIN, streaming=False))("PLANTED-PROMPT")


@live.scenario
def openai_chat():
    agent(openai("gpt-4o"))("PLANTED-PROMPT")


@live.scenario
def openai_tool_agent():
    agent(openai("gpt-4o"), tools=[get_weather])("PLANTED-PROMPT")


@live.scenario
def anthropic():
    arguments = {"base_url": live.ORIGIN, "api_key": "sk-ant-planted"}
    agent(AnthropicModel(client_args=arguments, model_id="claude-sonnet-4-5", max_tokens=100))("PLANTED-PROMPT")


@live.scenario
def error_429():
    agent(openai("boom"), retry_strategy=None)("PLANTED-PROMPT")


live.run(provider.force_flush)
