"""Langfuse's SDK: the OpenAI wrapper, the LangChain handler, both at once, and observations made by hand."""

import os

import live

os.environ.update(LANGFUSE_PUBLIC_KEY="pk-planted", LANGFUSE_SECRET_KEY="sk-planted", LANGFUSE_HOST=live.RECEIVER)
from langfuse import Langfuse, get_client, observe  # noqa: E402

langfuse = Langfuse(host=live.RECEIVER)
from langchain_anthropic import ChatAnthropic  # noqa: E402
from langchain_openai import ChatOpenAI  # noqa: E402
from langfuse.langchain import CallbackHandler  # noqa: E402
from langfuse.openai import OpenAI  # noqa: E402

client = OpenAI(base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0)


@live.scenario
def openai_chat():
    client.chat.completions.create(model="gpt-4o-mini", messages=live.ASK, metadata={"langfuse_user_id": live.USER})


@live.scenario
def openai_chat_stream():
    for _ in client.chat.completions.create(
        model="gpt-4o-mini", messages=live.ASK, stream=True, stream_options={"include_usage": True}
    ):
        pass


@live.scenario
def openai_responses():
    client.responses.create(model="gpt-4.1", input="Say something short. PLANTED-PROMPT")


@live.scenario
def openai_embeddings():
    client.embeddings.create(model="text-embedding-3-small", input="eight tokens")


@live.scenario
def openai_error_429():
    client.chat.completions.create(model="boom", messages=live.ASK)


@live.scenario
def langchain_chat():
    model = ChatOpenAI(model="gpt-4o", base_url=live.OPENAI, api_key="sk-planted-key", max_retries=0)
    model.invoke("Say something short. PLANTED-PROMPT", config={"callbacks": [CallbackHandler()]})


@live.scenario
def langchain_anthropic():
    model = ChatAnthropic(model="claude-sonnet-4-5", base_url=live.ORIGIN, api_key="sk-planted", max_retries=0)
    model.invoke("Say something short. PLANTED-PROMPT", config={"callbacks": [CallbackHandler()]})


@live.scenario
def observed_wrapper():
    @observe()
    def answer():
        return client.chat.completions.create(model="gpt-4o", messages=live.ASK).choices[0].message.content

    answer()


@live.scenario
def by_hand():
    with get_client().start_as_current_observation(name="mine", as_type="generation", model="gpt-4o") as generation:
        generation.update(
            output="A short answer.",
            usage_details={"input": 191, "input_cached_tokens": 1024, "output": 55, "output_reasoning_tokens": 32},
        )


live.run(langfuse.flush)
