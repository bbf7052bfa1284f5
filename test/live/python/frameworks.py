"""Agent frameworks on OpenAI's API: the first argument names the framework, the second the instrumentation."""

import asyncio
import os
import sys

import live

framework, kind = sys.argv.pop(1), sys.argv.pop(1)
os.environ.update(CREWAI_TRACING_ENABLED="false", CREWAI_DISABLE_TELEMETRY="true", AGNO_TELEMETRY="false", HAYSTACK_TELEMETRY_ENABLED="False",
                  OPENAI_API_BASE=live.OPENAI, CREWAI_TELEMETRY_OPT_OUT="true")
provider = live.provider()


def instrument(names):
    import importlib

    module, name = names[kind]
    instrumentor = getattr(importlib.import_module(module), name)()
    instrumentor.instrument(tracer_provider=provider, skip_dep_check=True)


def llama_index():
    instrument({
        "openinference": ("openinference.instrumentation.llama_index", "LlamaIndexInstrumentor"),
        "openllmetry": ("opentelemetry.instrumentation.llamaindex", "LlamaIndexInstrumentor"),
    })
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai import OpenAI

    def model(name):
        return OpenAI(model=name, api_base=live.OPENAI, api_key="sk-planted-key", max_retries=0)

    @live.scenario
    def chat():
        model("gpt-4o").chat([ChatMessage(role="user", content="PLANTED-PROMPT")])

    @live.scenario
    def complete():
        model("gpt-4o").complete("PLANTED-PROMPT")

    @live.scenario
    def chat_stream():
        for _ in model("gpt-4o").stream_chat([ChatMessage(role="user", content="PLANTED-PROMPT")]):
            pass

    @live.scenario
    def embeddings():
        from llama_index.embeddings.openai import OpenAIEmbedding

        OpenAIEmbedding(model="text-embedding-3-small", api_base=live.OPENAI, api_key="k").get_text_embedding("eight")

    @live.scenario
    def agent():
        from llama_index.core.agent.workflow import FunctionAgent

        def get_weather(city: str) -> str:
            """The weather of a city."""
            return f"rain in {city}"

        async def main():
            await FunctionAgent(tools=[get_weather], llm=model("gpt-4o"), streaming=False).run("PLANTED-PROMPT")

        asyncio.run(main())

    @live.scenario
    def error_429():
        model("boom").chat([ChatMessage(role="user", content="PLANTED-PROMPT")])


def haystack():
    instrument({
        "openinference": ("openinference.instrumentation.haystack", "HaystackInstrumentor"),
        "openllmetry": ("opentelemetry.instrumentation.haystack", "HaystackInstrumentor"),
    })
    from haystack import Pipeline
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.utils import Secret

    def generator(name):
        return OpenAIChatGenerator(model=name, api_base_url=live.OPENAI, api_key=Secret.from_token("sk-planted"), max_retries=0)

    @live.scenario
    def chat():
        generator("gpt-4o").run([ChatMessage.from_user("PLANTED-PROMPT")])

    @live.scenario
    def pipeline():
        made = Pipeline()
        made.add_component("llm", generator("gpt-4o"))
        made.run({"llm": {"messages": [ChatMessage.from_user("PLANTED-PROMPT")]}})

    @live.scenario
    def error_429():
        generator("boom").run([ChatMessage.from_user("PLANTED-PROMPT")])


def agno():
    instrument({
        "openinference": ("openinference.instrumentation.agno", "AgnoInstrumentor"),
        "openllmetry": ("opentelemetry.instrumentation.agno", "AgnoInstrumentor"),
    })
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    def model(name):
        return OpenAIChat(id=name, base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0)

    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"rain in {city}"

    @live.scenario
    def chat():
        Agent(model=model("gpt-4o"), telemetry=False).run("PLANTED-PROMPT", user_id=live.USER)

    @live.scenario
    def chat_stream():
        for _ in Agent(model=model("gpt-4o"), telemetry=False).run("PLANTED-PROMPT", stream=True):
            pass

    @live.scenario
    def tool_agent():
        Agent(model=model("gpt-4o"), tools=[get_weather], telemetry=False).run("PLANTED-PROMPT")

    @live.scenario
    def error_429():
        Agent(model=model("boom"), telemetry=False).run("PLANTED-PROMPT")


def crewai():
    instrument({
        "openinference": ("openinference.instrumentation.crewai", "CrewAIInstrumentor"),
        "openllmetry": ("opentelemetry.instrumentation.crewai", "CrewAIInstrumentor"),
    })
    from crewai import LLM, Agent, Crew, Task

    @live.scenario
    def crew():
        llm = LLM(model="openai/gpt-4o", base_url=live.OPENAI, api_key="sk-planted-key")
        teller = Agent(role="teller", goal="tell", backstory="short", llm=llm)
        Crew(agents=[teller], tasks=[Task(description="PLANTED-PROMPT", expected_output="text", agent=teller)]).kickoff()


def smolagents():
    instrument({"openinference": ("openinference.instrumentation.smolagents", "SmolagentsInstrumentor")})
    from smolagents import OpenAIServerModel, ToolCallingAgent

    @live.scenario
    def chat():
        model = OpenAIServerModel("gpt-4o", api_base=live.OPENAI, api_key="sk-planted-key")
        model([{"role": "user", "content": [{"type": "text", "text": "PLANTED-PROMPT"}]}])

    @live.scenario
    def agent():
        model = OpenAIServerModel("gpt-4o", api_base=live.OPENAI, api_key="sk-planted-key")
        ToolCallingAgent(tools=[], model=model, max_steps=2).run("PLANTED-PROMPT")


def dspy():
    instrument({"openinference": ("openinference.instrumentation.dspy", "DSPyInstrumentor")})
    import dspy as library

    @live.scenario
    def predict():
        library.configure(lm=library.LM("openai/gpt-4o", api_base=live.OPENAI, api_key="sk-planted-key", cache=False))
        library.Predict("question -> answer")(question="PLANTED-PROMPT")


def autogen():
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    @live.scenario
    def agent():
        client = OpenAIChatCompletionClient(model="gpt-4o", base_url=live.OPENAI, api_key="sk-planted-key")
        asyncio.run(AssistantAgent("teller", model_client=client).run(task="PLANTED-PROMPT"))


def semantic_kernel():
    os.environ.update(SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS="true",
                      SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE="true")
    from openai import AsyncOpenAI
    from semantic_kernel.agents import ChatCompletionAgent
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion

    def service(name):
        client = AsyncOpenAI(base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0)
        return OpenAIChatCompletion(ai_model_id=name, async_client=client)

    @live.scenario
    def agent():
        asyncio.run(ChatCompletionAgent(service=service("gpt-4o"), name="teller").get_response("PLANTED-PROMPT"))

    @live.scenario
    def error_429():
        asyncio.run(ChatCompletionAgent(service=service("boom"), name="teller").get_response("PLANTED-PROMPT"))


globals()[framework]()
live.run(provider.force_flush)
