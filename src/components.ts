// Everything compiled in, in the order data meets it. To add a component, add a line.
import type { AnyKind } from "./core/component.ts";
import { debug } from "./exporters/debug/debug.ts";
import { healthCheck } from "./extensions/health_check/health-check.ts";
import { batch } from "./processors/batch/batch.ts";
import { memoryLimiter } from "./processors/memory_limiter/memory-limiter.ts";

export const components: readonly AnyKind[] = [memoryLimiter, batch, debug, healthCheck];
