// An application whose SDK exports over gRPC, as set up by environment variables: one span, one metric, then the end.
import { metrics, trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

const sdk = new NodeSDK();
sdk.start();
trace.getTracer("app").startActiveSpan("checkout", (span) => span.end());
metrics.getMeter("app").createCounter("orders").add(3);
await sdk.shutdown();
