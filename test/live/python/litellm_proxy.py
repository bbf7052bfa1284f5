"""LiteLLM's proxy with one callback, asked over HTTP; the first argument names the callback."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import live

callback = sys.argv.pop(1)
folder = pathlib.Path(__file__).parent.parent / "litellm"
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
config = (folder / "config.yaml").read_text().replace("[otel]", f"[{callback}]")
cache = os.environ.get("LIVE_CACHE")
if cache:
    config = config.replace("litellm_settings:\n", "litellm_settings:\n  cache: true\n  cache_params: { type: local }\n")
written = pathlib.Path(tempfile.mkdtemp()) / "config.yaml"
written.write_text(config)
(written.parent / "keys.py").write_text((folder / "keys.py").read_text())
environment = dict(
    os.environ,
    MODELS_URL=live.OPENAI,
    MODELS_ORIGIN=live.ORIGIN,
    LIVE_MASTER_KEY="sk-" + "k" * 48,
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    OTEL_EXPORTER="otlp_http",
    OTEL_ENDPOINT=live.RECEIVER + "/v1/traces",
    OTEL_BSP_SCHEDULE_DELAY="200",
)
# LiteLLM takes the variables of a backend for a wish to write its names, so that each callback sees its own alone.
environment.update({
    "arize_phoenix": {"PHOENIX_COLLECTOR_HTTP_ENDPOINT": live.RECEIVER + "/v1/traces", "PHOENIX_API_KEY": "planted"},
    "langfuse_otel": {"LANGFUSE_PUBLIC_KEY": "pk-planted", "LANGFUSE_SECRET_KEY": "sk-planted",
                      "LANGFUSE_HOST": live.RECEIVER, "LANGFUSE_OTEL_HOST": live.RECEIVER},
    "weave_otel": {"WANDB_API_KEY": "planted", "WANDB_PROJECT_ID": "a/b", "WANDB_HOST": live.RECEIVER},
    "arize": {"ARIZE_SPACE_ID": "planted", "ARIZE_API_KEY": "planted", "ARIZE_HTTP_ENDPOINT": live.RECEIVER + "/v1/traces"},
}.get(callback, {}))
for name in ("OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
    environment.pop(name, None)
program = pathlib.Path(sys.executable).parent / "litellm"
log = open(written.parent / "log", "w")
proxy = subprocess.Popen(
    [program, "--config", written, "--host", "127.0.0.1", "--port", str(PORT)],
    cwd=written.parent, env=environment, stdout=log, stderr=log,
)


def ask(path, **body):
    headers = {"content-type": "application/json", "authorization": "Bearer sk-tenant_acme-ann"}
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def wait():
    for _ in range(600):
        if proxy.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/liveliness", timeout=1).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("the proxy did not start:\n" + (written.parent / "log").read_text()[-3000:])


@live.scenario
def chat():
    ask("/v1/chat/completions", model="fast", messages=live.ASK, user=live.USER)


@live.scenario
def chat_stream():
    ask("/v1/chat/completions", model="gpt-4o", messages=live.ASK, stream=True)


@live.scenario
def chat_tool_call():
    tool = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    ask("/v1/chat/completions", model="gpt-4o", messages=live.ASK, tools=[{"type": "function", "function": tool}])


@live.scenario
def anthropic_chat():
    ask("/v1/chat/completions", model="claude", messages=live.ASK)


@live.scenario
def anthropic_messages():
    ask("/v1/messages", model="claude", messages=live.ASK, max_tokens=100)


@live.scenario
def anthropic_messages_stream():
    ask("/v1/messages", model="claude", messages=live.ASK, max_tokens=100, stream=True)


@live.scenario
def responses():
    ask("/v1/responses", model="gpt-4.1", input="Say something short. PLANTED-PROMPT")


@live.scenario
def responses_stream():
    ask("/v1/responses", model="gpt-4.1", input="Say something short. PLANTED-PROMPT", stream=True)


@live.scenario
def embeddings():
    ask("/v1/embeddings", model="embed", input="eight tokens")


@live.scenario
def text_completion():
    ask("/v1/completions", model="fast", prompt="PLANTED-PROMPT")


@live.scenario
def fallback():
    ask("/v1/chat/completions", model="primary", messages=live.ASK)


@live.scenario
def retry():
    ask("/v1/chat/completions", model="flaky", messages=live.ASK)


@live.scenario
def error_429():
    ask("/v1/chat/completions", model="boom", messages=live.ASK)


@live.scenario
def twice():
    for _ in range(2):
        ask("/v1/chat/completions", model="fast", messages=[{"role": "user", "content": "the same"}])
        time.sleep(0.5)


wait()
try:
    live.run(lambda: time.sleep(2.5))
finally:
    proxy.send_signal(signal.SIGTERM)
    try:
        proxy.wait(20)
    except subprocess.TimeoutExpired:
        proxy.kill()
