import type { Clock } from "./host.ts";

/** The machine's clock. Whoever starts a service chooses it; components only know `Clock`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      // Longer waits than a timer can hold end early; whoever sleeps looks at the clock again.
      const timer = setTimeout(wake, Math.min(ms, timerMsMax));
      signal?.addEventListener("abort", wake, { once: true });
    });
  },
  every(ms, work) {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** 2^31 - 1 ms are 24.8 days; setTimeout fires at once beyond. */
const timerMsMax = 2_147_483_647;
