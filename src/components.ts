// Everything compiled in, in the order data meets it. To add a component, add a line.
import type { AnyKind } from "./core/component.ts";
import { debug } from "./exporters/debug/debug.ts";
import { otlpGrpc } from "./exporters/otlp_grpc/otlp-grpc.ts";
import { otlpHttp } from "./exporters/otlp_http/otlp-http.ts";
import { budgetApi } from "./extensions/budget_api/budget-api.ts";
import { fileStorage } from "./extensions/file_storage/file-storage.ts";
import { healthCheck } from "./extensions/health_check/health-check.ts";
import { batch } from "./processors/batch/batch.ts";
import { genAiBudget } from "./processors/gen_ai_budget/gen-ai-budget.ts";
import { genAiCall } from "./processors/gen_ai_call/gen-ai-call.ts";
import { genAiCost } from "./processors/gen_ai_cost/gen-ai-cost.ts";
import { genAiNormalizer } from "./processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { memoryLimiter } from "./processors/memory_limiter/memory-limiter.ts";
import { otlp } from "./receivers/otlp/otlp.ts";

export const components: readonly AnyKind[] = [
  otlp,
  memoryLimiter,
  genAiNormalizer,
  genAiCall,
  genAiCost,
  genAiBudget,
  batch,
  otlpHttp,
  otlpGrpc,
  debug,
  healthCheck,
  fileStorage,
  budgetApi,
];
