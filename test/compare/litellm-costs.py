"""Prices usage with LiteLLM's own calculator: rows of JSON in, one answer a line out.

The price file is the first argument; each line of standard input is
{"key", "provider", "mode", "usage", "tier"} with usage in the words of a chat completion.
"""

import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
from litellm.types.utils import CompletionTokensDetailsWrapper, PromptTokensDetailsWrapper, Usage  # noqa: E402

litellm.suppress_debug_info = True
with open(sys.argv[1], encoding="utf-8") as file:
    rows = json.load(file)
litellm.model_cost.clear()
litellm.model_cost.update(rows)
if hasattr(litellm, "add_known_models"):
    litellm.add_known_models()


def usage_of(given):
    return Usage(
        prompt_tokens=given["input"],
        completion_tokens=given["output"],
        total_tokens=given["input"] + given["output"],
        cache_read_input_tokens=given.get("cache_read"),
        cache_creation_input_tokens=given.get("cache_write"),
        prompt_tokens_details=PromptTokensDetailsWrapper(
            cached_tokens=given.get("cache_read"),
            cache_creation_tokens=given.get("cache_write"),
            audio_tokens=given.get("audio_in"),
        ),
        completion_tokens_details=CompletionTokensDetailsWrapper(
            reasoning_tokens=given.get("reasoning"), audio_tokens=given.get("audio_out")
        ),
    )


for line in sys.stdin:
    row = json.loads(line)
    try:
        prompt, completion = litellm.cost_per_token(
            model=row["key"],
            custom_llm_provider=row["provider"],
            usage_object=usage_of(row["usage"]),
            call_type="embedding" if row["mode"] == "embedding" else "completion",
            service_tier=row.get("tier"),
        )
        answer = {"usd": prompt + completion}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:200]}
    print(json.dumps(answer))
