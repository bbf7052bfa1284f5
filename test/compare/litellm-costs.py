"""Prices usage with LiteLLM's own calculators: questions in JSON in, one answer a line out.

The price file is the first argument; each line of standard input is {"key", "provider", "ask", "usage", "tier",
"region", "searchSize"}, with usage in the words of a usage record, and "ask" one of the calculators below.
"""

import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
from litellm import cost_calculator  # noqa: E402
from litellm.litellm_core_utils.llm_cost_calc.tool_call_cost_tracking import StandardBuiltInToolCostTracking  # noqa: E402
from litellm.llms.base_llm.ocr.transformation import OCRResponse, OCRUsageInfo  # noqa: E402
from litellm.types.utils import (  # noqa: E402
    CacheCreationTokenDetails,
    CompletionTokensDetailsWrapper,
    PromptTokensDetailsWrapper,
    Usage,
)

litellm.suppress_debug_info = True
with open(sys.argv[1], encoding="utf-8") as file:
    rows = json.load(file)
litellm.model_cost.clear()
litellm.model_cost.update(rows)
if hasattr(litellm, "add_known_models"):
    litellm.add_known_models()


def usage_of(given, region, tier):
    hour = given.get("cache_write_1h")
    written = given.get("cache_write") or hour
    usage = Usage(
        prompt_tokens=given.get("input", 0),
        completion_tokens=given.get("output", 0),
        total_tokens=given.get("input", 0) + given.get("output", 0),
        cache_read_input_tokens=given.get("cache_read"),
        cache_creation_input_tokens=written,
        prompt_tokens_details=PromptTokensDetailsWrapper(
            cached_tokens=given.get("cache_read"),
            cache_creation_tokens=written,
            cache_creation_token_details=CacheCreationTokenDetails(
                ephemeral_5m_input_tokens=0, ephemeral_1h_input_tokens=hour
            )
            if hour
            else None,
            audio_tokens=given.get("audio_in"),
            image_tokens=given.get("image_in"),
            image_count=given.get("images"),
            video_length_seconds=given.get("video_seconds"),
            audio_length_seconds=given.get("audio_seconds"),
            query_count=given.get("requests"),
        ),
        completion_tokens_details=CompletionTokensDetailsWrapper(
            reasoning_tokens=given.get("reasoning"),
            audio_tokens=given.get("audio_out"),
            image_tokens=given.get("image_out"),
        ),
    )
    if region:
        usage.inference_geo = region
    if tier == "fast":
        usage.speed = "fast"
    return usage


def tokens(question, call_type):
    given, tier, region = question["usage"], question.get("tier"), question.get("region")
    if tier == "batch":
        call_type = "retrieve_batch"
    cost = sum(
        litellm.cost_per_token(
            model=question["key"],
            custom_llm_provider=question["provider"],
            usage_object=usage_of(given, region, tier),
            call_type=call_type,
            service_tier=None if tier in ("batch", "fast") else tier,
            data_residency=region if question["provider"] == "openai" else None,
        )
    )
    searches = given.get("web_searches", 0)
    if searches:
        options = {"search_context_size": question.get("searchSize", "medium")}
        cost += searches * StandardBuiltInToolCostTracking.get_cost_for_web_search(options, rows[question["key"]])
    return cost


def measured(question, call_type, **counted):
    return sum(
        litellm.cost_per_token(
            model=question["key"],
            custom_llm_provider=question["provider"],
            usage_object=Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0),
            call_type=call_type,
            **counted,
        )
    )


def images(question):
    given = question["usage"]
    number = given.get("images") or given["pixels"] // (1024 * 1024)
    return cost_calculator.default_image_cost_calculator(
        model=question["key"], custom_llm_provider=question["provider"], n=number
    )


def pages(question):
    info = OCRUsageInfo(pages_processed=question["usage"]["pages"])
    response = OCRResponse(pages=[], model=question["key"], usage_info=info)
    return measured(question, "ocr", response=response)


calculators = {
    "completion": lambda question: tokens(question, "completion"),
    "embedding": lambda question: tokens(question, "embedding"),
    "image": images,
    "transcription": lambda question: measured(
        question, "transcription", audio_transcription_file_duration=question["usage"]["audio_seconds"]
    ),
    "speech": lambda question: measured(question, "speech", prompt_characters=question["usage"]["characters"]),
    "video": lambda question: cost_calculator.default_video_cost_calculator(
        model=question["key"],
        custom_llm_provider=question["provider"],
        duration_seconds=question["usage"]["video_seconds"],
    ),
    "rerank": lambda question: measured(question, "rerank", rerank_billed_units=question["usage"]),
    "rerank_tokens": lambda question: measured(
        question, "rerank", rerank_billed_units={"total_tokens": question["usage"]["input"]}
    ),
    "ocr": pages,
    "search": lambda question: measured(question, "search", number_of_queries=question["usage"]["requests"]),
}

for line in sys.stdin:
    question = json.loads(line)
    try:
        answer = {"usd": calculators[question["ask"]](question)}
    except Exception as error:  # what it cannot price is an answer too
        answer = {"error": f"{type(error).__name__}: {error}"[:200]}
    print(json.dumps(answer))
