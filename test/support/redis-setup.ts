// One Redis for all test files; each store of a test has a prefix of its own in it.
import type { TestProject } from "vitest/node";
import { ensureRedis, startRedis } from "./redis.ts";

declare module "vitest" {
  export interface ProvidedContext {
    redisUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  ensureRedis();
  const server = await startRedis();
  project.provide("redisUrl", server.url);
  return () => server.stop();
}
