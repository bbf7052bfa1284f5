"""What every program of this folder shares: the SDK, its exporter, and scenarios that are told apart.

A program is a list of scenarios. Before each the receiver is told its name, and after each everything is exported,
so that what arrives in between is what the scenario made a library say.
"""

import contextlib
import os
import sys
import traceback
import urllib.request

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

ORIGIN = os.environ["MODEL_ORIGIN"]
OPENAI = ORIGIN + "/v1"
RECEIVER = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]
TENANT = "tenant-acme"
USER = "user-42"
ASK = [{"role": "user", "content": "Say something short. PLANTED-PROMPT"}]

_scenarios = []


def provider():
    """A tracer provider that exports, and stands as the global one."""
    resource = Resource.create({"service.name": "checkout", "tenant.id": TENANT})
    made = TracerProvider(resource=resource)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=RECEIVER + "/v1/traces")))
    trace.set_tracer_provider(made)
    return made


def scenario(function):
    """Decorator: the function is a scenario of its name."""
    _scenarios.append(function)
    return function


def run(flush=None):
    """Runs all scenarios, or those that are named on the command line."""
    wanted = sys.argv[1:]
    for function in _scenarios:
        name = function.__name__.replace("_", "-")
        if wanted and name not in wanted:
            continue
        _tell("begin", name)
        try:
            function()
        except Exception as error:  # a provider's failure is a scenario too
            print(f"{name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
            if os.environ.get("LIVE_TRACEBACK"):
                traceback.print_exc()
        with contextlib.suppress(Exception):
            (flush or trace.get_tracer_provider().force_flush)()
        _tell("end", name)


def _tell(what, name):
    urllib.request.urlopen(urllib.request.Request(f"{RECEIVER}/{what}/{name}", method="POST")).read()
