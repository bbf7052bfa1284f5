// Every dialect, in the order in which equally good ones are asked. A new dialect is a file in this folder and a line
// here. Of the two conventions the older is asked first: one of its names among those of today means that it is spoken.
import type { Dialect } from "../dialect.ts";
import { anthropicSdk } from "./anthropic-sdk.ts";
import { claudeCode, codexExec, codexResponse, codexTurn, otherCodingAgents } from "./coding-agents.ts";
import { agentgateway, envoyAiGateway, envoyAiGatewayGenai, otherGateways } from "./gateways.ts";
import { genkit } from "./genkit.ts";
import { googleAdk } from "./google-adk.ts";
import { handmade } from "./handmade.ts";
import { langfuse } from "./langfuse.ts";
import { langsmith } from "./langsmith.ts";
import { litellmOpeninference } from "./litellm-openinference.ts";
import { litellmRaw } from "./litellm-raw.ts";
import { litellmV1 } from "./litellm-v1.ts";
import { litellmV1Optin } from "./litellm-v1-optin.ts";
import { litellmV2 } from "./litellm-v2.ts";
import { mastra } from "./mastra.ts";
import { microsoftAgents } from "./microsoft-agents.ts";
import { mlflow } from "./mlflow.ts";
import { openinference } from "./openinference.ts";
import { openlit } from "./openlit.ts";
import { openllmetryCurrent, openllmetryLegacy } from "./openllmetry.ts";
import { otelGenaiCurrent } from "./otel-genai-current.ts";
import { otelGenaiLegacy } from "./otel-genai-legacy.ts";
import { braintrust, laminar, langwatch, otherPlatforms, sentry } from "./platforms.ts";
import { pydanticAi } from "./pydantic-ai.ts";
import { springAi } from "./spring-ai.ts";
import { strands } from "./strands.ts";
import { vercelAi } from "./vercel-ai.ts";
import { vercelAiV7 } from "./vercel-ai-v7.ts";
import { vllm } from "./vllm.ts";
import { voltagent } from "./voltagent.ts";

export const dialects: readonly Dialect[] = [
  litellmV2,
  litellmV1,
  litellmV1Optin,
  litellmOpeninference,
  litellmRaw,
  vllm,
  anthropicSdk,
  mlflow,
  vercelAi,
  vercelAiV7,
  pydanticAi,
  openlit,
  langfuse,
  langsmith,
  googleAdk,
  strands,
  microsoftAgents,
  springAi,
  mastra,
  genkit,
  voltagent,
  claudeCode,
  codexTurn,
  codexResponse,
  codexExec,
  otherCodingAgents,
  envoyAiGateway,
  envoyAiGatewayGenai,
  agentgateway,
  otherGateways,
  laminar,
  langwatch,
  sentry,
  braintrust,
  otherPlatforms,
  otelGenaiLegacy,
  otelGenaiCurrent,
  openllmetryCurrent,
  openllmetryLegacy,
  openinference,
  handmade,
];
