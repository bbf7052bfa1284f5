// Every dialect, in the order in which equally good ones are asked. A new dialect is a file in this folder and a line
// here. Of the two conventions the older is asked first: one of its names among those of today means that it is spoken.
import type { Dialect } from "../dialect.ts";
import { anthropicSdk } from "./anthropic-sdk.ts";
import { handmade } from "./handmade.ts";
import { litellmRaw } from "./litellm-raw.ts";
import { litellmV1 } from "./litellm-v1.ts";
import { litellmV1Optin } from "./litellm-v1-optin.ts";
import { litellmV2 } from "./litellm-v2.ts";
import { mlflow } from "./mlflow.ts";
import { openinference } from "./openinference.ts";
import { openllmetryCurrent, openllmetryLegacy } from "./openllmetry.ts";
import { otelGenaiCurrent } from "./otel-genai-current.ts";
import { otelGenaiLegacy } from "./otel-genai-legacy.ts";
import { vercelAi } from "./vercel-ai.ts";
import { vllm } from "./vllm.ts";

export const dialects: readonly Dialect[] = [
  litellmV2,
  litellmV1,
  litellmV1Optin,
  litellmRaw,
  vllm,
  anthropicSdk,
  mlflow,
  vercelAi,
  otelGenaiLegacy,
  otelGenaiCurrent,
  openllmetryCurrent,
  openllmetryLegacy,
  openinference,
  handmade,
];
