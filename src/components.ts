// Everything compiled in, in the order data meets it. To add a component, add a line.
import type { AnyKind } from "./core/component.ts";

export const components: readonly AnyKind[] = [];
