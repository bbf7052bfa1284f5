import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const names = ["http", "grpc", "content", "memory_limiter", "run"];

test.each([
  { given: "htttp", name: "http" },
  { given: "htpt", name: "http" },
  { given: "HTTP", name: "http" },
  { given: "contnt", name: "content" },
  { given: "memorylimiter", name: "memory_limiter" },
  { given: "rn", name: "run" },
  { given: "x", name: undefined },
  { given: "zipkin", name: undefined },
  { given: "", name: undefined },
  { given: "h".repeat(100_000), name: undefined },
])("the nearest name to $given", ({ given, name }) => expect(nearest(given, names)).toBe(name));
