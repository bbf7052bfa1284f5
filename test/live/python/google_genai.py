"""Google's GenAI SDK under an instrumentation that the first argument names."""

import sys

import live

kind = sys.argv.pop(1)
provider = live.provider()
if kind == "openinference":
    from openinference.instrumentation.google_genai import GoogleGenAIInstrumentor

    GoogleGenAIInstrumentor().instrument(tracer_provider=provider)
elif kind == "openllmetry":
    from opentelemetry.instrumentation.google_generativeai import GoogleGenerativeAiInstrumentor

    GoogleGenerativeAiInstrumentor().instrument(tracer_provider=provider)
else:
    from opentelemetry.instrumentation.google_genai import GoogleGenAiSdkInstrumentor

    GoogleGenAiSdkInstrumentor().instrument(tracer_provider=provider)
from google import genai  # noqa: E402

client = genai.Client(api_key="planted-key", http_options={"base_url": live.ORIGIN})


@live.scenario
def generate():
    client.models.generate_content(model="gemini-2.5-flash", contents="Say something short. PLANTED-PROMPT")


@live.scenario
def generate_stream():
    for _ in client.models.generate_content_stream(model="gemini-2.5-flash", contents="PLANTED-PROMPT"):
        pass


@live.scenario
def tool_agent():
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"rain in {city}"

    config = genai.types.GenerateContentConfig(tools=[get_weather])
    client.models.generate_content(model="gemini-2.5-flash", contents="PLANTED-PROMPT", config=config)


@live.scenario
def embeddings():
    client.models.embed_content(model="gemini-embedding-001", contents="eight tokens")


@live.scenario
def error_429():
    client.models.generate_content(model="boom", contents="PLANTED-PROMPT")


live.run()
