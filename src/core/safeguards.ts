import { Note } from "./note.ts";

/**
 * What must be safe before a request is acknowledged, beyond what its exporters take over. They are asked at the moment
 * when the exporters are, so that a charge and its request reach the disk in one commit. Rejections refuse the request.
 */
export const safeguards = new Note<readonly (() => Promise<unknown>)[]>("safeguards");
