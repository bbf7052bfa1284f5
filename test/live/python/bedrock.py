"""Bedrock through boto3 under an instrumentation that the first argument names."""

import json
import os
import sys

import live

os.environ.update(AWS_ACCESS_KEY_ID="AKIAPLANTED", AWS_SECRET_ACCESS_KEY="planted", AWS_DEFAULT_REGION="us-east-1")
kind = sys.argv.pop(1)
provider = live.provider()
if kind == "openinference":
    from openinference.instrumentation.bedrock import BedrockInstrumentor

    BedrockInstrumentor().instrument(tracer_provider=provider)
elif kind == "openllmetry":
    from opentelemetry.instrumentation.bedrock import BedrockInstrumentor

    BedrockInstrumentor().instrument(tracer_provider=provider)
else:
    from opentelemetry.instrumentation.botocore import BotocoreInstrumentor

    BotocoreInstrumentor().instrument(tracer_provider=provider)

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402

client = boto3.client(
    "bedrock-runtime",
    endpoint_url=live.ORIGIN,
    config=Config(retries={"max_attempts": 1, "mode": "standard"}),
)
CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
MESSAGES = [{"role": "user", "content": [{"text": "Say something short. PLANTED-PROMPT"}]}]
BODY = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": live.ASK})


@live.scenario
def converse():
    client.converse(modelId=CLAUDE, messages=MESSAGES)


@live.scenario
def converse_stream():
    for _ in client.converse_stream(modelId="us." + CLAUDE, messages=MESSAGES)["stream"]:
        pass


@live.scenario
def invoke_model():
    client.invoke_model(modelId=CLAUDE, body=BODY)["body"].read()


@live.scenario
def invoke_model_stream():
    for _ in client.invoke_model_with_response_stream(modelId=CLAUDE, body=BODY)["body"]:
        pass


@live.scenario
def error_429():
    client.converse(modelId="boom", messages=MESSAGES)


live.run()
