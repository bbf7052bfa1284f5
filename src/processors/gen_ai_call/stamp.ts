// What the processor writes on spans, and what it takes away.
import type { AttributeKeys } from "../../core/component.ts";
import { type Call, type Reason, type Role, reasons } from "../../genai/call.ts";
import type { Verdict } from "../../genai/roles-class.ts";
import { attributeKey, attributePrefix } from "../../otlp/attribute-key.ts";
import type { SpanView } from "../../otlp/span-view.ts";

const ours = "spantoll.";
const roleKey = attributeKey("spantoll.call.role");
const reasonKey = attributeKey("spantoll.call.reason");
const dialectKey = attributeKey("spantoll.call.dialect");
const tenantKey = attributeKey("spantoll.tenant.id");

/** Source of the tenant behind another spantoll. */
export const upstreamTenant = tenantKey.name;

export const stampKeys: AttributeKeys = {
  exact: [roleKey, reasonKey, dialectKey, tenantKey].map(({ name }) => name),
  prefixes: [attributePrefix(ours).name],
};

export function stamp(view: SpanView, call: Call): void {
  view.setText(roleKey, call.role);
  view.setText(reasonKey, call.reason);
  view.setText(dialectKey, call.dialect);
  view.setText(tenantKey, call.subject.tenant);
}

const roles: readonly string[] = ["bill", "shadow", "ignore"] satisfies Role[];

/** What a spantoll before this one decided; undefined when it said nothing that can be understood. */
export function verdictFrom(view: SpanView): Verdict | undefined {
  const role = view.text(roleKey);
  const reason = view.text(reasonKey);
  return isRole(role) && isReason(reason) ? { role, reason } : undefined;
}

/** Whether attributes are ours, by the id of their key: names are looked at once. */
export class OwnNames {
  readonly #known: (boolean | undefined)[] = [];

  /** Takes away what came under our names: nobody but us says what a call costs. */
  remove(view: SpanView): void {
    let row = view.rowsStart;
    while (row < view.rowsEnd) {
      const id = view.rowKey(row);
      if (0 <= id && (this.#known[id] ?? this.#look(view, row, id))) view.removeRow(row);
      row++;
    }
  }

  #look(view: SpanView, row: number, id: number): boolean {
    const isOurs = view.rowName(row).startsWith(ours);
    this.#known[id] = isOurs;
    return isOurs;
  }
}

function isRole(text: string | undefined): text is Role {
  return text !== undefined && roles.includes(text);
}

const reasonWords: readonly string[] = reasons;

function isReason(text: string | undefined): text is Reason {
  return text !== undefined && reasonWords.includes(text);
}
