// What befalls a ledger on Redis, with a journal before it: each step at a random instant, under load.
import type { RedisServer } from "../support/redis.ts";
import type { Rig, Scenario } from "./scenarios.ts";
import { pause } from "./subject.ts";

export type RedisFault = "kill" | "freeze" | "forget scripts" | "kill the sidecar" | "kill both";

/** As many rounds, each with one of the faults. */
export function redisFaults(redis: RedisServer, faults: readonly RedisFault[], rounds: number): Scenario {
  return async (rig) => {
    const { subject, sender, random } = rig;
    subject.launch();
    await subject.ready();
    sender.start(4);
    for (let round = 0; round < rounds; round++) {
      await pause(random() * 400);
      await befall(faults[Math.floor(random() * faults.length)] ?? "kill", redis, rig);
    }
    await pause(200);
  };
}

async function befall(fault: RedisFault, redis: RedisServer, rig: Rig): Promise<void> {
  const { subject, kills, random } = rig;
  if (fault === "freeze") {
    redis.freeze();
    await pause(random() * 800);
    redis.thaw();
  }
  if (fault === "forget scripts") await redis.command("SCRIPT", "FLUSH");
  if (fault === "kill the sidecar" || fault === "kill both") {
    kills.push(Date.now());
    await subject.end("SIGKILL");
  }
  if (fault === "kill" || fault === "kill both") {
    await redis.kill();
    await pause(random() * 300);
    await redis.restart();
  }
  if (subject.isRunning) return;
  subject.launch();
  await subject.ready();
}
