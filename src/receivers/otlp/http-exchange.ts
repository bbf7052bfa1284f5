// One request over HTTP: checked from what is cheap to what is dear, read, handed in, answered.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Context, type Signal, signals } from "../../core/batch.ts";
import type { Accept, Doors } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { jsonToProto } from "../../otlp/json.ts";
import { grpcCodes } from "../../otlp/status.ts";
import { BodyBudget, type BodyLimit, tooLarge } from "./bodies.ts";
import { Cors } from "./cors.ts";
import { type Encoding, encodingOf, type Failure, failureOf, writeFailure, writeSuccess } from "./http-answer.ts";
import { Body, Interrupted } from "./http-body.ts";
import type { HttpSettings } from "./http-settings.ts";
import { type Coding, codingOf, codings, inflate } from "./inflate.ts";
import { countRefusal, refusalOf } from "./refusal.ts";

interface Accepted {
  readonly signal: Signal;
  readonly accept: Accept;
  readonly encoding: Encoding;
  readonly coding: Coding;
}

export class HttpExchange {
  readonly #settings: HttpSettings;
  readonly #doors: Doors;
  readonly #host: Host;
  readonly #paths: ReadonlyMap<string, Signal>;
  readonly #cors: Cors | undefined;
  readonly #limit: BodyLimit;
  readonly #budget: BodyBudget;
  /** The codings that are taken. */
  readonly #codings: readonly Coding[];

  constructor(settings: HttpSettings, doors: Doors, host: Host) {
    this.#settings = settings;
    this.#doors = doors;
    this.#host = host;
    this.#paths = new Map(signals.map((signal) => [settings[`${signal}_url_path`].replace(/^(?!\/)/, "/"), signal]));
    this.#cors = settings.cors && new Cors(settings.cors);
    this.#limit = { bytes: settings.max_request_body_size, setting: "max_request_body_size" };
    this.#budget = new BodyBudget(this.#limit, host);
    const named = settings.compression_algorithms?.map((name) => codingOf(name));
    this.#codings = named === undefined ? codings : codings.filter((coding) => named.includes(coding));
  }

  /** Answers, unless the client has gone. */
  async serve(request: IncomingMessage, response: ServerResponse, asksFirst: boolean): Promise<void> {
    // Before it stops, a sender that keeps its connection would lose it in the middle of its next request.
    if (!this.#settings.keep_alives_enabled || !this.#host.health.ready) response.setHeader("connection", "close");
    for (const [name, value] of Object.entries(this.#settings.response_headers)) response.setHeader(name, value);
    if (this.#cors?.answer(request, response)) return;
    const encoding = encodingOf(request.headers["content-type"]);
    const checked = this.#check(request, encoding);
    const failure = "httpStatus" in checked ? checked : await this.#take(checked, request, response, asksFirst);
    if (failure === undefined) return;
    countRefusal(this.#host, "http", failure.reason);
    if (response.destroyed) return;
    this.#host.log.debug("a request was refused", {
      path: request.url,
      status: failure.httpStatus,
      reason: failure.status.message,
    });
    writeFailure(request, response, encoding ?? encodingOf(request.headers.accept) ?? "json", failure);
  }

  /** Everything that can be said before the body is read. */
  #check(request: IncomingMessage, encoding: Encoding | undefined): Accepted | Failure {
    const { headers, url = "" } = request;
    const query = url.indexOf("?");
    const signal = this.#paths.get(query < 0 ? url : url.slice(0, query));
    const accept = signal && this.#doors.get(signal);
    if (signal === undefined || accept === undefined) return notFound;
    if (request.method !== "POST") return wrongMethod;
    if (encoding === undefined) return wrongType;
    const coding = codingOf(headers["content-encoding"]);
    if (coding === undefined || !this.#codings.includes(coding)) {
      return wrongCoding(headers["content-encoding"], this.#codings);
    }
    const { pressure } = this.#host;
    if (pressure.reason !== undefined) return failureOf(new Refused("overloaded", pressure.reason));
    if (this.#limit.bytes < Number(headers["content-length"] ?? 0)) return failureOf(tooLarge(this.#limit));
    return { signal, accept, encoding, coding };
  }

  /** Reads, hands in and answers; returns what is wrong, if anything. */
  async #take(
    { signal, accept, encoding, coding }: Accepted,
    request: IncomingMessage,
    response: ServerResponse,
    asksFirst: boolean,
  ): Promise<Failure | undefined> {
    const body = new Body(request);
    const held = this.#budget.hold((refused) => body.refuse(refused));
    try {
      if (asksFirst) response.writeContinue();
      const plain = await inflate(await body.read(held), coding, held);
      const bytes = encoding === "json" ? jsonToProto(signal, plain) : plain;
      await accept({ signal, bytes, context: this.#contextOf(request), transport: "http" });
      writeSuccess(response, encoding);
      return undefined;
    } catch (error) {
      // Who went away while sending cannot be answered, and was not acknowledged.
      if (error instanceof Interrupted) return undefined;
      return failureOf(refusalOf(error, this.#host));
    } finally {
      held.release();
    }
  }

  #contextOf(request: IncomingMessage): Context {
    const { remoteAddress, remotePort } = request.socket;
    const headers = this.#settings.include_metadata ? headersOf(request) : noHeaders;
    // A socket file has no addresses.
    return {
      headers,
      subject: undefined,
      peer: remoteAddress === undefined ? "unix" : `${remoteAddress}:${remotePort}`,
    };
  }
}

const notFound: Failure = {
  reason: "not_found",
  httpStatus: 404,
  status: { code: grpcCodes.notFound, message: "404 not found: no pipeline takes data at this path" },
};
// The wording of the next two is the Collector's, which users grep for.
const wrongMethod: Failure = {
  reason: "wrong_method",
  httpStatus: 405,
  status: { code: grpcCodes.unimplemented, message: "405 method not allowed, supported: [POST]" },
  headers: { Allow: "POST" },
};
const wrongType: Failure = {
  reason: "wrong_media_type",
  httpStatus: 415,
  status: {
    code: grpcCodes.invalidArgument,
    message: "415 unsupported media type, supported: [application/json, application/x-protobuf]",
  },
};

function wrongCoding(given: string | undefined, codings: readonly Coding[]): Failure {
  const message = `415 unsupported Content-Encoding ${JSON.stringify(given ?? "")}, supported: [${codings.join(", ")}]`;
  return {
    reason: "wrong_coding",
    httpStatus: 415,
    status: { code: grpcCodes.invalidArgument, message },
    headers: { "Accept-Encoding": codings.filter((coding) => coding !== "identity").join(", ") },
  };
}

const noHeaders: Context["headers"] = Object.freeze({});

/** Headers that came several times are joined as RFC 9110, 5.3 says. */
function headersOf(request: IncomingMessage): Context["headers"] {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.push([name, typeof value === "string" ? value : value.join(", ")]);
  }
  return Object.fromEntries(headers);
}
