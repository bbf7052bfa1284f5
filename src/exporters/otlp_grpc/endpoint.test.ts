import { expect, test } from "vitest";
import { parseEndpoint } from "./endpoint.ts";

test.each([
  { given: "tempo:4317", target: "dns:tempo:4317", secure: undefined },
  { given: "127.0.0.1:4317", target: "dns:127.0.0.1:4317", secure: undefined },
  { given: "[::1]:4317", target: "dns:[::1]:4317", secure: undefined },
  { given: "http://tempo:4317", target: "dns:tempo:4317", secure: false },
  { given: "HTTP://tempo:4317/", target: "dns:tempo:4317", secure: false },
  { given: "http://tempo:80", target: "dns:tempo:80", secure: false },
  { given: "https://api.honeycomb.io:443", target: "dns:api.honeycomb.io:443", secure: true },
  { given: "https://api.honeycomb.io", target: "dns:api.honeycomb.io:443", secure: true },
  { given: "dns:///tempo:4317", target: "dns:///tempo:4317", secure: undefined },
  { given: "dns://1.1.1.1/tempo:4317", target: "dns://1.1.1.1/tempo:4317", secure: undefined },
  { given: "unix:///run/otlp.sock", target: "unix:///run/otlp.sock", secure: undefined },
  { given: "unix:otlp.sock", target: "unix:otlp.sock", secure: undefined },
])("$given dials $target", ({ given, target, secure }) => {
  expect(parseEndpoint(given)).toEqual({ target, secure });
});

test.each([
  "",
  "tempo",
  "http://tempo",
  "http://tempo:4317/v1/traces",
  "tempo:port",
  "::1:4317",
  "ftp://tempo:21",
  "unix:",
  "a b:1",
])("%j is none", (given) => {
  expect(parseEndpoint(given)).toBeUndefined();
});
