// From what was found on a span to what it says of a call: the provider, the models, the tokens in the meaning of the
// convention. Values that follow from others go back into the reading, so that what is written is what is billed.
import { attributeKey } from "../otlp/attribute-key.ts";
import type { SpanView } from "../otlp/span-view.ts";
import type { Layer, Telling } from "./call.ts";
import type { CompiledDialect } from "./compile.ts";
import type { TokenMeaning } from "./dialect.ts";
import { at } from "./fields.ts";
import { type Shape, shapeOf } from "./operations.ts";
import { providerOfAddress, providerOfFamily, providerOfPrefix, providerOfScope, withoutPrefix } from "./providers.ts";
import type { Reading } from "./reading.ts";
import { TokenCounts, usageOf } from "./tokens.ts";
import type { Usage } from "./usage.ts";

/** What the configuration says of a service because its spans do not. */
export interface ServiceFacts {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** Who speaks. */
export interface Speaker {
  /** The dialect that gave the usage, or else named the operation. */
  readonly dialect: CompiledDialect;
  readonly scope: string;
  readonly service: string;
  readonly facts: ServiceFacts | undefined;
}

/** Completes the reading; undefined for spans that are no call and tell no usage. */
export function tell(span: SpanView, reading: Reading, speaker: Speaker): Telling | undefined {
  const { dialect } = speaker;
  completeConstants(reading, speaker);
  const usage = completeTokens(reading, speaker, span.has(toldBefore));
  const shape = completeShape(reading, dialect, usage !== undefined);
  completeProvider(reading, speaker);
  completeModels(reading, speaker, shape);
  if (shape !== "call" && usage === undefined) return undefined;
  return {
    span: span.index,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    startMs: span.startMs,
    endMs: span.endMs,
    service: speaker.service,
    scope: speaker.scope,
    dialect: dialect.id,
    layer: layerOf(span, dialect),
    operation: reading.text(at.operation),
    shape,
    provider: reading.text(at.provider),
    requestModel: reading.text(at.requestModel),
    responseModel: reading.text(at.responseModel),
    providerModel: reading.text(at.providerModel),
    responseIds: soundIds(reading),
    usage,
    reportedUsd: reading.text(at.reportedUsd),
    gatewayCacheHit: reading.values[at.cacheHit] === true,
    failed: span.statusCode === 2 || reading.values[at.failed] === true || reading.text(at.errorType) !== undefined,
    serviceTier: reading.text(at.serviceTier) ?? reading.text(at.openaiTier),
    region: undefined,
    flags: reading.flags.length === 0 ? none : [...reading.flags],
  };
}

function completeConstants(reading: Reading, { dialect, facts }: Speaker): void {
  if (facts?.provider !== undefined && reading.values[at.provider] === undefined) {
    reading.derive(at.provider, facts.provider, "services");
  }
  for (const { to, value } of dialect.constants) {
    const field = to === "gen_ai.provider.name" ? at.provider : at.operation;
    if (reading.values[field] === undefined) reading.derive(field, value, `${dialect.id}: always`);
  }
}

/** On spans that came through another spantoll, whose counts have the meaning of the convention already. */
export const toldBefore = attributeKey("spantoll.call.dialect");
const conventional: TokenMeaning = { inputIncludesCache: true, outputIncludesReasoning: true };

/** One record for all spans: it is filled and read within one call. */
const counts = new TokenCounts();

function completeTokens(reading: Reading, { dialect, scope }: Speaker, isTold: boolean): Usage | undefined {
  counts.input = reading.count(at.input);
  counts.output = reading.count(at.output);
  counts.total = reading.count(at.total);
  counts.cacheRead = reading.count(at.cacheRead);
  counts.cacheWrite = reading.count(at.cacheWrite);
  counts.cacheWrite5m = reading.count(at.cacheWrite5m);
  counts.cacheWrite1h = reading.count(at.cacheWrite1h);
  counts.reasoning = reading.count(at.reasoning);
  counts.uncachedInput = reading.count(at.uncachedInput);
  counts.provider = reading.text(at.provider);
  counts.normalise(isTold ? conventional : dialect.tokens, scope, reading.flags);
  reading.derive(at.input, counts.input, "tokens: all input, cache included");
  reading.derive(at.output, counts.output, "tokens: all output, reasoning included");
  reading.derive(at.cacheWrite, counts.cacheWrite, "tokens: all cache writes", at.cacheWrite5m);
  reading.derive(at.reasoning, counts.reasoning, "tokens: what the total has beyond its parts", at.total);
  return usageOf(counts, {
    audioInput: reading.count(at.audioInput),
    audioCacheRead: reading.count(at.audioCacheRead),
    imageInput: reading.count(at.imageInput),
    audioOutput: reading.count(at.audioOutput),
    imageOutput: reading.count(at.imageOutput),
  });
}

/** What the span is, by its operation; marks of a shape that is no operation are taken out again. */
function completeShape(reading: Reading, { dialect }: CompiledDialect, tellsUsage: boolean): Shape {
  const operation = reading.text(at.operation);
  if (dialect.shape !== undefined) {
    if (operation === undefined && tellsUsage) unnamedCall(reading);
    return dialect.shape;
  }
  if (operation === undefined) return tellsUsage ? unnamedCall(reading) : "other";
  if (operation === "@container" || operation === "@other") {
    reading.derive(at.operation, undefined, "");
    return operation === "@container" ? "container" : "other";
  }
  // A kind that says "tool" on a span that tells usage means a model that was given tools (LiteLLM's Arize callback).
  if (operation === "execute_tool" && tellsUsage && reading.rules[at.operation]?.identity === false) {
    reading.derive(at.operation, "chat", "operation: a tool does not tell usage");
    return "call";
  }
  return shapeOf(operation);
}

/** Usage without an operation: what has output is a chat, and a model of embeddings says so in its name. */
function unnamedCall(reading: Reading): Shape {
  const model = reading.text(at.requestModel) ?? reading.text(at.responseModel) ?? reading.text(at.model) ?? "";
  if (0 < (reading.count(at.output) ?? 0)) reading.derive(at.operation, "chat", "operation: it has output", at.output);
  else if (model.includes("embed")) reading.derive(at.operation, "embeddings", "operation: the model's name", at.model);
  return "call";
}

/** A proxy's model, its address, its library, the family of the model: in the order of how much they are worth. */
function completeProvider(reading: Reading, { dialect, scope }: Speaker): void {
  if (reading.values[at.provider] !== undefined) return;
  const prefixed = prefixedFields.find((field) => reading.values[field] !== undefined) ?? at.model;
  const trusted = prefixed === at.providerModel || dialect.dialect.prefixedModels === true;
  const ofPrefix = trusted ? providerOfPrefix(reading.text(prefixed) ?? "") : undefined;
  if (ofPrefix !== undefined) return reading.derive(at.provider, ofPrefix, "provider: prefix of the model", prefixed);
  const ofAddress = providerOfAddress(reading.text(at.serverAddress) ?? "");
  if (ofAddress !== undefined) return reading.derive(at.provider, ofAddress, "provider: address", at.serverAddress);
  const ofScope = providerOfScope(scope);
  if (ofScope !== undefined) return reading.derive(at.provider, ofScope, "provider: instrumented library");
  // A client's alias has no family; the model that was asked for may have one.
  for (const field of modelFields) {
    const ofFamily = providerOfFamily(reading.text(field) ?? "");
    if (ofFamily === undefined) continue;
    reading.flag("provider_inferred_from_model");
    return reading.derive(at.provider, ofFamily, "provider: family of the model", field);
  }
}

const prefixedFields = [at.providerModel, at.requestModel, at.model];

/** A prefix that only repeats the provider goes; a client's alias gives way to the model that a proxy dispatched to. */
function completeModels(reading: Reading, { facts }: Speaker, shape: Shape): void {
  const providerModel = reading.text(at.providerModel);
  if (providerModel !== undefined) resolveAlias(reading, withoutPrefix(providerModel, undefined));
  const provider = reading.text(at.provider);
  if (provider !== undefined) for (const field of modelFields) withoutProvider(reading, field, provider);
  // Of a piece of work that is no call and has no name, a word of unknown meaning is no model.
  if (shape === "call" || reading.values[at.operation] !== undefined) placeModel(reading);
  if (facts?.model === undefined || reading.values[at.responseModel] !== undefined) return;
  if (reading.values[at.requestModel] === undefined) reading.derive(at.requestModel, facts.model, "services");
}

const modelFields = [at.responseModel, at.requestModel, at.model];

function resolveAlias(reading: Reading, real: string): void {
  const alias = reading.text(at.modelGroup);
  const requestModel = reading.text(at.requestModel);
  if (requestModel === undefined || requestModel === alias) behindAlias(reading, at.requestModel, real);
  if (alias !== undefined && reading.text(at.responseModel) === alias) behindAlias(reading, at.responseModel, real);
}

/** A model that is not the one that was asked for is the one that answered. */
function placeModel(reading: Reading): void {
  const model = reading.text(at.model);
  if (model === undefined) return;
  const requestModel = reading.text(at.requestModel);
  if (requestModel === undefined) reading.derive(at.requestModel, model, "model: the only one that is named", at.model);
  else if (requestModel !== model && reading.values[at.responseModel] === undefined) {
    reading.derive(at.responseModel, model, "model: not the one that was asked for", at.model);
  }
}

function behindAlias(reading: Reading, field: number, model: string): void {
  reading.derive(field, model, "model: behind the alias", at.providerModel);
}

function withoutProvider(reading: Reading, field: number, provider: string): void {
  const model = reading.text(field);
  if (model !== undefined) reading.derive(field, withoutPrefix(model, provider), "model: without its provider");
}

function layerOf(span: SpanView, { dialect, layerKeys }: CompiledDialect): Layer {
  if (layerKeys.length === 0) return dialect.layer;
  for (const key of layerKeys) if (0 < (span.textBytes(key) ?? 0)) return dialect.layer;
  return "app";
}

/** LiteLLM writes its own call id where a response had none: that is shared by all attempts and is no identity. */
function soundIds({ responseIds, values }: Reading): readonly string[] {
  const callId = values[at.callId];
  const [id] = responseIds;
  if (id === undefined) return none;
  if (responseIds.length === 1) return id === callId || junkId.test(id) ? none : [id];
  return responseIds.filter((one) => one !== callId && !junkId.test(one));
}

const none: readonly never[] = [];

/** What servers write that draw no id: nothing, zeros, `chatcmpl-` and `chatcmpl-None`. Many answers share it. */
const junkId = /^(?:unknown|[-_\s0]*|[a-z]+[-_](?:None|null|undefined)?)$/;
