import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { Refused, type RefusedCode } from "../core/refused.ts";
import { answers, encodeStatus, readStatusMessage, statusJson, statusOf } from "./status.ts";

// The oracle: google/rpc/status.proto, error_details.proto, google/protobuf/any.proto and duration.proto.
const { root } = protobuf.parse(`syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }`);

function decoded(bytes: Uint8Array) {
  const status = root.lookupType("Status").toObject(root.lookupType("Status").decode(bytes));
  const details = (status["details"] ?? []).map((any: { typeUrl: string; value: Uint8Array }) => [
    any.typeUrl,
    root.lookupType("RetryInfo").toObject(root.lookupType("RetryInfo").decode(any.value), { longs: Number }),
  ]);
  return { ...status, details };
}

describe("a refusal", () => {
  test.each<{ code: RefusedCode; http: number; grpc: number; retryable: boolean }>([
    { code: "malformed", http: 400, grpc: 3, retryable: false },
    { code: "too_large", http: 413, grpc: 8, retryable: false },
    { code: "unauthenticated", http: 401, grpc: 16, retryable: false },
    { code: "overloaded", http: 503, grpc: 14, retryable: true },
    { code: "unavailable", http: 503, grpc: 14, retryable: true },
  ])("$code is $http and $grpc, and says when to come again only if that helps", ({ code, http, grpc, retryable }) => {
    expect(answers[code]).toEqual({ http, grpc });
    const status = statusOf(new Refused(code, "why"));
    expect(status.code).toBe(grpc);
    expect(status.retryAfterMs).toBe(retryable ? 1000 : undefined);
  });

  test("keeps the wait that it was thrown with, and not more of its text than fits", () => {
    const status = statusOf(new Refused("overloaded", "x".repeat(5000), { retryAfterMs: 2500 }));
    expect(status.retryAfterMs).toBe(2500);
    expect(status.message).toHaveLength(1024);
  });
});

describe("a Status", () => {
  test.each([
    { name: "plain", status: { code: 3, message: "byte 7 is wrong" }, details: [] },
    { name: "beyond ASCII", status: { code: 13, message: "größer als 日本語 👍" }, details: [] },
    { name: "long", status: { code: 13, message: "é".repeat(1024) }, details: [] },
    {
      name: "with a wait",
      status: { code: 14, message: "full", retryAfterMs: 1500.5 },
      details: [{ seconds: 1, nanos: 500_500_000 }],
    },
    {
      name: "with a long wait",
      status: { code: 14, message: "full", retryAfterMs: 86_400_000 },
      details: [{ seconds: 86_400, nanos: 0 }],
    },
  ])("$name is what protobufjs reads", ({ status, details }) => {
    const { code, message } = status;
    const url = "type.googleapis.com/google.rpc.RetryInfo";
    const read = decoded(encodeStatus(status));
    expect(read).toEqual({ code, message, details: details.map((retryDelay) => [url, { retryDelay }]) });
    expect(readStatusMessage(encodeStatus(status))).toBe(message);
  });

  test("is JSON as protobuf writes it", () => {
    expect(JSON.parse(statusJson({ code: 3, message: "no" }))).toEqual({ code: 3, message: "no" });
    expect(JSON.parse(statusJson({ code: 14, message: "full", retryAfterMs: 1500 }))).toEqual({
      code: 14,
      message: "full",
      details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.500s" }],
    });
  });

  test.each(["", "ff", "12ff", "120548", "080e", "<html>"])("has no message in the bytes %j", (text) => {
    expect(readStatusMessage(Buffer.from(text, text === "<html>" ? "utf8" : "hex"))).toBeUndefined();
  });
});
