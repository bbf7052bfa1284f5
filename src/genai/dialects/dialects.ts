// Every dialect, in the order in which equally good ones are asked: who writes for one product before who follows a
// convention, newer names before older ones. A new dialect is a file in `dialects/` and a line here.
import type { Dialect } from "../dialect.ts";
import { litellmV1 } from "./litellm-v1.ts";
import { otelGenaiCurrent } from "./otel-genai-current.ts";
import { otelGenaiLegacy } from "./otel-genai-legacy.ts";

export const dialects: readonly Dialect[] = [litellmV1, otelGenaiCurrent, otelGenaiLegacy];
